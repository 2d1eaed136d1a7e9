"""OKX's layouts: structure, rows, and the staking file beside the wallets."""

from __future__ import annotations

from typing import Any

import pytest

from porlake import reports
from porlake.errors import BadStructure
from porlake.reports import okx_csv
from reports.published import ETH, KEY, OKX_ROWS, STAKING, as_bundle, read, read_all


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (OKX_ROWS.strip() + ",color\nETH\n", "unknown column 'color'"),
        (OKX_ROWS.replace("amount,", "") + "ETH\n", "header with the columns"),
        (OKX_ROWS, "no rows"),
        ("coin,amount,color\nBTC,1,2\n\n" + OKX_ROWS + "x\n", "unknown column 'color'"),
        ("coin,address,snapshot height,balance,message,signature,more\nx\n", "unknown column 'more'"),
        ("coin,address,snapshot height,balance,message,signature\n", "no rows"),
        ("coin,address,balance,message,signature\nx\n", "header with the columns"),
    ],
)
def test_a_structure_that_is_not_understood_stops_the_file(content: str, why: str) -> None:
    with pytest.raises(BadStructure, match=why):
        read(content.encode())


def named(*names: str) -> reports.Bundle:
    return as_bundle(
        {
            name: STAKING + b"x" if "staking" in name else OKX_ROWS.encode() if name.endswith(".csv") else b"hello"
            for name in names
        }
    )


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (
            ["okx_por_eth_staking_2026070700_V3.csv", "okx_por_2026070700_V3.csv"],
            [["okx_por_2026070700_V3.csv", "okx_por_eth_staking_2026070700_V3.csv"]],
        ),
        (
            ["okx_por.csv", "okx_por_eth_staking_2026070700.csv"],
            [["okx_por.csv", "okx_por_eth_staking_2026070700.csv"]],
        ),
        (
            ["okx_por_2026070700.csv", "okx_por_eth_staking_2026060700.csv"],
            [["okx_por_2026070700.csv"], ["okx_por_eth_staking_2026060700.csv"]],
        ),
        (
            ["okx_por_2026070700.csv", "okx_por_2026060700.csv", "okx_por_eth_staking_2026060700.csv", ".DS_Store"],
            [["okx_por_2026070700.csv"], ["okx_por_2026060700.csv", "okx_por_eth_staking_2026060700.csv"]],
        ),
    ],
)
def test_the_format_says_which_files_are_one_report(names: list[str], expected: list[list[str]]) -> None:
    found, others = reports.recognised(named(*names))
    assert [[member.name for member in bundle.members] for _, bundle in found] == expected
    assert [member.name for member in others] == [name for name in names if not name.endswith(".csv")]


def test_a_staking_file_that_two_wallet_files_could_have_is_refused() -> None:
    with pytest.raises(BadStructure, match=r"of one file \(wallets\), and could belong to each of a\.csv, b\.csv"):
        reports.recognised(named("a.csv", "b.csv", "okx_por_eth_staking.csv"))


def test_validators_have_the_height_of_the_wallets_of_their_coin_where_it_is_one() -> None:
    def heights(*wallets: str) -> set[int | None]:
        files = {"w.csv": (OKX_ROWS + "".join(wallets)).encode(), "s.csv": STAKING + f"{ETH},{KEY},32,{ETH}\n".encode()}
        return {item.height for item in read_all(files) if isinstance(item, reports.Published) and item.member == 1}

    assert heights(f"ETH,ETH,77,{ETH},1,m,s,,\n", f"USDT-ERC20,ETH,78,{ETH},1,m,s,,\n") == {77}
    assert heights(f"ETH,ETH,77,{ETH},1,m,s,,\n", f"ETH,ETH,78,{ETH},1,m,s,,\n") == {None}
    assert heights(f"USDT-ERC20,ETH,78,{ETH},1,m,s,,\n") == {None}


@pytest.mark.parametrize(
    ("top", "expected"),
    [
        ("", []),
        ("ETH,64", [("ETH", "64")]),
        ("Staked coin,Total\nETH staking,64", [("ETH staking", "64")]),
        ("coin,amount\nETH(ALL),64\nSOL,1", [("ETH(ALL)", "64"), "ragged"]),
    ],
)
def test_the_block_above_the_validators_holds_their_total(top: str, expected: list[Any]) -> None:
    found = read(
        f"{top}\n\ndeposit address,validator publickey,amount,withdrawal address\n{ETH},{KEY},32,{ETH}\n".encode()
    )
    lines = [item for item in found if not isinstance(item, reports.Published)]
    assert [
        (item.label, item.amount) if isinstance(item, reports.Summary) else item.reason for item in lines
    ] == expected


@pytest.mark.parametrize("cell", ["Native Staking", "native staking", "Native ETH Staking", "NATIVE-ETH-STAKING"])
def test_native_staking_is_told_by_each_of_its_names(cell: str) -> None:
    rows = OKX_ROWS.replace("coin,", "coin,Type,") + f"ETH,{cell},ETH,1,{KEY},32,m,,,\n"
    (item,) = read(rows.encode())
    assert isinstance(item, reports.Published)
    assert (item.holding, item.network) == ("native_staking", "ethereum_beacon")


def test_a_lone_carriage_return_stays_in_its_cell() -> None:
    (item,) = read((OKX_ROWS + f'ETH,ETH,1,{ETH},1,"m\r=HYPERLINK(A1)",s,,\r\n').encode())
    assert isinstance(item, reports.Published)
    assert (item.message, item.source_row) == ("m\r=HYPERLINK(A1)", 2)


@pytest.mark.parametrize("name", okx_csv.LAYOUTS)
def test_a_row_has_the_cells_of_its_layout_and_may_leave_off_the_owners(name: str) -> None:
    columns, least = okx_csv.LAYOUTS[name]
    theirs = {ours: text for text, ours in okx_csv.COLUMNS.items()}
    if name.startswith("auditor"):
        theirs |= {"label": "digitalAsset", "signature1": "signedMessage", "key": "publicKey"}
    cells = {
        "label": "ETH",
        "network": "ETH",
        "chain": "ETH",
        "height": "1",
        "address": ETH,
        "amount": "1",
        "status": "5",
    }
    for count in (least - 1, least, len(columns), len(columns) + 1):
        row = [cells.get(column, "") for column in columns] + ["x"]
        head = ",".join(theirs[column] for column in columns)
        item = read(f"{head}\n{','.join(row[:count])}\n".encode())[-1]
        is_ragged = isinstance(item, reports.Refused) and item.reason == "ragged"
        assert is_ragged == (not least <= count <= len(columns)), (count, item)


@pytest.mark.parametrize(("digits", "network"), [(95, "ethereum"), (96, "ethereum_beacon"), (97, "ethereum")])
def test_where_nobody_knows_the_type_a_key_of_48_bytes_tells_a_validator(digits: int, network: str) -> None:
    rows = OKX_ROWS.replace("coin,", "coin,Type,") + f"ETH,moon,ETH,1,0x{'a' * digits},32,m,,,\n"
    (item,) = read(rows.encode())
    assert isinstance(item, reports.Refused)
    assert (item.reason, item.network) == ("unknown_type", network)


SEVEN = "coin,amount\nBTC,{total}\n\ncoin,address,amount,message,signature1,signature2,redeem script/ public key\n"


@pytest.mark.parametrize(
    ("total", "rows", "unit"),
    [
        ("1.5", ["1", "0.5"], "coin"),  # a fraction
        ("100", ["99.5"], "coin"),  # a fraction decides, whatever the total
        ("15", ["7", "8"], "coin"),  # the sum is the total
        ("15.1", ["7", "8"], "unknown"),  # off by one of its last digit
        ("15.09", ["7", "8"], "unknown"),
        ("14", ["7", "8"], "unknown"),
        ("0.15", ["7000000", "8000000"], "base"),  # 15,000,000 satoshi
        ("0.16", ["7000000", "8000000"], "unknown"),
        ("0.15", ["7000000", "8999999"], "base"),  # less than its last digit off
        ("0.15", ["7000000", "9000000"], "unknown"),
        ("0.15", ["7000000", "7000001"], "base"),
        ("0.15", ["7000000", "7000000"], "unknown"),
        ("7", ["0", "0"], "coin"),
    ],
)
def test_rows_of_2022_are_in_coins_or_base_units_as_their_total_shows(total: str, rows: list[str], unit: str) -> None:
    text = SEVEN.format(total=total) + "".join(f"BTC,1x,{amount},m,s,,\n" for amount in rows)
    found = [item.unit for item in read(text.encode()) if isinstance(item, reports.Published)]
    assert found == [unit] * len(rows)


def test_rows_of_2022_have_the_height_of_their_total() -> None:
    head = SEVEN.replace("coin,amount", "coin,snapshot height,amount").replace("BTC,{total}", "BTC,7,1\nETH,8,1")
    text = head + f"BTC,1x,1,m,s,,\nETH,{ETH},1,m,s,,\nUSDT-ERC20,{ETH},1,m,s,,\n"
    assert [item.height for item in read(text.encode()) if isinstance(item, reports.Published)] == [7, 8, None]
