"""The warehouse: a build that fails replaces nothing, a publish is seen whole, a query reaches nothing outside."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from porlake import pipeline, warehouse
from porlake.errors import BuildError, ContractViolation, Damaged, LakeError, MissingPartition
from porlake.lake import Lake, Pointer
from porlake.model import DATASETS
from support import MONTH, stages


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


def test_the_same_lake_builds_the_same_parquet(lake: Lake, tmp_path: Path) -> None:
    again = Lake(tmp_path / "again")
    stages(again.root, MONTH)
    warehouse.build(again)
    warehouse.publish(again)
    first, second = (json.loads((made.root / "marts" / "manifest.json").read_bytes()) for made in (lake, again))
    assert first == second
    for mart in warehouse.marts():
        name = Path("marts", "latest", mart, "part-0.parquet")
        assert (lake.root / name).read_bytes() == (again.root / name).read_bytes()


def test_a_build_that_fails_replaces_nothing_and_keeps_the_offending_rows(own: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
        assert connection.execute("select count(*) from duckdb_tables() where schema_name = 'failed_tests'").fetchone() != (0,)
    monkeypatch.delenv("PORLAKE_SQL")
    warehouse.build(own)
    assert not (own.root / "failed_build.duckdb").exists()


def test_a_file_that_breaks_the_contract_stops_the_build(own: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Pointer, "checked", lambda pointer: pointer.paths)  # as if its hash were that of the pointer
    (pointer, *_) = own.pointers("claim")
    (path,) = pointer.paths
    table = pq.read_table(path)
    at = table.schema.get_field_index("amount")
    pq.write_table(table.set_column(at, "amount", table.column("amount").cast("double")), path)
    with pytest.raises(ContractViolation, match="double"):
        warehouse.build(own)


def test_a_damaged_file_stops_the_build_and_is_named(own: Lake) -> None:
    (path, *_) = own.pointers("balance")[0].paths
    content = path.read_bytes()
    path.write_bytes(content[:100] + bytes([content[100] ^ 1]) + content[101:])
    with pytest.raises(Damaged, match=r"part-0\.parquet: its bytes are not those that were written.*run observe again for exchange okx"):
        warehouse.build(own)


def test_a_check_of_a_whole_lake_names_all_that_is_damaged_and_nothing_else(own: Lake) -> None:
    looked, wrong = pipeline.check(pipeline.Settings(own.root))
    assert looked > 50
    assert wrong == []
    (report, *_) = own.pointers("claim")
    damaged = {
        report.paths[0]: "run parse again",
        own.pointers("price")[0].place / "pointer.json": "run price again",
        next(path for path in sorted((own.root / "raw").iterdir()) if not path.suffix): "archive the published file again",
        own.root / "marts" / "latest" / "dominance" / "part-0.parquet": "`porlake publish` writes it anew",
    }
    for path in damaged:
        content = path.read_bytes()
        path.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    database = warehouse.database_of(own)
    database.write_bytes(database.read_bytes()[:20_000])
    _, wrong = pipeline.check(pipeline.Settings(own.root))
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
        lake, "select table_name, column_name from duckdb_columns() where schema_name in ('lake', 'main') and not internal and comment is null"
    )[1]
    assert silent == []


@pytest.mark.parametrize("sql", ["select * from read_csv('/etc/passwd')", "copy (select 1) to '/tmp/porlake-out.csv'", "drop table dominance",
                                 "set enable_external_access = true", "attach '/tmp/other.duckdb'"])  # fmt: skip
def test_a_query_reads_the_tables_and_nothing_else(lake: Lake, sql: str) -> None:
    with pytest.raises(BuildError):
        warehouse.query(lake, sql)


def test_without_a_build_there_is_a_hint(tmp_path: Path) -> None:
    with pytest.raises(MissingPartition, match="porlake build"):
        warehouse.query(Lake(tmp_path), "select 1")
    with pytest.raises(MissingPartition):
        warehouse.publish(Lake(tmp_path))


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
    threads = [threading.Thread(target=lambda: ids.append(pipeline.build(pipeline.settings(own.root, environ={})))) for _ in range(2)]
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
