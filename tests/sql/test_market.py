"""An analyst's questions over the market side by side: twelve exchanges, three months, what is claimed at addresses and
what is published as totals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from porlake import pipeline, warehouse
from porlake.lake import Lake
from porlake.model import Balance, Claim, Ownership, Price, ReportFile
from porlake.reports import totals_csv
from recomputed import differences
from support import taken

Ask = Callable[[str], list[tuple[Any, ...]]]
ACCOUNTS = ["0x" + f"{n:040x}" for n in range(0x50, 0x58)]
CLOSING = ["2026-08-01", "2026-09-01", "2026-10-01"]  # they show the ends of July, August and September

#: At addresses: (label, account) and what lies there at each closing; None where the account is not listed.
CLAIMED: dict[str, dict[tuple[str, int], list[int | None]]] = {
    "okx": {("ETH", 0): [100, 100, 150], ("ETH", 1): [50, 50, 50], ("USDT", 2): [1000, 2000, 2000],
            ("OKB", 0): [10, 10, 10]},
    "htx": {("ETH", 3): [40, 40, 30], ("ETH", 4): [None, None, 64], ("USDT-ETH", 5): [500, 500, 900],
            ("HTX-ERC20", 3): [100, 100, 200]},
    "poloniex": {("ETH", 6): [8, 8, 8], ("USDT-ETH", 7): [100, 50, None]},
}  # fmt: skip
#: As totals: the days, and what is held on each.
PUBLISHED: dict[str, tuple[list[str], dict[str, list[int]]]] = {
    "binance": (CLOSING, {"BTC": [10, 10, 12], "ETH": [100, 100, 90], "BNB": [5, 5, 9]}),
    "bitfinex": (CLOSING, {"BTC": [4, 4, 3], "LEO": [60000, 60000, 60000]}),
    "kucoin": (["2026-07-31", "2026-08-31", "2026-09-30"], {"BTC": [1, 1, 1], "KCS": [20000, 20000, 20000]}),
    "crypto_com": (CLOSING, {"USDT": [1000, 1000, 4000], "CRO": [1, 1, 1]}),
    "deribit": (CLOSING[:2], {"BTC": [2, 2]}),
    "bybit": (CLOSING, {"ETH": [10, 10, 11]}),
    "bitget": (["2026-07-25", "2026-08-25", "2026-09-25"], {"USDT": [50, 50, 40]}),
    "gate": ([*CLOSING[:2], "2026-09-15", CLOSING[2]], {"BTC": [1, 1, 2, 4]}),
    "kraken": (CLOSING, {"ETH": [5, 5, 5]}),
}
OWED = {
    ("okx", "ETH"): [100, 120, 160], ("okx", "USDT"): [2500, 2500, 2500],
    ("binance", "BTC"): [10, 10, 12], ("binance", "ETH"): [100, 100, 100],
}  # fmt: skip
ONE = dict.fromkeys(("USDT", "OKB", "HTX", "BNB", "LEO", "KCS", "CRO"), 1)
#: US dollars, until a day.
PRICES = {
    date(2026, 8, 2): {"BTC": 100000, "ETH": 4000},
    date(2026, 9, 2): {"BTC": 80000, "ETH": 4000},
    date(2026, 9, 16): {"BTC": 70000, "ETH": 4000},
    date(2026, 10, 2): {"BTC": 60000, "ETH": 3000},
}


def files(folder: Path) -> Iterator[tuple[str, Path]]:
    """(exchange, file) in the order in which they are archived."""
    for exchange, held in CLAIMED.items():
        for number, day in enumerate(CLOSING):
            rows = [(*key, amounts[number]) for key, amounts in held.items() if amounts[number] is not None]
            if exchange == "okx":
                lines = [
                    "coin,Network,Snapshot Height,address,amount,message,signature1,signature2,"
                    "redeem script/ public key,eoa1,eoa2"
                ]
                lines += [f"{coin},ETH,19,{ACCOUNTS[at]},{amount},m,,,,," for coin, at, amount in rows]
            else:
                lines = ["coin,snapshot height,balance", "", "coin,address,snapshot height,balance,message,signature"]
                lines += [f"{coin},{ACCOUNTS[at]},19,{amount},-,-" for coin, at, amount in rows]
            path = folder / f"{exchange}_por_{day.replace('-', '')}.csv"
            path.write_text("\n".join(lines) + "\n")
            yield exchange, path
    totals = [
        f"{exchange},,{day},day,{asset},{amounts[number]},,,,,,,its page,"
        for exchange, (days, held) in PUBLISHED.items()
        for asset, amounts in held.items()
        for number, day in enumerate(days)
    ]
    owed = [
        f"{exchange},,{day},day,{asset},,,,{amounts[number]},,,,its page,"
        for (exchange, asset), amounts in OWED.items()
        for number, day in enumerate(CLOSING)
    ]
    path = folder / "totals.csv"
    path.write_text("\n".join([",".join(totals_csv.COLUMNS), *totals, *owed]) + "\n")
    yield "okx", path


def seen_and_signed(lake: Lake) -> None:
    """Every account of OKX is seen as claimed, and the first signs."""
    for report in {claim.report for claim in lake.rows(Claim, exchange="okx")}:
        claims = list(lake.rows(Claim, exchange="okx", report=report))
        signed = [
            Ownership(
                exchange="okx", report=report, source_row=claim.source_row, for_row=None, network=claim.network,
                asset=claim.asset, address=claim.address, scheme="eip191", verdict="proven", reason="eth_address",
                flags=[], signer=claim.address, message="m", binds=[],
            )
            for claim in claims
            if claim.address == ACCOUNTS[0]
        ]  # fmt: skip
        lake.write(Ownership, {"exchange": "okx", "report": report}, signed)
        balances = [
            Balance(
                exchange="okx", report=report, network=claim.network, asset=claim.asset, address=claim.address,
                component="total", amount=claim.amount or 0, height=19, method="call", source="made", as_of="exact",
                offset_seconds=0, confirmed_by=None,
            )
            for claim in sorted(claims, key=lambda claim: (claim.asset, claim.address))
        ]  # fmt: skip
        lake.write(Balance, {"exchange": "okx", "report": report, "network": "ethereum"}, balances)


def priced(lake: Lake) -> None:
    for file in {file.attestation: file for file in lake.rows(ReportFile)}.values():
        assert file.snapshot_day is not None
        prices = ONE | next(prices for until, prices in PRICES.items() if file.snapshot_day <= until)
        at = datetime(2026, 8, 1, tzinfo=UTC)
        rows = [
            Price(file.exchange, file.attestation, asset, "made", Decimal(usd), at, None)
            for asset, usd in sorted(prices.items())
        ]
        lake.write(Price, {"exchange": file.exchange, "attestation": file.attestation}, rows)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory, give_tables: Callable[[Lake], Lake]) -> Lake:
    folder = tmp_path_factory.mktemp("market")
    chosen = pipeline.session(folder / "lake", environ={})
    for exchange, path in files(folder):
        taken(chosen, exchange, path)
    seen_and_signed(chosen.lake)
    priced(chosen.lake)
    return give_tables(chosen.lake)


@pytest.fixture(scope="module")
def ask(lake: Lake) -> Ask:
    return lambda sql: warehouse.query(lake, sql)[1]


def test_every_cell_is_what_plain_python_makes_of_the_lake(lake: Lake) -> None:
    cells, told = differences(lake)
    assert told == []
    assert cells > 5_000


def test_every_exchange_has_a_row_for_each_month_and_none_for_one_without_a_report(ask: Ask) -> None:
    months = dict(
        ask("select exchange, list(strftime(month, '%Y-%m') order by month) from exchange_month group by all")
    )
    assert set(months) == set(CLAIMED) | set(PUBLISHED)
    assert len(months) == 12
    assert months.pop("deribit") == ["2026-07", "2026-08"]
    assert {tuple(of) for of in months.values()} == {("2026-07", "2026-08", "2026-09")}
    assert ask("select attestations, attestation, days from exchange_month where exchange = 'gate' order by month") == [
        (1, "gate/2026-08-01", None), (1, "gate/2026-09-01", 31), (2, "gate/2026-10-01", 30),
    ]  # fmt: skip


SEPTEMBER = "month = '2026-09-01'"


def test_who_saw_net_inflows_this_month(ask: Ask) -> None:
    """Units at the price of the snapshot before: neither bitcoin's fall to 60,000, nor HTX's new address, nor own
    tokens. Gate attests twice: a bitcoin at 80,000, then two at 70,000.
    """
    found = ask(
        f"select exchange, basis, usd_flow from exchange_month where {SEPTEMBER} and usd_flow > 0 order by 3 desc"
    )
    assert found == [
        ("gate", "published", Decimal(80000 + 2 * 70000)),
        ("okx", "claimed", Decimal(50 * 4000)),
        ("binance", "published", Decimal(2 * 80000 - 10 * 4000)),
        ("bybit", "published", Decimal(4000)),
        ("crypto_com", "published", Decimal(3000)),
    ]
    found = ask(
        f"select exchange, usd_flow, usd_list from exchange_month where {SEPTEMBER} and usd_flow <= 0 order by 1"
    )
    assert found == [
        ("bitfinex", Decimal(-80000), None), ("bitget", Decimal(-10), None),
        ("htx", Decimal(-10 * 4000 + 400), Decimal(64 * 3000)), ("kraken", Decimal(0), None),
        ("kucoin", Decimal(0), None), ("poloniex", Decimal(0), Decimal(-50)),
    ]  # fmt: skip
    unexplained = "usd_change <> usd_flow + usd_price + usd_cross + coalesce(usd_list, 0) + usd_own"
    assert ask(f"select exchange from exchange_month where {unexplained}") == []


def test_who_leans_on_a_token_of_its_own(ask: Ask) -> None:
    found = ask(
        "select exchange, share_own, cleanliness, cleanliness_defillama, cleanliness_cryptoquant from exchange_month "
        f"where {SEPTEMBER} and share_own > 0.1 order by 1"
    )
    assert found == [("bitfinex", 0.25, 0.75, 0.75, 0.75), ("kucoin", 0.25, 0.75, 0.75, 0.75)]


def test_who_holds_less_than_it_owes(ask: Ask) -> None:
    found = ask(
        "select exchange, ratio_btc, ratio_eth, ratio_usdt from exchange_month "
        f"where {SEPTEMBER} and least(ratio_btc, ratio_eth, ratio_usdt, ratio_usdc) < 1 order by 1"
    )
    assert found == [("binance", 1.0, 0.9, None), ("okx", None, 1.25, 0.8)]
    assert ask(f"select distinct ratio_usdc_null_reason from exchange_month where {SEPTEMBER}") == [("not_stated",)]


def test_whose_reserves_are_signed_for_and_seen_and_how_few_accounts_hold_them(ask: Ask) -> None:
    whole = 200 * 3000 + 2000 + 10
    found = ask(
        "select exchange, usd_signed_and_seen, share_signed_and_seen, share_signed_and_seen_null_reason, addresses "
        f"from exchange_month where {SEPTEMBER} and basis = 'claimed' order by 1"
    )
    assert found == [
        ("htx", None, None, "nothing_observed", 3),
        ("okx", Decimal(150 * 3000 + 10), (150 * 3000 + 10) / whole, None, 3),
        ("poloniex", None, None, "nothing_observed", 1),
    ]
    found = ask(
        "select c.exchange, c.accounts, c.largest_addresses[1], c.largest_usd[1] from concentration c "
        f"join exchange_month m using (attestation) where {SEPTEMBER} and c.asset = 'TOTAL' order by 1"
    )
    assert found == [
        ("htx", 3, ACCOUNTS[4], Decimal(64 * 3000)),
        ("okx", 3, ACCOUNTS[0], Decimal(150 * 3000 + 10)),
        ("poloniex", 1, ACCOUNTS[6], Decimal(8 * 3000)),
    ]


def test_what_customers_brought_and_which_accounts_came_and_went(ask: Ask) -> None:
    found = ask(
        "select exchange, asset, units_change, usd_flow, usd_price from liabilities_change "
        "where is_latest and since = 'previous' order by 1, 2"
    )
    assert found == [
        ("binance", "BTC", Decimal(2), Decimal(2 * 80000), Decimal(12 * -20000)),
        ("binance", "ETH", Decimal(0), Decimal(0), Decimal(100 * -1000)),
        ("okx", "ETH", Decimal(40), Decimal(40 * 4000), Decimal(160 * -1000)),
        ("okx", "USDT", Decimal(0), Decimal(0), Decimal(0)),
    ]
    found = ask(
        "select exchange, accounts, accounts_before, accounts_new, accounts_dropped from account_turnover "
        "where is_latest order by 1"
    )
    assert found == [("htx", 3, 2, 1, 0), ("okx", 3, 3, 0, 0), ("poloniex", 1, 2, 0, 1)]
