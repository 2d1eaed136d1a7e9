"""What trackers print: split by exchange, moment and source; a figure needs its unit and its definition."""

from __future__ import annotations

from pathlib import Path

import pytest

from porlake import reports
from porlake.errors import BadStructure
from porlake.reports import tracker_figures_csv
from reports.published import report_of

HEADER = ",".join(tracker_figures_csv.COLUMNS) + "\n"
SAMPLE = Path(__file__).parents[2] / "data" / "samples" / "tracker_figures.csv"


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("ftx,t,2023-01-12,day,reserves,1,usd,all,", "no exchange"),
        ("okx,,2023-01-12,day,reserves,1,usd,all,", "needs its source"),
        ("okx,t,2023-01,day,reserves,1,usd,all,", "a day is"),
        ("okx,t,2023-01-12,month,reserves,1,usd,all,", "a day is"),
        ("okx,t,2023-01-12,year,reserves,1,usd,all,", "a day is"),
        ("okx,t,,day,reserves,1,usd,all,", "a day is"),
        ("okx,t,2023-01-12,day,reserves", "5 cells for 9"),
        ("", "no rows"),
    ],
)
def test_a_row_that_no_part_could_hold_stops_the_file(row: str, why: str) -> None:
    with pytest.raises(BadStructure, match=why):
        list(tracker_figures_csv.split(report_of(tracker_figures_csv, (HEADER + row + "\n").encode())))


def test_parts_keep_every_row_of_the_bundled_file() -> None:
    parts = list(tracker_figures_csv.split(report_of(tracker_figures_csv, SAMPLE.read_bytes())))
    assert len({(part.exchange, str(part.snapshot), part.source) for part in parts}) == len(parts)
    rows = [line for part in parts for line in part.content.read().decode().splitlines()[1:]]
    assert sorted(rows) == sorted(SAMPLE.read_text(encoding="utf-8").splitlines()[1:])


def test_every_figure_has_a_unit_and_is_in_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "formats" / "tracker_figures_csv.md").read_text(encoding="utf-8")
    for figure, units in tracker_figures_csv.FIGURES.items():
        assert units
        assert set(units) <= {"usd", "percent", "count"}, figure
        assert f"`{figure}`" in page


@pytest.mark.parametrize(
    ("value", "is_one"), [("628484", True), ("0", True), ("5.5", False), ("-5", False), ("", False)]
)
def test_a_count_is_a_whole_number(value: str, is_one: bool) -> None:
    row = f"okx,t,2024-06,month,addresses,{value},count,all of them,\n"
    (item,) = tracker_figures_csv.parse(report_of(tracker_figures_csv, (HEADER + row).encode()))
    assert isinstance(item, reports.Figure) is is_one
