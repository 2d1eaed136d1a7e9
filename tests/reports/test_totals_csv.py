"""Totals: a file is split by exchange, moment and source, and keeps every row."""

from __future__ import annotations

import io  # noqa: F401
from typing import Any  # noqa: F401

import pytest

from porlake.errors import BadStructure
from porlake.reports import totals_csv
from reports.published import report_of

TOTALS = ",".join(totals_csv.COLUMNS) + "\n"


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("ftx,1,2022-12-20,day,BTC,1,,,,,,,x,", "no exchange"),
        ("okx,1,2022-12,day,BTC,1,,,,,,,x,", "a day is"),
        ("okx,1,,day,BTC,1,,,,,,,x,", "do not fit together"),
        ("okx,1,2022-12-20,century,BTC,1,,,,,,,x,", "a day is"),
        ("okx,1,2022-12-20,day,BTC", "5 cells for 14"),
        ("", "no rows"),
    ],
)
def test_a_totals_row_that_no_part_could_hold_stops_the_file(row: str, why: str) -> None:
    with pytest.raises(BadStructure, match=why):
        list(totals_csv.split(report_of(totals_csv, (TOTALS + row + "\n").encode())))


def test_a_totals_file_is_split_by_exchange_snapshot_and_source_and_keeps_every_row() -> None:
    body = (
        TOTALS
        + "okx,2,2022-12-20,day,BTC,1,,,,,,,a,\nhtx,,,unknown,BTC,2,,,,,,,a,\n"
        + "okx,2,2022-12-20,day,BTC,3,,,,,,,b,\nokx,9,2023-07,month,GOLD,4,,,,,,,a,\n"
    )
    parts = list(totals_csv.split(report_of(totals_csv, body.encode())))
    assert [(part.exchange, part.snapshot.precision, part.snapshot.report_no, part.source) for part in parts] == [
        ("htx", "unknown", None, "a"),
        ("okx", "day", "2", "a"),
        ("okx", "day", "2", "b"),
        ("okx", "month", "9", "a"),
    ]
    rows = [line for part in parts for line in part.content.read().decode().splitlines()[1:]]
    assert sorted(rows) == sorted(body.splitlines()[1:])


@pytest.mark.parametrize(
    ("snapshot", "precision", "taken"),
    [
        ("2024-03-25", "day", True), ("2000-01-01", "day", True), ("1999-12-31", "day", False),
        ("0001-01-01", "day", False),
        ("2024-W13-1", "day", False), ("20240325", "day", False), ("٢٠٢٤-٠٣-٢٥", "day", False),
        ("2024-3-25", "day", False),
        ("2024-03", "month", True), ("2024-03-25", "month", False), ("2024-02-30", "day", False),
        ("2024-03-25T00:00", "day", False),
    ],
)  # fmt: skip
def test_a_day_of_a_totals_file_has_one_spelling(snapshot: str, precision: str, taken: bool) -> None:
    body = TOTALS + f"okx,1,{snapshot},{precision},BTC,1,,,,,,,a,\n"
    if taken:
        assert len(list(totals_csv.split(report_of(totals_csv, body.encode())))) == 1
        return
    with pytest.raises(BadStructure, match=r"f\.csv:2: snapshot .* a day is YYYY-MM-DD"):
        list(totals_csv.split(report_of(totals_csv, body.encode())))
