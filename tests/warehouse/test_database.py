"""The DuckDB file: where none can be, where it is missing, and what is none."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pytest

from porlake import pipeline, warehouse
from porlake.errors import BuildError, ConfigurationError, LakeError, MissingPartition
from porlake.lake import Lake
from porlake.model import Claim, Price
from porlake.queries import files


def test_a_folder_in_which_duckdb_finds_nothing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="comma"):
        warehouse.build(Lake(tmp_path / "a,b"))


def test_a_check_of_a_whole_lake_names_all_that_is_damaged_and_nothing_else(own: Lake) -> None:
    looked, wrong = files.check(pipeline.Session(own.root))
    assert looked > 50
    assert wrong == []
    (report, *_) = own.pointers(Claim)
    damaged = {
        report.paths[0]: "run parse again",
        own.root / own.pointers(Price)[0].place / "pointer.json": "run price again",
        next(
            path for path in sorted((own.root / "raw").iterdir()) if not path.suffix
        ): "archive the published file again",
        own.root / "marts" / "latest" / "dominance" / "part-0.parquet": "`porlake publish` writes it anew",
    }
    for path in damaged:
        content = path.read_bytes()
        path.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    database = warehouse.database_of(own)
    database.write_bytes(database.read_bytes()[:20_000])
    _, wrong = files.check(pipeline.Session(own.root))
    assert len(wrong) == len(damaged) + 1, wrong
    for remedy in [*damaged.values(), "`porlake build` makes it anew"]:
        assert any(remedy in sentence for sentence in wrong), remedy


def test_without_a_build_there_is_a_hint(tmp_path: Path) -> None:
    with pytest.raises(MissingPartition, match="porlake build"):
        warehouse.query(Lake(tmp_path), "select 1")
    with pytest.raises(MissingPartition):
        warehouse.publish(Lake(tmp_path))


@pytest.mark.parametrize("content", [b"", b"this is no database", b"\0" * 20_000])
def test_a_foreign_or_damaged_file_ends_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    foreign = Lake(tmp_path)
    warehouse.database_of(foreign).write_bytes(content)
    for use in (
        lambda: warehouse.query(foreign, "select 1"),
        lambda: warehouse.read(foreign, "dominance"),
        lambda: warehouse.publish(foreign),
    ):
        with pytest.raises(LakeError, match=r"porlake\.duckdb: cannot be read .*`porlake build` makes them anew"):
            use()
    assert warehouse.database_of(foreign).read_bytes() == content


def test_a_database_of_somebody_else_ends_in_a_sentence(tmp_path: Path) -> None:
    foreign = Lake(tmp_path)
    with duckdb.connect(str(warehouse.database_of(foreign))) as connection:
        connection.execute("create table t as select 1")
    with pytest.raises(BuildError, match="dominance does not exist"):
        warehouse.query(foreign, "from dominance")
    with pytest.raises(LakeError, match=min(warehouse.marts())):
        warehouse.publish(foreign)
    with pytest.raises(LakeError, match="dominance"):
        warehouse.read(foreign, "dominance")


def test_a_folder_that_cannot_be_written_ends_in_a_sentence(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BuildError, match="nothing was replaced"):
        warehouse.build(Lake(tmp_path / "file" / "lake"))
    (tmp_path / "marts").write_text("in the way")
    shutil.copy(warehouse.database_of(lake), tmp_path)
    with pytest.raises(LakeError, match="marts cannot be published"):
        warehouse.publish(Lake(tmp_path))
