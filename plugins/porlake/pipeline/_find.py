"""find: what an exchange has published, and what of it the lake has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from porlake import registry, reports, sources
from porlake.errors import ConfigurationError
from porlake.model import ReportFile
from porlake.pipeline._exchanges import publisher_of
from porlake.pipeline._session import Session


@dataclass(frozen=True, slots=True)
class Held:
    """What the lake has of a publication: the ids of its reports, and the roles of the files that are archived."""

    reports: tuple[str, ...]
    roles: frozenset[str]


def find(session: Session, exchange: str, since: date | None = None) -> sources.Publications:
    """What its publisher lists of snapshots on `since` and later. Nothing is written.

    Raises ConfigurationError for an exchange that is not known, or that nobody looks for (with what to do); what the
    publisher's hosts answer is in the result.
    """
    publisher_of(exchange)
    row = registry.load().publications.get(exchange)
    if row is None or row.is_manual:
        raise ConfigurationError(
            f"{exchange}: nobody looks for its reports: {row.how if row else 'no source is known'}; `porlake find "
            f"{exchange}` shows the forms"
        )
    return sources.SOURCES[row.source].find(session.web(row.source), since)


def month_of(exchange: str, moment: datetime) -> str:
    """The month, YYYY-MM, that the exchange's clock shows at a moment."""
    return f"{publisher_of(exchange).shows(moment):%Y-%m}"


def first_of(month: str) -> date:
    """The first day of a month as YYYY-MM. Raises ConfigurationError."""
    try:
        return reports.day_of(f"{month}-01")
    except ValueError as error:
        raise ConfigurationError(f"{month!r} is no month as 2026-08") from error


def day(text: str) -> date:
    """A day as YYYY-MM-DD. Raises ConfigurationError."""
    try:
        return reports.day_of(text)
    except ValueError as error:
        raise ConfigurationError(f"{error}; write it as 2026-08-01") from error


def month_before(month: str) -> date:
    """The first day of the month before one as YYYY-MM. Raises ConfigurationError."""
    return (first_of(month) - timedelta(days=1)).replace(day=1)


def overdue(exchange: str, since: datetime, now: datetime) -> int:
    """How many days more than its own rhythm says an exchange's report is late that is awaited since a moment; 0 where
    it is not, or the exchange has none.
    """
    rhythm = registry.load().publications[exchange].overdue_days
    return max(0, (now - since).days - rhythm) if rhythm else 0


def due(session: Session, looked: sources.Publications, month: str) -> list[sources.Publication]:
    """What is to be fetched for a month: its own publications, and of the month before, where the lake has some of it,
    what came after: a second snapshot, a correction.
    """
    own = looked.of_month(month)
    if not any(looked.is_whole(one) for one in own):
        return []
    before = looked.of_month(f"{month_before(month):%Y-%m}")
    return own + (before if any(one.reports for one in held(session, before)) else [])


def held(
    session: Session, publications: Iterable[sources.Publication], known: list[ReportFile] | None = None
) -> list[Held]:
    """What the lake has of each of some publications of one exchange, in their order. `known`: the exchange's reports
    in the lake, where they were read already.
    """
    listed = list(publications)
    if not listed:
        return []
    rows = list(session.lake.rows(ReportFile, exchange=listed[0].exchange)) if known is None else known
    arrived = {(facts.get("publication"), facts.get("url")) for _, facts in session.lake.arrivals()}
    return [_held(one, rows, arrived) for one in listed]


def _held(one: sources.Publication, rows: list[ReportFile], arrived: set[tuple[object, object]]) -> Held:
    origins = {origin_of(url): member.role for member in one.members for url in (member.url, *member.others)}
    of_it = [row for row in rows if row.attestation == one.attestation and row.origin in origins]
    roles = {origins[row.origin] for row in of_it}
    roles |= {member.role for member in one.members if (one.attestation, member.url) in arrived}
    return Held(tuple(sorted({row.report for row in of_it})), frozenset(roles))


def origin_of(url: str) -> str:
    """A publisher's URL as the origin of a file: without its query."""
    return url.partition("?")[0]
