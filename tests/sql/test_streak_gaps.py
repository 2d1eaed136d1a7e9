"""What is missing between two snapshots; of one gap a thousand are named at most: the SELECT of coverage_streak over
tables made here.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import duckdb
import jinja2
import pytest

from porlake import warehouse

MADE = """
create table core_rhythm (exchange text, rhythm_days bigint);
create table core_quality_flag (attestation text, asset text);
create table core_attestation (attestation text, exchange text, snapshot_at timestamptz, snapshot_day date,
    report_no text);
create table reserve_ratio (attestation text, exchange text, asset text, basis text, is_covered boolean,
    is_covered_claimed boolean, printed_ratio double);
"""


def missing(rhythm: int | None, *snapshots: tuple[date, str | None]) -> list[list[str]]:
    """What is missing before each of an exchange's snapshots: (day, number of the edition)."""
    model = (warehouse.sql_folder() / "models" / "marts" / "coverage_streak.sql").read_text(encoding="utf-8")
    macros: dict[str, Any] = {
        "ref": lambda name: name, "about": lambda table: f"{table}.attestation",
        "quality_flags": lambda _: "1 as flags",
    }  # fmt: skip
    with duckdb.connect() as connection:
        connection.execute(MADE)
        connection.execute("insert into core_rhythm values ('x', ?)", [rhythm])
        for place, (day, edition) in enumerate(snapshots):
            connection.execute(
                "insert into core_attestation values (?, 'x', ?, ?, ?)", [f"x/{place}", day, day, edition]
            )
            connection.execute(
                "insert into reserve_ratio values (?, 'x', 'A', 'claimed', true, true, 100)", [f"x/{place}"]
            )
        rendered = jinja2.Template(model).render(macros)
        found = connection.execute(f"select missing_before from ({rendered}) order by attestation").fetchall()
    return [row[0] for row in found]


@pytest.mark.parametrize("count", [0, 1, 999, 1_000, 1_001])
def test_a_thousand_editions_are_named(count: int) -> None:
    before, after = (date(2024, 1, 1), "7"), (date(2024, 2, 1), str(7 + count + 1))
    named = [str(8 + number) for number in range(min(count, 1_000))]
    assert missing(30, before, after) == [[], named]


@pytest.mark.parametrize("count", [0, 1, 999, 1_000, 1_001])
def test_a_thousand_days_are_named(count: int) -> None:
    day = date(2010, 1, 1)
    named = [f"{day + timedelta(3 * (number + 1)):%Y-%m-%d}" for number in range(min(count, 1_000))]
    assert missing(3, (day, None), (day + timedelta(3 * (count + 1)), None)) == [[], named]


@pytest.mark.parametrize(
    ("days", "count"), [(30, 0), (44, 0), (45, 1), (46, 1), (74, 1), (75, 2), (76, 2), (104, 2), (105, 3), (106, 3)]
)
def test_one_more_is_missed_where_half_a_rhythm_more_has_passed(days: int, count: int) -> None:
    day = date(2024, 1, 1)
    named = ["2024-01-31", "2024-03-01", "2024-03-31"][:count]
    assert missing(30, (day, None), (day + timedelta(days), None)) == [[], named]
