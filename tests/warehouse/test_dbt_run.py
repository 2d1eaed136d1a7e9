"""A build by dbt: what the month gives, what a failed one leaves."""

from __future__ import annotations

import json
import shutil
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import pytest

from porlake import warehouse
from porlake.errors import BuildError
from porlake.lake import Lake


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


def test_a_build_over_an_empty_lake_is_empty_and_not_null(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TABLES_ONCE", "yes")
    empty = Lake(tmp_path / "empty")
    warehouse.build(empty)
    for mart in warehouse.marts():
        assert warehouse.query(empty, f"select count(*) from {mart}")[1] == [(0,)]


@pytest.mark.thorough
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
    monkeypatch.setenv("TABLES_ONCE", "yes")
    warehouse.build(own)
    assert not (own.root / "failed_build.duckdb").exists()


def test_what_dbt_parsed_is_kept_for_the_next_build_and_damage_to_it_stops_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A project of one model."""
    project = tmp_path / "sql"
    (project / "models").mkdir(parents=True)
    (project / "dbt_project.yml").write_text("name: porlake\nversion: 1.0.0\nconfig-version: 2\nprofile: porlake\n")
    (project / "models" / "a.sql").write_text("select 1 as a")
    monkeypatch.setenv("PORLAKE_SQL", str(project))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def parse(name: str) -> list[Path]:
        (tmp_path / name).mkdir()
        warehouse.dbt(tmp_path / name / "porlake.duckdb", tmp_path / name, "parse")
        return sorted((tmp_path / "cache" / "porlake" / "dbt").glob("*/*"))

    (kept,) = parse("first")
    content = kept.read_bytes()
    kept.write_bytes(content[: len(content) // 2])
    assert parse("second") == [kept]
    assert len(kept.read_bytes()) > len(content) // 2
    monkeypatch.setenv("XDG_CACHE_HOME", str(project / "dbt_project.yml"))  # where nothing can be kept
    (project / "models" / "a.sql").write_text("select 2 as a")
    assert parse("third") == [kept], "other files of the project are another name"


def test_dbts_server_of_the_tests_is_asked_as_dbt_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise each build would import and parse anew, and nobody would notice."""
    words = ["build", "--exclude-resource-type", "unit_test"]
    monkeypatch.setenv("DBT_ONCE", str(tmp_path / "socket"))
    with socket.socket(socket.AF_UNIX) as server, ThreadPoolExecutor() as threads:
        server.bind(str(tmp_path / "socket"))
        server.listen()
        asked = threads.submit(_answer, server)
        with pytest.raises(BuildError, match="dbt ended with 7"):
            warehouse.dbt(tmp_path / "porlake.duckdb", tmp_path, *words)
        assert asked.result(60)["arguments"] == ["--no-use-colors", "--quiet", *words]


def _answer(server: socket.socket) -> Any:
    server.settimeout(60)
    with server.accept()[0] as asker, asker.makefile("rb") as stream:
        message = json.loads(stream.read(int.from_bytes(stream.read(8), "big")))
        asker.sendall(bytes([7]))
    return message
