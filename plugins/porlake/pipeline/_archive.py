"""archive: the bytes of a published file as they came, and what the file is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date, datetime

from porlake import registry, reports
from porlake.errors import (
    ConfigurationError,
    SnapshotUnknown,
)
from porlake.model import ReportFile
from porlake.pipeline._files import files_at
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
    publisher = registry.load().exchanges.get(exchange)
    if publisher is None:
        raise ConfigurationError(f"{exchange!r} is no exchange of the registry: {', '.join(registry.load().exchanges)}")
    stated = _stated_snapshot(snapshot, publisher) if snapshot else None
    fallback = reports.Snapshot(None, "unknown") if undated else None
    with ExitStack() as files:
        came = files_at(session, files, source)
        found, others = reports.recognised(replace(came.bundle, exchange=exchange))
        parts = [part for form, bundle in found for part in _parts(came.bundle.name, form, bundle, stated, fallback)]
        listed = tuple(f"{reports.hashed(other).sha256}  -  {other.name}" for other in others)
        container = None
        if came.container is not None:
            came.container.seek(0)
            container = session.lake.keep(came.container, _facts(session, came.bundle.name, came.origin))
        return _Arrival(session, came.origin, container, listed).keep(parts)


def attestations_of(session: Session, files: ExitStack, exchange: str, source: str) -> list[str]:
    """The attestations that the files at a path say that they are of. Raises ReportError."""
    came = files_at(session, files, source)
    found, _ = reports.recognised(replace(came.bundle, exchange=exchange))
    parts = [part for form, bundle in found for part in _parts(came.bundle.name, form, bundle, None, None)]
    return [f"{part.bundle.exchange}/{part.snapshot}" for part in parts]


@dataclass(frozen=True, slots=True)
class _Part:
    """A report that is not yet in the lake, and what it speaks of; `source`: who says it, '' for the exchange."""

    form: reports.Format
    bundle: reports.Bundle
    source: str
    snapshot: reports.Snapshot


def _parts(
    container: str,
    form: reports.Format,
    bundle: reports.Bundle,
    stated: reports.Snapshot | None,
    fallback: reports.Snapshot | None,
) -> Iterator[_Part]:
    """The reports of a bundle: one, or one of each attestation and source that its file speaks of. Raises
    ReportError.
    """
    first = bundle.members[0]
    if not isinstance(form, reports.SplitFormat):
        names = (*(member.name for member in bundle.members), container)
        named = reports.first_stated(map(form.snapshot_of, names))
        yield _Part(form, bundle, "", _told(first.name, named, stated, fallback))
        return
    for part in form.split(bundle):
        # what a part's own rows say of the moment is nearer to it than an option for the whole file
        named = part.snapshot or form.snapshot_of(container)
        snapshot = _told(first.name, named, None if part.snapshot else stated, fallback)
        members = (replace(first, content=part.content, sha256=""),)
        yield _Part(form, replace(bundle, members=members, exchange=part.exchange), part.source, snapshot)


def _told(
    name: str, named: reports.Snapshot | None, stated: reports.Snapshot | None, fallback: reports.Snapshot | None
) -> reports.Snapshot:
    """The moment that is stated, else the one that is named; a revision that is named stays. Raises SnapshotUnknown."""
    if stated is not None:
        return replace(stated, revision=named.revision if named else None)
    if snapshot := named or fallback:
        return snapshot
    raise SnapshotUnknown(
        f"{name}: neither its name nor its content says which moment it speaks of; give --snapshot YYYY-MM-DD"
    )


class _Arrival:
    """What came in together: the reports of one path or URL.

    `others`: the lines of files that nobody reads. What the lake holds of an exchange is looked up once, however many
    reports come.
    """

    def __init__(self, session: Session, origin: str, container: str | None, others: tuple[str, ...]) -> None:
        self.session, self.origin, self.container, self.others = session, origin, container, others
        self._known: dict[str, dict[tuple[str, str], ReportFile]] = {}
        self._newest: dict[tuple[str, str, str], int] = {}

    def keep(self, parts: list[_Part]) -> list[str]:
        """The ids of the reports, now in the lake."""
        return [self._keep(part) for part in parts]

    def _keep(self, part: _Part) -> str:
        lake, form, exchange = self.session.lake, part.form, part.bundle.exchange
        first = part.bundle.members[0]
        facts = _facts(self.session, first.name, self.origin)
        bundle = replace(part.bundle, members=tuple(self._kept(member, facts) for member in part.bundle.members))
        attestation = f"{exchange}/{part.snapshot}"
        # a file of a report that came without the first of its kind speaks for itself
        alone = "" if first.role == form.ROLES[0] else f"/{first.role}"
        statement = part.source or f"{exchange}/{form.NAME}{alone}"
        earlier = self._of(exchange).get((bundle.id, attestation))
        row = ReportFile(
            exchange=exchange,
            report=bundle.id,
            attestation=attestation,
            snapshot_at=part.snapshot.at and registry.load().exchanges[exchange].in_utc(part.snapshot.at),
            snapshot_day=part.snapshot.at and part.snapshot.at.date(),
            snapshot_precision=part.snapshot.precision,
            content=form.content(bundle),
            statement=statement,
            revision=part.snapshot.revision
            or (earlier.revision if earlier else self._newest.get((exchange, attestation, statement), 0) + 1),
            format=form.NAME,
            # what was true at the first time stays
            file_name=earlier.file_name if earlier else facts["file_name"],
            members=[*(f"{member.sha256}  {member.role}  {member.name}" for member in bundle.members), *self.others],
            origin=earlier.origin if earlier else facts["origin"],
            container=self.container,
            size_bytes=sum(member.content.seek(0, os.SEEK_END) for member in bundle.members),
            retrieved_at=earlier.retrieved_at if earlier else datetime.fromisoformat(facts["retrieved_at"]),
            report_no=part.snapshot.report_no,
        )
        lake.write(ReportFile, {"exchange": exchange, "report": bundle.id, "attestation": attestation}, [row])
        self._take(row)
        return bundle.id

    def _kept(self, member: reports.Member, facts: dict[str, str]) -> reports.Member:
        """The member with its sha256, now that its bytes are in the archive."""
        member.content.seek(0)
        return replace(member, sha256=self.session.lake.keep(member.content, facts | {"file_name": member.name}))

    def _of(self, exchange: str) -> dict[tuple[str, str], ReportFile]:
        """What the lake holds of an exchange, by report and attestation."""
        if exchange not in self._known:
            self._known[exchange] = {}
            for row in self.session.lake.rows(ReportFile, exchange=exchange):
                self._take(row)
        return self._known[exchange]

    def _take(self, row: ReportFile) -> None:
        self._known.setdefault(row.exchange, {})[row.report, row.attestation] = row
        edition = (row.exchange, row.attestation, row.statement)
        self._newest[edition] = max(self._newest.get(edition, 0), row.revision)


def _facts(session: Session, name: str, origin: str) -> dict[str, str]:
    """How a file came here; under replay the clock is the recording's."""
    return {"file_name": name, "origin": origin, "retrieved_at": session.recording.now().isoformat()}


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
