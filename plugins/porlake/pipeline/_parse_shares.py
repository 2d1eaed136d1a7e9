"""Shares of a parse: a file of millions of rows, read by several workers.

A file is cut into parts by its bytes alone, and each dataset of the report has a file for each part: who parses the
report takes the files of parts that shares have finished and makes the others, so that the bytes are those of one
worker, whatever the number of shares. A part lies in a lake of its own beside the report's claims until then.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from porlake import observation, registry, reports
from porlake.errors import LakeError
from porlake.lake import Lake, Pointer, forget
from porlake.model import Claim, Dataset, ReportFile
from porlake.pipeline._proofs import PROOF
from porlake.pipeline._session import Session

STRETCHES = 16
"""Stretches of a file (4 MiB of lines each) in a part."""

A_SECOND = 22_000_000
"""Bytes of a file that a worker parses in a second."""


class Finished:
    """The parts of a report that are finished: under the code and the registry's rows of now."""

    def __init__(self, lake: Lake, file: ReportFile, row_classes: tuple[type[Dataset], ...]) -> None:
        self._lake, self._classes = lake, row_classes
        self._partition = {"exchange": file.exchange, "report": file.report}
        self._known: dict[int, list[Pointer]] = {}

    @cached_property
    def state(self) -> str:
        """A hash of all that the rows are made of beside the file."""
        return registry.state(["porlake"], ["pyarrow", "numpy"])

    def lake_of(self, part: int) -> Lake:
        """Where a part is put."""
        return self._lake.aside(Claim, self._partition, self.state[:16], f"{part:05d}")

    def look(self) -> Finished:
        """Look at what is there; parts that are damaged are none."""
        if not self._is_anything():
            return self
        for name in self._lake.aside(Claim, self._partition, self.state[:16]).store.folders(""):
            found = _whole(self.lake_of(int(name)), self._classes, self._partition)
            if found:
                self._known[int(name)] = found
        return self

    def _is_anything(self) -> bool:
        return any(True for _ in self._lake.aside(Claim, self._partition).store.folders(""))

    def __contains__(self, part: int) -> bool:
        return part in self._known

    def __getitem__(self, part: int) -> list[Pointer]:
        """What was made of a part, in the order of the datasets."""
        return self._known[part]

    def forget(self) -> None:
        """The report has its rows: the parts are no longer needed."""
        if self._known or self._is_anything():
            forget(self._lake.scratch(Claim, self._partition))


def _whole(lake: Lake, row_classes: tuple[type[Dataset], ...], partition: Mapping[str, str]) -> list[Pointer]:
    """The partitions of a part; nothing where one is not there or harmed."""
    found = []
    try:
        for row_class in row_classes:
            (pointer,) = lake.pointers(row_class, **partition)
            pointer.checked()
            found.append(pointer)
    except (LakeError, ValueError):
        return []
    return found


def worth(session: Session, file: ReportFile) -> int:
    """In how many shares a report is worth parsing: 1 where one worker reads it all, as in a lake that is no other
    machine's.
    """
    if not session.lake.store.shared or file.content in (PROOF, reports.observed_list.NAME):
        return 1
    if not isinstance(reports.format_of(file.format), reports.ColumnFormat):
        return 1
    return observation.of_seconds(file.size_bytes / A_SECOND)
