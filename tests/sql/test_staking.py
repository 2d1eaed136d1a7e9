"""OKX's staking file beside its wallet file: validators count where the file's own sums count them, else they are parts
of an account's holding.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from porlake import pipeline, warehouse
from porlake.lake import Lake
from porlake.model import Balance, OwnerLink
from recomputed import differences
from support import taken

HEADER = (
    "coin,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script/ public key,eoa1,eoa2\n"
)
STAKING = "deposit address,validator publickey,amount,withdrawal address\n"
OWNER, OTHER, CONTRACT = ("0x" + digits * 20 for digits in ("a1", "a2", "c0"))
KEYS = ["0x" + f"{number:096x}" for number in range(1, 5)]
HEIGHT = 25_345_500
ETH, GWEI = 10**18, 10**9
#: Of OWNER 96 coins are withdrawn to itself and 32, that it deposited, to a contract; nothing is known of OTHER's
#: stake.
VALIDATORS = "".join(f"{OWNER},{key},32,{to}\n" for key, to in zip(KEYS, (OWNER, OWNER, OWNER, CONTRACT), strict=True))
#: By month: the total that is printed above the wallets, where 100 lie with OWNER and 7 with OTHER, and 128 are staked.
MONTHS = {"2026-04-20": "107", "2026-05-07": "235", "2026-06-19": "150"}

Ask = Callable[[str], list[tuple[Any, ...]]]


def put(folder: Path, day: str, total: str) -> Path:
    stamp = day.replace("-", "") + "00"
    path = folder / f"por_csv_{stamp}_V1.zip"
    rows = "".join(f"ETH,ETH,{HEIGHT},{account},{amount},,,,,,\n" for account, amount in ((OWNER, "100"), (OTHER, "7")))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"okx_por_eth_staking_{stamp}_V1.csv", f"coin,amount\nETH,128\n\n{STAKING}{VALIDATORS}")
        archive.writestr(f"okx_por_{stamp}_V1.csv", f"coin,amount\nETH,{total}\n\n{HEADER}{rows}")
        archive.writestr(".DS_Store", b"\0\0\0\1Bud1")
    return path


def seen(report: str, network: str, address: str, amount: int) -> Balance:
    return Balance("okx", report, network, "ETH", address, "total", amount, HEIGHT, "made", "made", "exact", 0)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory, give_tables: Callable[[Lake], Lake]) -> Lake:
    folder = tmp_path_factory.mktemp("staking")
    chosen = pipeline.session(folder / "lake", environ={})
    for day, total in MONTHS.items():
        (report,) = taken(chosen, "okx", put(folder, day, total), verified=True)
        partition = {"exchange": "okx", "report": report}
        liquid = [seen(report, "ethereum", OWNER, 4 * ETH), seen(report, "ethereum", OTHER, 7 * ETH)]
        chosen.lake.write(Balance, partition | {"network": "ethereum"}, liquid)
        if day != "2026-06-19":  # what nobody read is not zero
            held = [seen(report, "ethereum_beacon", key, 32 * ETH) for key in KEYS]
            chosen.lake.write(Balance, partition | {"network": "ethereum_beacon"}, held)
            links = [
                OwnerLink(
                    "okx",
                    report,
                    "ethereum_beacon",
                    key,
                    to,
                    "withdrawal_credentials",
                    True,
                    1,
                    1,
                    "0x01",
                    HEIGHT,
                    "made",
                    "made",
                )
                for key, to in zip(KEYS, (OWNER, OWNER, OWNER, CONTRACT), strict=True)
            ]
            chosen.lake.write(OwnerLink, partition | {"network": "ethereum_beacon"}, links)
    return give_tables(chosen.lake)


@pytest.fixture(scope="module")
def ask(lake: Lake) -> Ask:
    return lambda sql: warehouse.query(lake, sql)[1]


def test_every_cell_is_what_plain_python_makes_of_the_files(lake: Lake) -> None:
    assert differences(lake)[1] == []


def test_the_files_own_sums_say_whether_validators_count(ask: Ask) -> None:
    assert ask(
        "select attestation, validators, listed, printed, wallet_rows, basis from staging.stg_staking order by 1"
    ) == [
        ("okx/2026-04-20", 4, 128 * ETH, 107 * ETH, 107 * ETH, "within_wallets"),
        ("okx/2026-05-07", 4, 128 * ETH, 235 * ETH, 107 * ETH, "in_addition"),
        ("okx/2026-06-19", 4, 128 * ETH, 150 * ETH, 107 * ETH, "undecided"),
    ]


def test_no_staked_coin_is_counted_twice(ask: Ask) -> None:
    found = ask(
        "select attestation, reserves_claimed, reserves_onchain from reserve_ratio where asset = 'ETH' order by 1"
    )
    assert found == [
        ("okx/2026-04-20", 107 * ETH, (4 + 96 + 7) * ETH),
        ("okx/2026-05-07", 235 * ETH, (4 + 7 + 128) * ETH),
        ("okx/2026-06-19", 107 * ETH, 7 * ETH),
    ]


def test_an_accounts_row_shows_what_lies_there_and_what_its_validators_hold(ask: Ask) -> None:
    parts = (
        f"select component, amount / {ETH} from staging.stg_balance where attestation = $day and address = "
        f"'{OWNER}' order by 1"
    )
    assert ask(parts.replace("$day", "'okx/2026-04-20'")) == [
        ("liquid", 4),
        ("liquid_and_validators", 132),
        ("total", 100),
        ("validator", 128),
    ]
    assert ask(parts.replace("$day", "'okx/2026-05-07'")) == [("total", 4)]
    assert ask(parts.replace("$day", "'okx/2026-06-19'")) == [("liquid", 4)]


def test_a_claim_is_told_by_what_it_means(ask: Ask) -> None:
    shown = (
        "select attestation, status, matching_component, unobserved_reason from core_observation where "
        "address = $account order by 1"
    )
    assert ask(shown.replace("$account", f"'{OWNER}'")) == [
        ("okx/2026-04-20", "matched", "total", None),
        ("okx/2026-05-07", "differing", None, None),
        ("okx/2026-06-19", "unobserved", None, "validators_unobserved"),
    ]
    assert [row[1] for row in ask(shown.replace("$account", f"'{OTHER}'"))] == ["matched"] * 3


def test_validators_that_count_are_unsigned_claims_of_their_own(ask: Ask) -> None:
    counted = (
        "select attestation, address, holding, final_verdict, amount from core_claim where network = "
        "'ethereum_beacon' order by 1, 2"
    )
    assert ask(counted) == [("okx/2026-05-07", key, "native_staking", "unsigned", 32 * ETH) for key in KEYS]


def test_the_mart_shows_the_validators_beside_the_claims(ask: Ask) -> None:
    columns = "attestation, validators, validators_claimed, validators_onchain, validators_count_as"
    assert ask(
        f"select {columns} from balance_reconciliation where network = 'ethereum' and asset = 'ETH' order by 1"
    ) == [
        ("okx/2026-04-20", 4, 128 * ETH, 128 * ETH, "within_wallets"),
        ("okx/2026-05-07", 4, 128 * ETH, 128 * ETH, "in_addition"),
        ("okx/2026-06-19", 4, 128 * ETH, None, "undecided"),
    ]


def test_each_total_is_compared_with_the_rows_that_it_means(ask: Ask) -> None:
    found = ask("select attestation, member, printed_units, summed_units, status from report_arithmetic order by 1, 2")
    assert [(row[0][-5:], row[1], int(row[2]), int(row[3]), row[4]) for row in found] == [
        ("04-20", 0, 107, 107, "equal"), ("04-20", 1, 128, 128, "equal"),
        ("05-07", 0, 235, 235, "equal"), ("05-07", 1, 128, 128, "equal"),
        ("06-19", 0, 150, 107, "differs"), ("06-19", 1, 128, 128, "equal"),
    ]  # fmt: skip
