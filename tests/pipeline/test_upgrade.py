"""Lakes that older versions made (their bytes are fixtures, named by the commit that made them) become lakes of now."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import pytest

from porlake import cli, pipeline
from porlake.errors import LakeError, Outdated
from porlake.lake import Lake
from porlake.model import DATASETS, Balance, Claim, Dataset, Liability, ReportFile, Sweep
from porlake.queries import files
from support import SAMPLE_ROWS, own_rows, tree

FIXTURES = Path(__file__).resolve().parents[1] / "lake" / "fixtures"
#: 95bd704 has the columns of now and no numbers; d43f58f knew no member, statement or confirmed_by.
MADE_BY = ("95bd704", "d43f58f")


@pytest.fixture(params=MADE_BY)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    return unpacked(request.param, tmp_path)


def unpacked(commit: str, folder: Path) -> Lake:
    with tarfile.open(FIXTURES / f"{commit}.tar.xz") as held:
        held.extractall(folder / "lake", filter="data")
    return Lake(folder / "lake")


def upgraded(lake: Lake) -> list[pipeline.Step]:
    """Upgrade a lake whole; what failed."""
    with own_rows(SAMPLE_ROWS):
        chosen = pipeline.session(lake.root, environ={})
        return list(pipeline.upgrade(chosen, pipeline.plan(chosen)))


def contents(lake: Lake, but: Sequence[type[Dataset]] = ()) -> dict[str, str]:
    found = [row_class for row_class in DATASETS.values() if row_class not in but]
    return {pointer.where: pointer.content for row_class in found for pointer in lake.pointers(row_class)}


def rows_of(lake: Lake) -> dict[str, int]:
    return {name: sum(pointer.rows for pointer in lake.pointers(row_class)) for name, row_class in DATASETS.items()}


def test_an_older_lake_is_carried_over_whole(old: Lake) -> None:
    before, raw = rows_of(old), tree(old.root / "raw")
    sweep = tree(old.root / "lake" / "sweep")
    assert upgraded(old) == []
    assert rows_of(old) == before
    for name, row_class in DATASETS.items():
        assert sum(1 for _ in old.rows(row_class)) == before[name]
        assert {pointer.number for pointer in old.pointers(row_class)} <= {row_class.VERSION}
    assert tree(old.root / "raw") == raw
    parquet = {name: digest for name, digest in sweep.items() if name.endswith(".parquet")}
    assert parquet.items() <= tree(old.root / "lake" / "sweep").items()
    assert files.check(pipeline.session(old.root, environ={}))[1] == []
    assert pipeline.plan(pipeline.session(old.root, environ={})) == []


def test_the_lake_of_the_commit_before_keeps_every_byte_of_its_rows(tmp_path: Path) -> None:
    """Its columns are those of now: what it needs is numbers, and what is parsed again has the same bytes."""
    lake = unpacked("95bd704", tmp_path)
    # the meaning of a column stands in its file; those of `content` and of `proof_kind` have got words since
    worded = (ReportFile, Liability)
    before, files_before = contents(lake, worded), list(lake.rows(ReportFile))
    assert [row.number for row in lake.pointers(Balance)][:1] == [None]
    assert list(lake.rows(Claim)), "it can be read as it is"
    assert upgraded(lake) == []
    assert before.items() <= contents(lake, worded).items(), "what there was not yet is new, and nothing else"
    assert list(lake.rows(ReportFile)) == files_before


def test_two_lakes_of_one_file_are_the_same_afterwards(tmp_path: Path) -> None:
    one, other = (unpacked(commit, tmp_path / commit) for commit in MADE_BY)
    assert upgraded(one) + upgraded(other) == []
    (report,) = {file.report for file in one.rows(ReportFile)} & {
        file.report for file in other.rows(ReportFile) if file.format == "okx_csv"
    }
    for row_class in (Claim, ReportFile):
        assert list(one.rows(row_class, report=report)) == list(other.rows(row_class, report=report))


def test_a_reader_of_an_older_partition_is_told_what_to_do(tmp_path: Path) -> None:
    lake = unpacked("d43f58f", tmp_path)
    for read in (
        lambda: list(lake.rows(Claim)),
        lambda: lake.report("d281"),
        lambda: list(lake.columns(Balance, ["asset"])),
    ):
        with pytest.raises(Outdated, match="run `porlake upgrade`"):
            read()
    assert list(lake.rows(Sweep)), "what has the columns of now is read"
    _, wrong = files.check(pipeline.session(lake.root, environ={}))
    assert wrong
    assert all("porlake upgrade" in sentence for sentence in wrong)


@pytest.mark.parametrize(("number", "error"), [(1, Outdated), (2, None), (3, LakeError)])
def test_the_number_of_a_schema_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, error: type[Exception] | None
) -> None:
    lake = unpacked("95bd704", tmp_path)
    (pointer,) = lake.pointers(Sweep)
    path = lake.root / pointer.place / "pointer.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"version": number}))
    monkeypatch.setattr(Sweep, "VERSION", 2)
    if error is None:
        assert len(list(lake.rows(Sweep))) == 1
        return
    with pytest.raises(error, match=f"has schema {number} of sweep, this porlake reads 2") as caught:
        list(lake.rows(Sweep))
    assert type(caught.value) is error


def test_a_schema_of_a_higher_number_is_reached_by_rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = unpacked("95bd704", tmp_path)
    assert upgraded(lake) == []
    monkeypatch.setattr(Sweep, "VERSION", 2)
    (step,) = pipeline.plan(pipeline.session(lake.root, environ={}))
    assert (step.does, step.why) == ("rewrite by rule", "its rows stay")
    assert upgraded(lake) == []
    assert [pointer.number for pointer in lake.pointers(Sweep)] == [2]


def test_a_dry_run_says_what_would_be_done_and_does_nothing(
    old: Lake, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    before = tree(old.root)
    assert cli.main(["upgrade", "--dry-run", "--lake", str(old.root)]) == 0
    said = capsys.readouterr().out
    assert "archive and parse again" in said
    assert ("gets confirmed_by" in said) == (old.pointers(Balance)[0].version == 0)
    assert tree(old.root) == before


@pytest.mark.parametrize("after", [0, 1, 40, 70, 107])
def test_an_upgrade_that_was_interrupted_is_repeated(tmp_path: Path, after: int) -> None:
    whole, stopped = (unpacked("d43f58f", tmp_path / name) for name in ("whole", "stopped"))
    assert upgraded(whole) == []
    with own_rows(SAMPLE_ROWS):
        chosen = pipeline.session(stopped.root, environ={})
        steps = pipeline.plan(chosen)
        assert list(pipeline.upgrade(chosen, list(islice(steps, after)))) == []
    assert upgraded(stopped) == []
    assert contents(stopped) == contents(whole)


def test_without_the_bytes_of_a_file_what_was_parsed_of_it_is_rewritten_by_rule(tmp_path: Path) -> None:
    lake = unpacked("d43f58f", tmp_path)
    (lake.root / "raw" / lake.pointers(Claim)[1].partition["report"]).unlink()
    before = rows_of(lake)
    assert upgraded(lake) == []
    assert rows_of(lake) == before
    assert {claim.member for claim in lake.rows(Claim)} == {0}


@pytest.mark.parametrize("changed", [["exchange", "int64"], ["frobnicated", "string"]])
def test_what_cannot_be_carried_is_listed_first_and_set_aside(tmp_path: Path, changed: list[str]) -> None:
    lake = unpacked("d43f58f", tmp_path)
    pointer = lake.pointers(Balance)[0]
    path = lake.root / pointer.place / "pointer.json"
    content = json.loads(path.read_bytes())
    content["schema"] = [pair for pair in content["schema"] if pair[0] != changed[0]] + [changed]
    path.write_text(json.dumps(content))
    files = {name for name in tree(lake.root) if name.endswith(".parquet") and pointer.folder in name}
    first = pipeline.plan(pipeline.session(lake.root, environ={}))[0]
    assert first.does == "set aside: cannot be carried"
    assert changed[0] in first.why
    assert upgraded(lake) == []
    assert files <= set(tree(lake.root)), "nothing is deleted"
    assert (lake.root / pointer.place / "pointer-of-schema-0.json").exists()
    assert pointer.partition not in [other.partition for other in lake.pointers(Balance)]


def test_every_dataset_has_a_number() -> None:
    assert all(issubclass(row_class, Dataset) and row_class.VERSION >= 1 for row_class in DATASETS.values())
