"""Sweeps: what an exchange claimed last, read at the moment itself on networks whose nodes keep no past; and what a
later observation takes of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import attrgetter

from porlake import amounts, chains, registry
from porlake.chains import in_columns, number
from porlake.errors import ChainError, ConfigurationError, InvalidAmount, MissingPartition
from porlake.lake import Lake
from porlake.model import Claim, ReportFile, Sweep
from porlake.observation.columns import Columns
from porlake.observation.endpoints import Endpoints, Run, open_client

LONG_AGO = datetime.min.replace(tzinfo=UTC)


def swept_networks(lake: Lake, exchange: str) -> list[str]:
    """The networks of its last claims that are swept. Raises MissingPartition where it has claimed nothing yet."""
    claimed = lake.distinct(Claim, "network", exchange=exchange, report=_last_report(lake, exchange).report)
    return sorted(claimed & set(registry.load().sweeps))


def sweep(run: Run, exchange: str, network: str, at: datetime, file: ReportFile | None = None) -> int:
    """Balances of everything that the exchange claimed last on a network, or that a file of it claims, read now, for
    the moment `at`; the number of holdings read.

    Raises ConfigurationError for a network that is not swept, MissingPartition without claims, ChainError where the
    network's newest block is further from the moment than the registry's window, and TransportError; then nothing is
    written.
    """
    window = _window(network)
    if not run.endpoints_of(network) and not run.recording.replays:
        raise ConfigurationError(f"{network}: no endpoint; set PORLAKE_ENDPOINT_{network.upper()}")
    partition = {"exchange": exchange, "network": network, "swept_at": _moment_text(at)}
    seen = run.lake.seen((Sweep, partition))
    wanted = list(_holdings(run.lake, file or _last_report(run.lake, exchange), network))
    client = open_client(run, network)
    head = client.head()
    if abs(head.time - at) > window:
        raise ChainError(
            f"{network}: the newest block is of {head.time:%Y-%m-%d %H:%M:%S}, too far from {at:%Y-%m-%d %H:%M:%S} "
            f"to be swept for it"
        )
    what, count, rows, read = f"sweep {network} of {exchange}", sum(map(len, wanted)), list[Sweep](), 0
    for holdings in wanted:
        found: dict[str, list[Sweep]] = {}
        places = dict(enumerate(holdings.form.texts(holdings.accounts).to_pylist()))
        for answer in client.readings(holdings, head):
            if isinstance(answer, chains.Withdrawn):
                for row in answer.rows.tolist():
                    found.pop(places[row], None)
            elif isinstance(answer, chains.Readings):
                for row in _sweep_rows(exchange, network, at, holdings, places, answer):
                    found.setdefault(row.address, []).append(row)
                    read += row.component == chains.TOTAL
                run.progress(what, read, count)
        rows += [row for _, some in sorted(found.items()) for row in some]
    run.lake.write(Sweep, partition, sorted(rows, key=attrgetter(*Sweep.KEY)), seen)
    read = sum(row.component == chains.TOTAL for row in rows)
    run.progress(what, read, count)
    return read


def _last_report(lake: Lake, exchange: str) -> ReportFile:
    """The newest dated file in which the exchange claims something at addresses; where there is none, the newest list
    of its addresses.
    """
    files = [file for file in lake.rows(ReportFile, exchange=exchange) if file.content != "totals"]
    claiming = [
        file
        for file in files
        if any(pointer.rows for pointer in lake.pointers(Claim, exchange=exchange, report=file.report))
    ]
    if not claiming:
        raise MissingPartition(
            f"{exchange}: no file with addresses is in the lake: archive and parse one before a sweep"
        )
    return max(
        claiming,
        key=lambda file: (file.content == "addresses", file.snapshot_at or LONG_AGO, file.revision, file.report),
    )


def _holdings(lake: Lake, file: ReportFile, network: str) -> Iterator[chains.Holdings]:
    """What a file claims there and can be read, each account once and in order."""
    facts = registry.load()
    family = chains.family(facts.networks[network])
    found: dict[str, set[str]] = {}
    for batch in lake.columns(Claim, ("asset", "address"), exchange=file.exchange, report=file.report, network=network):
        for asset, address in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            found.setdefault(asset, set()).add(address)
    for asset, accounts in sorted(found.items()):
        token = facts.token(network, asset)
        if token is not None and not family.unreadable(token):
            yield chains.holdings(asset, token, sorted(accounts), family.accounts)


def _sweep_rows(
    exchange: str,
    network: str,
    at: datetime,
    holdings: chains.Holdings,
    places: Mapping[int, str],
    answer: chains.Readings,
) -> Iterator[Sweep]:
    """Readings as rows; none of what no dataset can hold, and none of a zero of an account of which nothing is known:
    observe meets both itself, and says so or asks a second endpoint.
    """
    scale, block = registry.load().assets[holdings.asset].scale, answer.block
    for place, row in enumerate(answer.rows.tolist()):
        if answer.no_history is not None and answer.no_history[place]:
            continue
        try:
            amount = amounts.rescale(number(answer.words, place), holdings.token.decimals, scale)
        except InvalidAmount:
            continue
        yield Sweep(
            exchange=exchange,
            network=network,
            swept_at=at,
            asset=holdings.asset,
            address=places[row],
            component=answer.component,
            amount=amount,
            height=block.height,
            block_hash=block.hash,
            block_time=block.time,
            method=answer.method,
            source=answer.source,
        )


def _moment_text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _window(network: str) -> timedelta:
    swept = registry.load().sweeps.get(network)
    if swept is None:
        raise ConfigurationError(
            f"{network} is not swept; sweeps.csv names {', '.join(sorted(registry.load().sweeps))}"
        )
    return timedelta(seconds=swept.window_seconds)


# --- what an observation takes of them --------------------------------------------------------------------------------
class NearbySweeps:
    """What sweeps read near a block."""

    def __init__(self, lake: Lake, exchange: str, network: str, client: Endpoints) -> None:
        self._lake, self._exchange, self._network, self._client = lake, exchange, network, client

    def take(self, holdings: chains.Holdings, at: chains.BlockRef, found: Columns) -> None:
        """Put the holdings that a sweep near the block has read. What the client knows exactly of the block comes
        before what a sweep saw near it.
        """
        places = {address: row for row, address in enumerate(holdings.form.texts(holdings.accounts).to_pylist())}
        near = self._near(holdings.asset, at, places)
        if not near:
            return
        wanted = [chains.Wanted(holdings.asset, holdings.token, address) for address in places if address in near]
        knows = isinstance(self._client.now, chains.Past)
        past: list[chains.Reading] = self._client.ask(lambda one: list(one.past(wanted, at))) if knows else []
        exact = {(reading.address, reading.component): reading for reading in past}
        finer = 10 ** (registry.load().assets[holdings.asset].scale - holdings.token.decimals)
        readings: list[chains.Reading] = []
        for want in wanted:
            for row in near[want.address]:
                readings.append(exact.get((row.address, row.component)) or _reading(row, finer))
        for answer in in_columns(holdings, readings):
            found.take(answer)

    def _near(self, asset: str, at: chains.BlockRef, places: Mapping[str, int]) -> Mapping[str, Sequence[Sweep]]:
        """Of each account the rows of the sweep that read it nearest to the block, within the window."""
        window = _window(self._network)
        found: dict[str, tuple[timedelta, list[Sweep]]] = {}
        for pointer in self._lake.pointers(Sweep, exchange=self._exchange, network=self._network):
            if abs(datetime.fromisoformat(pointer.partition["swept_at"]) - at.time) > 2 * window:
                # rows lie at most a window from the moment of their sweep, and few by the time that the sweep took
                continue
            for address, rows in _by_address(self._lake.rows(Sweep, **pointer.partition, asset=asset)):
                distance = max(abs(row.block_time - at.time) for row in rows)
                if address in places and distance <= window and (address not in found or distance < found[address][0]):
                    found[address] = (distance, rows)
        return {address: rows for address, (_, rows) in found.items()}


def _by_address(rows: Iterable[Sweep]) -> Iterator[tuple[str, list[Sweep]]]:
    for address, group in groupby(rows, key=lambda row: row.address):
        yield address, list(group)


def _reading(row: Sweep, finer: int) -> chains.Reading:
    """`finer`: base units of the asset in one of the token."""
    block = chains.BlockRef(row.height, row.block_hash, row.block_time)
    return chains.Reading(
        row.asset, row.address, row.component, row.amount // finer, block, "near", row.method, row.source
    )
