"""archive: the bytes of a published file as they came, and what the file is."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from porlake import registry, reports
from porlake.errors import (
    ConfigurationError,
    SnapshotUnknown,
)
from porlake.model import (
    ReportFile,
)
from porlake.pipeline._settings import Settings, moment, shown
from porlake.transport import Endpoint


def archive(
    settings: Settings, exchange: str, source: str, snapshot: str | None = None, *, undated: bool = False
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
        came = published(settings, files, source)
        found, others = reports.bundles(came.files)
        parts = [part for bundle in found for part in _parts(came, bundle, exchange, stated, fallback)]
        listed = tuple(f"{_sha256(other.content)}  -  {other.name}" for other in others)
        container = None
        if came.container is not None:
            came.container.seek(0)
            container = settings.lake.keep(came.container, _facts(settings, came.name, came.origin))
        return _Arrival(settings, came.origin, container, listed).keep(parts)


@dataclass(frozen=True, slots=True)
class _Part:
    """A report that is not yet in the lake: its files, and what it speaks of."""

    form: reports.Format
    exchange: str
    source: str
    members: tuple[reports.Member, ...]
    snapshot: reports.Snapshot


def _parts(
    came: Published,
    bundle: reports.Bundle,
    exchange: str,
    stated: reports.Snapshot | None,
    fallback: reports.Snapshot | None,
) -> Iterator[_Part]:
    """The reports of a bundle: one, or one of each attestation and source that its file speaks of. Raises
    ReportError.
    """
    form, first = bundle.form, bundle.members[0]
    if not hasattr(form, "split"):
        yield _Part(
            form,
            exchange,
            "",
            bundle.members,
            _told(first.name, _named(form, bundle.members, came.name), stated, fallback),
        )
        return
    for part in form.split(first.content, first.name):
        # what a part's own rows say of the moment is nearer to it than an option for the whole file
        named = part.snapshot or _named(form, (), came.name)
        snapshot = _told(first.name, named, None if part.snapshot else stated, fallback)
        yield _Part(form, part.exchange, part.source, (replace(first, content=part.content),), snapshot)


def _named(form: reports.Format, members: tuple[reports.Member, ...], container: str) -> reports.Snapshot | None:
    """What the names of the members say, else the archive's; the revision is the archive's where the members name none
    and it is of their moment.
    """
    said = [
        snapshot for name in (*(member.name for member in members), container) if (snapshot := form.snapshot_of(name))
    ]
    if not said:
        return None
    revision = next((other.revision for other in said if other.revision and other.at == said[0].at), None)
    return replace(said[0], revision=revision)


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


@dataclass(frozen=True, slots=True)
class Published:
    """What lies at a path or URL: files with their names, the archive that held them, the name and origin (without
    secrets) of it all.
    """

    files: list[tuple[str, BinaryIO]]
    container: BinaryIO | None
    name: str
    origin: str


def published(settings: Settings, files: ExitStack, source: str) -> Published:
    """The files at a path or URL; a folder holds those of a report as its archive would. Raises ReportError,
    ConfigurationError.
    """
    path = Path(source)
    if "://" not in source and path.is_dir():
        inside = sorted(entry for entry in path.iterdir() if entry.is_file() and not entry.is_symlink())
        if not inside:
            raise ConfigurationError(f"{source}: the folder holds no file")
        return Published(
            [(entry.name, opened(settings, files, str(entry))[0]) for entry in inside],
            None,
            path.name,
            f"file:{path.name}",
        )
    stream, name, origin = opened(settings, files, source)
    container = stream if reports.is_archive(stream) else None
    held = [(member, files.enter_context(content)) for member, content in reports.members(stream, name)]
    return Published(held, container, name, origin)


def opened(settings: Settings, files: ExitStack, source: str) -> tuple[BinaryIO, str, str]:
    """(stream, file name, origin without secrets) of a path or URL."""
    if "://" in source:
        parts = urlsplit(Endpoint(source).url)  # raises ConfigurationError without a part of it
        name = Path(parts.path).name or "report"
        stream = files.enter_context(settings.recording.download(source))
        return stream, name, f"{parts.scheme}://{parts.hostname}{parts.path}"
    path = Path(source)
    try:
        if path.exists() and not path.is_file():
            raise ConfigurationError(f"{shown(source)}: is no file")  # a pipe would be waited for without end
        return files.enter_context(path.open("rb")), path.name, f"file:{path.name}"
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"{shown(source)}: cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from error


class _Arrival:
    """What came in together: the reports of one path or URL.

    `others`: the lines of files that nobody reads. What the lake holds of an exchange is looked up once, however many
    reports come.
    """

    def __init__(self, settings: Settings, origin: str, container: str | None, others: tuple[str, ...]) -> None:
        self.settings, self.origin, self.container, self.others = settings, origin, container, others
        self._known: dict[str, dict[tuple[str, str], ReportFile]] = {}
        self._newest: dict[tuple[str, str, str], int] = {}

    def keep(self, parts: list[_Part]) -> list[str]:
        """The ids of the reports, now in the lake."""
        return [self._keep(part) for part in parts]

    def _keep(self, part: _Part) -> str:
        lake, form, first = self.settings.lake, part.form, part.members[0]
        facts = _facts(self.settings, first.name, self.origin)
        listed = []
        for member in part.members:
            member.content.seek(0)
            listed.append((lake.keep(member.content, facts | {"file_name": member.name}), member))
        report = _id([(digest, member.role) for digest, member in listed])
        attestation = f"{part.exchange}/{_spoken(part.snapshot)}"
        # a file of a report that came without the first of its kind speaks for itself
        alone = "" if first.role in (form.NAME, *getattr(form, "ROLES", ())[:1]) else f"/{first.role}"
        statement = part.source or f"{part.exchange}/{form.NAME}{alone}"
        earlier = self._of(part.exchange).get((report, attestation))
        row = ReportFile(
            exchange=part.exchange,
            report=report,
            attestation=attestation,
            snapshot_at=part.snapshot.at and registry.load().exchanges[part.exchange].in_utc(part.snapshot.at),
            snapshot_day=part.snapshot.at and part.snapshot.at.date(),
            snapshot_precision=part.snapshot.precision,
            content=form.content(first.content),
            statement=statement,
            revision=part.snapshot.revision
            or (earlier.revision if earlier else self._newest.get((part.exchange, attestation, statement), 0) + 1),
            format=form.NAME,
            # what was true at the first time stays
            file_name=earlier.file_name if earlier else facts["file_name"],
            members=[*(f"{digest}  {member.role}  {member.name}" for digest, member in listed), *self.others],
            origin=earlier.origin if earlier else facts["origin"],
            container=self.container,
            size_bytes=sum(member.content.seek(0, os.SEEK_END) for member in part.members),
            retrieved_at=earlier.retrieved_at if earlier else datetime.fromisoformat(facts["retrieved_at"]),
            report_no=part.snapshot.report_no,
        )
        lake.write("report_file", {"exchange": part.exchange, "report": report, "attestation": attestation}, [row])
        self._take(row)
        return report

    def _of(self, exchange: str) -> dict[tuple[str, str], ReportFile]:
        """What the lake holds of an exchange, by report and attestation."""
        if exchange not in self._known:
            self._known[exchange] = {}
            for row in self.settings.lake.rows("report_file", exchange=exchange):
                self._take(row)
        return self._known[exchange]

    def _take(self, row: ReportFile) -> None:
        self._known.setdefault(row.exchange, {})[row.report, row.attestation] = row
        edition = (row.exchange, row.attestation, row.statement)
        self._newest[edition] = max(self._newest.get(edition, 0), row.revision)


def _id(members: list[tuple[str, str]]) -> str:
    """Of one file its sha256; of several, the sha256 of the sorted lines `<sha256>  <role>`."""
    if len(members) == 1:
        return members[0][0]
    return hashlib.sha256("".join(sorted(f"{digest}  {role}\n" for digest, role in members)).encode()).hexdigest()


def _sha256(content: BinaryIO) -> str:
    content.seek(0)
    digest = hashlib.sha256()
    while chunk := content.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest()


def _facts(settings: Settings, name: str, origin: str) -> dict[str, str]:
    """How a file came here; under replay the clock is the recording's."""
    return {"file_name": name, "origin": origin, "retrieved_at": settings.recording.now().isoformat()}


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


def _spoken(snapshot: reports.Snapshot) -> str:
    """The snapshot in an attestation's id: the day in the publisher's clock, or the month where no more is known."""
    if snapshot.at is None or snapshot.precision == "unknown":
        return "undated"
    return f"{snapshot.at:%Y-%m}" if snapshot.precision == "month" else f"{snapshot.at:%Y-%m-%d}"
