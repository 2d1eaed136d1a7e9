"""What was published comes out of the marts: figures that anybody can look up, with their contradictions kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from porlake import pipeline, warehouse
from porlake.lake import Lake
from recomputed import differences
from support import ROOT, SAMPLES, taken

HTX = sorted((ROOT.parent / "shared" / "data" / "htx").glob("*.csv"))
Ask = Callable[[str], list[tuple[Any, ...]]]


def parsed(folder: Path, exchange: str, sources: list[Path]) -> Lake:
    """A lake of some files, without looking at any chain or price."""
    chosen = pipeline.session(folder, environ={})
    for source in sources:
        taken(chosen, exchange, source)
    return chosen.lake


def asking(lake: Lake) -> Ask:
    return lambda sql: warehouse.query(lake, sql)[1]


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory, give_tables: Callable[[Lake], Lake]) -> Ask:
    folder = tmp_path_factory.mktemp("history")
    published = (SAMPLES / "published_history.csv").read_text() + (
        Path(__file__).parent / "golden_totals.csv"
    ).read_text()
    (folder / "totals.csv").write_text(published)
    return asking(give_tables(parsed(folder / "lake", "okx", [folder / "totals.csv"])))


@pytest.fixture(scope="module")
def months(tmp_path_factory: pytest.TempPathFactory, give_tables: Callable[[Lake], Lake]) -> Lake:
    """All real months of HTX."""
    if not HTX:
        pytest.skip("../shared/data/htx is not here")
    return give_tables(parsed(tmp_path_factory.mktemp("htx") / "lake", "htx", HTX))


@pytest.fixture(scope="module")
def htx(months: Lake) -> Ask:
    return asking(months)


def test_report_2_of_okx_is_101_39_percent_and_printed_as_101(history: Ask) -> None:
    """113,754 BTC held, 112,192 owed."""
    (row,) = history(
        "select reserves_claimed_units, liabilities_units, 100 * ratio_claimed, printed_ratio, is_covered_claimed, "
        "printed_hides_shortfall,"
        " is_covered from reserve_ratio where attestation = 'okx/2022-12-20' and asset = 'BTC'"
    )
    assert row[:2] == (Decimal(113754), Decimal(112192))
    assert round(row[2], 2) == 101.39
    assert row[3:] == (Decimal(101), True, False, None)


def test_report_28_of_okx_adds_up_to_28_1_bn(history: Ask) -> None:
    parts = dict(history("select asset, usd_published from asset_composition where attestation = 'okx/2025-02'"))
    assert parts == {
        "BTC": Decimal("13.2e9"),
        "ETH": Decimal("4.9e9"),
        "USDT": Decimal("8.7e9"),
        "USDC": Decimal("1.3e9"),
    }
    assert history("select usd_published from dominance where attestation = 'okx/2025-02'") == [(Decimal("28.1e9"),)]
    assert history("select usd from core_published_sum where attestation = 'okx/2025-02'") == [(Decimal("28.1e9"),)]
    shares = dict(history("select asset, share_published from asset_composition where attestation = 'okx/2025-02'"))
    assert round(shares["BTC"], 3) == 0.470


def test_59_percent_more_in_a_year_is_the_base_that_it_implies(history: Ask) -> None:
    """The base is not published: it is what the claim implies, and the row that holds it says so."""
    (row,) = history(
        "select base_attestation, usd_before, usd_after, ratio_usd_change from net_flow"
        " where attestation = 'okx/2025-02' and asset = 'TOTAL' and since = 'year_before'"
    )
    assert row[:3] == ("okx/2024-02", Decimal("17672955974.84"), Decimal("28.1e9"))
    assert round(row[3], 4) == 0.59


def test_report_20_of_okx_prints_its_ratios(history: Ask) -> None:
    printed = dict(history("select asset, printed_ratio from reserve_ratio where attestation = 'okx/2024-06'"))
    assert printed == {"BTC": 104, "ETH": 102, "USDT": 107, "USDC": 102}


def test_binance_lost_18_24_percent_by_totals_and_nobody_knows_what_of_it_was_price(history: Ask) -> None:
    (row,) = history(
        "select usd_before, usd_after, 100 * ratio_usd_change, usd_basis, usd_flow, usd_price, usd_cross, usd_list, "
        "usd_own, not_split_because"
        " from net_flow where attestation = 'binance/2023-01' and since = 'previous' and asset = 'TOTAL'"
    )
    assert row[:2] == (Decimal("63.8e9"), Decimal("52.16e9"))
    assert round(row[2], 2) == -18.24
    assert row[3:] == ("published", None, None, None, None, None, "published_sum")


def test_the_17th_report_of_okx_states_a_streak_of_17_and_we_have_seen_one(history: Ask) -> None:
    (row,) = history(
        "select edition, streak_published, streak_printed, missing_before, streak_observed from coverage_streak"
        " where attestation = 'okx/2024-03' and asset = 'BTC'"
    )
    assert row == (17, 17, 1, ["13", "14", "15", "16"], None)


def test_htx_holds_67_4_percent_of_the_usdt_that_it_owes_inside_a_bundle_printed_as_102(history: Ask) -> None:
    (row,) = history(
        "select 100 * ratio_claimed, is_covered_claimed from reserve_ratio where attestation = 'htx/2026-09-01' and "
        "asset = 'USDT'"
    )
    assert (round(row[0], 1), row[1]) == (67.4, False)


def test_binance_prints_sixteen_digits_and_they_are_ours(history: Ask) -> None:
    (row,) = history(
        "select 100 * ratio_claimed, printed_ratio from reserve_ratio where attestation = 'binance/2026-04-01' and "
        "asset = 'BTC'"
    )
    assert round(row[0], 4) == float(row[1]) == 100.0299


def test_sources_that_contradict_each_other_stay_both(history: Ask) -> None:
    both = history(
        "select usd_published from stg_published_total where attestation = 'okx/2023-01-18' and asset is null order "
        "by 1"
    )
    assert both == [(Decimal("7.2e9"),), (Decimal("7.5e9"),)]
    assert ("sum in US dollars: BTC+ETH+USDT", "okx/2023-01-18", None) in history(
        "from failed_tests.sources_contradict_each_other"
    )
    assert history("select result from failed_tests.results where test = 'sources_contradict_each_other'") == [
        ("warn",)
    ]


# --- 24 real months of HTX --------------------------------------------------------------------------------------------
def test_24_months_of_htx_have_509_summary_rows_and_no_file_is_there_twice(htx: Ask) -> None:
    assert htx("select count(distinct attestation), count(*) from stg_published_total") == [(24, 509)]
    assert htx("select count(distinct report), count(repeats) from core_attestation") == [(24, 0)]
    assert htx("select count(*) from restatements") == [(0,)]


def test_one_balance_of_htx_backs_two_promises(htx: Ask) -> None:
    """TZ1Ssap... is a wallet of the reserve behind USDD, and a billion TRX of HTX's own."""
    (row,) = htx(
        "select network, against_kind, against, at_the_same_time, assets, attestation, first_claimed_at from "
        "address_collisions"
        " where address = 'TZ1SsapyhKNWaVLca6P2qgVzkHTdk6nkXa'"
    )
    assert row == (
        "tron",
        "collateral",
        "USDD",
        True,
        ["TRX"],
        "htx/2025-10-01",
        datetime(2022, 11, 30, 16, tzinfo=UTC),
    )
    assert htx("select count(*) from failed_tests.an_account_is_claimed_twice")[0][0] >= 1


def test_addresses_that_leave_the_list_of_htx_take_their_amounts_along(htx: Ask) -> None:
    changed = htx("select sum(holdings_added), sum(holdings_dropped) from address_changes where since = 'previous'")
    by_hand = htx(
        "select count(*) filter (change = 'added'), count(*) filter (change = 'dropped') from core_address_change"
    )
    assert changed == by_hand
    assert changed == [(202, 196)]


def test_the_same_bytes_under_another_month_are_a_repeat_and_change_nothing(
    tmp_path: Path, give_tables: Callable[[Lake], Lake]
) -> None:
    rows = (
        "coin,snapshot height,balance\nTRX(ALL),48193419,7\n\ncoin,address,snapshot height,balance,message,signature\n"
    )
    rows += "TRX,TZ1SsapyhKNWaVLca6P2qgVzkHTdk6nkXa,48193419,7,-,-\n"
    months = [tmp_path / "huobi_por_20230201.csv", tmp_path / "huobi_por_20230301.csv"]
    for month in months:
        month.write_text(rows)
    ask = asking(give_tables(parsed(tmp_path / "lake", "htx", months)))
    assert ask("select attestation, repeats from core_attestation order by 1") == [
        ("htx/2023-02-01", None),
        ("htx/2023-03-01", "htx/2023-02-01"),
    ]
    assert ask("select attestation, base_attestation from restatements where kind = 'repeat'") == [
        ("htx/2023-03-01", "htx/2023-02-01")
    ]
    changed = ask(
        "select coalesce(sum(holdings_added), 0), coalesce(sum(holdings_dropped), 0) from address_changes where "
        "since = 'previous'"
    )
    assert changed == [(0, 0)]


def test_the_unit_changes_of_htx_are_flow_and_list_together(htx: Ask) -> None:
    """Without prices units still add up: what came at listed addresses, and what the list gained and lost."""
    off = htx(
        "select f.attestation, f.asset from net_flow f"
        " join (select attestation, since, asset, sum(units_added) - sum(units_dropped) as listed from "
        "address_changes group by all) l"
        " using (attestation, since, asset)"
        " where f.amount_before is not null and f.amount_after is not null and f.units_list is distinct from l.listed"
    )
    assert off == []


def test_usdt_of_htx_is_mostly_not_usdt(htx: Ask) -> None:
    """Looked through, receipt tokens count as the dollar they stand for."""
    (row,) = htx(
        "select reserves_claimed_units, reserves_claimed_through_units, counted_through from reserve_ratio"
        " where attestation = 'htx/2025-10-01' and asset = 'USDT'"
    )
    assert row[0] < row[1]
    assert "aEthUSDT" in row[2]


def test_summaries_of_htx_that_do_not_add_up_are_found(htx: Ask) -> None:
    """730.66 ETH for rows of 57,457.72, a lost digit of USDT on Tron, and a line of USDT on Ethereum that stayed the
    same for a second month.
    """
    found = {
        (attestation, label): (printed, summed)
        for attestation, label, printed, summed in htx(
            "select attestation, label, printed_units, summed_units from report_arithmetic where status = 'differs'"
        )
    }
    assert found["htx/2023-02-01", "USDT-TRC20"] == (Decimal("64050721.54"), Decimal("464050722.34"))
    assert found["htx/2023-02-01", "USDT(ALL)"] == (Decimal("604969837.3"), Decimal("204969839.3")), (
        "the group is right, its line is not"
    )
    assert found["htx/2025-05-01", "USDT-ERC20"] == (Decimal("20129646.99"), Decimal("120129647.10"))
    assert found["htx/2025-01-01", "ETH"] == (Decimal("730.66"), Decimal("57457.72"))
    assert found["htx/2024-04-01", "USDT-ETH"] == (Decimal("64542376.74"), Decimal("46942376.745"))
    assert found["htx/2024-05-01", "USDT-ETH"] == (Decimal("64542376.74"), Decimal("37932861.02"))
    assert len(found) == 47


def test_every_cell_over_the_months_of_htx_is_what_plain_python_makes_of_them(months: Lake) -> None:
    cells, told = differences(months)
    assert told == []
    assert cells > 100_000


def test_rows_that_stand_under_another_label_exceed_the_line_of_all(htx: Ask) -> None:
    """2024-05: 19,614,630.32 USDT on Optimism stand under ETH-Optimism; ETH(ALL) is the sum without that row."""
    found = {(attestation, asset): beyond for attestation, asset, beyond in htx(
        "select attestation, asset, units_beyond_own_total from reserve_ratio where contradicted_by_own_total"
    )}  # fmt: skip
    assert found["htx/2024-05-01", "ETH"] == Decimal("19614630.32")
    assert found["htx/2025-05-01", "USDT"] == Decimal("100000000.11")
    assert len(found) == 7
    for mart in ("asset_composition", "reserve_ratio", "net_flow"):
        assert htx(
            f"select distinct asset, units_beyond_own_total from {mart} where attestation = 'htx/2024-05-01' and "
            f"contradicted_by_own_total"
        ) == [("ETH", Decimal("19614630.32"))]
    assert htx("select contradicted_assets from dominance where attestation = 'htx/2024-05-01'") == [(["ETH"],)]
    sql = (
        "select label, status, under_other_label from report_arithmetic where under_other_label is not null order by 1"
    )
    assert htx(sql) == [
        ("ETH-Optimism", "no_total", "USDT-Optimism"), ("USDT-Optimism", "no_rows", "ETH-Optimism"),
    ]  # fmt: skip
