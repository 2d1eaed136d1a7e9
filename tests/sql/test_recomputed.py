"""A made lake with every odd case that the marts tell apart: their cells are those of plain Python, and what a file itself contradicts is marked."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from porlake import pipeline, warehouse
from porlake.lake import Lake
from porlake.model import Balance, Claim, OwnerLink, Ownership, Price, Unobserved
from porlake.reports import totals_csv
from recomputed import differences

Ask = Callable[[str], list[tuple[Any, ...]]]
ACCOUNTS = ["0x" + f"{n:040x}" for n in range(0xA0, 0xB8)]
OWNERS = ["0x" + f"{n:040x}" for n in range(0xF0, 0xF4)]
TRON = "TZ1SsapyhKNWaVLca6P2qgVzkHTdk6nkXa"  # stands in collateral.csv, since 2022-05-05

#: HTX: (day, lines of the summary, rows of the address block).
HTX = {
    "20240401": (
        [("ETH(ALL)", "-", "3000"), ("ETH", 19, "1000"), ("stETH", 19, "2000"), ("USDT(ALL)", "-", "64"), ("USDT-ETH", 19, "64")],
        [("ETH", 0, 19, "600"), ("ETH", 1, 19, "400"), ("stETH", 0, 19, "2000"), ("USDT-ETH", 2, 19, "64"), ("USDT-ETH", 3, 19, "0")],
    ),
    # 512.25 USDT of one height stand under the label of ether
    "20240501": (
        [("ETH(ALL)", "-", "1000"), ("ETH", 19, "1000"), ("USDT(ALL)", "-", "512.25"), ("USDT-Optimism", 11, "512.25")],
        [("ETH", 0, 19, "600"), ("ETH", 1, 19, "400"), ("ETH-Optimism", 0, 11, "512.25"), ("NOBODY-KNOWS", 4, 19, "8"),
         ("USDT-ETH", "0xa1", 19, "16")],
    ),
    # an own token without a price, one account twice, and once more with another amount; what rounding explains
    "20240601": (
        [("ETH(ALL)", "-", "1000.1"), ("ETH", 19, "1000.1"), ("HTX(ALL)", "-", "4096"), ("USDT(ALL)", "-", "100")],
        [("ETH", 0, 19, "600"), ("ETH", 1, 19, "400.12"), ("ETH", 1, 19, "400.12"), ("HTX-ERC20", 4, 19, "4096"), ("USDT-ETH", 2, 19, "36"),
         ("USDT-ETH", 3, 19, "128"), ("USDT-ETH", 3, 19, "64"), ("USDT-aEthUSDT", 5, 19, "32")],
    ),
    "20240910": ([("ETH(ALL)", "-", "2"), ("TRX(ALL)", "-", "1024")], [("ETH", 6, 19, "2"), ("TRX", TRON, 19, "1024")]),
}  # fmt: skip
#: OKX: (day, version) and rows of (coin, network, account, amount).
OKX = {
    "20240501_V1": [("ETH", "ETH", 0, "16"), ("USDT", "ETH", 7, "2.5")],
    "20240501_V2": [("ETH", "ETH", 0, "16"), ("ETH", "ETH", 8, "1"), ("USDT", "ETH", 7, "2.25"), ("OKB", "ETH", 9, "3"), ("LINK", "ETH", 9, "3")],
    "20240531_V1": [("ETH", "ETH", 8, "0.5"), ("USDT", "ETH", 7, "1000000"), ("OKB", "ETH", 9, "0"), ("USDC", "ETH", 10, "5")],
}
TOTALS = """okx,7,2024-05-01,day,ETH,,,,16.5,103,,,its page,
okx,7,2024-05-01,day,USDT,,,,2.3,100,,,its page,
okx,7,2024-05-01,day,USDC,,,,0,,,,its page,
okx,8,2024-05-31,day,ETH,,,,0.5,100,,,its page,
okx,8,2024-05-31,day,ETH,,,,0.6,99,,,a tracker,
okx,8,2024-05-31,day,BTC,,,,3,,,,its page,
binance,1,2024-01-01,day,BTC,,90,10,99.99999999,100.01,5000000.5,,its page,
binance,1,2024-01-01,day,BNB,5,,,,,,,its page,
binance,1,2024-01-01,day,TOTAL,,,,,,7000000,all,its page,
binance,2,2024-02-01,day,BTC,101,,,100,101,6000000.25,,its page,
binance,2,2024-02-01,day,BTC,100,,,,,,,a tracker,
binance,2,2024-02-01,day,TOTAL,,,,,,0,all,its page,
binance,4,2024-03-31,day,BTC,101,,1,,,6000000,,its page,
binance,4,2024-03-31,day,TOTAL,,,,,,8000000,all,its page,
binance,4,2024-03-31,day,TOTAL,,,,,,8000001,all,a tracker,
gate,,,unknown,GT,7,,,8,,,,its page,
"""
PRICED = {
    "ETH": "3000.123456789012", "USDT": "0.999", "OKB": "50.5", "LINK": None, "HTX": None, "BTC": "60000", "stETH": "2990", "aEthUSDT": None,
    "TRX": "0.12",
}  # fmt: skip


def files(folder: Path) -> Iterator[tuple[str, Path]]:
    """(exchange, file) in the order in which they are archived."""
    for day, (summary, rows) in HTX.items():
        lines = ["coin,snapshot height,balance", *(",".join(map(str, line)) for line in summary)]
        lines += ["", "coin,address,snapshot height,balance,message,signature"]
        lines += [f"{label},{ACCOUNTS[at] if isinstance(at, int) else at},{height},{amount},-,-" for label, at, height, amount in rows]
        (folder / f"huobi_por_{day}.csv").write_text("\n".join(lines) + "\n")
        yield "htx", folder / f"huobi_por_{day}.csv"
    (folder / "huobi_por_20240701.csv").write_bytes((folder / "huobi_por_20240601.csv").read_bytes())
    yield "htx", folder / "huobi_por_20240701.csv"
    header = "coin,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script/ public key,eoa1,eoa2\n"
    for name, claims in OKX.items():
        lines = [f"{coin},{network},19,{ACCOUNTS[at]},{amount},m,,,,," for coin, network, at, amount in claims]
        (folder / f"okx_por_{name}.csv").write_text(header + "\n".join(lines) + "\n")
        yield "okx", folder / f"okx_por_{name}.csv"
    (folder / "totals.csv").write_text(",".join(totals_csv.COLUMNS) + "\n" + TOTALS)
    yield "okx", folder / "totals.csv"
    (folder / "addresses_2024-05-02.csv").write_text(f"exchange,network,address,label,source\nkraken,ethereum,{ACCOUNTS[0]},hot,a tracker\n")
    yield "okx", folder / "addresses_2024-05-02.csv"


# --- what verify, observe and price would have written, drawn from a seed -------------------------------------------------------
def judged(dice: random.Random, claim: Claim) -> Ownership:
    verdict = dice.choice(["proven", "proven", "owner_signed", "signature_only", "unsigned", "invalid", "malformed", "unsupported"])
    signer = ",".join(dice.sample(OWNERS, 2)) if verdict == "owner_signed" else claim.address if verdict == "proven" else None
    return Ownership(
        exchange=claim.exchange, report=claim.report, source_row=claim.source_row, for_row=None, network=claim.network, asset=claim.asset,
        address=claim.address, scheme="eip191", verdict=verdict, reason=f"because_{verdict}", flags=[], signer=signer,
        message=dice.choice(["", "I am an exchange", "okx 2024-05-01"]), binds=dice.sample(["exchange", "date", "address"], dice.randrange(4)),
    )  # fmt: skip


def linked(dice: random.Random, claim: Claim) -> Iterator[OwnerLink]:
    relation = dice.choice(["safe_owner", "owner_permission", "active_permission", "owner"])
    for owner in dice.sample([*OWNERS, claim.address], 3):
        yield OwnerLink(
            exchange=claim.exchange, report=claim.report, network=claim.network, address=claim.address, owner=owner, relation=relation,
            holds=dice.random() < 0.7, threshold=dice.choice([None, 1, 2, 3]), owner_count=3, answer="", height=19, method="made", source="made",
        )  # fmt: skip


def seen(dice: random.Random, claim: Claim) -> Iterator[Balance | Unobserved]:
    amount = claim.amount or 0
    near = [amount, amount + 1, amount * 2, max(amount - 10**15, 0), 0]

    def balance(component: str, held: int, as_of: str) -> Balance:
        return Balance(
            exchange=claim.exchange, report=claim.report, network=claim.network, asset=claim.asset, address=claim.address, component=component,
            amount=held, height=19, method=dice.choice(["call", "proved"]), source="made", as_of=as_of, offset_seconds=0,
        )  # fmt: skip

    if dice.random() < 0.2:
        yield Unobserved(claim.exchange, claim.report, claim.network, claim.asset, claim.address, dice.choice(["no_endpoint", "no_history"]))
        return
    as_of = dice.choice(["exact", "exact", "exact", "near", "head"])
    yield balance("total", dice.choice(near), as_of)
    if dice.random() < 0.4:
        for component in dice.sample(["liquid", "frozen", "validator"], 2):
            yield balance(component, dice.choice(near), dice.choice([as_of, "exact", "head"]))


def fill(lake: Lake, dice: random.Random) -> None:
    for exchange in ("htx", "okx"):
        by_report: dict[str, dict[tuple[str, str, str], Claim]] = {}
        for claim in lake.rows("claim", exchange=exchange):
            by_report.setdefault(claim.report, {}).setdefault((claim.network, claim.asset, claim.address), claim)
        for report, claims in by_report.items():
            place = {"exchange": exchange, "report": report}
            every = sorted(lake.rows("claim", exchange=exchange, report=report), key=lambda claim: claim.source_row)
            lake.write("ownership", place, [judged(dice, claim) for claim in every if dice.random() < 0.9])
            accounts = {(claim.network, claim.address): claim for claim in claims.values()}
            for network in sorted({network for network, _ in accounts}):
                found = [row for key, claim in sorted(claims.items()) if key[0] == network for row in seen(dice, claim)]
                links = [link for key, claim in sorted(accounts.items()) if key[0] == network and dice.random() < 0.6 for link in linked(dice, claim)]
                at = place | {"network": network}
                lake.write("balance", at, sorted((row for row in found if isinstance(row, Balance)), key=lambda r: (r.asset, r.address, r.component)))
                lake.write("unobserved", at, sorted((row for row in found if isinstance(row, Unobserved)), key=lambda r: (r.asset, r.address)))
                lake.write("owner_link", at, sorted(links, key=lambda link: (link.address, link.owner)))
    for attestation in sorted({file.attestation for file in lake.rows("report_file")}):
        exchange, _, day = attestation.partition("/")
        at = datetime(2024, 5, 1, tzinfo=UTC)
        if day in ("2024-06-01", "2024-09-10") or exchange == "binance":
            priced = dict.fromkeys(PRICED) | ({"BTC": "60000"} if day == "2024-02-01" else {})
        else:
            priced = PRICED
        rows = [Price(exchange, attestation, asset, "coins.llama.fi", Decimal(value) if value else None, at, None if value else "no_price")
                for asset, value in sorted(priced.items())]  # fmt: skip
        lake.write("price", {"exchange": exchange, "attestation": attestation}, rows)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    folder = tmp_path_factory.mktemp("recomputed")
    chosen = pipeline.settings(folder / "lake", environ={})
    for exchange, path in files(folder):
        for report in pipeline.archive(chosen, exchange, str(path)):
            pipeline.parse(chosen, report)
    fill(chosen.lake, random.Random(11))
    pipeline.build(chosen)
    return chosen.lake


@pytest.fixture(scope="module")
def ask(lake: Lake) -> Ask:
    return lambda sql: warehouse.query(lake, sql)[1]


def test_every_cell_is_what_plain_python_makes_of_the_lake(lake: Lake) -> None:
    cells, told = differences(lake)
    assert told == []
    assert cells > 5_000


def test_a_cell_that_was_changed_is_found(lake: Lake, tmp_path: Path) -> None:
    broken = Lake(tmp_path / "lake")
    broken.root.mkdir()
    (broken.root / "lake").symlink_to(lake.root / "lake")
    (broken.root / "porlake.duckdb").write_bytes((lake.root / "porlake.duckdb").read_bytes())
    with duckdb.connect(str(broken.root / "porlake.duckdb")) as connection:
        connection.execute("update reserve_ratio set reserves_claimed = reserves_claimed + 1 where attestation = 'htx/2024-04-01' and asset = 'ETH'")
    (told,) = differences(broken)[1]
    assert told.startswith(
        "reserve_ratio ['htx/2024-04-01', 'ETH']: reserves_claimed is Decimal('1000000000000000000001') in SQL and 1000000000000000000000"
    )
