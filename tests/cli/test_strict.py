"""`verify --strict` ends with 3 unless every row is proven, and only with --strict."""

from __future__ import annotations

from pathlib import Path

import pytest

from porlake import cli, pipeline
from porlake.model import Ownership
from support import SAMPLES

FILE = SAMPLES / "okx_por_2024032500.csv"


@pytest.fixture(scope="module")
def proven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's file without the rows that are not proven."""
    folder = tmp_path_factory.mktemp("proven")
    session = pipeline.session(folder / "lake", environ={})
    (report,) = pipeline.archive(session, "okx", str(FILE))
    pipeline.parse(session, report)
    pipeline.verify(session, report)
    judged = {line.source_row: line.verdict for line in session.lake.rows(Ownership, report=report)}
    lines = FILE.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for number, line in enumerate(lines, 1) if judged.get(number, "proven") == "proven"]
    assert len(kept) < len(lines)
    (folder / FILE.name).write_text("".join(kept), encoding="utf-8")
    return folder / FILE.name


@pytest.mark.parametrize(
    ("all_proven", "options", "code"),
    [(True, ["--strict"], 0), (False, ["--strict"], 3), (True, [], 0), (False, [], 0)],
)
def test_strict(proven: Path, all_proven: bool, options: list[str], code: int) -> None:
    assert cli.main(["verify", str(proven if all_proven else FILE), *options]) == code
