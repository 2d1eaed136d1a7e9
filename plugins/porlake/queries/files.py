"""check: every file of a lake against what was written of it, whatever stage it belongs to."""

from __future__ import annotations

from collections.abc import Iterator

from porlake import warehouse
from porlake.errors import PorlakeError
from porlake.lake import Lake
from porlake.pipeline import Session

WHAT = "check files"


def check(session: Session) -> tuple[int, list[str]]:
    """(files looked at, what is wrong with some of them, a sentence each, in the order of their places).

    Every pointer, every file that it names, every published file of the archive, the marts with their manifest and the
    DuckDB file; all bytes are hashed anew. Nothing is changed: each sentence names the stage that writes the file anew.
    """
    looked, wrong = 0, []
    for fault in _faults(session.lake):
        looked += 1
        session.progress(WHAT, looked, None)
        if fault:
            wrong.append(fault)
    session.progress(WHAT, looked, looked)
    return looked, wrong


def _faults(lake: Lake) -> Iterator[str]:
    """For each file what is wrong with it, '' where nothing is."""
    for look in (*lake.all_files(), *warehouse.all_files(lake)):
        try:
            look()
        except PorlakeError as error:
            yield str(error)
        else:
            yield ""
