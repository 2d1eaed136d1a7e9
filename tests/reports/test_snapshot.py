"""The moment of which a published file speaks, as its name writes it."""

from __future__ import annotations

from datetime import datetime

import pytest

from porlake import reports
from porlake.reports import Snapshot, day_of, first_stated


@pytest.mark.parametrize(
    ("name", "moment", "precision", "revision"),
    [
        ("okx_por_20221122.csv", datetime(2022, 11, 22), "day", None),
        ("okx_por_2024032500.csv.zip", datetime(2024, 3, 25), "moment", None),
        ("okx_por_202507042112.csv.zip", datetime(2025, 7, 4, 21, 12), "moment", None),
        ("okx_por_2025100813_v6.csv.zip", datetime(2025, 10, 8, 13), "moment", 6),
        ("por_csv_2026020419_V4.zip", datetime(2026, 2, 4, 19), "moment", 4),
        ("huobi_por_20240701.csv", datetime(2024, 7, 1), "day", None),
        ("poloniex_por_20240801.csv", datetime(2024, 8, 1), "day", None),
        ("htx_new_labels_20260201.csv", datetime(2026, 2, 1), "day", None),
    ],
)
def test_the_name_of_a_file_tells_its_snapshot(
    name: str, moment: datetime, precision: str, revision: int | None
) -> None:
    found = reports.snapshot_of(name)
    assert found is not None
    assert (found.at, found.precision, found.revision) == (moment, precision, revision)


@pytest.mark.parametrize(
    "name",
    [
        "report.csv",
        "okx_por_20249999.csv",
        "x_1234567.csv",
        "okx_por_00010101.csv",
        "huobi_por_18990101.csv",
        "okx_por_٢٠٢٤٠٣٢٥.csv",
    ],
)
def test_a_name_without_a_date_tells_none(name: str) -> None:
    assert reports.snapshot_of(name) is None


@pytest.mark.parametrize(
    ("text", "is_taken"),
    [("1999-12-31", False), ("2000-01-01", True), ("2099-12-31", True), ("2100-01-01", False), ("2024-02-30", False)],
)
def test_a_day_is_of_this_century(text: str, is_taken: bool) -> None:
    if is_taken:
        assert str(day_of(text)) == text
        return
    with pytest.raises(ValueError, match=text):
        day_of(text)


@pytest.mark.parametrize(
    ("snapshot", "text"),
    [
        (Snapshot(datetime(2024, 3, 25, 16), "moment"), "2024-03-25"),
        (Snapshot(datetime(2024, 3, 25), "day"), "2024-03-25"),
        (Snapshot(datetime(2024, 3, 1), "month"), "2024-03"),
        (Snapshot(datetime(2024, 3, 1), "unknown"), "undated"),
        (Snapshot(None, "unknown"), "undated"),
    ],
)
def test_an_attestation_is_named_by_what_is_known(snapshot: Snapshot, text: str) -> None:
    assert str(snapshot) == text


def test_the_first_name_that_states_a_moment_counts_and_a_revision_of_the_same_moment_is_its() -> None:
    one, other = Snapshot(datetime(2024, 3, 25), "day"), Snapshot(datetime(2024, 3, 26), "day")
    assert first_stated([None, None]) is None
    assert first_stated([None, one, other]) == one
    assert first_stated([one, Snapshot(one.at, "day", 4)]) == Snapshot(one.at, "day", 4)
    assert first_stated([one, Snapshot(other.at, "day", 4)]) == one
    assert first_stated([Snapshot(one.at, "day", 2), Snapshot(one.at, "day", 4)]) == Snapshot(one.at, "day", 2)
