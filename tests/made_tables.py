"""The tables of a lake from the SQL that dbt compiled, as the materialisations of the project make them, and what each
data test finds: a twentieth of what a build by dbt costs. `folder` is that of a build, with its `target/manifest.json`.

`sql/test_determinism.py` and `warehouse/test_building.py` compare them with dbt's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

#: Settings that DuckDB takes when it opens a file.
OPENED_WITH = {"autoinstall_known_extensions", "autoload_known_extensions"}


def opened_with(settings: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in settings.items() if name in OPENED_WITH}


def settle(connection: duckdb.DuckDBPyConnection, settings: Mapping[str, str]) -> None:
    for name, value in settings.items():
        if name not in OPENED_WITH:
            connection.execute(f"set {name} = '{value}'")


def make(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    for node in _in_order(nodes_of(folder)):
        _make(connection, node)


def findings(connection: duckdb.DuckDBPyConnection, folder: Path) -> Iterator[tuple[str, str, int, str, str | None]]:
    """(test, status as dbt has it, rows, the table that holds them, what dbt says of them) of every data test."""
    for name, test in nodes_of(folder, "test").items():
        connection.execute(f"create table {test['relation_name']} as {test['compiled_code']}")
        (rows,) = connection.execute(f"select count(*) from {test['relation_name']}").fetchall()[0]
        severity = test["config"]["severity"].lower()
        outcome = ("warn" if severity == "warn" else "fail") if rows else "pass"
        verb = "warn" if severity == "warn" else "fail"
        said = f"Got {rows} result{'s' * (rows != 1)}, configured to {verb} if != 0" if rows else None
        yield name, outcome, rows, test["relation_name"], said


def keep_findings(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """What each data test finds, as a build keeps it in failed_tests."""
    results = [
        (name.split(".")[2], "stop" if status == "fail" else status, rows)
        for name, status, rows, *_ in findings(connection, folder)
    ]
    connection.execute("create table failed_tests.results (test varchar, result varchar, rows bigint)")
    connection.executemany("insert into failed_tests.results values (?, ?, ?)", results)


def nodes_of(folder: Path, kind: str = "model") -> dict[str, dict[str, Any]]:
    nodes = json.loads((folder / "target" / "manifest.json").read_bytes())["nodes"]
    return {name: node for name, node in nodes.items() if node["resource_type"] == kind}


def _in_order(nodes: Mapping[str, Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Each model after those that it is made from."""
    done: dict[str, Mapping[str, Any]] = {}

    def add(name: str) -> None:
        if name in nodes and name not in done:
            for parent in sorted(nodes[name]["depends_on"]["nodes"]):
                add(parent)
            done[name] = nodes[name]

    for name in sorted(nodes):
        add(name)
    return list(done.values())


def _make(connection: duckdb.DuckDBPyConnection, node: Mapping[str, Any]) -> None:
    relation, sql, kind = node["relation_name"], node["compiled_code"], node["config"]["materialized"]
    if kind != "by_attestation":
        connection.execute(f"create {'view' if kind == 'view' else 'table'} {relation} as {sql}")
        return
    connection.execute(f"create table {relation} as select * from ({sql}\n) where false")
    found = connection.execute(
        "select distinct attestation from staging.stg_report"
        " where is_newest and content not in ('totals', 'liability_proof') order by attestation"
    ).fetchall()
    quoted = ["'" + attestation.replace("'", "''") + "'" for (attestation,) in found]
    if quoted:  # all at once: lakes of tests have fewer claims than one batch
        variable, named = ("attestation", quoted[0]) if len(quoted) == 1 else ("attestations", f"[{', '.join(quoted)}]")
        connection.execute(f"set variable {variable} = {named}")
        connection.execute(f"insert into {relation} ({sql}\n)")
        connection.execute(f"reset variable {variable}")
