"""The warehouse: a build that fails replaces nothing, a publish is seen whole, a query reaches nothing outside."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from porlake import pipeline, warehouse
from porlake.errors import BuildError, ConfigurationError, ContractViolation, Damaged, LakeError, MissingPartition
from porlake.lake import Lake, Pointer
from porlake.model import DATASETS, Balance, Claim, Price
from porlake.queries import files
from porlake.warehouse import building
from support import MONTH, stages, tree


@pytest.fixture(scope="module")
def lake(month: Path, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The bundled month, built and published."""
    folder = tmp_path_factory.mktemp("warehouse")
    shutil.copytree(month, folder, symlinks=True, dirs_exist_ok=True)
    made = Lake(folder)
    warehouse.build(made)
    warehouse.publish(made)
    return made


@pytest.fixture
def own(lake: Lake, tmp_path: Path) -> Lake:
    shutil.copytree(lake.root, tmp_path / "own", symlinks=True)
    return Lake(tmp_path / "own")


def test_report_2_of_okx_is_what_the_world_remembers(lake: Lake) -> None:
    columns = "reserves_claimed_units, liabilities_units, round(100 * ratio_claimed, 2), printed_ratio"
    sql = f"select {columns} from reserve_ratio where attestation = 'okx/2022-12-20' and asset = 'BTC'"
    (row,) = warehouse.query(lake, sql)[1]
    assert [str(value) for value in row] == ["113754.00000000", "112192.00000000", "101.39", "101.000000000000"]


def test_planted_differences_are_found(lake: Lake) -> None:
    sql = "select sum(differing), sum(matched) > 20 from balance_reconciliation where attestation = 'okx/2024-03-25'"
    (differing, matched), *_ = warehouse.query(lake, sql)[1]
    assert differing >= 4
    assert matched


def test_a_build_over_an_empty_lake_is_empty_and_not_null(tmp_path: Path) -> None:
    empty = Lake(tmp_path / "empty")
    warehouse.build(empty)
    for mart in warehouse.marts():
        assert warehouse.query(empty, f"select count(*) from {mart}")[1] == [(0,)]


def test_the_same_lake_builds_the_same_parquet_even_if_it_is_written_meanwhile(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With another number of threads; and what a partition was when the build began is what is built, however often it
    is replaced since.
    """
    again = Lake(tmp_path / "again")
    stages(again.root, MONTH)
    dbt = warehouse.dbt

    def written_meanwhile(*arguments: Any, **options: Any) -> None:
        place = {"exchange": "okx", "attestation": "okx/2024-03-25"}
        (pointer, *_) = again.pointers(Price, **place)
        rows = list(again.rows(Price, **place))
        for price in (1, 2, 3):  # the third replaces the files that the pointer named when the build began
            again.write(Price, place, [replace(row, usd=Decimal(price)) for row in rows])
        assert not pointer.paths[0].exists()
        dbt(*arguments, **options)

    monkeypatch.setattr(building, "dbt", written_meanwhile)
    monkeypatch.setitem(warehouse.SETTINGS, "threads", "1")
    warehouse.build(again)
    warehouse.publish(again)
    later = "select distinct usd from lake.price where usd is not null and attestation = 'okx/2024-03-25'"
    assert warehouse.query(again, later)[1] == [(3,)], (
        "the file of the build is gone; the view shows the one that took its place"
    )
    first, second = (json.loads((made.root / "marts" / "manifest.json").read_bytes()) for made in (lake, again))
    assert first == second
    for mart in warehouse.marts():
        name = Path("marts", "latest", mart, "part-0.parquet")
        assert (lake.root / name).read_bytes() == (again.root / name).read_bytes()


def test_a_lake_can_be_moved(lake: Lake, own: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No place stands in the DuckDB file: it answers wherever the lake is, from whatever folder it is asked."""
    there = tmp_path / "an other's" / "place"
    every = "select table_schema, table_name from information_schema.tables order by all"
    before = {
        name: warehouse.query(lake, f'select count(*) from {name[0]}."{name[1]}"')[1]
        for name in warehouse.query(lake, every)[1]
    }
    assert {schema for schema, _ in before} == {"core", "failed_tests", "lake", "main", "registry", "staging"}
    there.parent.mkdir()
    shutil.move(own.root, there)  # a copy of the lake that was built in another place
    assert str(lake.root).encode() not in warehouse.database_of(Lake(there)).read_bytes()
    assert b".building-" not in warehouse.database_of(Lake(there)).read_bytes()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    moved = Lake(there)
    assert {name: warehouse.query(moved, f'select count(*) from {name[0]}."{name[1]}"')[1] for name in before} == before
    assert warehouse.read(moved, "reserve_ratio").num_rows
    for look in warehouse.all_files(moved):
        look()
    with duckdb.connect(str(warehouse.database_of(moved)), read_only=True, config=warehouse.OFFLINE) as connection:
        for (schema, table), counted in before.items():
            if schema not in ("lake", "staging"):  # tables: they answer in any DuckDB
                assert connection.execute(f'select count(*) from {schema}."{table}"').fetchall() == counted
        with pytest.raises(duckdb.IOException):
            connection.execute("select count(*) from lake.claim")
        connection.execute("set file_search_path = '{}'".format(str(there).replace("'", "''")))
        for (schema, table), counted in before.items():
            assert connection.execute(f'select count(*) from {schema}."{table}"').fetchall() == counted
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


def test_a_folder_in_which_duckdb_finds_nothing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="comma"):
        warehouse.build(Lake(tmp_path / "a,b"))


def test_a_build_that_fails_replaces_nothing_and_keeps_the_offending_rows(
    own: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "sql"
    shutil.copytree(warehouse.sql_folder(), project)
    mart = project / "models" / "marts" / "dominance.sql"
    mart.write_text(mart.read_text() + "union all by name select * from (select null::varchar as attestation)")
    monkeypatch.setenv("PORLAKE_SQL", str(project))
    before = warehouse.database_of(own).read_bytes()
    with pytest.raises(BuildError, match="nothing was replaced"):
        warehouse.build(own)
    assert warehouse.database_of(own).read_bytes() == before
    with duckdb.connect(str(own.root / "failed_build.duckdb"), read_only=True) as connection:
        assert connection.execute(
            "select count(*) from duckdb_tables() where schema_name = 'failed_tests'"
        ).fetchone() != (0,)
    monkeypatch.delenv("PORLAKE_SQL")
    warehouse.build(own)
    assert not (own.root / "failed_build.duckdb").exists()


def test_a_file_that_breaks_the_contract_stops_the_build(own: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pointer, "checked", lambda pointer: pointer.keys)  # as if its hash were that of the pointer
    (pointer, *_) = own.pointers(Claim)
    (path,) = pointer.paths
    table = pq.read_table(path)
    at = table.schema.get_field_index("amount")
    pq.write_table(table.set_column(at, "amount", table.column("amount").cast("double")), path)
    with pytest.raises(ContractViolation, match="double"):
        warehouse.build(own)


def test_a_damaged_file_stops_the_build_and_is_named(own: Lake) -> None:
    (path, *_) = own.pointers(Balance)[0].paths
    content = path.read_bytes()
    path.write_bytes(content[:100] + bytes([content[100] ^ 1]) + content[101:])
    with pytest.raises(
        Damaged, match=r"part-0\.parquet: its bytes are not those that were written.*run observe again for exchange okx"
    ):
        warehouse.build(own)


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


def test_publishing_again_mends_a_damaged_mart(own: Lake) -> None:
    path = own.root / "marts" / "latest" / "dominance" / "part-0.parquet"
    whole = path.read_bytes()
    path.write_bytes(b"PAR1")
    warehouse.publish(own)
    assert path.read_bytes() == whole


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


#: `{lake}` is the lake's folder, to which no statement may write, `{file}` a Parquet file of a dataset.
ATTACKS = [
    "copy (select 1) to '{lake}/marts/manifest.json'",
    "copy dominance to '{lake}/lake/new.parquet'",
    "copy (select 1) to '{file}'",
    "copy dominance to '/tmp/porlake-out.csv'",
    "with w as (copy dominance to '{lake}/marts/manifest.json') select 1",
    "with v as (with w as (copy dominance to '{lake}/marts/x.csv') select 1) select * from v",
    "select 1; copy dominance to '{lake}/marts/x.csv'",
    "select * from query('copy dominance to ''{lake}/marts/x.csv''')",
    "explain analyze copy dominance to '{lake}/marts/x.csv'",
    "/* e */ explain (analyze) copy dominance to '{lake}/marts/x.csv'",
    "explain explain analyze copy dominance to '{lake}/marts/x.csv'",
    "prepare p as copy dominance to '{lake}/marts/x.csv'",
    "execute p",
    "export database '{lake}/marts/exported'",
    "import database '{lake}/marts'",
    "attach '{lake}/marts/new.duckdb'",
    "attach '/tmp/other.duckdb'",
    "detach porlake",
    "install httpfs",
    "load httpfs",
    "set enable_external_access = true",
    "set allowed_directories = ['/']",
    "reset lock_configuration",
    "pragma enable_profiling='json'",
    "pragma database_list",
    "call enable_logging(storage='file', storage_config={{'path': '{lake}/marts/logs'}})",
    "select * from enable_logging(storage='file', storage_config={{'path': '{lake}/marts/logs'}})",
    "select * from json_execute_serialized_sql(json_serialize_sql('select 1'))",
    "create table t as select 1",
    "create temp table t as select 1",
    "create secret s (type s3)",
    "insert into dominance default values",
    "with w as (insert into dominance default values returning *) select * from w",
    "with w as (delete from dominance returning *) select * from w",
    "update dominance set usd_total = 0",
    "delete from dominance",
    "drop table dominance",
    "alter table dominance drop usd_total",
    "comment on table dominance is 'x'",
    "vacuum",
    "checkpoint",
    "use lake",
    "update extensions",
    "select * from read_csv('/etc/passwd')",
    "select * from read_text('{lake}/../secret')",
    "select * from glob('/etc/*')",
    "from '/etc/passwd'",
    "select * from pandas_scan(1, 2, 3)",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_statement_writes_or_leaves_the_lake(lake: Lake, attack: str) -> None:
    (lake.root.parent / "secret").write_text("secret")
    before = tree(lake.root)
    (pointer, *_) = lake.pointers(Claim)
    with pytest.raises(BuildError):
        warehouse.query(lake, attack.format(lake=lake.root, file=pointer.paths[0]))
    assert tree(lake.root) == before


READS = [
    "from dominance",
    "with a as (select 1 as x) select * from a union all values (2)",
    "with recursive r as (select 1 as n union all select n + 1 from r where n < 3) from r",
    "describe dominance",
    "show tables",
    "summarize dominance",
    "explain select 1",
    "-- why\nexplain analyze select 1",
    "/* e */ explain (analyze) select 1",
    "select 'copy t to x' as \"explain\"",
    "select 1; select 2;",
    "select count(*) from read_parquet('{file}')",
    "select count(*) from lake.claim",
]


@pytest.mark.parametrize("sql", READS)
def test_what_reads_is_answered(lake: Lake, sql: str) -> None:
    (pointer, *_) = lake.pointers(Claim)
    assert warehouse.query(lake, sql.format(file=pointer.paths[0]))[1]


def test_a_statement_that_cannot_be_read_and_a_value_that_python_lacks_end_in_a_sentence(lake: Lake) -> None:
    with pytest.raises(BuildError, match="syntax error"):
        warehouse.query(lake, "selec 1")
    with pytest.raises(BuildError, match="no statement"):
        warehouse.query(lake, " ; ")
    with pytest.raises(BuildError, match="varchar"):
        warehouse.query(lake, "select interval 100000000 year")


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
    with pytest.raises(LakeError, match="address_changes"):
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


FULL = """
import resource, sys
from porlake import warehouse
from porlake.errors import PorlakeError
from porlake.lake import Lake
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
for stage in (warehouse.build, warehouse.publish):
    try:
        stage(Lake(sys.argv[1]))
    except PorlakeError as error:
        print(f"{type(error).__name__}: {error}")
"""


def test_a_full_disk_ends_in_a_sentence_and_leaves_what_was_there(own: Lake) -> None:
    before = tree(own.root)
    alone = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}  # Python cuts what it compiles at the limit, and keeps it
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(own.root)], capture_output=True, text=True, check=False, env=alone
    )
    assert done.stderr == ""
    said = done.stdout.splitlines()
    assert len(said) == 2
    assert said[0].startswith("BuildError: ")
    assert "nothing was replaced" in said[0]
    assert said[1].startswith("LakeError: ")
    assert "those of before stay" in said[1]
    assert tree(own.root) == before


def test_a_file_that_a_pointer_names_and_that_is_gone_is_named(own: Lake) -> None:
    (pointer, *_) = own.pointers(Claim)
    pointer.paths[0].unlink()
    with pytest.raises(LakeError, match=r"part-0\.parquet: cannot be read"):
        warehouse.build(own)


def test_a_type_that_parquet_would_blur_is_not_published(own: Lake) -> None:
    with duckdb.connect(str(warehouse.database_of(own))) as connection:
        connection.execute("alter table dominance alter usd_total type hugeint")
    with pytest.raises(LakeError, match="HUGEINT"):
        warehouse.publish(own)


def test_the_manifest_names_what_lies_there(lake: Lake) -> None:
    manifest = json.loads((lake.root / "marts" / "manifest.json").read_bytes())
    assert set(manifest["marts"]) == set(warehouse.marts())
    for mart, facts in manifest["marts"].items():
        path = lake.root / "marts" / mart / facts["folder"] / "part-0.parquet"
        assert path.stat().st_size == facts["bytes"]
        assert pq.read_metadata(path).num_rows == facts["rows"]
        assert (lake.root / "marts" / "latest" / mart).resolve() == path.parent.resolve()


READER = """
import sys, pyarrow.parquet as pq
from pathlib import Path
latest, rounds = Path(sys.argv[1]), int(sys.argv[2])
seen = set()
for _ in range(rounds):
    shown = latest.resolve()  # what a dashboard opens stays there until the publish after the next
    paths = [shown / mart / "part-0.parquet" for mart in ("reserve_ratio", "asset_composition")]
    ids = {pq.read_table(path, columns=["build_id"]).column(0)[0].as_py() for path in paths}
    assert len(ids) == 1, ids
    seen |= ids
print(len(seen))
"""


def test_a_reader_sees_one_publish_never_two(own: Lake, tmp_path: Path) -> None:
    other = Lake(tmp_path / "other")
    shutil.copytree(own.root, other.root, symlinks=True)
    shutil.rmtree(other.root / "lake" / "price")
    warehouse.build(other)
    builds = [warehouse.database_of(own).read_bytes(), warehouse.database_of(other).read_bytes()]
    command = [sys.executable, "-c", READER, str(own.root / "marts" / "latest"), "1000"]
    reader = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for number in range(1, 400):
        (own.root / "porlake.duckdb.next").write_bytes(builds[number % 2])
        (own.root / "porlake.duckdb.next").replace(warehouse.database_of(own))
        warehouse.publish(own)
        if reader.poll() is not None:
            break
    out, err = reader.communicate(timeout=60)
    assert reader.returncode == 0, err[-800:]
    assert out.strip() == "2"
    assert len(list((own.root / "marts").glob("shown-*"))) == 2


def test_two_builds_at_once_wait_for_each_other(own: Lake) -> None:
    ids: list[str] = []
    threads = [
        threading.Thread(target=lambda: ids.append(pipeline.build(pipeline.session(own.root, environ={}))))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert warehouse.query(own, "select count(*) > 0 from dominance")[1] == [(True,)]


@pytest.fixture(autouse=True)
def _no_setting_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PORLAKE_SQL", raising=False)
