"""What may be told as news: an alarm that is wrong can start a run on a bank."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from porlake.warehouse import findings

# --- below 100 % ------------------------------------------------------------------------------------------------------
SHORT: dict[str, Any] = {
    "attestation": "x/2024-01-01", "asset": "BTC", "basis": "claimed", "is_covered": False, "is_complete": True,
    "is_covered_claimed": False, "is_covered_through": False, "is_covered_claimed_through": False,
    "liabilities": Decimal(100), "reserves_claimed": Decimal(99), "reserves_onchain": Decimal(99),
    "reserves_proven": Decimal(50), "claimed_without_address": None, "printed_ratio": None,
    "contradicted_by_own_total": False, "summary_differs": False, "is_repeat": False, "rows_refused": 0,
    "rows_refused_unread": 0,
    "claims_left_out": 0, "claims_conflicting": False, "liabilities_conflicting": False, "liabilities_differ": None,
    "liabilities_proven_conflicting": False,
}  # fmt: skip
#: Of each column another value, by which the figure is in doubt, is a lower bound, or is not below at all.
SPOILT: list[tuple[str, Any]] = [
    ("is_covered", True), ("is_covered", None), ("is_complete", False), ("is_complete", None),
    ("basis", "onchain"), ("basis", None), ("is_covered_claimed", True), ("is_covered_claimed", None),
    ("is_covered_through", True), ("is_covered_claimed_through", True), ("liabilities", None),
    ("reserves_onchain", None), ("reserves_onchain", Decimal(100)), ("reserves_onchain", Decimal(101)),
    ("claimed_without_address", Decimal(1)), ("printed_ratio", Decimal(100)), ("printed_ratio", Decimal("100.4")),
    ("contradicted_by_own_total", True), ("summary_differs", True), ("is_repeat", True), ("rows_refused", 1),
    ("rows_refused_unread", 1), ("claims_left_out", 1), ("claims_conflicting", True), ("liabilities_conflicting", True),
    ("liabilities_differ", True), ("liabilities_proven_conflicting", True),
]  # fmt: skip


def test_what_nothing_contradicts_is_told() -> None:
    assert findings.is_below(SHORT)
    assert findings.is_below(SHORT | {"printed_ratio": Decimal("99.99"), "contradicted_by_own_total": None})
    assert findings.is_below(SHORT | {"basis": "published", "claimed_without_address": Decimal(0)})


@pytest.mark.parametrize(("column", "value"), SPOILT)
def test_one_doubt_is_enough_to_be_silent(column: str, value: Any) -> None:
    assert not findings.is_below(SHORT | {column: value})


FLAG = st.sampled_from([None, False, True])
UNITS = st.one_of(st.none(), st.integers(0, 200).map(Decimal))
COUNT = st.integers(0, 2)
ROWS = st.fixed_dictionaries(
    {
        "basis": st.sampled_from([None, "claimed", "published", "onchain"]),
        "is_covered": FLAG, "is_complete": FLAG, "is_covered_claimed": FLAG, "is_covered_through": FLAG,
        "is_covered_claimed_through": FLAG, "liabilities": UNITS, "reserves_claimed": UNITS, "reserves_onchain": UNITS,
        "reserves_proven": UNITS, "claimed_without_address": UNITS, "printed_ratio": UNITS,
        "contradicted_by_own_total": FLAG, "summary_differs": FLAG, "is_repeat": FLAG, "rows_refused": COUNT,
        "rows_refused_unread": COUNT,
        "claims_left_out": COUNT, "claims_conflicting": FLAG, "liabilities_conflicting": FLAG,
        "liabilities_differ": FLAG, "liabilities_proven_conflicting": FLAG,
    }
)  # fmt: skip


@given(ROWS, st.sets(st.sampled_from([name for name, _ in SPOILT]), max_size=3))
def test_below_is_told_only_where_it_is_false_and_nothing_contradicts_it(made: Any, spoilt: set[str]) -> None:
    """Rows that are near to one that is told, and some that are far from it."""
    for row in (made, SHORT | {name: made[name] for name in spoilt}):
        if findings.is_below(row):
            assert row["is_covered"] is False
            assert row["is_complete"] is True
            assert row["basis"] in ("claimed", "published")
            assert row["reserves_onchain"] < row["liabilities"]
            assert row["is_covered_claimed"] is False
            assert True not in (row["is_covered_through"], row["is_covered_claimed_through"])
            doubts = ("contradicted_by_own_total", "summary_differs", "is_repeat", "rows_refused",
                      "rows_refused_unread", "claims_left_out", "claims_conflicting", "liabilities_conflicting",
                      "liabilities_differ", "liabilities_proven_conflicting", "claimed_without_address")  # fmt: skip
            assert not any(row[name] for name in doubts)
            assert row["printed_ratio"] is None or row["printed_ratio"] < 100


# --- a fall -----------------------------------------------------------------------------------------------------------
FALLEN: dict[str, Any] = {
    "since": "previous", "basis": "claimed", "asset": "SOL", "summary_differs": False,
    "base_summary_differs": None, "amount_before": Decimal(1000),
    "amount_after": Decimal(900), "amount_change": Decimal(-100), "days": 31, "usd_before": Decimal(10),
    "usd_of_all_before": Decimal(1000), "is_repeat": False, "base_is_repeat": False, "contradicted_by_own_total": None,
    "base_contradicted_by_own_total": False, "rows_refused": 0, "rows_refused_unread": 0, "claims_left_out": 0,
    "base_claims_left_out": 0, "claims_conflicting": False, "base_claims_conflicting": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, True),  # ten percent to the unit
        ({"amount_after": Decimal(901), "amount_change": Decimal(-99)}, False),
        ({"amount_after": Decimal(899), "amount_change": Decimal(-101)}, True),
        ({"amount_after": Decimal(1100), "amount_change": Decimal(100)}, False),
        ({"usd_before": Decimal("9.99")}, False),  # below one percent of all
        ({"usd_before": Decimal("10.01")}, True),
        ({"usd_before": None}, False),
        ({"usd_before": None, "asset": "BTC"}, True),  # no price, and one of the main assets
        ({"usd_of_all_before": None}, False),
        ({"usd_of_all_before": Decimal(0), "usd_before": Decimal(0)}, False),
        ({"days": 99}, True),
        ({"days": 100}, True),
        ({"days": 101}, False),  # since long ago
        ({"days": 0}, False),
        ({"days": None}, False),
        ({"basis": "published"}, True),
        ({"basis": "onchain"}, False),  # a lower bound
        ({"basis": None}, False),
        ({"since": "first"}, False),
        ({"amount_after": None, "amount_change": None}, False),  # not stated is not gone
        ({"amount_before": None, "amount_change": None}, False),
        ({"amount_after": Decimal(0), "amount_change": Decimal(-1000)}, True),
        *(({name: True}, False) for name in findings._DOUBTS),
    ],
)
def test_a_fall_is_told_of_what_is_stated_and_not_in_doubt(change: dict[str, Any], told: bool) -> None:
    assert findings.is_fallen(FALLEN | change) is told


@given(
    st.fixed_dictionaries(
        dict.fromkeys(findings._DOUBTS, FLAG)
        | {
            "since": st.sampled_from(["previous", "year_before", "first"]),
            "basis": st.sampled_from([None, "claimed", "published", "onchain"]),
            "asset": st.sampled_from(["BTC", "SOL"]), "amount_before": UNITS, "amount_after": UNITS,
            "days": st.one_of(st.none(), st.integers(-5, 400)), "usd_before": UNITS, "usd_of_all_before": UNITS,
        }
    ),
    st.sets(st.sampled_from(sorted(FALLEN)), max_size=4),
)  # fmt: skip
def test_a_fall_is_never_of_a_lower_bound_or_of_long_ago(made: Any, spoilt: set[str]) -> None:
    both = None in (made["amount_before"], made["amount_after"])
    made = made | {"amount_change": None if both else made["amount_after"] - made["amount_before"]}
    for row in (made, FALLEN | {name: made[name] for name in spoilt}):
        if findings.is_fallen(row):
            assert row["basis"] in ("claimed", "published")
            assert row["since"] == "previous"
            assert 0 < row["days"] <= 100
            assert row["amount_after"] is not None
            assert row["amount_change"] < 0
            assert not any(row[name] for name in findings._DOUBTS)


# --- what an event says -----------------------------------------------------------------------------------------------
AT = datetime(2024, 1, 8, 12, tzinfo=UTC)


def report(**given: Any) -> dict[str, Any]:
    return {
        "attestation": "x/2024-01-01", "exchange": "x", "snapshot_at": datetime(2024, 1, 1, tzinfo=UTC),
        "report": "aa", "content": "addresses", "statement": "x/x_csv", "revision": 1, "file_name": "x.csv",
        "origin": "https://x.example/x.csv", "retrieved_at": AT, "file_age_days": 7, "lines_refused": 0,
        "lines_refused_because": [],
    } | given  # fmt: skip


def events(reports: list[dict[str, Any]], **answers: list[dict[str, Any]]) -> list[findings.Event]:
    """The events of some files, and of rows for the statements that ask for a mart."""

    def ask(sql: str) -> list[dict[str, Any]]:
        if "from reports" in sql:
            return sorted(reports, key=lambda row: (row["retrieved_at"], row["attestation"], row["report"]))
        return next((rows for words, rows in answers.items() if words in sql), [])

    return findings.events(ask, {"x": "X Exchange"})


def test_a_report_names_its_file_its_address_and_its_age() -> None:
    (event,) = events([report(lines_refused=2, lines_refused_because=["ragged: 2"])])
    assert (event.kind, event.finding, event.title) == ("report", None, "X Exchange 2024-01-01: addresses with amounts")
    assert event.file == {
        "sha256": "aa", "name": "x.csv", "address": "https://x.example/x.csv", "retrieved_at": AT, "age_days": 7,
    }  # fmt: skip
    assert event.updated == AT
    assert "2 lines could not be read: ragged: 2." in event.text
    assert "reached the archive 7 days after the snapshot" in event.text


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (None, " The file reached the archive before the snapshot that it states."),
        (0, " The file reached the archive 0 days after the snapshot."),
        (1, " The file reached the archive 1 day after the snapshot."),
        (4000, " The file reached the archive 4,000 days after the snapshot."),
    ],
)
def test_the_age_of_a_file_is_told_in_words(days: int | None, told: str) -> None:
    (event,) = events([report(file_age_days=days)])
    assert event.text == f"x.csv states addresses with amounts (x/x_csv).{told}"


def test_a_file_of_no_known_moment_has_no_age() -> None:
    (event,) = events([report(snapshot_at=None, file_age_days=None)])
    assert event.text == "x.csv states addresses with amounts (x/x_csv)."


@pytest.mark.parametrize("origin", ["file:x.csv", "javascript:alert(1)", "data:text/html,x", "s3://bucket/x"])
def test_only_an_address_of_the_web_is_given_as_one(origin: str) -> None:
    (event,) = events([report(origin=origin)])
    assert event.file is not None
    assert event.file["address"] is None


def test_what_is_issued_anew_is_a_restatement_and_another_statement_is_not() -> None:
    later = AT.replace(day=20)
    found = events(
        [
            report(),
            report(report="bb", revision=2, retrieved_at=later),
            report(report="cc", content="totals", statement="x/totals", retrieved_at=later),
            report(report="dd", content="tracker_figures", statement="t", retrieved_at=later),
        ]
    )
    assert [(event.kind, event.file["sha256"]) for event in found if event.file] == [
        ("report", "cc"), ("restatement", "bb"), ("report", "aa"),
    ]  # fmt: skip


def test_an_observed_list_names_the_list_whose_it_is_and_how_old() -> None:
    listed = {"attestation": "x/2024-01-01", "list": "ff", "day": date(2023, 12, 1), "age_days": 31, "stated_by": "y"}
    (event,) = events([report(content="observed_list")], **{"from observed_lists": [listed]})
    assert event.listed == {"sha256": "ff", "day": date(2023, 12, 1), "age_days": 31, "stated_by": "y"}
    assert "The list of addresses, by y, is of 2023-12-01, 31 days before the moment." in event.text


@pytest.mark.parametrize(
    ("day", "age", "told"),
    [
        (date(2023, 12, 31), 1, "is of 2023-12-31, 1 day before the moment."),
        (date(2024, 1, 1), 0, "is of 2024-01-01, 0 days before the moment."),
        (date(2024, 1, 2), None, "is of 2024-01-02, after the moment."),
        (None, None, "is not dated."),
    ],
)
def test_a_list_is_never_younger_than_nothing(day: date | None, age: int | None, told: str) -> None:
    listed = {"attestation": "x/2024-01-01", "list": "ff", "day": day, "age_days": age, "stated_by": "y"}
    (event,) = events([report(content="observed_list")], **{"from observed_lists": [listed]})
    assert f"The list of addresses, by y, {told}" in event.text


def test_below_100_is_an_event_of_the_file_with_the_figures_to_the_last_digit() -> None:
    units = {f"{name}_units": Decimal("1.50000000") for name in (
        "liabilities", "reserves_claimed", "reserves_onchain", "reserves_proven")}  # fmt: skip
    row = SHORT | units | {
        "exchange": "x", "snapshot_at": datetime(2024, 1, 1, tzinfo=UTC), "report": "aa", "liabilities_from": "printed",
        "ratio_claimed": 0.99, "ratio_onchain": 0.99, "ratio_proven": 0.5,
    }  # fmt: skip
    doubtful = row | {"asset": "ETH", "is_repeat": True}
    found = events([report()], **{"where r.is_covered = false": [row, doubtful]})
    (event,) = (event for event in found if event.kind == "finding")
    assert (event.finding, event.what, event.basis) == ("below_100", "BTC", "claimed")
    assert event.title == "X Exchange 2024-01-01: BTC is below 100 %"
    assert event.figures["liabilities"] == "100"
    assert "1.5 BTC are owed" in event.text
    assert event.file is not None
    assert (event.file["sha256"], event.updated) == ("aa", AT)
