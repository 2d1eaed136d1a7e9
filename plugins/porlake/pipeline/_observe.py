"""observe: what the chains show of everything that a report claims, one network at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import cache
from typing import Any

from porlake import amounts, chains, registry
from porlake.chains.beacon import client as beacon
from porlake.chains.evm import client as evm
from porlake.errors import (
    ChainError,
    InvalidAmount,
    TransportError,
)
from porlake.lake import Writer
from porlake.model import Balance, Block, Claim, Dataset, OwnerLink, ReportFile, Unobserved, Utxo
from porlake.pipeline import _permissions, _second, _sweep, _sweep_evm
from porlake.pipeline._links import owner_links
from porlake.pipeline._prove import Proofs
from porlake.pipeline._session import Session
from porlake.pipeline._settings import TELL_EVERY, key_of

OBSERVED: tuple[type[Dataset], ...] = (Block, Balance, OwnerLink, Unobserved)


def networks(session: Session, report: str) -> list[str]:
    """The networks on which a report claims something."""
    file: ReportFile = session.lake.report(report)
    return sorted(session.lake.distinct(Claim, "network", exchange=file.exchange, report=file.report))


def has_addresses(session: Session, report: str) -> bool:
    """Whether a report states what lies at addresses: a list without amounts or signatures has nothing to verify or
    observe.
    """
    file: ReportFile = session.lake.report(report)
    return file.content not in {"totals", "address_list"}


def observe(session: Session, report: str, network: str, *, give_up: bool = False) -> str:
    """Balances of everything that a report claims on a network, at the snapshot height or as near as the chain lets one
    look.

    Raises TransportError or ChainError and writes nothing where an endpoint fails; with `give_up` all of it is then
    unobserved, for the reason endpoint_failed.
    """
    lake = session.lake
    file: ReportFile = lake.report(report)
    facts = registry.load().networks[network]
    if facts.is_read and chains.family(facts).takes_all_endpoints:
        return _observe_columns(session, file, network, give_up=give_up)
    claims = _accounts(lake.rows(Claim, exchange=file.exchange, report=file.report, network=network))
    seen = _Seen(file, network)
    try:
        _look(session, file, network, claims, seen)
    except (TransportError, ChainError) as error:
        if not give_up:
            raise
        session.progress(f"observe {network}: {error}", 0, 0)
        seen = _Seen(file, network)
        seen.unread(claims, "endpoint_failed")
    partition = {"exchange": file.exchange, "report": file.report, "network": network}
    datasets = OBSERVED
    found: tuple[Sequence[object], ...] = (seen.blocks, seen.balances, seen.links, seen.unobserved)
    if facts.is_read and chains.family(facts).reads_dumps:
        datasets, found = (*datasets, Utxo), (*found, seen.coins)
    with lake.writing(*((row_class, partition) for row_class in datasets)) as writers:
        for writer, rows in zip(writers, found, strict=True):
            for row in sorted(rows, key=key_of):
                writer.add(row)
    return file.report


def _observe_columns(session: Session, file: ReportFile, network: str, *, give_up: bool) -> str:
    """`observe` of a network whose client reads columns. Where it gives up, what was read already is kept for the next
    time.
    """
    try:
        _write_columns(session, _sweep_evm.claimed(session, file, network), give_up=give_up)
    except (TransportError, ChainError) as error:
        if not give_up:
            raise
        session.progress(f"observe {network}: {error}", 0, 0)
        with _column_writers(session, file, network) as (_, balances, _, unobserved):
            swept = _sweep_evm.unread(session, file, network, "endpoint_failed")
            for held in swept.held:
                swept.write(held, balances, unobserved)
    else:
        _sweep_evm.forget_kept(session, file, network)
    return file.report


def _write_columns(session: Session, swept: _sweep_evm.Swept, *, give_up: bool) -> None:
    """Each asset is read, proved and written; while one is written, the next is asked for."""
    client = _opened(session, swept)
    proofs = Proofs(session, swept, client, give_up)
    with _column_writers(session, swept.file, swept.network) as (blocks, balances, owners, unobserved):
        with ThreadPoolExecutor(max_workers=1) as pen:
            written = []
            for held in _sweep_evm.look(session, swept):
                proofs.prove(held)
                written.append(pen.submit(swept.write, held, balances, unobserved))
            links = _linked(session, swept, client)
            for done in written:
                done.result()
        for _, block in sorted(swept.blocks.items()):
            blocks.add(block)
        for link in sorted(links, key=key_of):
            owners.add(link)


def _column_writers(session: Session, file: ReportFile, network: str) -> AbstractContextManager[list[Writer]]:
    partition = {"exchange": file.exchange, "report": file.report, "network": network}
    return session.lake.writing(*((row_class, partition) for row_class in OBSERVED))


def _opened(session: Session, swept: _sweep_evm.Swept) -> Callable[[], evm.Client]:
    @cache
    def client() -> evm.Client:
        found = evm.open_client(
            registry.load().networks[swept.network], session.endpoints_of(swept.network), session.recording
        )
        found.block(min(swept.blocks))  # takes an endpoint that is of this chain and answers
        return found

    return client


def _linked(session: Session, swept: _sweep_evm.Swept, client: Callable[[], evm.Client]) -> list[OwnerLink]:
    """What the chain says of stated owners, at the blocks that were read."""
    if not swept.blocks:
        return []
    read = {
        block.height: chains.BlockRef(block.height, block.block_hash, block.block_time)
        for block in swept.blocks.values()
    }
    resolved = {block.block_origin: read[block.height] for block in swept.blocks.values()}.get("resolved")
    return owner_links(
        session, swept.file, swept.network, client, lambda height: resolved if height is None else read.get(height)
    )


def _accounts(claims: Iterable[Claim]) -> list[Claim]:
    """One claim for each (asset, address): a report that names an account twice is asked about it once, at its first
    height.
    """
    accounts: dict[tuple[str, str], Claim] = {}
    for claim in claims:
        accounts.setdefault((claim.asset, claim.address), claim)
    return list(accounts.values())


def _look(session: Session, file: ReportFile, network: str, claims: list[Claim], seen: _Seen) -> None:
    facts = registry.load().networks[network]
    endpoint, dump = session.endpoint(network), session.dumps.get(network)
    if not facts.is_read:
        return seen.unread(claims, "no_client")
    readable = seen.readable(claims)
    if not readable:
        return None
    # a replay has nobody but its recording to ask
    if dump is None and not (session.recording.holds(network) if session.recording.replays else endpoint is not None):
        return seen.unread(readable, "no_endpoint")
    client = client_of(session, network)
    for height in sorted({claim.snapshot_height for claim in readable if claim.snapshot_height is not None}):
        at = client.block(height)
        seen.block(at, "published")
        wanted = [seen.wanted(claim) for claim in readable if claim.snapshot_height == height]
        wanted = _sweep.answered(session, file, network, client, wanted, at, seen)
        what = f"observe {network} of {file.attestation}"
        claimed = {(claim.asset, claim.address) for claim in readable if claim.amount}
        doubtful: list[chains.Reading] = []
        for done, answer in enumerate(client.balances(wanted, at), 1):
            if isinstance(answer, chains.Reading) and answer.no_history and (answer.asset, answer.address) in claimed:
                doubtful.append(answer)
            else:
                seen.answer(answer, at)
            if done % TELL_EVERY == 0 or done == len(wanted):
                session.progress(what, done, len(wanted))
        for answer in _second.confirmed(session, network, wanted, doubtful, at):
            seen.answer(answer, at)
    if isinstance(client, beacon.Client):
        beacon_client = client
        seen.links = owner_links(session, file, network, lambda: beacon_client, seen.read_at)
    seen.links += _permissions.owner_links(session, file, network, client)
    for coin in client.coins if isinstance(client, chains.Coins) else ():
        seen.coin(coin)
    return None


def client_of(session: Session, network: str) -> Any:
    """The client of a network, with the one beside it whose blocks it goes by."""
    beside = chains.beside(registry.load().networks[network])
    return chains.open_client(
        registry.load().networks[network],
        session.endpoint(network),
        session.recording,
        client_of(session, beside) if beside else None,
        session.dumps.get(network),
        session.progress,
    )


class _Seen:
    """What a look at one network gave, as rows of the datasets."""

    def __init__(self, file: ReportFile, network: str) -> None:
        self._file, self._network = file, network
        self._facts = registry.load()
        self.blocks: list[Block] = []
        self.balances: list[Balance] = []
        self.links: list[OwnerLink] = []
        self._refs: dict[int, chains.BlockRef] = {}
        self.unobserved: list[Unobserved] = []
        self.coins: list[Utxo] = []

    def readable(self, claims: list[Claim]) -> list[Claim]:
        """The claims that can be asked for; the others are unobserved, each with its reason."""
        ready = []
        for claim in claims:
            if reason := self._unreadable(claim):
                self.unread([claim], reason)
            else:
                ready.append(claim)
        return ready

    def _unreadable(self, claim: Claim) -> str:
        if claim.snapshot_height is None:
            return "no_snapshot_height"
        token = self._facts.token(self._network, claim.asset)
        if token is None:
            return "asset_not_on_network"
        if token.kind == "omni":
            return "omni_layer"
        return "contract_unknown" if token.kind != "native" and not token.contract else ""

    def wanted(self, claim: Claim) -> chains.Wanted:
        token = self._facts.token(self._network, claim.asset)
        assert token is not None  # `readable` let only such claims through
        return chains.Wanted(claim.asset, token, claim.address)

    def unread(self, claims: Iterable[Claim], reason: str) -> None:
        for claim in claims:
            self._unobserved(claim.asset, claim.address, reason)

    def _unobserved(self, asset: str, address: str, reason: str) -> None:
        self.unobserved.append(
            Unobserved(self._file.exchange, self._file.report, self._network, asset, address, reason)
        )

    def read_at(self, height: int | None) -> chains.BlockRef | None:
        """The block that was read at a height."""
        return self._refs.get(height or -1)

    def block(self, at: chains.BlockRef, origin: str) -> None:
        self._refs.setdefault(at.height, at)
        if all(block.height != at.height for block in self.blocks):
            self.blocks.append(
                Block(self._file.exchange, self._file.report, self._network, at.height, at.hash, at.moment, origin)
            )

    def answer(self, answer: chains.Reading | chains.Unread, at: chains.BlockRef) -> None:
        if isinstance(answer, chains.Unread):
            return self._unobserved(answer.asset, answer.address, answer.reason)
        self.block(answer.block, "head")
        token = self._facts.token(self._network, answer.asset)
        assert token is not None  # it was asked for with its token
        try:
            amount = amounts.rescale(answer.raw, token.decimals, self._facts.assets[answer.asset].scale)
        except InvalidAmount:
            return self._unobserved(answer.asset, answer.address, "balance_too_large")
        self.balances.append(
            Balance(
                exchange=self._file.exchange,
                report=self._file.report,
                network=self._network,
                asset=answer.asset,
                address=answer.address,
                component=answer.component,
                amount=amount,
                height=answer.block.height,
                method=answer.method,
                source=answer.source,
                as_of=answer.as_of,
                offset_seconds=answer.block.seconds_after(at),
                confirmed_by=answer.confirmed_by,
            )
        )
        return None

    def coin(self, coin: chains.Coin) -> None:
        token = self._facts.token(self._network, coin.asset)
        assert token is not None  # it was asked for with its token
        amount = amounts.rescale(coin.raw, token.decimals, self._facts.assets[coin.asset].scale)
        where = (self._file.exchange, self._file.report, self._network, coin.asset, coin.address)
        self.coins.append(Utxo(*where, coin.txid, coin.vout, amount, coin.height, coin.coinbase))
