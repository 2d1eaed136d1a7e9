"""Binance's address files: two that are one statement, their names, custodians, and rows that are spoiled."""

from __future__ import annotations

import csv
import io
import random
from decimal import Decimal
from pathlib import Path

import pytest

from porlake import pipeline, registry, reports
from porlake.errors import BadStructure, ReportError, UnknownFormat
from porlake.model import Claim, Rejection
from porlake.reports import binance_csv
from reports.published import as_bundle, read, read_all, zipped
from reports.test_spoiled import parsed, spoiled

SHARED = Path(__file__).resolve().parents[3] / "shared"
HEADER = "coin,network,address,balance,Height,Third party custodian name\n"
ETH = "0x" + "11" * 20
ROW = f'ETH,ETH,{ETH},1.500000000000000000,25878704,""\n'
HOT, DEPOSIT = "PR01SEP26_HotCold.csv", "PR01SEP26_Deposit.csv"


def one(row: str, name: str = HOT) -> reports.Item:
    (item,) = read((HEADER + row).encode(), "binance", name)
    return item


# --- names and members ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "day"),
    [
        (HOT, "2026-09-01"), ("PR01SEP26_Deposit.csv", "2026-09-01"), ("PR22NOV22_HotCold.csv", "2022-11-22"),
        ("PR01SEP26_HotCold_sample.csv", "2026-09-01"), ("wallet_address_20260901.zip", "2026-09-01"),
        ("pr01apr26_hotcold.csv", "2026-04-01"), ("PR31FEB26_HotCold.csv", None), ("PR04JUL2026_HotCold.csv", None),
        ("SUPR01SEP26_HotCold.csv", None), ("wallet_address_202609011.zip", None), ("HotCold.csv", None),
        ("PR01SEPT26_HotCold.csv", None), ("wallet_address_20261301.zip", None),
    ],
)  # fmt: skip
def test_a_name_states_a_day_of_utc(name: str, day: str | None) -> None:
    found = binance_csv.snapshot_of(name)
    assert (found and str(found)) == day
    assert found is None or found.precision == "day"


def test_both_files_are_one_report_and_other_audits_are_others() -> None:
    files = {
        DEPOSIT: HEADER + ROW, HOT: HEADER + ROW, "PR01AUG26_HotCold.csv": HEADER + ROW, "README.txt": "hello"
    }  # fmt: skip
    bundle = as_bundle({name: text.encode() for name, text in files.items()}, "binance")
    found, others = reports.recognised(bundle)
    assert [[(member.name, member.role) for member in report.members] for _, report in found] == [
        [(HOT, "hotcold"), (DEPOSIT, "deposit")],
        [("PR01AUG26_HotCold.csv", "hotcold")],
    ]
    assert [member.name for member in others] == ["README.txt"]


def test_deposits_that_could_belong_to_two_lists_of_wallets_stop_the_file() -> None:
    names = [HOT, "HotCold_HotCold.csv", DEPOSIT]
    with pytest.raises(BadStructure, match="could belong to each of"):
        read_all({name: (HEADER + ROW).encode() for name in names}, "binance")


def test_a_name_that_says_no_role_is_asked_for() -> None:
    with pytest.raises(BadStructure, match=r"f\.csv.*says neither HotCold nor Deposit"):
        read((HEADER + ROW).encode(), "binance", "f.csv")


def test_a_file_of_another_audit_than_its_archive_is_refused() -> None:
    member = reports.Member("PR01AUG26_HotCold.csv", io.BytesIO((HEADER + ROW).encode()))
    bundle = reports.Bundle((member,), "wallet_address_20260901.zip", "binance")
    with pytest.raises(BadStructure, match="a file of 2026-08-01, in wallet_address_20260901.zip"):
        reports.recognised(bundle)
    assert reports.recognised(reports.Bundle((member,), "wallet_address_20260801.zip", "binance"))[0]


# --- structure --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("header", "why"),
    [
        (HEADER.strip() + ",memo\n", "unknown column 'memo'"),
        (HEADER.replace("Height,", ""), "a header with the columns"),
        (HEADER.replace("coin,network", "network,coin"), "a header with the columns"),
    ],
)
def test_columns_that_nobody_told_us_of_stop_the_file(header: str, why: str) -> None:
    with pytest.raises(BadStructure, match=why):
        read((header + ROW).encode(), "binance", HOT)


def test_a_file_of_a_header_alone_is_refused() -> None:
    with pytest.raises(BadStructure, match="a header and no rows"):
        read(HEADER.encode(), "binance", HOT)


def test_a_file_of_someone_else_is_not_taken() -> None:
    with pytest.raises(UnknownFormat):
        read(b"coin,network,address,balance\nETH,ETH,0x,1\n", "binance", HOT)


# --- rows -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("cell", "custodian"),
    [('""', None), ("", None), ("-", None), ("null", None), ("Ceffu", "Ceffu"), ('"Bank, Inc."', "Bank, Inc.")],
)
def test_a_name_in_the_last_column_is_the_custodian(cell: str, custodian: str | None) -> None:
    row = one(ROW.replace('""', cell))
    assert isinstance(row, reports.Published)
    assert (row.custodian, row.holding) == (custodian, "custody" if custodian else "wallet")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (ROW.replace("ETH,ETH", "ETH,MOON"), "unknown_network"),
        (ROW.replace("ETH,ETH", "MOON,ETH"), "unknown_asset"),
        (ROW.replace("ETH,ETH", "ETH,"), "unknown_network"),
        (ROW.replace("ETH,ETH", ",ETH"), "unknown_asset"),
        (ROW.replace("25878704", "head"), "bad_height"),
        (ROW.replace("25878704", "-1"), "bad_height"),
        (ROW.strip() + ",x\n", "ragged"),
        ("ETH,ETH\n", "ragged"),
        (ROW.replace('""', '"Ceffu'), "bad_quoting"),
        (ROW.replace("ETH,", "E\0H,"), "nul_byte"),
    ],
)
def test_a_row_that_cannot_be_read_says_why(row: str, reason: str) -> None:
    found = one(row)
    assert isinstance(found, reports.Refused)
    assert found.reason == reason


#: Network codes of Binance's list of addresses, and what they are (DefiLlama's reader of it, 2026).
CODES = {
    "BTC": "bitcoin", "ETH": "ethereum", "BEP20": "bsc", "BSC": "bsc", "CELO": "celo", "CHZ2": "chiliz",
    "HBAR": "hedera", "TRX": "tron", "TRON": "tron", "AVAX": "avalanche_c", "AVAXC": "avalanche_c", "ARB": "arbitrum",
    "ARBITRUM": "arbitrum", "LTC": "litecoin", "MATIC": "polygon", "OP": "optimism", "OPTIMISM": "optimism",
    "RON": "ronin", "XRP": "xrp_ledger", "SOL": "solana", "DOT": "polkadot", "ALGO": "algorand", "APT": "aptos",
    "FTM": "fantom", "BASE": "base", "ERA": "zksync_era", "ZKSYNCERA": "zksync_era", "MANTA": "manta", "SUI": "sui",
    "TON": "ton", "STK": "starknet", "STARKNET": "starknet", "OPBNB": "opbnb", "NEAR": "near", "DOGE": "dogecoin",
    "XLM": "stellar", "SCROLL": "scroll", "SONIC": "sonic", "PLASMA": "plasma",
}  # fmt: skip


@pytest.mark.parametrize("code", CODES)
def test_every_network_code_is_told_by_a_row(code: str) -> None:
    found = registry.load().label("binance", "USDT", code)
    assert (found.network, found.asset) == (CODES[code], "USDT")
    assert found.remark in ("", "asset_not_on_network")


@pytest.mark.parametrize(("coin", "asset"), [("BTC", "BTCB"), ("ETH", "ETH.PEG"), ("BNB", "BNB"), ("USDT", "USDT")])
@pytest.mark.parametrize("code", ["BSC", "BEP20"])
def test_what_binance_pegs_itself_is_no_coin_of_its_own_chain(coin: str, code: str, asset: str) -> None:
    assert registry.load().label("binance", coin, code).asset == asset


def test_the_real_rows_are_read_to_the_base_unit() -> None:
    path = SHARED / "data" / "files" / "PR01SEP26_HotCold_sample.csv"
    if not path.exists():
        pytest.skip("the real files are not beside the project")
    found = read_all({path.name: path.read_bytes()}, "binance")
    with path.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(found) == len(rows) == 8
    for number, (item, row) in enumerate(zip(found, rows, strict=True), 2):
        assert isinstance(item, reports.Published)
        assert (item.source_row, item.network, item.asset) == (number, "ethereum", "1INCH")
        assert (item.address, item.amount, str(item.height)) == (row["address"], row["balance"], row["Height"])
        assert (item.custodian or "") == row["Third party custodian name"]


# --- from the archive as published to the lake ------------------------------------------------------------------------
def test_the_published_archive_becomes_one_report(tmp_path: Path) -> None:
    place = tmp_path / "wallet_address_20260901.zip"
    more = f"BTC,BTC,143gLvWYUojXaWZRrxquRKpVNTkhmr415B,0.00000001,964957,Ceffu\nBTC,BTC,{'1' * 34},1,1,\n"
    place.write_bytes(
        zipped({f"x/{DEPOSIT}": (HEADER + ROW).encode(), f"x/{HOT}": (HEADER + more).encode()}).getvalue()
    )
    chosen = pipeline.session(tmp_path / "lake", environ={})
    (report,) = pipeline.archive(chosen, "binance", str(place))
    pipeline.parse(chosen, report)
    file = chosen.lake.report(report)
    assert (file.attestation, file.statement, file.content) == (
        "binance/2026-09-01",
        "binance/binance_csv",
        "addresses",
    )
    assert [(row.member, row.asset, row.amount, row.holding, row.custodian) for row in chosen.lake.rows(Claim)] == [
        (0, "BTC", 1, "custody", "Ceffu"),
        (1, "ETH", 15 * 10**17, "wallet", None),
    ]
    assert [(row.member, row.source_row, row.reason) for row in chosen.lake.rows(Rejection)] == [
        (0, 3, "address_bad_checksum")
    ]


# --- spoiled rows -----------------------------------------------------------------------------------------------------
GOOD = HEADER + (
    ROW
    + f"USDT,BSC,0x{'2b' * 20},0.000000000000000001,60000000,Ceffu\n"
    + "USDT,TRX,TZ1SsapyhKNWaVLca6P2qgVzkHTdk6nkXa,5.000000000000000000,70000000,\n"
    + "BTC,BTC,143gLvWYUojXaWZRrxquRKpVNTkhmr415B,12.345678900000000000,964957,-\n"
)


def test_no_spoiled_row_becomes_a_wrong_number() -> None:
    """Whatever is claimed is what a plain reader of CSV and decimals finds in that line."""
    read_well = 0
    for seed in range(400):
        content = spoiled(GOOD.encode(), random.Random(seed))
        try:
            claims = parsed({HOT: content}, "binance")["claim"]
        except ReportError:
            continue
        lines = content.split(b"\n")
        for claim in claims:
            assert isinstance(claim, Claim)
            cells = next(csv.reader([lines[claim.source_row - 1].decode().replace("\r", " ")]))
            label, network, address, amount, height, custodian = (cell.strip() for cell in cells)
            known = registry.load().label("binance", label, network)
            assert (claim.network, claim.asset, claim.address_published) == (known.network, known.asset, address)
            assert claim.amount is not None
            assert Decimal(claim.amount).scaleb(-registry.load().assets[claim.asset].scale) == Decimal(amount)
            assert claim.snapshot_height == (int(height) if height.isdigit() else None)
            assert (claim.holding == "custody") == (custodian not in ("", "-", "null", "\\N"))
            read_well += 1
    assert read_well > 800
