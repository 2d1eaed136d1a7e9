"""Every mart has cases, and they hold; every data test passes on a real month and fails on one that was broken for
it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from made_tables import keep_findings
from porlake import warehouse
from porlake.errors import BuildError
from porlake.lake import Lake

#: How to break a built month so that a data test must object, by the test's name. Keys of marts are broken below, all
#: in one way.
BREAKS: dict[str, str] = {
    "shares_add_up": "update asset_composition set share = share * 1.001",
    "flows_add_up": "update net_flow set usd_change = usd_change + 0.01, not_split_because = null where asset = "
    "'TOTAL'",
    "an_amount_is_too_large": "update report_arithmetic set status = 'too_large' where source_row % 2 = 0",
    "a_part_exceeds_its_whole": "update reserve_ratio set claimed_without_custody = reserves_claimed + 1 where "
    "basis = 'published'",
    "heights_of_other_moment": """create or replace view lake.block as
        select 'okx' as exchange, report, network, 1::bigint as height, '0x' as block_hash, moment as block_time,
            'published' as block_origin
        from lake.report_file,
            (values ('ethereum', '2024-03-25'::timestamptz), ('bitcoin', '2024-03-27'::timestamptz)) v (network, moment)
        where attestation = 'okx/2024-03-25'""",
    "assets_and_networks_are_registered": "delete from registry.assets where asset = 'ELF'",
    "money_is_exact": "alter table cleanliness add column usd_rough double",
    "totals_are_sums_of_claims": "update asset_composition set amount = amount + 1",
    "measures_are_in_order": "update reserve_ratio set is_covered_claimed = not is_covered_claimed where asset = 'BTC'",
    "sources_contradict_each_other": "update reserve_ratio set claims_conflicting = true where asset = 'BTC'",
    "a_printed_ratio_hides_a_shortfall": "update reserve_ratio set printed_hides_shortfall = true where asset = 'BTC'",
    "a_summary_differs_from_its_rows": "update report_arithmetic set status = 'differs' where source_row % 2 = 1",
    "an_account_is_claimed_twice": """insert into address_collisions by name
        select 'okx' as exchange, 'bitcoin' as network, 'x' as address, 'exchange' as against_kind, 'htx' as against,
            true as at_the_same_time, true as with_amounts""",
    "a_file_was_published_again": "insert into restatements by name select 'okx/1' as attestation, 'repeat' as kind, "
    "'r' as report, 'file' as what",
    "only_what_holds_is_proven": "update reserve_ratio set liabilities_from = 'tree' where asset = 'BTC'",
    "a_proof_differs_from_what_is_printed": "update reserve_ratio set liabilities_differ = true where asset = 'BTC'",
    "a_proof_does_not_hold": "insert into liability_proofs by name select 'okx/1' as attestation, 'r' as report, "
    "'okx_merkle_v2' as proof_scheme, 'broken' as proof_verdict",
    "nulls_say_why": "update dominance set share_null_reason = 'made up'",
    "claims_exceed_their_own_total": "update reserve_ratio set contradicted_by_own_total = true where asset = 'BTC'",
    "a_price_is_missing": "update asset_composition set is_priced = false",
}


def results(folder: Path) -> dict[str, dict[str, Any]]:
    return {
        result["unique_id"]: result
        for result in json.loads((folder / "target" / "run_results.json").read_bytes())["results"]
    }


def manifest(folder: Path, kind: str) -> dict[str, dict[str, Any]]:
    found = json.loads((folder / "target" / "manifest.json").read_bytes())
    return {
        name: node for name, node in (found["nodes"] | found["unit_tests"]).items() if node["resource_type"] == kind
    }


def test_every_mart_has_a_case_and_every_case_holds(cased: Path) -> None:
    cases = manifest(cased, "unit_test")
    outcome = results(cased)
    assert {name: outcome[name]["message"] for name in cases if outcome[name]["status"] != "pass"} == {}
    marts = {node["model"] for node in cases.values()}
    assert set(warehouse.marts()) <= marts, set(warehouse.marts()) - marts


def test_a_case_that_expects_something_else_fails(cased: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "sql"
    shutil.copytree(warehouse.sql_folder(), project)
    case = project / "models" / "cases" / "reserve_ratio.yml"
    changed = case.read_text().replace("is_covered: true", "is_covered: false")
    assert changed != case.read_text()
    case.write_text(changed)
    monkeypatch.setenv("PORLAKE_SQL", str(project))
    shutil.copy(cased / "porlake.duckdb", tmp_path / "porlake.duckdb")
    with pytest.raises(BuildError, match="reserve_ratio"):
        warehouse.dbt(tmp_path / "porlake.duckdb", tmp_path, "test", "--select", "test_type:unit,reserve_ratio")


def breaks(folder: Path) -> Iterator[tuple[str, str]]:
    """A statement for each data test: a row that no key, no list of values and no reference allows, or what BREAKS
    says.
    """
    odd: dict[str, set[str]] = {}
    for name, node in manifest(folder, "test").items():
        kind = (node.get("test_metadata") or {}).get("name")
        if kind is None:
            yield name, BREAKS[node["name"]]
            continue
        (tested,) = [parent for parent in node["depends_on"]["nodes"] if node["attached_node"] == parent]
        odd.setdefault(tested, set()).update([node["column_name"]] if node.get("column_name") else [])
        yield name, ""
    models = manifest(folder, "model")
    for tested, columns in odd.items():
        schema, alias = models[tested]["schema"], models[tested]["alias"]
        row = ", ".join(f"'nobody' as {column}" for column in sorted(columns))
        if models[tested]["config"]["materialized"] == "view":  # a row of the latest attestation, nothing else in it
            made = (
                f"alter view {schema}.{alias} rename to {alias}_before; create view {schema}.{alias} as from "
                f"{schema}.{alias}_before"
            )
            yield (
                tested,
                f"{made} union all by name select 'okx/2024-03-25' as attestation"
                + (f" union all by name select {row}" if row else ""),
            )
        else:
            made = (
                f"insert into {schema}.{alias} select * from {schema}.{alias} limit 1; insert into "
                f"{schema}.{alias} default values;"
            )
            yield tested, made + (f"insert into {schema}.{alias} by name select {row}" if row else "")


def silent_tests(connection: duckdb.DuckDBPyConnection, folder: Path) -> set[str]:
    """The data tests that find nothing."""
    keep_findings(connection, folder)
    rows = connection.execute("select test from failed_tests.results where result = 'pass'").fetchall()
    return {name for (name,) in rows}


def test_every_data_test_passes_on_a_real_month_and_fails_on_a_broken_one(cased: Path, tmp_path: Path) -> None:
    known = dict(breaks(cased))  # a KeyError names a data test without a case in which it fails
    assert {
        name: row["status"] for name, row in results(cased).items() if row["status"] not in ("pass", "warn", "success")
    } == {}
    broken = tmp_path / "porlake.duckdb"
    shutil.copy(cased / "porlake.duckdb", broken)
    with duckdb.connect(str(broken)) as connection:
        for statement in known.values():
            connection.execute(statement or "select 1")
        connection.execute("drop schema failed_tests cascade; create schema failed_tests")
        assert silent_tests(connection, cased) == set()


def test_every_model_has_a_test_of_its_key(cased: Path) -> None:
    """Marts, core and staging: a table without a declared key may say one thing twice."""
    tests = [
        node
        for node in manifest(cased, "test").values()
        if (node.get("test_metadata") or {}).get("name") == "unique_key"
    ]
    keyed = {node["attached_node"] for node in tests}
    assert set(manifest(cased, "model")) - keyed == set()
    single = {
        "stg_claim",
        "stg_ownership",
        "stg_balance",
        "stg_owner_link",
        "stg_reading",
        "stg_unobserved",
        "stg_unchanged",
    }
    views = {
        name
        for name, node in manifest(cased, "model").items()
        if node["config"]["materialized"] == "view" and node["name"].startswith("core_")
    }
    of_latest = {node["attached_node"] for node in tests if node["test_metadata"]["kwargs"].get("of_latest")}
    assert of_latest == views | {f"model.porlake.{name}" for name in single}, (
        "views over single claims are asked for the latest attestation"
    )


def test_marts_hold_no_float_but_shares_and_ratios(cased: Path) -> None:
    sql = (
        "select table_name, column_name from duckdb_columns() where schema_name in ('main', 'core', 'staging') and "
        "data_type in ('DOUBLE', 'FLOAT')"
    )
    with duckdb.connect(str(cased / "porlake.duckdb"), read_only=True) as connection:
        rows = connection.execute(sql).fetchall()
    assert [row for row in rows if not any(word in row[1] for word in ("share", "ratio", "cleanliness", "hhi"))] == []


def test_an_attestation_at_hand_is_forgotten_with_the_model_that_failed_over_it(
    month: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Staging views show one attestation while a table is filled by attestation; what comes after it sees all of them
    again.
    """
    project = tmp_path / "sql"
    shutil.copytree(warehouse.sql_folder(), project)
    (project / "models" / "core" / "core_a.sql").write_text(
        "-- one row an attestation\n{{ config(materialized='by_attestation') }}\n"
        "select r.attestation, error('no such table') as x from {{ ref('stg_report') }} r "
        "where {{ is_current_attestation('r') }}\n"
    )
    (project / "models" / "core" / "core_b.sql").write_text(
        "-- one row\nselect coalesce(getvariable('attestation'), getvariable('attestations')[1]) as at_hand, "
        "count(distinct attestation) as attestations from "
        "{{ ref('stg_report') }}\n"
    )
    monkeypatch.setenv("PORLAKE_SQL", str(project))
    warehouse.prepare(tmp_path / "porlake.duckdb", warehouse.files_of(Lake(month)))
    with pytest.raises(BuildError, match="no such table"):
        warehouse.dbt(
            tmp_path / "porlake.duckdb", tmp_path, "run", "--threads", "1", "--select", "stg_report", "core_a", "core_b"
        )
    with duckdb.connect(str(tmp_path / "porlake.duckdb"), read_only=True) as connection:
        (row,) = connection.execute("select * from core.core_b").fetchall()
    assert row[0] is None
    assert row[1] >= 1
