"""The same pointers give the same tables: no aggregate, window or limit without a total order, and five builds that are
equal to the byte.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from odd_lake import built, odd_lake, tables
from porlake import warehouse
from porlake.lake import Lake

#: Aggregates whose answer does not depend on the order of the rows.
WITHOUT_ORDER = {
    "sum",
    "count",
    "count_star",
    "min",
    "max",
    "bool_and",
    "bool_or",
    "bit_or",
    "bitstring_agg",
    "quantile_disc",
}
#: Aggregates that need an order of their own.
LISTS = {"list", "array_agg", "string_agg", "group_concat", "listagg"}
EXTREMES = {"arg_min", "arg_max", "argmin", "argmax", "min_by", "max_by"}
#: Windows that look at single rows: the last thing they are ordered by names one row.
PLACES = {
    "row_number",
    "lag",
    "lead",
    "first",
    "last",
    "first_value",
    "last_value",
    "nth_value",
    "rank",
    "dense_rank",
    "ntile",
}
NAMES_A_ROW = {"attestation", "base_attestation", "report", "source_row"}


def parsed(sql: str) -> Any:
    with duckdb.connect() as connection:
        (text,) = connection.execute("select json_serialize_sql(?)", [sql]).fetchall()[0]
    found = json.loads(text)
    assert not found["error"], (found, sql)
    return found["statements"]


def aggregates() -> set[str]:
    with duckdb.connect() as connection:
        return {
            name
            for (name,) in connection.execute(
                "select function_name from duckdb_functions() where function_type = 'aggregate'"
            ).fetchall()
        }


AGGREGATES = aggregates()


def faults(tree: Any) -> Iterator[str]:
    """What in a parsed statement depends on the order in which rows come."""
    if isinstance(tree, list):
        for part in tree:
            yield from faults(part)
    if not isinstance(tree, dict):
        return
    if tree.get("class") == "FUNCTION" and tree["function_name"] in AGGREGATES:
        yield from _of_aggregate(tree)
    if tree.get("class") == "WINDOW":
        yield from _of_window(tree)
    modifiers = {modifier["type"] for modifier in tree.get("modifiers") or []}
    if modifiers & {"LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER"} and "ORDER_MODIFIER" not in modifiers:
        yield "limit without order by"
    if any(modifier.get("distinct_on_targets") for modifier in tree.get("modifiers") or []):
        yield "distinct on"
    if tree.get("sample"):
        yield "sample"
    for part in tree.values():
        yield from faults(part)


def _of_aggregate(call: dict[str, Any]) -> Iterator[str]:
    name, arguments = (
        call["function_name"],
        [_bare(argument.get("expression", argument)) for argument in call["arguments"]],
    )
    if name in LISTS:
        if not call["order_bys"]["orders"]:
            yield f"{name} without order by"
    elif name in EXTREMES:
        key = _parts(arguments[1])
        named = {column["column_names"][-1] for column in key if column.get("class") == "COLUMN_REF"}
        if arguments[0] not in key and not {"report", "member", "source_row"} <= named:
            yield f"{name} whose key lets two values tie"
    elif name not in WITHOUT_ORDER:
        yield f"{name}()"
    if name == "sum" and _is_double(arguments):
        yield "a sum of doubles"


def _of_window(window: dict[str, Any]) -> Iterator[str]:
    name = window["function_name"]
    orders = [order["expression"] for order in window.get("orders") or []]
    if name in PLACES and (not orders or orders[-1].get("column_names", [""])[-1] not in NAMES_A_ROW):
        yield f"{name} over rows that may tie"
    elif name not in PLACES | WITHOUT_ORDER:
        yield f"{name}() over"
    if name == "sum" and _is_double([_bare(argument.get("expression", argument)) for argument in window["arguments"]]):
        yield "a sum of doubles"


def _bare(tree: Any) -> Any:
    """An expression without the places at which it stands."""
    if isinstance(tree, dict):
        return {
            name: _bare(part)
            for name, part in tree.items()
            if name not in ("query_location", "query_location_length", "alias")
        }
    return [_bare(part) for part in tree] if isinstance(tree, list) else tree


def _parts(key: Any) -> list[Any]:
    row = key.get("class") == "FUNCTION" and key.get("function_name") == "row"
    return [_bare(argument.get("expression", argument)) for argument in key["arguments"]] if row else [key]


def _is_double(tree: Any) -> bool:
    """Whether an expression is a floating-point number, as far as its text shows; a cast to a decimal makes it one no
    more.
    """
    if isinstance(tree, list):
        return any(map(_is_double, tree))
    if not isinstance(tree, dict):
        return False
    if tree.get("class") == "CAST":
        return tree["type_expr"]["type_name"].upper() in ("DOUBLE", "FLOAT", "REAL", "FLOAT4", "FLOAT8")
    if tree.get("class") == "COLUMN_REF":
        return bool(re.search(r"(^|_)(share|ratio|cleanliness)(_|$)", tree["column_names"][-1]))
    return tree.get("function_name") == "/" or any(map(_is_double, tree.values()))


@pytest.mark.parametrize(("sql", "fault"), [
    ("select any_value(a) from t", "any_value()"),
    ("select first(a order by b) from t", "first()"),
    ("select mode(a) from t", "mode()"),
    ("select avg(a) from t", "avg()"),
    ("select list(a) from t", "list without order by"),
    ("select string_agg(a, ',') from t", "string_agg without order by"),
    ("select arg_min(a, b) from t", "arg_min whose key lets two values tie"),
    ("select max_by(a, (b, c)) from t", "max_by whose key lets two values tie"),
    ("select sum(a / b) from t", "a sum of doubles"),
    ("select sum(a::double) from t", "a sum of doubles"),
    ("select sum(share) over (partition by a) from t", "a sum of doubles"),
    ("select row_number() over (partition by a order by b) from t", "row_number over rows that may tie"),
    ("select first(a) over (partition by a) from t", "first_value over rows that may tie"),
    ("with x as (select a from t limit 1) select * from x", "limit without order by"),
    ("select distinct on (a) a, b from t", "distinct on"),
    ("select * from t using sample 1", "sample"),
])  # fmt: skip
def test_what_depends_on_the_order_of_rows_is_found(sql: str, fault: str) -> None:
    assert list(faults(parsed(sql))) == [fault]


@pytest.mark.parametrize("sql", [
    "select arg_min(a, (b, a)), min(a), sum(a), count(*), list(distinct a order by a) from t group by b",
    "select arg_min(a, (b, report, member, source_row)) from t",
    "select sum(share::decimal(18, 15)) from t",
    "select row_number() over (partition by a order by b, attestation desc), sum(a) over (partition by b) from t",
    "select * from t order by a limit 1",
])  # fmt: skip
def test_what_does_not_depend_on_it_is_left_alone(sql: str) -> None:
    assert list(faults(parsed(sql))) == []


def test_no_model_and_no_data_test_depends_on_the_order_of_rows(cased: Path) -> None:
    nodes = json.loads((cased / "target" / "manifest.json").read_bytes())["nodes"].values()
    compiled = {node["name"]: node["compiled_code"] for node in nodes if node["resource_type"] in ("model", "test")}
    assert len(compiled) > 90
    asked = {path.name: path.read_text() for path in (warehouse.sql_folder() / "summary").glob("*.sql")}
    found = {name: sorted(set(faults(parsed(sql)))) for name, sql in (compiled | asked).items()}
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("threads", [(1, 4), pytest.param((1, 2, 3, 4, 4), marks=pytest.mark.thorough)])
def test_builds_of_one_lake_are_equal(cased: Path, tmp_path: Path, threads: tuple[int, ...]) -> None:
    """Of a lake full of ties: repeated rows, equal moments, sources of one name. With 1 to 4 threads, and with 4
    again.
    """
    lake = odd_lake(tmp_path / "lake", seed=1)
    builds = [tables(built(cased, lake, tmp_path / f"build{number}", count)) for number, count in enumerate(threads)]
    assert len(builds[0]) > 40
    assert sum(map(len, builds[0].values())) > 1000
    for build in builds[1:]:
        assert {name for name in build if build[name] != builds[0][name]} == set()


def test_tables_made_without_dbt_are_those_of_a_build(cased: Path, published_month: Path, tmp_path: Path) -> None:
    lake = Lake(published_month)
    ours = tables(built(cased, lake, tmp_path / "build", threads=2))
    theirs = tables(warehouse.database_of(lake), published_month)
    assert ours.keys() == theirs.keys()
    assert {name for name in ours if ours[name] != theirs[name]} == set()
