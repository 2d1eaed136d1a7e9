"""What a shell asks beside the stages: balances of a list, verdicts of a file, tables, and what is missing."""

from __future__ import annotations

import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

from porlake import addresses, amounts, chains, dbt_project, registry, reports, warehouse
from porlake.chains.evm import client as evm
from porlake.errors import (
    ConfigurationError,
    InvalidAddress,
    InvalidAmount,
    PorlakeError,
)
from porlake.model import (
    Address,
    AsOf,
    Asset,
    BlockHash,
    Coinbase,
    CoinHeight,
    Column,
    Component,
    Height,
    Method,
    Network,
    Reason,
    ReportFile,
    Source,
    Txid,
    Unobserved,
    Vout,
)
from porlake.pipeline import _sweep_evm
from porlake.pipeline._archive import published
from porlake.pipeline._observe import client_of
from porlake.pipeline._session import Session, session
from porlake.pipeline._settings import TELL_EVERY
from porlake.transport import Endpoint, Recording


def publisher(source: str) -> str:
    """The exchange whose labels a published file uses, by its format; of several that share one, that which the file's
    name says, else its first.

    Raises ReportError, ConfigurationError where none can be told.
    """
    with ExitStack() as files:
        came = published(session(environ={}), files, source)
        formats = {form.NAME for form, _ in reports.recognised(came.bundle)[0]}
    found = [row.exchange for row in registry.load().exchanges.values() if formats <= set(row.formats.split())]
    if len(found) > 1:
        by_name = [exchange for exchange in found if exchange in came.bundle.name.lower()]
        found = by_name or [exchange for exchange in found if {f"{exchange}_csv"} == formats]
    if len(found) != 1:
        raise ConfigurationError(
            f"{came.bundle.name}: {len(found)} exchanges publish {', '.join(sorted(formats))}; say which with --exchange"
        )
    return found[0]


BaseUnits = Annotated[int, Column("amount, exact", kind="base_units", unit="base units of the asset")]
Units = Annotated[str, Column("the same amount as decimal text, exact", unit="units of the asset")]
Decimals = Annotated[int, Column("digits behind the point of a unit: units are base units times 10^-decimals")]


@dataclass(frozen=True, slots=True)
class BalanceLine:
    """A balance that a shell asked for, in both units; null with the reason where it could not be read.

    `address` is as it was given where it is none of the network.
    """

    network: Network
    asset: Asset
    address: Address
    component: Component | None
    base_units: BaseUnits | None
    units: Units | None
    decimals: Decimals
    height: Height | None
    block_hash: BlockHash | None
    as_of: AsOf | None
    method: Method | None
    source: Source | None
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class CoinLine:
    """A coin below a balance that a shell asked for, in both units."""

    network: Network
    asset: Asset
    address: Address
    txid: Txid
    vout: Vout
    base_units: BaseUnits
    units: Units
    decimals: Decimals
    coin_height: CoinHeight
    coinbase: Coinbase


def balances(
    session: Session, network: str, assets: list[str], height: int, listed: list[str], scratch: Path | None = None
) -> tuple[list[BalanceLine], list[CoinLine]]:
    """Balances of some assets at some addresses, and the coins below them where they were asked for.

    In the folder `scratch` a sweep that is stopped leaves what it has read, where the network's client can go on from
    there. A line of the list that is no address of the network is answered by its reason. Raises ConfigurationError,
    TransportError, ChainError.
    """
    facts = registry.load()
    if network not in facts.networks:
        raise ConfigurationError(f"{network!r}: no such network (`porlake networks` lists them)")
    endpoint, dump = session.endpoint(network), session.dumps.get(network)
    if not facts.networks[network].is_read:
        raise ConfigurationError(f"{network}: {facts.networks[network].why_none}")
    if endpoint is None and dump is None:
        raise ConfigurationError(f"{network}: no endpoint; give --endpoint or set PORLAKE_ENDPOINT_{network.upper()}")
    accounts, refused = _accounts(network, listed)
    tokens = {asset: _token(network, asset) for asset in assets}
    bad = [_unread_line(network, asset, text, reason) for asset in tokens for text, reason in refused.items()]
    if not accounts:
        return bad, []
    if chains.family(facts.networks[network]).takes_all_endpoints:
        return [*_column_lines(*_sweep_evm.listed(session, network, tokens, height, accounts, scratch)), *bad], []
    wanted = [chains.Wanted(asset, token, address) for asset, token in tokens.items() for address in accounts]
    client = client_of(session, network)
    at = client.block(height)
    lines = []
    for done, answer in enumerate(client.balances(wanted, at), 1):
        lines.append(_balance_line(network, answer))
        if done % TELL_EVERY == 0 or done == len(wanted):
            session.progress(f"balances on {network}", done, len(wanted))
    lines.sort(key=lambda line: (line.asset, line.address, line.component or ""))
    coins = sorted(
        (_coin_line(network, coin) for coin in (client.coins if isinstance(client, chains.Coins) else ())),
        key=lambda line: (line.asset, line.address, line.txid, line.vout),
    )
    return [*lines, *bad], coins


def _accounts(network: str, listed: list[str]) -> tuple[list[str], dict[str, str]]:
    """(the addresses of a list, canonical and in order; what is none of the network, with the code that says why)."""
    accounts, refused = set(), {}
    for text in listed:
        try:
            accounts.add(addresses.parse(network, text).text)
        except InvalidAddress as error:
            refused[text] = error.code
    return sorted(accounts), dict(sorted(refused.items()))


def _in_units(asset: str, amount: int) -> tuple[str, int]:
    """(units as exact decimal text, decimals) of an amount in base units."""
    scale = registry.load().assets[asset].scale
    return format(amounts.units(amount, scale), "f"), scale


def _coin_line(network: str, coin: chains.Coin) -> CoinLine:
    amount = amounts.rescale(coin.raw, _token(network, coin.asset).decimals, registry.load().assets[coin.asset].scale)
    units, scale = _in_units(coin.asset, amount)
    return CoinLine(
        network, coin.asset, coin.address, coin.txid, coin.vout, amount, units, scale, coin.height, coin.coinbase
    )


def _column_lines(shown: _sweep_evm.Shown, at: chains.BlockRef) -> Iterator[BalanceLine]:
    for held in shown.held:
        assert held.amounts is not None  # it is settled
        columns = (evm.addresses_of(held.accounts), held.amounts, held.reasons, held.method, held.source)
        for address, amount, reason, method, source in zip(*(column.tolist() for column in columns), strict=True):
            if reason:
                yield _unread_line(shown.network, held.asset, address, shown.why[reason])
            else:
                read = (at, "exact", shown.methods[method], shown.sources[source])
                yield _read_line(shown.network, held.asset, address, "total", int(amount), *read)


def _read_line(
    network: str,
    asset: str,
    address: str,
    component: str,
    amount: int,
    at: chains.BlockRef,
    as_of: str,
    method: str,
    source: str,
) -> BalanceLine:
    units, scale = _in_units(asset, amount)
    return BalanceLine(
        network, asset, address, component, amount, units, scale, at.height, at.hash, as_of, method, source, None
    )


def _unread_line(network: str, asset: str, address: str, reason: str) -> BalanceLine:
    scale = registry.load().assets[asset].scale
    return BalanceLine(network, asset, address, None, None, None, scale, *(None,) * 5, reason)


def _token(network: str, asset: str) -> registry.Token:
    token = registry.load().token(network, asset)
    if token is None:
        known = sorted(name for place, name in registry.load().tokens if place == network)
        raise ConfigurationError(f"{asset!r} is not known on {network}; known are {', '.join(known)}")
    return token


def _balance_line(network: str, answer: chains.Reading | chains.Unread) -> BalanceLine:
    if isinstance(answer, chains.Unread):
        return _unread_line(network, answer.asset, answer.address, answer.reason)
    try:
        amount = amounts.rescale(
            answer.raw, _token(network, answer.asset).decimals, registry.load().assets[answer.asset].scale
        )
    except InvalidAmount:
        return _unread_line(network, answer.asset, answer.address, "balance_too_large")
    read = (answer.block, answer.as_of, answer.method, answer.source)
    return _read_line(network, answer.asset, answer.address, answer.component, amount, *read)


def database(session: Session) -> Path:
    return warehouse.database_of(session.lake)


def query(session: Session, sql: str, *, failed: bool = False) -> tuple[list[str], list[tuple[Any, ...]]]:
    """(columns, rows) of one statement over the last build, or over the one that failed. Raises BuildError,
    MissingPartition.
    """
    return warehouse.query(session.lake, sql, failed=failed)


def read(session: Session, mart: str) -> Any:
    """A mart of the last build as an Arrow table. Raises ConfigurationError, MissingPartition."""
    return warehouse.read(session.lake, mart)


def summary(session: Session, attestations_: Sequence[str]) -> Iterator[tuple[str, list[str], list[tuple[Any, ...]]]]:
    """(title, columns, rows) of the tables a person wants, for some attestations or the latest of each exchange.

    Raises ConfigurationError for an attestation that the tables do not have, MissingPartition before the first build.
    """
    known = "select attestation, max(is_latest) from core_attestation group by attestation order by attestation"
    there = dict(warehouse.query(session.lake, known)[1])
    if unknown := sorted(set(attestations_) - set(there)):
        raise ConfigurationError(
            f"{', '.join(unknown)}: no such attestation in the tables; {_near(unknown[0], list(there))}"
        )
    chosen = sorted(attestations_) or [attestation for attestation, is_latest in there.items() if is_latest]
    for path in sorted((dbt_project.sql_folder() / "summary").glob("*.sql")):
        sql = path.read_text(encoding="utf-8")
        # what looks at holdings one by one is asked for one attestation after the other
        if "getvariable('attestation')" in sql:
            parts = [warehouse.query(session.lake, sql, at_hand=attestation) for attestation in chosen]
            columns, rows = parts[0][0] if parts else [], [row for _, found in parts for row in found]
        else:
            columns, rows = warehouse.query(session.lake, sql, {"attestations": list(attestations_)})
        yield sql.split("\n", 1)[0].removeprefix("-- "), columns, rows


def _near(asked: str, known: list[str]) -> str:
    """What somebody who asked for what is not there may have meant."""
    if not known:
        return "they are empty"
    alike = (
        get_close_matches(asked, known, 3) or [name for name in known if name.split("/")[0] == asked.split("/")[0]][-3:]
    )
    return f"there are {', '.join(alike)}" if alike else f"there are {len(known):,}, from {known[0]} to {known[-1]}"


@dataclass(frozen=True, slots=True)
class Check:
    """A finding of `doctor`; `optional` ones fail nothing."""

    what: str
    ok: bool
    found: str
    remedy: str
    optional: bool = False


def doctor(session: Session) -> list[Check]:
    """What is installed, configured and missing, and how to mend it. Endpoints are asked once, for a few seconds, all
    at the same time.
    """
    versions = [_version(name) for name in ("apache-airflow", "dbt-duckdb", "duckdb", "pyarrow", "coincurve")]
    return [
        Check(
            "Python",
            (3, 11) <= sys.version_info[:2] <= (3, 13),
            sys.version.split()[0],
            "porlake runs on Python 3.11 to 3.13",
        ),
        *versions,
        Check("registry", True, f"{len(registry.load().networks)} networks, {len(registry.load().labels)} labels", ""),
        _writable(session.root),
        Check(
            "tables",
            database(session).exists(),
            str(database(session)),
            "porlake run ..., or porlake build",
            optional=True,
        ),
        *_reached(session),
    ]


def _reached(session: Session) -> list[Check]:
    asked = [
        (network, endpoint)
        for network in registry.load().networks.values()
        if network.is_read
        for endpoint in session.endpoints_of(network.network)
    ]
    with ThreadPoolExecutor(max_workers=max(1, min(32, len(asked)))) as pool:
        return list(pool.map(lambda pair: _reachable(*pair), asked))


def _version(name: str) -> Check:
    try:
        return Check(name, True, metadata.version(name), "")
    except metadata.PackageNotFoundError:
        return Check(name, False, "not installed", "make setup")


def _writable(root: Path) -> Check:
    place = next(path for path in (root, *root.absolute().parents) if path.exists())
    return Check(
        "lake", os.access(place, os.W_OK), str(root), "choose a folder that can be written: PORLAKE_LAKE or --lake"
    )


def _reachable(network: registry.Network, endpoint: Endpoint) -> Check:
    what = f"endpoint of {network.network}"
    remedy = f"PORLAKE_ENDPOINT_{network.network.upper()}=https://..."
    try:
        head = chains.open_client(network, endpoint.brief, Recording.off()).head()
    except PorlakeError as error:
        return Check(what, False, str(error), remedy, optional=True)
    return Check(what, True, f"{endpoint.host}: head at {head.height:,}", "", optional=True)


#: Reasons of `unobserved` that another endpoint, or the same one later, may mend.
OF_ENDPOINTS = frozenset(
    {"endpoint_failed", "refused_by_server", "endpoints_disagree", "block_not_shown", "no_history"}
)


def unanswered(session: Session, reports_: Iterable[str]) -> list[str]:
    """What endpoints left open in some reports, by failing, refusing or contradicting each other: a line for each
    network and reason.
    """
    holdings, spoken = Counter[tuple[str, str]](), defaultdict[tuple[str, str], set[str]](set)
    for report in reports_:
        file: ReportFile = session.lake.report(report)
        for row in session.lake.rows(Unobserved, exchange=file.exchange, report=report):
            if row.reason in OF_ENDPOINTS:
                holdings[row.network, row.reason] += 1
                spoken[row.network, row.reason].add(file.attestation)
    return [
        f"{network}: {count:,} holdings of {', '.join(sorted(spoken[network, reason])[:3])}"
        + (f" and {len(spoken[network, reason]) - 3} more" if len(spoken[network, reason]) > 3 else "")
        + f" ({reason})"
        for (network, reason), count in sorted(holdings.items())
    ]
