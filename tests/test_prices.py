"""Prices: recorded answers of DefiLlama's form, one's own list, and what is no price."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from porlake import pipeline, prices, registry
from porlake.errors import BadAnswer, ConfigurationError
from porlake.model import Claim, Liability, Price
from porlake.transport import Recording

AT = datetime(2024, 3, 25, tzinfo=UTC)
BTC = registry.load().assets["BTC"]
ETH = registry.load().assets["ETH"]


def recorded(folder: Path, coins: Any, *assets: registry.Asset) -> Recording:
    """A recording whose one answer is `coins`, kept as the recorder keeps it."""
    keys = ",".join(sorted({asset.price_id for asset in assets}))
    recording = Recording.record(folder)
    recording.answer(
        "prices",
        "get",
        f"/prices/historical/{int(AT.timestamp())}/{keys}?searchWidth=4h",
        "coins.llama.fi",
        lambda: {"coins": coins},
    )
    return Recording.replay(folder)


def test_a_price_keeps_its_digits_and_its_time(tmp_path: Path) -> None:
    coin = {BTC.price_id: {"price": Decimal("67234.123456789012345"), "timestamp": int(AT.timestamp()) + 60}}
    (quote,) = prices.from_defillama([BTC], AT, recorded(tmp_path, coin, BTC))
    assert (quote.usd, quote.priced_at, quote.reason) == (
        Decimal("67234.123456789012"),
        AT + timedelta(seconds=60),
        None,
    )


@pytest.mark.parametrize(
    ("coin", "reason"),
    [
        (None, "no_price"),
        ({"price": 1, "timestamp": int(AT.timestamp()) - 7 * 3600}, "too_far"),
        ({"price": 0, "timestamp": int(AT.timestamp())}, "not_a_price"),
        ({"price": -1, "timestamp": int(AT.timestamp())}, "not_a_price"),
        ({"price": Decimal("1e-13"), "timestamp": int(AT.timestamp())}, "too_small"),
    ],
)
def test_what_is_no_price_is_null_with_its_reason(coin: Any, reason: str, tmp_path: Path) -> None:
    (quote,) = prices.from_defillama([BTC], AT, recorded(tmp_path, {BTC.price_id: coin} if coin else {}, BTC))
    assert (quote.usd, quote.reason) == (None, reason)


def test_an_asset_without_a_key_is_not_asked_for(tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    (quote,) = prices.from_defillama([replace(BTC, price_id="")], AT, Recording.replay(tmp_path / "nothing"))
    assert quote.reason == "no_price_id"


NOW = int(AT.timestamp())
ODD = [
    [], {}, "x", 7, True, {"price": "1", "timestamp": NOW}, {"price": 1}, {"price": True, "timestamp": NOW},
    {"price": None, "timestamp": NOW},
    {"price": {}, "timestamp": NOW}, {"price": [1], "timestamp": NOW}, {"price": 1, "timestamp": "x"},
    {"price": 1, "timestamp": str(NOW)},
    {"price": 1, "timestamp": True}, {"price": 1, "timestamp": Decimal(NOW)}, {"price": 1, "timestamp": 2**63},
    {"price": 1, "timestamp": -1},
    {"price": Decimal("1e999999"), "timestamp": NOW}, {"price": Decimal("1e-999999"), "timestamp": NOW},
    {"price": 10**4000, "timestamp": NOW},
]  # fmt: skip


@pytest.mark.parametrize("coin", ODD, ids=repr)
def test_a_coin_of_another_form_costs_its_own_price(coin: Any, tmp_path: Path) -> None:
    coins = {BTC.price_id: coin, ETH.price_id: {"price": Decimal("3500.5"), "timestamp": NOW}}
    quotes = {
        quote.asset: quote for quote in prices.from_defillama([BTC, ETH], AT, recorded(tmp_path, coins, BTC, ETH))
    }
    assert (quotes["BTC"].usd, quotes["BTC"].priced_at, quotes["BTC"].reason) == (None, None, "bad_answer")
    assert quotes["ETH"].usd == Decimal("3500.5")


@pytest.mark.parametrize("coins", [None, [], "x", 7])
def test_an_answer_without_coins_stops(coins: Any, tmp_path: Path) -> None:
    with pytest.raises(BadAnswer, match=r"coins\.llama\.fi"):
        prices.from_defillama([BTC], AT, recorded(tmp_path, coins, BTC))


@pytest.mark.parametrize(("seconds", "reason"), [(6 * 3600 - 1, None), (6 * 3600, None), (6 * 3600 + 1, "too_far")])
def test_how_far_a_price_may_lie(seconds: int, reason: str | None, tmp_path: Path) -> None:
    (quote,) = prices.from_defillama(
        [BTC], AT, recorded(tmp_path, {BTC.price_id: {"price": 1, "timestamp": NOW - seconds}}, BTC)
    )
    assert (quote.usd is None, quote.reason) == (reason is not None, reason)


def test_a_list_of_ones_own_takes_the_nearest_in_time(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(
        "asset,usd,priced_at,source\nBTC,1,2024-03-24T20:00,desk\nBTC,2,2024-03-24T23:00,desk\nBTC,4,2024-03-20,desk\nBTC,8,2024-03-25T01:30,other\nXRP,16,2024-03-25,desk\n"
    )
    found = prices.from_csv(path, [BTC, ETH], AT)
    assert {(quote.asset, quote.source, quote.usd) for quote in found} == {
        ("BTC", "desk", Decimal(2)),
        ("BTC", "other", Decimal(8)),
    }


@pytest.mark.parametrize(("seconds", "taken"), [(12 * 3600 - 1, True), (12 * 3600, True), (12 * 3600 + 1, False)])
def test_a_price_a_day_is_near_enough_to_any_moment(seconds: int, taken: bool, tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(f"asset,usd,priced_at,source\nBTC,1,{(AT + timedelta(seconds=seconds)).isoformat()},desk\n")
    assert bool(prices.from_csv(path, [BTC], AT)) == taken


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("asset,usd\nBTC,1\n", ":1: the header"),
        ("asset,usd,priced_at,source\nBTC,1,2024-03-25,desk\nBTC,x,2024-03-25,desk\n", ":3: a price"),
        ("asset,usd,priced_at,source\nBTC,1,soon,desk\n", ":2: a price"),
        ("asset,usd,priced_at,source\nBTC\n", ":2: a row of other than 4"),
        ("asset,usd,priced_at,source\nBTC,1,2024-03-25,desk,x\n", ":2: a row of other than 4"),
        *[
            (
                f"asset,usd,priced_at,source\nBTC,1,2024-03-25,desk\nBTC,{usd},2024-03-25T01:00,desk\n",
                ":3: a price or time",
            )
            for usd in (
                "NaN",
                "Infinity",
                "1e999999",
                "1e3",
                "-1",
                "+1",
                "1_000",
                "１",
                "٣",
                " 1",
                "",
                "true",
                "0x1",
                "1" * 200,
            )
        ],
        *[
            (f"asset,usd,priced_at,source\nBTC,1,{time},desk\n", ":2: a price or time")
            for time in (
                "",
                "2024-W13-1",
                "20240325",
                "2024-02-30",
                "0000-01-01",
                "2024-03-25T25:00",
                "２０２４-03-25",
                "1711324800",
                "0001-01-01T00:00+14:00",
            )
        ],
        ("asset,usd,priced_at,source\nBTC,1,2024-03-25,\n", ":2: a price names its asset"),
        ("asset,usd,priced_at,source\n,1,2024-03-25,desk\n", ":2: a price names its asset"),
        ("asset,usd,priced_at,source\nBTC,1,2024-03-25,coins.llama.fi\n", ":2: a price names its asset"),
        (
            "asset,usd,priced_at,source\nBTC,1,2024-03-25,desk\nBTC,2,2024-03-25T00:00Z,desk\n",
            ":3: BTC of desk has another price",
        ),
        ('asset,usd,priced_at,source\n"BTC,1,2024-03-25,desk\n', "cannot be read as a price list"),
        ("", ":1: the header"),
    ],
)
def test_a_bad_line_of_ones_own_list_is_named(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=said):
        prices.from_csv(path, [BTC], AT)


def test_a_list_that_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path, tmp_path / "pipe", tmp_path / "nothing.csv", Path("a\0b")):
        with pytest.raises(ConfigurationError):
            prices.from_csv(place, [BTC], AT)


def test_every_asset_that_reports_name_has_a_price_row(month: Path) -> None:
    from porlake.lake import Lake

    lake = Lake(month)
    named = {row.asset for row in lake.rows(Claim, exchange="okx")} | {
        row.asset for row in lake.rows(Liability, exchange="okx")
    }
    priced = {row.asset: row for row in lake.rows(Price, exchange="okx", attestation="okx/2024-03-25")}
    assert named <= set(priced)
    assert all((row.usd is None) == bool(row.reason) for row in priced.values())
    assert json.dumps(sorted(asset for asset, row in priced.items() if row.usd is None))


def test_what_a_wrapped_token_stands_for_is_priced_too(tmp_path: Path, silent_recording: Path) -> None:
    """A file that names Aave's token of USDT and no USDT: the token is valued as its underlying."""
    (tmp_path / "huobi_por_20240701.csv").write_text(
        "coin,snapshot height,balance\nUSDT-aEthUSDT,1,1\n\ncoin,address,snapshot height,balance,message,signature\n"
        f"USDT-aEthUSDT,0x{1:040x},1,1,-,-\n"
    )
    chosen = pipeline.session(tmp_path / "lake", environ={}, replay=silent_recording)
    (report,) = pipeline.archive(chosen, "htx", str(tmp_path / "huobi_por_20240701.csv"))
    pipeline.parse(chosen, report)
    pipeline.price(chosen, ["htx/2024-07-01"], give_up=True)
    assert {row.asset for row in chosen.lake.rows(Price)} == {"aEthUSDT", "USDT"}
