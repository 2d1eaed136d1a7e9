"""Observation: what chains show of what a report claims, one network at a time and one way for all families.

claims as columns -> one client -> blocks -> each asset: read, read again elsewhere, proved, written -> owners, coins
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

from porlake import chains, registry
from porlake.errors import ChainError, NotFinal, TransportError
from porlake.lake import Writer, forget
from porlake.model import Balance, OwnerLink, ReportFile, Sweep, Utxo
from porlake.observation.columns import NO_HEIGHT, Claimed, Codes, claimed
from porlake.observation.control import control_transfers
from porlake.observation.endpoints import Endpoints, Run, endpoints_of, open_client
from porlake.observation.links import owner_links
from porlake.observation.lists import Line, read_list
from porlake.observation.proofs import Proofs
from porlake.observation.reading import Blocks, Reader, blocks_of
from porlake.observation.rows import DATASETS, Rows
from porlake.observation.shares import Share, of_seconds, worth
from porlake.observation.sweeps import NearbySweeps, sweep, swept_networks
from porlake.observation.together import Together

OBSERVED_LIST = "observed_list"
"""Content of an observation of a list: what is read now is none of its moment."""

__all__ = [
    "DATASETS",
    "Line",
    "Run",
    "Share",
    "control_transfers",
    "endpoints_of",
    "observe",
    "observe_share",
    "of_seconds",
    "open_client",
    "read_list",
    "share_count",
    "sweep",
    "swept_networks",
]


def observe(run: Run, file: ReportFile, network: str, *, give_up: bool = False) -> None:
    """Balances of all that a report claims on a network, at the snapshot height or as near as its chain tells.

    Raises TransportError or ChainError and writes nothing where an endpoint fails; with `give_up` all of it is then
    unobserved, for the reason endpoint_failed or height_not_final, and what was read is kept for the next time.
    """
    try:
        with _writers(run, file, network) as writers:
            _Observation(run, file, network).observe(writers, give_up)
    except (TransportError, ChainError) as error:
        if not give_up:
            raise
        run.progress(f"observe {network}: {error}", 0, 0)
        with _writers(run, file, network) as writers:
            reason = "height_not_final" if isinstance(error, NotFinal) else "endpoint_failed"
            _Observation(run, file, network).leave(writers, reason)
    else:
        forget(run.lake.scratch(Balance, _partition(file, network)))


def observe_share(run: Run, file: ReportFile, network: str, share: Share) -> None:
    """Ask for a share of what a report claims on a network and keep the answers for `observe`, which asks for nothing
    that is kept. Raises TransportError, ChainError; what was answered before is kept.
    """
    _Observation(run, file, network).ask(share)


def share_count(run: Run, file: ReportFile, network: str) -> int:
    """In how many shares a report's holdings on a network are worth reading, before they are observed; 1 for none."""
    return 1 if file.content == OBSERVED_LIST else worth(run, file, network)


def _writers(run: Run, file: ReportFile, network: str) -> AbstractContextManager[list[Writer]]:
    facts = registry.load().networks[network]
    coins = (Utxo,) if facts.is_read and chains.family(facts).reads_dumps else ()
    return run.lake.writing(*((row_class, _partition(file, network)) for row_class in (*DATASETS, *coins)))


def _partition(file: ReportFile, network: str) -> dict[str, str]:
    return {"exchange": file.exchange, "report": file.report, "network": network}


class _Observation:
    """Of one report on one network."""

    _rows: Rows

    def __init__(self, run: Run, file: ReportFile, network: str) -> None:
        self._run, self._file, self._network = run, file, network
        facts = registry.load()
        self._facts = facts.networks[network]
        form = chains.family(self._facts).accounts if self._facts.is_read else chains.TEXT
        self._codes = Codes()
        self._claimed, self._malformed = claimed(run.lake, file, network, form, self._codes)
        self._tokens = {one.asset: facts.tokens.get((network, one.asset)) for one in self._claimed}

    def _writes(self, writers: list[Writer]) -> None:
        self._rows = Rows(self._file, self._network, self._codes, self._malformed, writers)

    def leave(self, writers: list[Writer], reason: str) -> None:
        """All of it is unobserved, for one reason."""
        self._writes(writers)
        for one in self._claimed:
            one.unread(reason)
            self._rows.asset(one, {})
        self._rows.finish((), ())

    def ask(self, share: Share) -> None:
        """Each asset's share is asked for, and nothing is written."""
        if not self._facts.is_read or not (readable := self._readable()):
            return
        client = open_client(self._run, self._network)
        blocks, _ = blocks_of(client, self._file, self._network, readable)
        reader = self._reader(client, readable, blocks)
        for some in readable:
            if (token := self._tokens[some.asset]) is not None:
                reader.read_share(some, token, blocks, share)

    def observe(self, writers: list[Writer], give_up: bool) -> None:
        """Each asset is read, proved and written; while one is written, the next is asked for."""
        if not self._facts.is_read:
            return self.leave(writers, "no_client")
        self._writes(writers)
        readable = self._readable()
        if not readable:
            return self._write_unread()
        client = open_client(self._run, self._network)
        blocks, resolved = blocks_of(client, self._file, self._network, readable)
        for height, at in blocks.items():
            self._rows.block(at, "resolved" if height == resolved else "published")
        reader = self._reader(client, readable, blocks)
        proofs = Proofs(self._run, self._network, client, give_up) if isinstance(client.now, chains.Proves) else None
        names = {one.asset for one in readable}
        with ThreadPoolExecutor(max_workers=1) as pen:
            written = []
            for some in self._claimed:
                token = self._tokens[some.asset]
                if some.asset in names and token is not None:
                    reader.read(some, token, blocks)
                    if self._file.content == OBSERVED_LIST:
                        some.without_head()
                    if proofs is not None:
                        proofs.prove(some, token, blocks)
                written.append(pen.submit(self._rows.asset, some, blocks))
            links = self._links(client, blocks, resolved)
            for done in written:
                done.result()
        one = client.now
        self._rows.finish(links, one.coins if isinstance(one, chains.Coins) else ())
        return None

    def _readable(self) -> list[Claimed]:
        """What can be asked for; the rest is left unread, each with its reason, and nobody is asked about it."""
        family, readable = chains.family(self._facts), []
        for one in self._claimed:
            if reason := family.unreadable(self._tokens[one.asset]):
                one.unread(reason)
            else:
                readable.append(one)
        if readable and not self._run.can_be_asked(self._network):
            for one in readable:
                one.unread("no_endpoint")
            return []
        return readable

    def _write_unread(self) -> None:
        for one in self._claimed:
            self._rows.asset(one, {})
        self._rows.finish((), ())

    def _reader(self, client: Endpoints, readable: Sequence[Claimed], blocks: Blocks) -> Reader:
        run, network = self._run, self._network
        scratch = run.lake.scratch(Balance, _partition(self._file, network)) if run.recording.is_off else None
        swept = network in registry.load().sweeps and run.lake.pointers(
            Sweep, exchange=self._file.exchange, network=network
        )
        listed = self._file.content == OBSERVED_LIST
        sweeps = NearbySweeps(run.lake, self._file.exchange, network, client).take if swept else None
        asked = isinstance(client.now, chains.Unchanged)
        known, near = (None, sweeps) if asked else (sweeps, None)
        if listed and known is None:
            known = Together(client, readable, self._tokens, blocks).take
        what = f"observe {network} of {self._file.attestation}"
        total = sum(int(one.readable.sum()) for one in readable)
        return Reader(run, client, network, self._codes, what, scratch, known, near, total, listed)

    def _links(self, client: Endpoints, blocks: dict[int, chains.BlockRef], resolved: int | None) -> list[OwnerLink]:
        """What the chain says of stated owners, at the blocks that were read."""
        found = client.now if blocks else None
        if not isinstance(found, chains.OwnerLinks):
            return []
        newest = blocks[max(blocks)]

        def block(height: int | None) -> chains.BlockRef | None:
            if found.of_signers:
                return newest
            return blocks.get(resolved or NO_HEIGHT) if height is None else blocks.get(height)

        return owner_links(self._run, self._file, self._network, client, found, block)
