"""sweep: what an exchange claimed last, read at the moment itself on networks whose past nobody tells; and what observe
takes of it later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from porlake import amounts, chains, registry
from porlake.errors import ChainError, ConfigurationError, InvalidAmount, MissingPartition
from porlake.model import Balance, Claim, ReportFile, Sweep
from porlake.pipeline._session import Session
from porlake.pipeline._settings import TELL_EVERY, key_of

if TYPE_CHECKING:
    from porlake.pipeline._observe import _Seen

LONG_AGO = datetime.min.replace(tzinfo=UTC)


def swept_networks(session: Session, exchange: str) -> list[str]:
    """The networks of its last claims that are swept. Raises MissingPartition where it has claimed nothing yet."""
    file = _last(session, exchange)
    claimed = session.lake.distinct(Claim, "network", exchange=exchange, report=file.report)
    return sorted(claimed & set(registry.load().sweeps))


def is_claimed(session: Session, exchange: str, network: str) -> bool:
    """Whether there is anything to sweep."""
    try:
        return network in swept_networks(session, exchange)
    except MissingPartition:
        return False


def sweep(session: Session, exchange: str, network: str, at: datetime) -> int:
    """Balances of everything that the exchange claimed last on a network, read now, for the moment `at`; the number of
    holdings read.

    Raises ConfigurationError for a network that is not swept, MissingPartition without claims, ChainError where the
    network's newest block is further from the moment than the registry's window, and TransportError; then nothing is
    written.
    """
    window = _window(network)
    endpoint = session.endpoint(network)
    if endpoint is None and not session.recording.replays:
        raise ConfigurationError(f"{network}: no endpoint; set PORLAKE_ENDPOINT_{network.upper()}")
    wanted = _wanted(session, exchange, network)
    client = chains.open_client(registry.load().networks[network], endpoint, session.recording)
    head = client.head()
    if abs(head.time - at) > window:
        raise ChainError(
            f"{network}: the newest block is of {head.time:%Y-%m-%d %H:%M:%S}, too far from {at:%Y-%m-%d %H:%M:%S} "
            f"to be swept for it"
        )
    rows: list[Sweep] = []
    for done, answer in enumerate(client.balances(wanted, head), 1):
        # A zero of an account of which nothing is known is not kept: observe meets it itself, and asks a second
        # endpoint.
        if isinstance(answer, chains.Reading) and not answer.no_history:
            rows += _row(exchange, network, at, answer)
        if done % TELL_EVERY == 0:
            session.progress(f"sweep {network} of {exchange}", done, len(wanted))
    partition = {"exchange": exchange, "network": network, "swept_at": _named(at)}
    session.lake.write(Sweep, partition, sorted(rows, key=key_of))
    read = sum(row.component == "total" for row in rows)
    session.progress(f"sweep {network} of {exchange}", read, len(wanted))
    return read


def _last(session: Session, exchange: str) -> ReportFile:
    """The newest dated file in which the exchange claims something at addresses; where there is none, the newest list
    of its addresses.
    """
    files = [file for file in session.lake.rows(ReportFile, exchange=exchange) if file.content != "totals"]
    claiming = [
        file
        for file in files
        if any(pointer.rows for pointer in session.lake.pointers(Claim, exchange=exchange, report=file.report))
    ]
    if not claiming:
        raise MissingPartition(
            f"{exchange}: no file with addresses is in the lake: archive and parse one before a sweep"
        )
    newest: ReportFile = max(
        claiming,
        key=lambda file: (file.content == "addresses", file.snapshot_at or LONG_AGO, file.revision, file.report),
    )
    return newest


def _wanted(session: Session, exchange: str, network: str) -> list[chains.Wanted]:
    facts, file = registry.load(), _last(session, exchange)
    claims: Iterable[Claim] = session.lake.rows(Claim, exchange=exchange, report=file.report, network=network)
    found = {}
    for claim in claims:
        token = facts.token(network, claim.asset)
        if token is not None and (token.kind == "native" or token.contract):
            found[claim.asset, claim.address] = chains.Wanted(claim.asset, token, claim.address)
    return [found[holding] for holding in sorted(found)]


def _row(exchange: str, network: str, at: datetime, answer: chains.Reading) -> list[Sweep]:
    """The reading as a row; none of what no dataset can hold, which observe then meets itself and says so."""
    facts = registry.load()
    token = facts.token(network, answer.asset)
    assert token is not None  # it was asked for with its token
    try:
        amount = amounts.rescale(answer.raw, token.decimals, facts.assets[answer.asset].scale)
    except InvalidAmount:
        return []
    block = answer.block
    row = Sweep(
        exchange=exchange,
        network=network,
        swept_at=at,
        asset=answer.asset,
        address=answer.address,
        component=answer.component,
        amount=amount,
        height=block.height,
        block_hash=block.hash,
        block_time=block.time,
        method=answer.method,
        source=answer.source,
    )
    return [row]


def _named(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _window(network: str) -> timedelta:
    swept = registry.load().sweeps.get(network)
    if swept is None:
        raise ConfigurationError(
            f"{network} is not swept; sweeps.csv names {', '.join(sorted(registry.load().sweeps))}"
        )
    return timedelta(seconds=swept.window_seconds)


# --- what observe takes of it -----------------------------------------------------------------------------------------
def answered(
    session: Session,
    file: ReportFile,
    network: str,
    client: chains.Client,
    wanted: list[chains.Wanted],
    at: chains.BlockRef,
    seen: _Seen,
) -> list[chains.Wanted]:
    """Take the holdings that a sweep near the block has read, and give back those that are still to be asked for.

    What the client knows exactly of the block comes before what a sweep saw near it.
    """
    if network not in registry.load().sweeps:
        return wanted
    near = _near(session, file.exchange, network, at, {(want.asset, want.address) for want in wanted})
    swept = [want for want in wanted if (want.asset, want.address) in near]
    exact = {
        (found.asset, found.address, found.component): found
        for found in (client.past(swept, at) if isinstance(client, chains.Past) else ())
    }
    for want in swept:
        for row in near[want.asset, want.address]:
            if (found := exact.get((row.asset, row.address, row.component))) is not None:
                seen.answer(found, at)
            else:
                seen.block(chains.BlockRef(row.height, row.block_hash, row.block_time), "swept")
                seen.balances.append(_balance(file, row, at))
    return [want for want in wanted if (want.asset, want.address) not in near]


def _near(
    session: Session, exchange: str, network: str, at: chains.BlockRef, holdings: set[tuple[str, str]]
) -> Mapping[tuple[str, str], Sequence[Sweep]]:
    """Of each holding the rows of the sweep that read it nearest to the block, within the window."""
    window = _window(network)
    found: dict[tuple[str, str], tuple[timedelta, list[Sweep]]] = {}
    for pointer in session.lake.pointers(Sweep, exchange=exchange, network=network):
        if abs(datetime.fromisoformat(pointer.partition["swept_at"]) - at.time) > 2 * window:
            # rows lie at most a window from the moment of their sweep, and few by the time that the sweep took
            continue
        for holding, rows in _by_holding(session.lake.rows(Sweep, **pointer.partition)):
            distance = max(abs(row.block_time - at.time) for row in rows)
            if holding in holdings and distance <= window and (holding not in found or distance < found[holding][0]):
                found[holding] = (distance, rows)
    return {holding: rows for holding, (_, rows) in found.items()}


def _by_holding(rows: Iterable[Sweep]) -> Iterator[tuple[tuple[str, str], list[Sweep]]]:
    for holding, group in groupby(rows, key=lambda row: (row.asset, row.address)):
        yield holding, list(group)


def _balance(file: ReportFile, row: Sweep, at: chains.BlockRef) -> Balance:
    return Balance(
        exchange=file.exchange,
        report=file.report,
        network=row.network,
        asset=row.asset,
        address=row.address,
        component=row.component,
        amount=row.amount,
        height=row.height,
        method=row.method,
        source=row.source,
        as_of="near",
        offset_seconds=round((row.block_time - at.time).total_seconds()),
    )
