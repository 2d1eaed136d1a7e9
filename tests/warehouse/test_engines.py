"""Sums of DECIMAL(38,0) past its width: who raises, who gives another number, and that our code asks none of these."""

from __future__ import annotations

import re
from decimal import Decimal

import duckdb
import polars
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from porlake import cli
from support import ROOT

WIDEST = Decimal(10**38 - 1)
PAGE = (ROOT / "docs" / "engines.md").read_text(encoding="utf-8")
#: What adds decimals up in pyarrow, as code can say it.
WRAPS = re.compile(
    r"\b(?:pc|compute)\.(?:sum|cumulative_sum|product|cumulative_prod)\("
    r"|from pyarrow\.compute import"
    r"|,\s*[\"'](?:hash_)?(?:sum|product)[\"']\s*(?:\)|,\s*pc\.)"
)


def widest() -> pa.Table:
    return pa.table({"amount": pa.array([WIDEST, WIDEST], pa.decimal128(38, 0)), "g": [1, 1]})


def test_duckdb_and_polars_raise() -> None:
    wide = widest()
    with pytest.raises(duckdb.Error, match="[Oo]verflow|[Oo]ut of [Rr]ange"):
        duckdb.sql("select sum(amount) from wide").fetchall()
    with pytest.raises(polars.exceptions.PolarsError):
        polars.from_arrow(wide).select(polars.col("amount").sum())


def test_pyarrow_gives_another_number_in_silence() -> None:
    """The day this fails, the page and the lint below may be let go."""
    assert pc.sum(widest()["amount"]).as_py() < 0
    assert widest().group_by("g").aggregate([("amount", "sum")])["amount_sum"].to_pylist()[0] < 0
    for engine in ("DuckDB", "Polars", "Spark", "`pyarrow.compute.sum`", "Sail", "DataFusion"):
        assert re.search(rf"^\| .*{re.escape(engine)}", PAGE, re.MULTILINE), engine


def found(text: str) -> list[int]:
    return [number for number, line in enumerate(text.splitlines(), 1) if WRAPS.search(line)]


@pytest.mark.parametrize("room", ["plugins", "dags", "tools", "bench"])
def test_our_code_adds_up_no_decimals_in_pyarrow(room: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sorted((ROOT / room).rglob("*.py"))
        for number in found(path.read_text(encoding="utf-8"))
    ]
    assert not wrong, f"pyarrow wraps around: {wrong}; docs/engines.md"


@pytest.mark.parametrize(
    ("line", "is_wrong"),
    [
        ("total = pc.sum(table['amount']).as_py()", True),
        ("total = pa.compute.sum(column)", True),
        ("from pyarrow.compute import sum as total", True),
        ("table.group_by('asset').aggregate([('amount', 'sum')])", True),
        ("pc.cumulative_sum(column)", True),
        ("table.group_by('asset').aggregate([([], 'count_all')])", False),
        ("values.sum(axis=1)", False),
        ("pc.sort_indices(column)", False),
    ],
)
def test_the_lint_sees_what_wraps(line: str, is_wrong: bool) -> None:
    assert bool(found(line)) is is_wrong


def test_the_commands_of_the_page_are_understood() -> None:
    lines = re.findall(r"^(porlake .*)$", PAGE, re.MULTILINE)
    assert lines
    for line in lines:
        cli.parser().parse_args(line.split()[1:])
