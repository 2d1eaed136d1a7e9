"""Bitfinex's list and KuCoin's table: every line of the real ones, and lines that are spoiled."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from porlake import addresses, reports
from porlake.errors import ReportError
from porlake.model import Claim
from porlake.reports import _rows, bitfinex_txt, kucoin_post
from reports.published import HERE, exchange_of, read
from reports.test_spoiled import parsed

SHARED = HERE.parents[2] / "shared" / "data" / "files"
LIST, TABLE = SHARED / "bitfinex_wallets_20221212.txt", SHARED / "kucoin_por_202211_pasted.txt"


def real(path: Path) -> bytes:
    if not path.exists():
        pytest.skip("the real files are not beside the project")
    return path.read_bytes()


def test_every_line_of_bitfinexs_list_is_an_address_or_a_network_that_is_not_known() -> None:
    content = real(LIST)
    lines = [line for line in content.decode().splitlines() if line.strip()]
    items = read(content, "bitfinex", LIST.name)
    assert [item.source_row for item in items] == list(range(1, len(lines) + 1))
    listed = [item for item in items if isinstance(item, reports.Published)]
    assert (len(listed), len(items)) == (106, 135)
    for item, line in zip(items, lines, strict=True):
        assert line.startswith(item.address if isinstance(item, reports.Published) else item.address or "?")  # type: ignore[union-attr]
        assert line.endswith(item.label)
    assert {item.reason for item in items if isinstance(item, reports.Refused)} == {"unknown_network"}
    for item in listed:
        addresses.parse(item.network, item.address)
    assert all(item.amount is None for item in listed)
    shared = Counter(item.address.lower() for item in listed)
    # Ethereum, Polygon and its USDt, Avalanche, Songbird
    assert shared["0x77134cbc06cb00b66f4c7e623d5fdbf6777635ec"] == 5


def test_every_row_of_kucoins_table_is_a_claim() -> None:
    content = real(TABLE)
    amounts = [cells[-2] for line in content.decode().splitlines() if len(cells := line.split("\t")) >= 3]
    items = read(content, "kucoin", TABLE.name)
    claims = [item for item in items if isinstance(item, reports.Published)]
    assert len(claims) == len(items) == len(amounts) == 54
    assert [item.amount for item in claims] == [amount.replace(",", "") for amount in amounts]
    for item in claims:
        addresses.parse(item.network, item.address)
    assert Counter(item.network for item in claims) == {
        "ethereum": 14, "kcc": 14, "tron": 7, "arbitrum": 6, "algorand": 4, "bitcoin": 4, "optimism": 3, "eos": 2,
    }  # fmt: skip
    (elsewhere,) = (item for item in claims if item.remark.endswith(kucoin_post.OTHER_HEIGHT))
    assert (elsewhere.network, elsewhere.asset, elsewhere.height, elsewhere.amount) == (
        "tron",
        "BTC-TRC20",
        None,
        "188.00",
    )
    # a list by labels, copied from the same post, names the same networks
    assert sum(Decimal(item.amount or 0) for item in claims if item.asset == "BTC") == Decimal("20276.08")


@pytest.mark.parametrize(
    ("name", "at", "precision"),
    [
        ("wallets_20221212.txt", datetime(2022, 12, 12), "day"),
        ("bitfinex_wallets_20221212.txt", datetime(2022, 12, 12), "day"),
        ("wallets.txt", None, ""), ("wallets_20221312.txt", None, ""), ("wallets_202212120.txt", None, ""),
        ("kucoin_por_202211.txt", datetime(2022, 11, 1), "month"), ("kucoin_por_202213.txt", None, ""),
        ("kucoin_por_2022111.txt", None, ""),
    ],
)  # fmt: skip
def test_names_tell_the_moment(name: str, at: datetime | None, precision: str) -> None:
    found = reports.snapshot_of(name)
    assert (found.at, found.precision) == (at, precision) if at and found else found is None


@pytest.mark.parametrize(
    ("description", "label"),
    [
        ("BTC hot wallet", "BTC"), ("ETH/ERC20 (old) hot wallet", "ETH/ERC20 (old)"), ("KAIhot wallet", "KAI"),
        ("EOS/EOS Tokens cold/wallet", "EOS/EOS Tokens"), ("Luna hot wallet 2", "Luna"), ("IOTA cold Wallet", "IOTA"),
        ("LTC Cold wallet 1DOT", "LTC Cold wallet 1DOT"), ("Tether USDt (Polkadot)", "Tether USDt (Polkadot)"),
        ("hot wallet", ""), ("BTC hot wallets", "BTC hot wallets"),
    ],
)  # fmt: skip
def test_a_label_is_what_is_left_without_the_temperature(description: str, label: str) -> None:
    assert bitfinex_txt._label(description) == label


ALGORAND = "T6MXHXMGXURKJ7AD5NCB4IYPLWXYXKKFLLO5KAPJ56GKS7BFXHNHOODZCM"[:58]
ENDS = "\t1.00\t24767897"


@pytest.mark.parametrize(
    ("pieces", "rows"),
    [
        ([f"USDC\t{ALGORAND[:27]}", f"{ALGORAND[27:]}{ENDS}"], [(2, 58)]),
        ([f"USDC\t{ALGORAND[:27]}", f"{ALGORAND[27:57]}{ENDS}"], [(2, 0), (3, 0)]),
        ([f"USDC\t{ALGORAND[:27]}", f"{ALGORAND[27:]}A{ENDS}"], [(2, 0), (3, 0)]),
        ([f"USDC\t{ALGORAND[:27]}", ALGORAND[27:57], f"{ALGORAND[57:]}{ENDS}"], [(2, 58)]),
        ([f"USDC\t{ALGORAND[:27]}", ALGORAND[27:], f"A{ENDS}"], [(2, 0), (3, 0), (4, 0)]),
        ([f"USDC\t{ALGORAND[:27]}", "", f"{ALGORAND[27:]}{ENDS}"], [(2, 58)]),
        ([f"USDC\t{ALGORAND[:27]}", f"{ALGORAND[27:]}\t1.00"], [(2, 0), (3, 0)]),
        ([f"USDC\t{ALGORAND[:27]}", f"{ALGORAND[27:]}{ENDS}", f"USDC\t{ALGORAND}{ENDS}"], [(2, 58), (4, 58)]),
        ([f"USDC\t{ALGORAND[:27]}", f"USDC\t{ALGORAND}{ENDS}"], [(2, 0), (3, 58)]),
        ([f"USDC\t{ALGORAND[:27]}", f"USDC\t{ALGORAND[:27]}", f"{ALGORAND[27:]}{ENDS}"], [(2, 0), (3, 58)]),
        ([f"USDC\t{ALGORAND[:27]}"], [(2, 0)]),
        (["USDC\tlower", f"{ALGORAND[5:]}{ENDS}"], [(2, 0), (3, 0)]),
    ],
)
def test_an_address_is_joined_of_its_pieces_where_they_are_just_so_long(
    pieces: list[str], rows: list[tuple[int, int]]
) -> None:
    """Else each line is a row that cannot be read."""
    text = "\n".join(["BTC\tbc1qgrxsrmrhsapvh9addyx6sh8j4rw0sn9xtur9uq\t423.00\t762670", *pieces])
    found = read(text.encode(), "kucoin", "kucoin_por_202211.txt")[1:]
    assert [(one.source_row, len(one.address)) for one in found if not isinstance(one, reports.Summary)] == rows
    for one in found:
        assert isinstance(one, reports.Published if getattr(one, "address", "") else reports.Refused)
        if isinstance(one, reports.Published):
            assert (one.address, one.amount, one.network, one.height) == (ALGORAND, "1.00", "algorand", 24767897)
            assert one.raw.replace("\n", "") == f"USDC\t{ALGORAND}{ENDS}"


@pytest.mark.parametrize(("more", "is_read"), [(-1, True), (0, False), (1, False)])
def test_a_line_of_bitfinexs_list_that_is_cut_off_is_not_read(more: int, is_read: bool) -> None:
    line = "1Kr6QSydW9bFQG1mXiPNNu6WpJGmUa9i1g - "
    line += "x" * (_rows.RAW_CHARACTERS + more - len(line))
    text = f"1Kr6QSydW9bFQG1mXiPNNu6WpJGmUa9i1g - BTC hot wallet\n{line}\n"
    _, found = read(text.encode(), "bitfinex", "wallets.txt")
    assert isinstance(found, reports.Refused)
    assert found.reason == ("unknown_network" if is_read else "ragged")


SPOILS = [
    b"\t", b"\t\t", b" - ", b"-", b"\n", b"\r", b"\0", b"\xff", b'"', b",", b"0", b"9", b" ", b"hot wallet", b"BTC",
    b"762670", b"\xd9\xa3", b"1e5", b".", b"", b"", b"ETH", b"(",
]  # fmt: skip


@pytest.mark.parametrize("name", ["bitfinex_txt", "kucoin_post"])
def test_a_spoiled_line_becomes_no_other_claim_than_its_text_says(name: str) -> None:
    """Each claim's address and amount stand in the line, and its network is that of a line that was there."""
    (case,) = (HERE / "cases" / name).iterdir()
    (path,) = (path for path in case.iterdir() if path.name != "expected.json")
    good = path.read_bytes()
    networks = {
        (row.label, row.network)
        for row in parsed({path.name: good}, exchange_of(name))["claim"]
        if isinstance(row, Claim)
    }
    outcomes = Counter[str]()
    for seed in range(300):
        chance = random.Random(f"{name} {seed}")
        begin = chance.randrange(1, len(good))
        spoiled = good[:begin] + chance.choice(SPOILS) + good[begin + chance.randrange(4) :]
        try:
            claims = parsed({path.name: spoiled}, exchange_of(name))["claim"]
        except ReportError:
            outcomes["refused"] += 1
            continue
        outcomes["read"] += 1
        text = spoiled.decode(errors="replace").replace("\n", "").replace("\r", "").replace(",", "")
        for row in claims:
            assert isinstance(row, Claim)
            assert row.address_published in text
            assert row.amount_published is None or row.amount_published in text
            outcomes["same"] += (row.label, row.network) in networks
            outcomes["claims"] += 1
    assert outcomes["read"] > 100, outcomes
    assert outcomes["same"] > outcomes["claims"] * 0.95, outcomes
