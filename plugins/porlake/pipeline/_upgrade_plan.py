"""What an upgrade of a lake has to do, found before anything is touched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from porlake import lake as lake_room
from porlake.lake import Lake, Pointer
from porlake.model import DATASETS, ReportFile
from porlake.pipeline._parse import PARSED
from porlake.pipeline._session import Session

NUMBER, REWRITE, AGAIN, ASIDE = "number", "rewrite by rule", "archive and parse again", "set aside: cannot be carried"


@dataclass(frozen=True, slots=True)
class Step:
    """What is done (NUMBER, REWRITE, AGAIN or ASIDE), with which partition or report, and why."""

    does: str
    what: str
    why: str
    pointer: Pointer = field(repr=False)


def plan(session: Session) -> list[Step]:
    """What has to be done, in its order; first what cannot be carried. Nothing is changed. Raises Damaged."""
    lake = session.lake
    old = [
        pointer
        for row_class in DATASETS.values()
        for pointer in lake.pointers(row_class)
        if pointer.number != row_class.VERSION
    ]
    again = list(_again(lake, old))
    parsed_again = {step.pointer.partition["report"] for step in again}
    steps = [
        _step(pointer)
        for pointer in old
        # what is parsed again stays old until then: an upgrade that is interrupted knows it by that
        if pointer.row_class not in PARSED or pointer.partition["report"] not in parsed_again
    ]
    return sorted([*steps, *again], key=lambda step: (ASIDE, REWRITE, AGAIN, NUMBER).index(step.does))


def _step(pointer: Pointer) -> Step:
    row_class = pointer.row_class
    if pointer.version == row_class.VERSION:
        return Step(NUMBER, pointer.where, f"schema {pointer.version}", pointer)
    if pointer.version > row_class.VERSION:
        return Step(ASIDE, pointer.where, "it was written by a newer porlake", pointer)
    if why := lake_room.uncarried(pointer):
        return Step(ASIDE, pointer.where, why, pointer)
    lacks = [name for name in lake_room.schema(row_class).names if name not in pointer.columns]
    return Step(REWRITE, pointer.where, f"gets {', '.join(lacks)}" if lacks else "its rows stay", pointer)


def _again(lake: Lake, old: Sequence[Pointer]) -> Iterator[Step]:
    """The reports of which something parsed is older, where the archive has their bytes."""
    reports = {
        (pointer.partition["exchange"], pointer.partition["report"])
        for pointer in old
        if pointer.row_class in (ReportFile, *PARSED)
    }
    for exchange, report in sorted(reports):
        for pointer in lake.pointers(ReportFile, exchange=exchange, report=report):
            if lake.has_raw(report) or _members(pointer):
                yield Step(AGAIN, f"{pointer.partition['attestation']} {report[:16]}", "from the bytes", pointer)


def _members(pointer: Pointer) -> list[str]:
    """The sha256 of the files of a report that has several."""
    if "members" not in pointer.columns:
        return []
    rows = (row for batch in lake_room.carried(pointer) for row in batch.column("members").to_pylist())
    return [line.split("  ", 2)[0] for row in rows for line in row]
