"""upgrade: a lake that an older porlake wrote becomes one of this porlake.

What was read from outside and cannot be asked again (sweeps, balances, blocks, prices ...) is rewritten by rule; what
comes from published files is archived and parsed again from their bytes. What cannot be carried is set aside: no reader
sees it, and nothing of it is deleted. Each step leaves the lake whole, and what was done is not done again.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from porlake import lake as lake_room
from porlake.errors import PorlakeError, SnapshotUnknown
from porlake.lake import Lake, Pointer
from porlake.model import ReportFile
from porlake.pipeline._archive import archive, attestations_of
from porlake.pipeline._parse import PARSED, parse
from porlake.pipeline._session import Session
from porlake.pipeline._upgrade_plan import ASIDE, NUMBER, REWRITE, Step

WHAT = "upgrade"


def upgrade(session: Session, steps: Sequence[Step]) -> Iterator[Step]:
    """Do the steps of a plan; those that failed, with the reason. Raises LakeError where the disk fails."""
    for done, step in enumerate(steps):
        session.progress(WHAT, done, len(steps))
        try:
            _do(session, step)
        except PorlakeError as error:
            yield replace(step, why=f"{step.what}: {step.does}: {error}")
    session.progress(WHAT, len(steps), len(steps))


def _do(session: Session, step: Step) -> None:
    lake = session.lake
    if step.does == NUMBER:
        lake.renumber(step.pointer)
    elif step.does == REWRITE:
        lake.carry(step.pointer)
    elif step.does == ASIDE:
        lake.set_aside(step.pointer)
    else:
        try:
            _archive_again(session, lake.one(ReportFile, **step.pointer.partition))
            parse(session, step.pointer.partition["report"])
        except PorlakeError:
            _by_rule(lake, step.pointer)
            raise


def _by_rule(lake: Lake, report: Pointer) -> None:
    """What was parsed of a report, where it cannot be parsed again."""
    only = {name: report.partition[name] for name in ("exchange", "report")}
    for pointer in (pointer for row_class in PARSED for pointer in lake.pointers(row_class, **only)):
        if pointer.number != pointer.row_class.VERSION and not lake_room.uncarried(pointer):
            lake.carry(pointer)


def _archive_again(session: Session, file: ReportFile) -> None:
    """What archive says of the bytes today; when and whence they came stays."""
    lake = session.lake
    with tempfile.TemporaryDirectory() as folder, ExitStack() as files:
        place = Path(folder) / (file.file_name if len(file.members) == 1 else "report")
        if len(file.members) > 1:
            place.mkdir()
        for digest, _, name in (line.split("  ", 2) for line in file.members):
            with (place / Path(name).name if place.is_dir() else place).open("wb") as out:
                shutil.copyfileobj(files.enter_context(lake.open_raw(digest)), out)
        stated = None if _says_it(session, file, str(place)) else _stated(file)
        archive(session, file.exchange, str(place), stated, undated=file.snapshot_at is None)
    partition = {"exchange": file.exchange, "report": file.report, "attestation": file.attestation}
    seen = lake.seen((ReportFile, partition))
    again = lake.one(ReportFile, exchange=file.exchange, report=file.report, attestation=file.attestation)
    kept = replace(
        again, file_name=file.file_name, origin=file.origin, container=file.container, retrieved_at=file.retrieved_at
    )
    if kept != again:
        lake.write(ReportFile, partition, [kept], seen)


def _says_it(session: Session, file: ReportFile, place: str) -> bool:
    """Whether the file says by itself which attestation it is: then today's reading of its moment holds."""
    try:
        with ExitStack() as files:
            return file.attestation in attestations_of(session, files, file.exchange, place)
    except SnapshotUnknown:
        return False


def _stated(file: ReportFile) -> str | None:
    """The snapshot as `archive` takes it; None where only the file's own name or content can say it."""
    if file.snapshot_at is None or file.snapshot_day is None or file.snapshot_precision not in ("day", "moment"):
        return None
    return f"{file.snapshot_day}" if file.snapshot_precision == "day" else f"{file.snapshot_at:%Y-%m-%dT%H:%M:%SZ}"
