"""Never the last writer wins: a stage looks at its own pointers before what its rows are made of, and swaps those."""

from __future__ import annotations

import ast
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pytest

from porlake import pipeline
from porlake.errors import Overtaken
from porlake.lake import LocalStore
from porlake.model import Balance, Claim, Ownership, Price, ReportFile
from porlake.pipeline import Session
from support import MONTH, RECORDING, ROOT, SAMPLE_ROWS, own_rows

DAY = "okx/2024-03-25"
SAMPLE = ROOT / "data" / "samples" / "por_csv_2024032500.zip"


class Interrupted(LocalStore):
    """A folder in which another writer comes when a stage first reads what lies below `reads`: to all partitions of one
    dataset, as that one sees them.
    """

    def __init__(self, root: Path, keys: list[str], reads: str) -> None:
        super().__init__(root)
        self._keys, self._reads, self.came = keys, reads, False

    def _comes(self, key: str) -> None:
        if not self.came and key.startswith(self._reads):
            self.came = True
            for one in self._keys:
                before = self.read(one)
                assert self.swap(one, b'{"of": "another"}', before.tag if before else None)

    def native(self, key: str) -> pa.NativeFile:
        self._comes(key)
        return super().native(key)

    def open(self, key: str) -> BinaryIO:
        self._comes(key)
        return super().open(key)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with own_rows(SAMPLE_ROWS):
        yield pipeline.session(tmp_path, replay=RECORDING, environ={})


def archived(session: Session) -> str:
    (report,) = pipeline.archive(session, "okx", str(SAMPLE))
    return report


def parsed(session: Session) -> str:
    return pipeline.parse(session, archived(session))


Run = Callable[[Session, str], object]
STAGES: dict[str, tuple[type, Callable[[Session], str], Run, str]] = {
    "parse": (Claim, archived, pipeline.parse, "raw/"),
    "verify": (Ownership, parsed, pipeline.verify, "lake/evidence/"),
    "observe": (Balance, parsed, lambda session, report: pipeline.observe(session, report, "tron"), "lake/claim/"),
    "price": (Price, parsed, lambda session, _: pipeline.price(session, [DAY], give_up=True), "lake/claim/"),
}


@pytest.mark.parametrize("stage", STAGES)
def test_who_came_while_a_stage_read_its_inputs_is_not_undone_by_it(session: Session, stage: str) -> None:
    row_class, before, run, reads = STAGES[stage]
    report = before(session)
    partition = {"exchange": "okx", "report": report, "network": "tron", "attestation": DAY}
    place = session.lake.place(row_class, {name: partition[name] for name in row_class.PARTITION})
    store = session.lake.store = Interrupted(session.root, [f"{place}/pointer.json"], reads)
    with pytest.raises(Overtaken, match="another writer was faster; its rows stay"):
        run(session, report)
    stored = store.read(f"{place}/pointer.json")
    assert stored is not None
    assert stored.content == b'{"of": "another"}'
    store.delete(f"{place}/pointer.json")
    again = pipeline.session(session.root, replay=RECORDING, environ={})
    run(again, report)  # as it is tried again: from its inputs
    assert again.lake.pointers(row_class)[0].rows > 0


def test_who_archived_a_file_while_its_exchanges_reports_were_read_was_first(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is known of the exchange is read before that: where the file came from, and when, stays the first's."""
    other = pipeline.session(session.root, replay=RECORDING, environ={})
    came, listed, again = list[str](), session.lake.store.list, tmp_path / "again.csv"
    shutil.copy(MONTH[0], again)

    def comes(prefix: str) -> Iterator[str]:
        before = list(listed(prefix))
        if not came and prefix.startswith("lake/report_file/exchange=okx"):
            came.append(prefix)
            pipeline.archive(other, "okx", MONTH[0])
        return iter(before)

    monkeypatch.setattr(session.lake.store, "list", comes)
    with pytest.raises(Overtaken):
        pipeline.archive(session, "okx", str(again), "2024-03-25")
    (row,) = session.lake.rows(ReportFile)
    assert row.file_name == Path(MONTH[0]).name
    pipeline.archive(session, "okx", str(again), "2024-03-25")
    (later,) = session.lake.rows(ReportFile)
    assert (later.file_name, later.origin, later.retrieved_at) == (row.file_name, row.origin, row.retrieved_at)


@pytest.mark.parametrize("room", ["pipeline", "observation"])
def test_no_stage_makes_rows_before_it_has_looked_at_its_pointers(room: str) -> None:
    """What is written at once (`Lake.write`) is made before that: it says what was `seen` before."""
    found = 0
    for path in sorted((ROOT / "plugins" / "porlake" / room).glob("**/*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("lake.write"):
                found += 1
                assert len(call.args) + len(call.keywords) == 4, f"{path.name}:{call.lineno} does not say `seen`"
    assert found > 1
