"""Lists of addresses without amounts: split by exchange, refused row by row, dated by their name, and with no part in
what is held.
"""

from __future__ import annotations

import csv
import io
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from porlake import pipeline, registry, reports
from porlake.errors import BadStructure, SnapshotUnknown
from porlake.model import Claim, Rejection
from porlake.reports import addresses_csv
from support import ROOT

HEADER = ",".join(addresses_csv.COLUMNS) + "\n"
SHARED = ROOT.parent / "shared" / "data" / "addresses" / "cex_addresses.csv"


def as_file(text: str, name: str = "f.csv") -> reports.Bundle:
    member = reports.Member(name, io.BytesIO(text.encode("utf-8", "replace")), addresses_csv.NAME)
    return reports.Bundle((member,), name, "okx")


def test_the_page_of_the_format_names_its_columns() -> None:
    page = (ROOT / "docs" / "formats" / "addresses_csv.md").read_text()
    assert HEADER.strip() in page
    assert all(f"`{column}`" in page for column in addresses_csv.COLUMNS)


@pytest.mark.parametrize(
    ("name", "day"),
    [("addresses_2026-11-20.csv", 20), ("list.csv", None), ("a_2026-13-40.csv", None), ("12026-11-20.csv", None)],
)
def test_the_name_of_a_list_tells_its_day(name: str, day: int | None) -> None:
    found = addresses_csv.snapshot_of(name)
    assert (found.at if found else None) == (datetime(2026, 11, day) if day else None)


def test_a_file_of_many_exchanges_is_a_file_for_each() -> None:
    text = HEADER + "okx,bitcoin,a,,\nhtx,tron,b,,\nokx,bitcoin,c,,\n"
    parts = list(addresses_csv.split(as_file(text, "addresses_2026-11-20.csv")))
    assert [(part.exchange, part.content.read().decode()) for part in parts] == [
        ("htx", HEADER + "htx,tron,b,,\n"),
        ("okx", HEADER + "okx,bitcoin,a,,\nokx,bitcoin,c,,\n"),
    ]


@pytest.mark.parametrize(
    ("sources", "stated_by"),
    [("", "not stated"), ("b", "b"), ("bb", "b"), ("b ", "b"), ("ba", "several sources"), ("cba", "several sources")],
)
def test_who_states_a_list_is_the_one_source_that_its_rows_name(sources: str, stated_by: str) -> None:
    rows = "".join(f"okx,bitcoin,a{number},,{source}\n" for number, source in enumerate(sources or " "))
    (part,) = addresses_csv.split(as_file(HEADER + rows))
    assert part.source == stated_by


def test_a_row_without_a_source_has_none_and_one_of_an_unknown_network_is_refused() -> None:
    first, second, third = addresses_csv.parse(
        as_file(HEADER + "okx,bitcoin,a,cold,\nokx,tron,b,,me\nokx,nowhere,c,,me\n")
    )
    assert isinstance(first, reports.Published)
    assert isinstance(second, reports.Published)
    assert (first.source_row, first.network, first.asset, first.label, first.source) == (
        2,
        "bitcoin",
        "BTC",
        "cold",
        None,
    )
    assert (second.source_row, second.network, second.asset, second.source) == (3, "tron", "TRX", "me")
    assert isinstance(third, reports.Refused)
    assert (third.source_row, third.reason, third.address) == (4, "unknown_network", "c")


@pytest.mark.parametrize(
    "rows", ["", "atlantis,bitcoin,a,,\n", "okx,bitcoin,a,\n", "okx,bitcoin,a,,,\n", '"okx,bitcoin\n']
)
def test_a_list_that_is_not_understood_stops(rows: str) -> None:
    with pytest.raises(BadStructure):
        list(addresses_csv.split(as_file(HEADER + rows)))


@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(registry.load().networks)) | st.text(max_size=8), st.text(max_size=40)),
        min_size=1,
        max_size=6,
    )
)
def test_every_row_is_published_or_refused(rows: list[tuple[str, str]]) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(
        [list(addresses_csv.COLUMNS), *(["okx", network, text, "", ""] for network, text in rows)]
    )
    try:
        items = list(addresses_csv.parse(as_file(out.getvalue())))
    except BadStructure:
        return  # a line break or the like inside a cell
    assert len(items) == len(rows)


def test_a_list_without_a_day_asks_for_one_and_takes_the_one_given(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text(HEADER + "okx,bitcoin,143gLvWYUojXaWZRrxquRKpVNTkhmr415B,cold,me\n")
    chosen = pipeline.session(tmp_path / "lake", environ={})
    with pytest.raises(SnapshotUnknown):
        pipeline.archive(chosen, "okx", str(tmp_path / "list.csv"))
    (report,) = pipeline.archive(chosen, "okx", str(tmp_path / "list.csv"), "2026-11-20")
    pipeline.parse(chosen, report)
    (claim,) = chosen.lake.rows(Claim)
    assert (claim.network, claim.asset, claim.amount, claim.label, claim.source) == (
        "bitcoin",
        "BTC",
        None,
        "cold",
        "me",
    )
    assert not pipeline.has_addresses(chosen, report)


@pytest.mark.skipif(not SHARED.exists(), reason="the real list is not beside the project")
def test_a_real_list_of_four_thousand_addresses_is_taken(tmp_path: Path) -> None:
    with SHARED.open() as stream:
        rows = [
            (row["exchange"].replace(".", "_"), row["network"], row["address"], "", row["source_path"])
            for row in csv.DictReader(stream)
        ]
    with (tmp_path / "addresses_2026-11-20.csv").open("w", newline="") as out:
        csv.writer(out, lineterminator="\n").writerows([addresses_csv.COLUMNS, *rows])
    chosen = pipeline.session(tmp_path / "lake", environ={})
    for report in pipeline.archive(chosen, "okx", str(tmp_path / "addresses_2026-11-20.csv")):
        pipeline.parse(chosen, report)
    taken = list(chosen.lake.rows(Claim))
    reasons = {row.reason for row in chosen.lake.rows(Rejection)}
    assert len(taken) + len(list(chosen.lake.rows(Rejection))) == len(rows) == 4_015
    assert len(taken) > 3_000
    assert "unknown_network" in reasons
    assert {row.exchange for row in taken} >= {"okx", "htx", "binance", "gate", "coinbase_cbbtc"}
