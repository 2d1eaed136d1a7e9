"""Lists of addresses, observed: an observation is a report of its own, archived and parsed like any other."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta

from porlake import registry
from porlake.errors import BadStructure, ConfigurationError, MissingPartition
from porlake.lake import Lake
from porlake.model import Claim, ObservedList, Rejection, ReportFile
from porlake.pipeline._exchanges import publisher_of
from porlake.pipeline._report_files import Arrival, Part
from porlake.pipeline._session import Session
from porlake.registry import Token
from porlake.reports import Member, format_of, observed_list
from porlake.reports.observed_list import Asked

LONG_AGO = date.min
ROWS = (Claim, ObservedList)


def archive_list(session: Session, exchange: str, at: datetime, listed: str | None = None) -> str:
    """State that a list of an exchange's addresses is observed at a moment; the id of that report.

    `listed`: the report that lists the addresses, by default the newest list of the exchange that is no younger than
    the moment, else the oldest. Raises MissingPartition where the lake has none that is parsed, ConfigurationError for
    an exchange that the registry does not know.
    """
    publisher_of(exchange)
    at = at.astimezone(UTC).replace(microsecond=0)
    found = session.lake.report(listed) if listed else _list_of(session.lake, exchange, at.date())
    if found.exchange != exchange:
        raise ConfigurationError(f"{found.report[:16]} is of {found.exchange}, not of {exchange}")
    asked = Asked(exchange, found.report, at, _registry_hash(_tokens(session.lake, found)))
    part = Part(format_of(observed_list.NAME), asked.bundle(), observed_list.STATEMENT, asked.snapshot)
    (report,) = Arrival(session, "porlake", None, ()).keep([part])
    return report


def parse_list(session: Session, file: ReportFile) -> str:
    """What an observation asks as claims without amounts: each account of the list once a network, with the network's
    own coin and every token of it that the registry knows. Raises BadStructure where the registry's rows are others
    than those that were asked for, MissingPartition where the list is not in the lake.
    """
    lake, partition = session.lake, {"exchange": file.exchange, "report": file.report}
    seen = lake.seen((Claim, partition), (ObservedList, partition))
    with ExitStack() as files:
        asked = observed_list.read(Member(file.file_name, files.enter_context(lake.open_raw(file.report))))
    listed = lake.report(asked.list)
    tokens = _tokens(lake, listed)
    if _registry_hash(tokens) != asked.registry:
        raise BadStructure(
            file.file_name, 1, "the registry knows other networks or tokens than were asked for: observe the list again"
        )
    counted = Counter[str]()
    with lake.writing((Claim, partition), (ObservedList, partition), seen=seen) as (claims, lists):
        for claim in _asked(lake, file, listed, tokens, counted):
            claims.add(claim)
        refused = sum(row.block == "rows" for row in lake.rows(Rejection, exchange=file.exchange, report=listed.report))
        stated_by = listed.statement.removesuffix(f"/{listed.format}")
        row = ObservedList(
            **partition, list=listed.report, list_stated_by=stated_by, list_day=listed.snapshot_day,
            accounts=counted["accounts"], rows_refused=refused,
        )  # fmt: skip
        lists.add(row)
    return file.report


def _list_of(lake: Lake, exchange: str, day: date) -> ReportFile:
    lists = [
        file
        for file in lake.rows(ReportFile, exchange=exchange)
        if file.content == "address_list" and any(lake.pointers(Claim, exchange=exchange, report=file.report))
    ]
    if not lists:
        raise MissingPartition(
            f"{exchange}: the lake has no list of its addresses that is parsed; `porlake run {exchange} --report FILE` "
            f"takes one (addresses_csv: docs/formats)"
        )

    def order(file: ReportFile) -> tuple[bool, timedelta, int, datetime, str]:
        listed = file.snapshot_day or LONG_AGO
        return listed <= day, -abs(day - listed), file.revision, file.retrieved_at, file.report

    return max(lists, key=order)


def _tokens(lake: Lake, listed: ReportFile) -> dict[str, list[tuple[str, Token]]]:
    """The tokens of each network of a list, in order."""
    known: dict[str, list[tuple[str, Token]]] = {}
    for (network, asset), token in sorted(registry.load().tokens.items()):
        known.setdefault(network, []).append((asset, token))
    networks = lake.distinct(Claim, "network", exchange=listed.exchange, report=listed.report)
    return {network: known.get(network, []) for network in sorted(networks)}


def _registry_hash(tokens: dict[str, list[tuple[str, Token]]]) -> str:
    """Of the rows that say what is asked for: network, asset and its scale, kind, contract and decimals of a token."""
    assets = registry.load().assets
    lines = [
        f"{network},{asset},{assets[asset].scale},{token.kind},{token.contract},{token.decimals}\n"
        for network, found in tokens.items()
        for asset, token in found
    ]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _asked(
    lake: Lake, file: ReportFile, listed: ReportFile, tokens: dict[str, list[tuple[str, Token]]], counted: Counter[str]
) -> Iterator[Claim]:
    seen, number = set[tuple[str, str]](), 0
    for row in lake.rows(Claim, exchange=listed.exchange, report=listed.report):
        if (row.network, row.address) in seen:
            continue
        seen.add((row.network, row.address))
        counted["accounts"] += 1
        for asset, _ in tokens[row.network]:
            number += 1
            yield Claim(
                exchange=file.exchange,
                report=file.report,
                source_row=number,
                network=row.network,
                asset=asset,
                address=row.address,
                address_published=row.address_published,
                label=row.label,
                network_label=row.network_label,
                amount=None,
                amount_published=None,
                printed_decimals=None,
                snapshot_height=None,
                holding=row.holding,
                custodian=row.custodian,
                remark=None,
                source=row.source,
            )
