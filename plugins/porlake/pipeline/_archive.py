"""archive: the bytes of a published file as they came, and what the file is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import date, datetime

from porlake import registry, reports
from porlake.errors import ConfigurationError, SnapshotUnknown
from porlake.pipeline._exchanges import publisher_of
from porlake.pipeline._files import Published, files_at
from porlake.pipeline._report_files import Arrival, Known, Part, facts_of
from porlake.pipeline._session import Session
from porlake.pipeline._settings import moment


def archive(
    session: Session, exchange: str, source: str, snapshot: str | None = None, *, undated: bool = False
) -> list[str]:
    """Keep a published file (path or URL) and say what it is; the ids of the reports in it.

    `snapshot`: a day of the exchange's clock (2024-03-25) or a moment with its zone (2024-03-25T16:00Z), for a file
    that does not say it; `undated` takes such a file without one. Raises ReportError where the file is refused as a
    whole, ConfigurationError for an exchange that the registry does not know.
    """
    publisher = publisher_of(exchange)
    stated = _stated_snapshot(snapshot, publisher) if snapshot else None
    fallback = reports.Snapshot(None, "unknown") if undated else None
    with ExitStack() as files:
        return archive_published(session, exchange, files_at(session, files, source), stated, fallback)


def archive_published(
    session: Session,
    exchange: str,
    came: Published,
    stated: reports.Snapshot | None = None,
    fallback: reports.Snapshot | None = None,
    known: Known | None = None,
) -> list[str]:
    """Keep published files that are at hand; the ids of the reports in them. `fallback`: the moment of those whose
    names and content say none; `known`: what the lake holds, where many come. Raises ReportError.
    """
    found, others = reports.recognised(replace(came.bundle, exchange=exchange))
    _check_publisher(exchange, found)
    parts = [part for form, bundle in found for part in _parts(came.bundle.name, form, bundle, stated, fallback)]
    listed = tuple(f"{reports.hashed(other).sha256}  -  {other.name}" for other in others)
    container = None
    if came.container is not None:
        came.container.seek(0)
        container = session.lake.keep(
            came.container, facts_of(session, came.bundle.name, came.origin) | dict(came.facts)
        )
    return Arrival(session, came.origin, container, listed, came.facts, known).keep(parts)


def _check_publisher(exchange: str, found: list[tuple[reports.Format, reports.Bundle]]) -> None:
    """Raises ConfigurationError for a file of a format that another exchange alone publishes (its EXCHANGE). One that
    says itself of whom it speaks may come under any name.
    """
    for form, bundle in found:
        of = getattr(form, "EXCHANGE", exchange)
        if of != exchange and not isinstance(form, reports.SplitFormat):
            raise ConfigurationError(f"{bundle.name}: a file of {of} ({form.NAME}), not of {exchange}")


def attestations_of(session: Session, files: ExitStack, exchange: str, source: str) -> list[str]:
    """The attestations that the files at a path say that they are of. Raises ReportError."""
    came = files_at(session, files, source)
    found, _ = reports.recognised(replace(came.bundle, exchange=exchange))
    parts = [part for form, bundle in found for part in _parts(came.bundle.name, form, bundle, None, None)]
    return [f"{part.bundle.exchange}/{part.snapshot}" for part in parts]


def _parts(
    container: str,
    form: reports.Format,
    bundle: reports.Bundle,
    stated: reports.Snapshot | None,
    fallback: reports.Snapshot | None,
) -> Iterator[Part]:
    """The reports of a bundle: one, or one of each attestation and source that its file speaks of. Raises
    ReportError.
    """
    first = bundle.members[0]
    if not isinstance(form, reports.SplitFormat):
        names = (*(member.name for member in bundle.members), container)
        named = reports.first_stated(map(form.snapshot_of, names))
        yield Part(form, bundle, "", _told(first.name, named, stated, fallback))
        return
    for part in form.split(bundle):
        # what a part's own rows say of the moment is nearer to it than an option for the whole file
        named = part.snapshot or form.snapshot_of(container)
        snapshot = _told(first.name, named, None if part.snapshot else stated, fallback)
        members = (replace(first, content=part.content, sha256=""),)
        yield Part(form, replace(bundle, members=members, exchange=part.exchange), part.source, snapshot)


def _told(
    name: str, named: reports.Snapshot | None, stated: reports.Snapshot | None, fallback: reports.Snapshot | None
) -> reports.Snapshot:
    """The moment that is stated, else the one that is named, else `fallback`, which also tells the revision that a name
    of the same moment leaves out; a revision that is named stays. Raises SnapshotUnknown.
    """
    if stated is not None:
        return replace(stated, revision=named.revision if named else None)
    if named is not None and fallback is not None and str(named) == str(fallback):
        return replace(named, revision=named.revision or fallback.revision)
    if snapshot := named or fallback:
        return snapshot
    raise SnapshotUnknown(
        f"{name}: neither its name nor its content says which moment it speaks of; give --snapshot YYYY-MM-DD"
    )


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
