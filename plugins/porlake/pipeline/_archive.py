"""archive: the bytes of a published file as they came, and what the file is."""

from __future__ import annotations

import os
from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from porlake import registry, reports
from porlake.errors import (
    ConfigurationError,
    SnapshotUnknown,
)
from porlake.lake import Lake
from porlake.model import (
    ReportFile,
)
from porlake.pipeline._settings import Settings, moment, shown
from porlake.transport import Endpoint

HEAD_BYTES = 65_536


def archive(settings: Settings, exchange: str, source: str, snapshot: str | None = None, *, undated: bool = False) -> list[str]:
    """Keep a published file (path or URL) and say what it is; the ids of the reports in it.

    `snapshot`: a day of the exchange's clock (2024-03-25) or a moment with its zone (2024-03-25T16:00Z), for a file that does not say it;
    `undated` takes such a file without one. Raises ReportError where the file is refused as a whole, ConfigurationError
    for an exchange that the registry does not know.
    """
    publisher = registry.load().exchanges.get(exchange)
    if publisher is None:
        raise ConfigurationError(f"{exchange!r} is no exchange of the registry: {', '.join(registry.load().exchanges)}")
    stated = _stated_snapshot(snapshot, publisher) if snapshot else None
    fallback = reports.Snapshot(None, "unknown") if undated else None
    with ExitStack() as files:
        stream, name, origin = opened(settings, files, source)
        container = None
        if reports.is_archive(stream):
            container = settings.lake.keep(stream, _facts(settings, name, origin))
            stream.seek(0)
        return [
            report
            for member, content in reports.members(stream, name)
            for report in _archive_member(settings, exchange, content, member, origin, container, stated, fallback)
        ]


def opened(settings: Settings, files: ExitStack, source: str) -> tuple[BinaryIO, str, str]:
    """(stream, file name, origin without secrets) of a path or URL."""
    if "://" in source:
        parts = urlsplit(Endpoint(source).url)  # raises ConfigurationError without a part of it
        name = Path(parts.path).name or "report"
        stream = files.enter_context(settings.tape.download(source))
        return stream, name, f"{parts.scheme}://{parts.hostname}{parts.path}"
    path = Path(source)
    try:
        if path.exists() and not path.is_file():
            raise ConfigurationError(f"{shown(source)}: is no file")  # a pipe would be waited for without end
        return files.enter_context(path.open("rb")), path.name, f"file:{path.name}"
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{shown(source)}: cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _archive_member(
    settings: Settings,
    exchange: str,
    content: BinaryIO,
    name: str,
    origin: str,
    container: str | None,
    stated: reports.Snapshot | None,
    fallback: reports.Snapshot | None,
) -> list[str]:
    head = content.read(HEAD_BYTES)
    content.seek(0)
    form = reports.detect(head, name)
    parts = form.split(content, name) if hasattr(form, "split") else [reports.Part(exchange, stated or form.snapshot_of(name), content)]
    return [
        _archive_part(
            settings, form, part.exchange, part.source, part.content, name, origin, container, _told(name, part.snapshot or stated or fallback)
        )
        for part in parts
    ]


def _told(name: str, snapshot: reports.Snapshot | None) -> reports.Snapshot:
    if snapshot is None:
        raise SnapshotUnknown(f"{name}: neither its name nor its content says which moment it speaks of; give --snapshot YYYY-MM-DD")
    return snapshot


def _archive_part(
    settings: Settings,
    form: reports.Format,
    exchange: str,
    source: str,
    content: BinaryIO,
    name: str,
    origin: str,
    container: str | None,
    snapshot: reports.Snapshot,
) -> str:
    lake = settings.lake
    content.seek(0)
    facts = _facts(settings, name, origin)
    report = lake.keep(content, facts)
    attestation = f"{exchange}/{_spoken(snapshot)}"
    statement = source or f"{exchange}/{form.NAME}"
    partition = {"exchange": exchange, "report": report, "attestation": attestation}
    for earlier in lake.rows("report_file", **partition):  # what was true at the first time stays
        facts = {"file_name": earlier.file_name, "origin": earlier.origin, "retrieved_at": earlier.retrieved_at.isoformat()}
    size = content.seek(0, os.SEEK_END)
    row = ReportFile(
        exchange=exchange,
        report=report,
        attestation=attestation,
        snapshot_at=snapshot.at and registry.load().exchanges[exchange].in_utc(snapshot.at),
        snapshot_day=snapshot.at and snapshot.at.date(),
        snapshot_precision=snapshot.precision,
        content=form.content(content),
        statement=statement,
        revision=snapshot.revision or _next_revision(lake, exchange, report, attestation, statement),
        format=form.NAME,
        file_name=facts["file_name"],
        members=[f"{report}  {form.NAME}  {facts['file_name']}"],
        origin=facts["origin"],
        container=container,
        size_bytes=size,
        retrieved_at=datetime.fromisoformat(facts["retrieved_at"]),
        report_no=snapshot.report_no,
    )
    lake.write("report_file", partition, [row])
    return report


def _facts(settings: Settings, name: str, origin: str) -> dict[str, str]:
    """How a file came here; under replay the clock is the recording's."""
    return {"file_name": name, "origin": origin, "retrieved_at": settings.tape.now().isoformat()}


def _next_revision(lake: Lake, exchange: str, report: str, attestation: str, statement: str) -> int:
    """Without a number in the name, editions of one statement count in the order of their first retrieval."""
    earlier = 0
    for row in lake.rows("report_file", exchange=exchange):
        if row.report == report and row.attestation == attestation:
            return int(row.revision)
        if row.attestation == attestation and row.statement == statement:
            earlier = max(earlier, row.revision)
    return earlier + 1


def _stated_snapshot(text: str, publisher: registry.Exchange) -> reports.Snapshot:
    """A snapshot as given by an option: a day of the publisher's clock (2024-03-25), or a moment with its zone (2024-03-25T16:00Z)."""
    if "T" in text:
        shown = publisher.shows(moment(text))
        return reports.Snapshot(datetime.combine(_stated_day(f"{shown:%Y-%m-%d}"), shown.time()), "moment")
    return reports.Snapshot(datetime.combine(_stated_day(text), datetime.min.time()), "day")


def _stated_day(text: str) -> date:
    try:
        return reports.day_of(text)
    except ValueError as error:
        day_or_moment = "a day of the exchange's clock (2024-03-25) or a moment with its zone (2024-03-25T16:00Z, 2024-03-26T00:00+08:00)"
        raise ConfigurationError(f"snapshot: {error}; write {day_or_moment}") from error


def _spoken(snapshot: reports.Snapshot) -> str:
    """The snapshot in an attestation's id: the day in the publisher's clock, or the month where no more is known."""
    if snapshot.at is None or snapshot.precision == "unknown":
        return "undated"
    return f"{snapshot.at:%Y-%m}" if snapshot.precision == "month" else f"{snapshot.at:%Y-%m-%d}"
