"""archive: the bytes of a published file as they came, and what the file is."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from datetime import date, datetime

from porlake import registry, reports
from porlake.errors import ConfigurationError, SnapshotUnknown
from porlake.model import ReportFile
from porlake.pipeline._exchanges import publisher_of
from porlake.pipeline._files import Published, files_at
from porlake.pipeline._inside import inside
from porlake.pipeline._report_files import Arrival, Known, facts_of
from porlake.pipeline._session import Session
from porlake.pipeline._settings import moment


def archive_all(session: Session, exchange: str, sources: Iterable[str], snapshot: str | None = None) -> list[str]:
    """As `archive`, for several files: a proof of liabilities that says no moment is of the one that all the others
    speak of. Raises ReportError, ConfigurationError.
    """
    found, undated = list[str](), list[str]()
    for source in sources:
        try:
            found += archive(session, exchange, source, snapshot)
        except SnapshotUnknown:
            undated.append(source)
    files = [file for report in found for file in session.lake.reports(report) if file.exchange == exchange]
    said = {file.attestation: reports.Snapshot(_start(file), file.snapshot_precision) for file in files}
    beside = next(iter(said.values())) if len(said) == 1 else None
    for source in undated:
        found += archive(session, exchange, source, snapshot, beside=beside)
    return list(dict.fromkeys(found))


def _start(file: ReportFile) -> datetime | None:
    return datetime.combine(file.snapshot_day, datetime.min.time()) if file.snapshot_day else None


def archive(
    session: Session,
    exchange: str,
    source: str,
    snapshot: str | None = None,
    *,
    undated: bool = False,
    beside: reports.Snapshot | None = None,
) -> list[str]:
    """Keep a published file (path or URL) and say what it is; the ids of the reports in it.

    `snapshot`: a day of the exchange's clock (2024-03-25) or a moment with its zone (2024-03-25T16:00Z), for a file
    that does not say it; `undated` takes such a file without one; `beside`: the moment of what was published with it,
    for a proof of liabilities that does not say its own. Raises ReportError where the file is refused as a
    whole, ConfigurationError for an exchange that the registry does not know.
    """
    publisher = publisher_of(exchange)
    stated = _stated_snapshot(snapshot, publisher) if snapshot else None
    fallback = reports.Snapshot(None, "unknown") if undated else None
    with ExitStack() as files:
        return archive_published(session, exchange, files_at(session, files, source), stated, fallback, beside=beside)


def archive_published(
    session: Session,
    exchange: str,
    came: Published,
    stated: reports.Snapshot | None = None,
    fallback: reports.Snapshot | None = None,
    known: Known | None = None,
    beside: reports.Snapshot | None = None,
) -> list[str]:
    """Keep published files that are at hand; the ids of the reports in them. `fallback`: the moment of those whose
    names and content say none; `beside` as in `archive`; `known`: what the lake holds, where many come. Raises
    ReportError.
    """
    parts, others, has_user_file = inside(came, exchange, stated, fallback, beside)
    if has_user_file:
        session.progress("a customer's own file lies there: it is passed over and not kept", 0, 0)
    listed = tuple(f"{reports.hashed(other).sha256}  -  {other.name}" for other in others)
    container = None
    if came.container is not None and not has_user_file:
        came.container.seek(0)
        container = session.lake.keep(
            came.container, facts_of(session, came.bundle.name, came.origin) | dict(came.facts)
        )
    return Arrival(session, came.origin, container, listed, came.facts, known).keep(parts)


def attestations_of(session: Session, files: ExitStack, exchange: str, source: str) -> list[str]:
    """The attestations that the files at a path say that they are of. Raises ReportError."""
    parts, _, _ = inside(files_at(session, files, source), exchange, None, None)
    return [f"{part.bundle.exchange}/{part.snapshot}" for part in parts]


def _stated_snapshot(text: str, publisher: registry.Exchange) -> reports.Snapshot:
    """A snapshot as given by an option: a day of the publisher's clock (2024-03-25), or a moment with its zone
    (2024-03-25T16:00Z).
    """
    if "T" in text:
        shown = publisher.shows(moment(text))
        return reports.Snapshot(datetime.combine(_stated_day(f"{shown:%Y-%m-%d}"), shown.time()), "moment")
    return reports.Snapshot(datetime.combine(_stated_day(text), datetime.min.time()), "day")


def _stated_day(text: str) -> date:
    try:
        return reports.day_of(text)
    except ValueError as error:
        day_or_moment = (
            "a day of the exchange's clock (2024-03-25) or a moment with its zone (2024-03-25T16:00Z, "
            "2024-03-26T00:00+08:00)"
        )
        raise ConfigurationError(f"snapshot: {error}; write {day_or_moment}") from error
