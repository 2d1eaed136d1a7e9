"""Views over the lake's files: one a dataset, with its meanings; files held to their contract; a lake that is moved."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from porlake import warehouse
from porlake.errors import BuildError, ContractViolation, LakeError
from porlake.lake import Lake, Pointer
from porlake.model import DATASETS, Claim


def counts(names: Sequence[tuple[str, str]]) -> str:
    """The rows of each table and view, in one question."""
    return " union all by name ".join(
        f"""select '{schema}' as schema, '{table}' as name, count(*) as rows from {schema}."{table}\""""
        for schema, table in names
    )


def test_a_lake_can_be_moved(lake: Lake, own: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No place stands in the DuckDB file: it answers wherever the lake is, from whatever folder it is asked."""
    there = tmp_path / "an other's" / "place"
    every = "select table_schema, table_name from information_schema.tables order by all"
    names = warehouse.query(lake, every)[1]
    before = warehouse.query(lake, counts(names))[1]
    assert {schema for schema, _ in names} == {"core", "failed_tests", "lake", "main", "registry", "staging"}
    there.parent.mkdir()
    shutil.move(own.root, there)  # a copy of the lake that was built in another place
    assert str(lake.root).encode() not in warehouse.database_of(Lake(there)).read_bytes()
    assert b".building-" not in warehouse.database_of(Lake(there)).read_bytes()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    moved = Lake(there)
    assert warehouse.query(moved, counts(names))[1] == before
    assert warehouse.read(moved, "reserve_ratio").num_rows
    for look in warehouse.all_files(moved):
        look()
    with duckdb.connect(str(warehouse.database_of(moved)), read_only=True, config=warehouse.OFFLINE) as connection:
        tables = counts([name for name in names if name[0] not in ("lake", "staging")])  # they answer in any DuckDB
        assert connection.execute(tables).fetchall() == [row for row in before if row[0] not in ("lake", "staging")]
        with pytest.raises(duckdb.IOException):
            connection.execute("select count(*) from lake.claim")
        connection.execute("set file_search_path = '{}'".format(str(there).replace("'", "''")))
        assert connection.execute(counts(names)).fetchall() == before
        kinds = connection.execute("select distinct schema_name from duckdb_views() where not internal order by all")
        assert kinds.fetchall() == [("lake",), ("staging",)]


def test_a_lake_beside_another_in_the_working_folder_shows_its_own_files_only(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lake").mkdir()
    (tmp_path / "lake" / "a.csv").write_text("a\n1\n")
    monkeypatch.chdir(tmp_path)
    assert warehouse.query(lake, "select count(*) > 0 from lake.claim")[1] == [(True,)]
    with pytest.raises(BuildError, match=r"a\.csv"):
        warehouse.query(lake, "from read_csv('lake/a.csv')")


def test_a_file_that_breaks_the_contract_stops_the_build(own: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pointer, "checked", lambda pointer: pointer.keys)  # as if its hash were that of the pointer
    (pointer, *_) = own.pointers(Claim)
    (path,) = pointer.paths
    table = pq.read_table(path)
    at = table.schema.get_field_index("amount")
    pq.write_table(table.set_column(at, "amount", table.column("amount").cast("double")), path)
    with pytest.raises(ContractViolation, match="double"):
        warehouse.build(own)


def test_every_dataset_is_a_view_with_its_meanings(lake: Lake) -> None:
    rows = warehouse.query(lake, "select view_name, comment from duckdb_views() where schema_name = 'lake'")[1]
    assert {name for name, _ in rows} == set(DATASETS)
    assert all(comment for _, comment in rows)
    silent = warehouse.query(
        lake,
        "select table_name, column_name from duckdb_columns() where schema_name in ('lake', 'main') and not internal "
        "and comment is null",
    )[1]
    assert silent == []


def test_a_file_that_a_pointer_names_and_that_is_gone_is_named(own: Lake) -> None:
    (pointer, *_) = own.pointers(Claim)
    pointer.paths[0].unlink()
    with pytest.raises(LakeError, match=r"part-0\.parquet: cannot be read"):
        warehouse.build(own)
