"""A made lake with every odd case that the marts tell apart: their cells are those of plain Python, and what a file
itself contradicts is marked.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from porlake import pipeline, warehouse
from porlake.lake import Lake
from porlake.model import (
    Balance,
    Claim,
    LiabilityProof,
    LiabilityProofTotal,
    OwnerLink,
    Ownership,
    Price,
    ReportFile,
    Unobserved,
)
from porlake.reports import totals_csv
from recomputed import differences
from support import SAMPLES, taken

Ask = Callable[[str], list[tuple[Any, ...]]]
ACCOUNTS = ["0x" + f"{n:040x}" for n in range(0xA0, 0xB8)]
OWNERS = ["0x" + f"{n:040x}" for n in range(0xF0, 0xF4)]
TRON = "TZ1SsapyhKNWaVLca6P2qgVzkHTdk6nkXa"  # stands in collateral.csv, since 2022-05-05

#: HTX: (day, lines of the summary, rows of the address block).
HTX = {
    "20240401": (
        [("ETH(ALL)", "-", "3000"), ("ETH", 19, "1000"), ("stETH", 19, "2000"), ("USDT(ALL)", "-", "64"),
         ("USDT-ETH", 19, "64")],
        [("ETH", 0, 19, "600"), ("ETH", 1, 19, "400"), ("stETH", 0, 19, "2000"), ("USDT-ETH", 2, 19, "64"),
         ("USDT-ETH", 3, 19, "0")],
    ),
    # 512.25 USDT of one height stand under the label of ether
    "20240501": (
        [("ETH(ALL)", "-", "1000"), ("ETH", 19, "1000"), ("USDT(ALL)", "-", "512.25"), ("USDT-Optimism", 11, "512.25")],
        [("ETH", 0, 19, "600"), ("ETH", 1, 19, "400"), ("ETH-Optimism", 0, 11, "512.25"), ("NOBODY-KNOWS", 4, 19, "8"),
         ("USDT-ETH", "0xa1", 19, "16"), ("USDT-ETH", 7, 19, "16")],
    ),
    # an own token without a price, one account twice, and once more with another amount; what rounding explains
    "20240601": (
        [("ETH(ALL)", "-", "1000.1"), ("ETH", 19, "1000.1"), ("HTX(ALL)", "-", "4096"), ("USDT(ALL)", "-", "100")],
        [("ETH", 0, 19, "600"), ("ETH", 1, 19, "400.12"), ("ETH", 1, 19, "400.12"), ("HTX-ERC20", 4, 19, "4096"),
         ("USDT-ETH", 2, 19, "36"),
         ("USDT-ETH", 3, 19, "128"), ("USDT-ETH", 3, 19, "64"), ("USDT-aEthUSDT", 5, 19, "32")],
    ),
    "20240910": ([("ETH(ALL)", "-", "2"), ("TRX(ALL)", "-", "1024")], [("ETH", 6, 19, "2"), ("TRX", TRON, 19, "1024")]),
}  # fmt: skip
#: OKX: (day, version) and rows of (coin, network, account, amount).
OKX = {
    "20240501_V1": [("ETH", "ETH", 0, "16"), ("USDT", "ETH", 7, "2.5")],
    "20240501_V2": [
        ("ETH", "ETH", 0, "16"),
        ("ETH", "ETH", 8, "1"),
        ("USDT", "ETH", 7, "2.25"),
        ("OKB", "ETH", 9, "3"),
        ("LINK", "ETH", 9, "3"),
    ],
    "20240531_V1": [
        ("ETH", "ETH", 8, "0.5"),
        ("USDT", "ETH", 7, "1000000"),
        ("OKB", "ETH", 9, "0"),
        ("USDC", "ETH", 10, "5"),
    ],
}
TOTALS = """okx,7,2024-05-01,day,ETH,,,,16.5,103,,,its page,
okx,7,2024-05-01,day,USDT,,,,2.3,100,,,its page,
okx,7,2024-05-01,day,USDC,,,,0,,,,its page,
okx,8,2024-05-31,day,ETH,,,,0.5,100,,,its page,
okx,8,2024-05-31,day,ETH,,,,0.6,99,,,a tracker,
okx,8,2024-05-31,day,BTC,,,,3,,,,its page,
binance,1,2024-01-01,day,BTC,,90,10,99.99999999,100.01,5000000.5,,its page,
binance,1,2024-01-01,day,BNB,5,,,,,,,its page,
binance,1,2024-01-01,day,ETH,,,,,,9000,,its page,
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
    "ETH": "3000.123456789012", "USDT": "0.999", "OKB": "50.5", "LINK": None, "HTX": None, "BTC": "60000",
    "stETH": "2990", "aEthUSDT": None, "TRX": "0.12",
}  # fmt: skip


def files(folder: Path) -> Iterator[tuple[str, Path]]:
    """(exchange, file) in the order in which they are archived."""
    yield "okx", SAMPLES / "tracker_figures.csv"
    for day, (summary, rows) in HTX.items():
        lines = ["coin,snapshot height,balance", *(",".join(map(str, line)) for line in summary)]
        lines += ["", "coin,address,snapshot height,balance,message,signature"]
        lines += [
            f"{label},{ACCOUNTS[at] if isinstance(at, int) else at},{height},{amount},-,-"
            for label, at, height, amount in rows
        ]
        (folder / f"huobi_por_{day}.csv").write_text("\n".join(lines) + "\n")
        yield "htx", folder / f"huobi_por_{day}.csv"
    (folder / "huobi_por_20240701.csv").write_bytes((folder / "huobi_por_20240601.csv").read_bytes())
    yield "htx", folder / "huobi_por_20240701.csv"
    header = (
        "coin,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script/ public "
        "key,eoa1,eoa2\n"
    )
    for name, claims in OKX.items():
        lines = [f"{coin},{network},19,{ACCOUNTS[at]},{amount},m,,,,," for coin, network, at, amount in claims]
        (folder / f"okx_por_{name}.csv").write_text(header + "\n".join(lines) + "\n")
        yield "okx", folder / f"okx_por_{name}.csv"
    (folder / "totals.csv").write_text(",".join(totals_csv.COLUMNS) + "\n" + TOTALS)
    yield "okx", folder / "totals.csv"
    (folder / "addresses_2024-05-02.csv").write_text(
        f"exchange,network,address,label,source\nkraken,ethereum,{ACCOUNTS[0]},hot,a tracker\n"
    )
    yield "okx", folder / "addresses_2024-05-02.csv"


# --- what verify, observe and price would have written, drawn from a seed ---------------------------------------------
def judged(dice: random.Random, claim: Claim) -> Ownership:
    verdict = dice.choice(
        ["proven", "proven", "owner_signed", "signature_only", "unsigned", "invalid", "malformed", "unsupported"]
    )
    signer = (
        ",".join(dice.sample(OWNERS, 2))
        if verdict == "owner_signed"
        else claim.address
        if verdict == "proven"
        else None
    )
    return Ownership(
        exchange=claim.exchange, report=claim.report, source_row=claim.source_row, for_row=None, network=claim.network,
        asset=claim.asset, address=claim.address, scheme="eip191", verdict=verdict, reason=f"because_{verdict}",
        flags=[], signer=signer, message=dice.choice(["", "I am an " "exchange", "okx " "2024-05-01"]),
        binds=dice.sample(["exchange", "date", "address"], dice.randrange(4)),
    )  # fmt: skip


def linked(dice: random.Random, claim: Claim) -> Iterator[OwnerLink]:
    relation = dice.choice(["safe_owner", "owner_permission", "active_permission", "owner"])
    for owner in [claim.address, *dice.sample(OWNERS, 2)]:
        yield OwnerLink(
            exchange=claim.exchange, report=claim.report, network=claim.network, address=claim.address, owner=owner,
            relation=relation, holds=dice.random() < 0.7, threshold=dice.choice([None, 1, 2, 3]), owner_count=3,
            answer="", height=19, method="made", source="made",
        )  # fmt: skip


def seen(dice: random.Random, claim: Claim) -> Iterator[Balance | Unobserved]:
    amount = claim.amount or 0
    near = [amount, amount + 1, amount * 2, max(amount - 10**15, 0), 0]

    def balance(component: str, held: int, as_of: str) -> Balance:
        return Balance(
            exchange=claim.exchange, report=claim.report, network=claim.network, asset=claim.asset,
            address=claim.address, component=component, amount=held, height=19,
            method=dice.choice(["call", "proved", "unchanged_since"]), source="made", as_of=as_of,
            offset_seconds=0, confirmed_by="another" if held % 2 else None,
        )  # fmt: skip

    if dice.random() < 0.2:
        yield Unobserved(
            claim.exchange,
            claim.report,
            claim.network,
            claim.asset,
            claim.address,
            dice.choice(["no_endpoint", "no_history"]),
        )
        return
    as_of = dice.choice(["exact", "exact", "exact", "near", "head"])
    yield balance("total", dice.choice(near), as_of)
    if dice.random() < 0.4:
        for component in dice.sample(["liquid", "frozen", "validator"], 2):
            yield balance(component, dice.choice(near), dice.choice([as_of, "exact", "head"]))


def fill(lake: Lake, dice: random.Random) -> None:
    for exchange in ("htx", "okx"):
        by_report: dict[str, dict[tuple[str, str, str], Claim]] = {}
        for claim in lake.rows(Claim, exchange=exchange):
            by_report.setdefault(claim.report, {}).setdefault((claim.network, claim.asset, claim.address), claim)
        for report, claims in by_report.items():
            place = {"exchange": exchange, "report": report}
            every = sorted(lake.rows(Claim, exchange=exchange, report=report), key=lambda claim: claim.source_row)
            lake.write(Ownership, place, [judged(dice, claim) for claim in every if dice.random() < 0.9])
            accounts = {(claim.network, claim.address): claim for claim in claims.values()}
            for network in sorted({network for network, _ in accounts}):
                found = [row for key, claim in sorted(claims.items()) if key[0] == network for row in seen(dice, claim)]
                links = [
                    link
                    for key, claim in sorted(accounts.items())
                    if key[0] == network and dice.random() < 0.6
                    for link in linked(dice, claim)
                ]
                at = place | {"network": network}
                lake.write(
                    Balance,
                    at,
                    sorted(
                        (row for row in found if isinstance(row, Balance)),
                        key=lambda r: (r.asset, r.address, r.component),
                    ),
                )
                lake.write(
                    Unobserved,
                    at,
                    sorted((row for row in found if isinstance(row, Unobserved)), key=lambda r: (r.asset, r.address)),
                )
                lake.write(OwnerLink, at, sorted(links, key=lambda link: (link.address, link.owner)))
    for attestation in sorted({file.attestation for file in lake.rows(ReportFile)}):
        exchange, _, day = attestation.partition("/")
        at = datetime(2024, 5, 1, tzinfo=UTC)
        if day in ("2024-06-01", "2024-09-10") or exchange == "binance":
            priced = dict.fromkeys(PRICED) | ({"BTC": "60000"} if day == "2024-02-01" else {})
        else:
            priced = PRICED
        rows = [Price(exchange, attestation, asset, "coins.llama.fi", Decimal(value) if value else None, at,
                None if value else "no_price")
                for asset, value in sorted(priced.items())]  # fmt: skip
        lake.write(Price, {"exchange": exchange, "attestation": attestation}, rows)


#: Proofs of liabilities: (attestation, scheme, kind, verdict) and totals of (label, asset, base units, shown).
PROOFS: list[tuple[str, str, str, str, list[tuple[str, str | None, int | None, bool]]]] = [
    # as printed; less than is printed; printed nowhere; a label that is no asset; one of two labels that is not shown
    ("okx/2024-05-01", "sum_tree", "tree", "holds", [
        ("ETH", "ETH", 165 * 10**17, True), ("USDT", "USDT", 2 * 10**18, True), ("BTC", "BTC", 7, True),
        ("MOON", None, None, True), ("USDC", "USDC", 0, True), ("USDC.e", "USDC", 0, False),
    ]),
    ("okx/2024-05-01", "circuit", "snark", "holds", [("ETH", "ETH", 16 * 10**18, True), ("OKB", "OKB", None, True)]),
    # none of these proves anything
    ("okx/2024-05-31", "sum_tree", "tree", "broken", [("ETH", "ETH", 5 * 10**17, True)]),
    ("okx/2024-05-31", "one_path", "path", "holds", [("ETH", "ETH", 5 * 10**17, True), ("BTC", "BTC", 8, True)]),
    ("binance/2024-01-01", "circuit", "snark", "consistent_only", [("BTC", "BTC", 9999999999, True)]),
    ("binance/2024-03-31", "circuit", "stark", "holds", []),
    # printed as 100: less than a whole one off
    ("binance/2024-02-01", "circuit", "snark", "holds", [("BTC", "BTC", 10099999999, True)]),
    ("htx/2024-05-01", "sum_tree", "tree", "holds", [("USDT", "USDT", 64 * 10**18, True)]),
    ("okx/2024-08-01", "sum_tree", "tree", "holds", [("ETH", "ETH", 10**18, True)]),
]  # fmt: skip


def prove(lake: Lake) -> None:
    """What the stage would have written of PROOFS, each a file of its own."""
    for number, (attestation, scheme, kind, verdict, totals) in enumerate(PROOFS):
        exchange = attestation.split("/")[0]
        report = f"{0xF00 + number:064x}"
        of_it = [file for file in lake.rows(ReportFile, exchange=exchange) if file.attestation == attestation]
        moment = datetime.fromisoformat(f"{attestation.split('/')[1]}T00:00+08:00")
        stated = of_it[0] if of_it else replace(
            next(iter(lake.rows(ReportFile, exchange=exchange))), attestation=attestation,
            snapshot_at=moment, snapshot_day=moment.date(), snapshot_precision="day",
        )  # fmt: skip
        lake.write(
            ReportFile,
            {"exchange": exchange, "report": report, "attestation": attestation},
            [replace(
                stated, report=report, content="liability_proof", statement=f"{exchange}/{scheme}", format=scheme,
                file_name="proof", members=[], revision=1, report_no=None,
            )],
        )  # fmt: skip
        place = {"exchange": exchange, "report": report}
        found = LiabilityProof(
            exchange=exchange, report=report, proof_scheme=scheme, proof_kind=kind, proof_verdict=verdict,
            reason="made", proof_detail="", root="00" * 32 if number % 2 else None, leaves=number or None,
            checks_passed=["sums"], checks_failed=[] if verdict == "holds" else ["hashes"], checks_unmade=[],
            findings=["made"], finding_details=["level 3"], not_shown=["left_out"], key_sha256=["ab" * 32],
        )  # fmt: skip
        lake.write(LiabilityProof, place, [found])
        lake.write(LiabilityProofTotal, place, [
            LiabilityProofTotal(
                exchange=exchange, report=report, proof_scheme=scheme, total_no=at, label=label, asset=asset, owed=owed,
                owed_published=str(owed), is_shown=is_shown, remark=None,
            )
            for at, (label, asset, owed, is_shown) in enumerate(totals, 1)
        ])  # fmt: skip


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory, give_tables: Callable[[Lake], Lake]) -> Lake:
    folder = tmp_path_factory.mktemp("recomputed")
    chosen = pipeline.session(folder / "lake", environ={})
    for exchange, path in files(folder):
        taken(chosen, exchange, path)
    fill(chosen.lake, random.Random(11))
    prove(chosen.lake)
    return give_tables(chosen.lake)


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
        connection.execute(
            "update reserve_ratio set reserves_claimed = reserves_claimed + 1 where attestation = 'htx/2024-04-01' "
            "and asset = 'ETH'"
        )
    (told,) = differences(broken)[1]
    assert told.startswith(
        "reserve_ratio ['htx/2024-04-01', 'ETH']: reserves_claimed is Decimal('1000000000000000000001') in SQL and "
        "1000000000000000000000"
    )


def test_the_lake_holds_what_the_marts_tell_apart(ask: Ask) -> None:
    """A case that no row shows is none: every status, verdict and reason of a null stands in some row."""
    assert {status for (status,) in ask("select distinct status from core_holding")} == {
        "matched", "rounded", "differing", "other_moment", "unobserved",
    }  # fmt: skip
    assert {"owners_confirmed", "active_permission_only", "owner_key_replaced", "not_verified"} <= {
        reason for (reason,) in ask("select distinct reason from ownership_coverage")
    }
    told = {reason for mart, columns in {
        "reserve_ratio": ["ratio_claimed", "ratio_onchain", "ratio_proven", "ratio_without_custody",
            "ratio_claimed_through", "ratio_proven_through"],
        "net_flow": ["ratio_usd_change", "ratio_amount_change"], "asset_composition": ["share", "share_published"],
        "dominance": ["share"], "network_composition": ["share", "share_of_asset"],
        "cleanliness": ["cleanliness", "cleanliness_without_affiliated", "cleanliness_defillama"],
        "balance_reconciliation": ["proved_share"], "ownership_coverage": ["share"],
    }.items() for column in columns
    for (reason,) in ask(f"select distinct {column}_null_reason from {mart}")}  # fmt: skip
    assert told == {
        None, "no_liabilities", "nothing_owed", "nothing_claimed", "no_amount", "nothing_observed",
        "custody_not_stated", "looked_through", "no_value", "nothing_before", "zero_before", "published_sum",
        "no_price", "not_published", "nothing_priced", "own_token_unpriced", "affiliated_token_unpriced",
        "token_unpriced", "nothing_proved", "total_is_zero",
    }  # fmt: skip


def test_only_a_total_that_a_proof_shows_and_that_holds_counts_as_proven(ask: Ask) -> None:
    told = ask(
        "select attestation, asset, liabilities_from, liabilities_units, liabilities_proven_units, liabilities_status, "
        "liabilities_proven_null_reason from reserve_ratio where exchange in ('okx', 'binance') and (liabilities "
        "is not null or liabilities_proven is not null) order by 1, 2"
    )
    assert told == [
        ("binance/2024-01-01", "BTC", "printed", Decimal("99.99999999"), None, None, "proof_does_not_hold"),
        ("binance/2024-02-01", "BTC", "snark", Decimal(100), Decimal("100.99999999"), "rounded", None),
        ("okx/2024-05-01", "BTC", "tree", Decimal("0.00000007"), Decimal("0.00000007"), None, None),
        ("okx/2024-05-01", "ETH", "tree", Decimal("16.5"), Decimal("16.5"), "matched", None),
        ("okx/2024-05-01", "USDC", "printed", Decimal(0), None, None, "total_not_shown"),
        ("okx/2024-05-01", "USDT", "printed", Decimal("2.3"), Decimal(2), "differing", None),
        ("okx/2024-05-31", "BTC", "printed", Decimal(3), None, None, "total_not_shown"),
        ("okx/2024-05-31", "ETH", "printed", Decimal("0.6"), None, None, "total_not_shown"),
    ]  # fmt: skip
    found = dict(ask("select test, rows from failed_tests.results where result = 'warn'"))
    assert found["a_proof_differs_from_what_is_printed"] == 2, "USDT, and ETH of two proofs"
    assert found["a_proof_does_not_hold"] == 1
    assert ask("select result from failed_tests.results where test = 'only_what_holds_is_proven'") == [("pass",)]


def test_a_proof_of_a_moment_of_which_nothing_else_is_stated_makes_no_attestation(ask: Ask) -> None:
    assert ask(
        "select is_latest, is_proven, owed_units from liability_proofs where attestation = 'okx/2024-08-01'"
    ) == [(True, True, Decimal(1))]
    assert ask("select 1 from core_attestation where attestation = 'okx/2024-08-01'") == []
    assert ask("select distinct is_latest from reserve_ratio where attestation = 'okx/2024-05-31'") == [(True,)]


def test_a_row_under_another_label_marks_its_asset_wherever_it_counts(ask: Ask) -> None:
    for mart in ("reserve_ratio", "asset_composition", "coverage_streak"):
        assert ask(
            f"select asset, amount_beyond_own_total / 1e18 from {mart} where attestation = 'htx/2024-05-01' and "
            "contradicted_by_own_total"
        ) == [("ETH", 512.25)], mart
    changed = (
        "select since, asset, units_beyond_own_total from net_flow "
        "where attestation = 'htx/2024-05-01' and contradicted_by_own_total order by 1"
    )
    assert ask(changed) == [
        ("first", "ETH", Decimal("512.25")), ("previous", "ETH", Decimal("512.25")),
    ]  # fmt: skip
    assert ask(
        "select contradicted_assets, usd_beyond_own_total from dominance where attestation = 'htx/2024-05-01'"
    ) == [(["ETH"], (Decimal("512.25") * Decimal("3000.123456789012")).quantize(Decimal("0.01")))]
    assert ask("select distinct attestation from reserve_ratio where contradicted_by_own_total") == [
        ("htx/2024-05-01",)
    ]
    assert ask("select rows from failed_tests.results where test = 'claims_exceed_their_own_total'") == [(1,)]


def test_a_line_without_rows_and_a_label_without_a_line_are_told_together(ask: Ask) -> None:
    paired = (
        "select label, status, under_other_label from report_arithmetic where under_other_label is not null order by 1"
    )
    assert ask(paired) == [
        ("ETH-Optimism", "no_total", "USDT-Optimism"),
        ("USDT-Optimism", "unread_lines", "ETH-Optimism"),
    ]


def test_rows_that_were_refused_stand_beside_the_figures_that_they_lack_in(ask: Ask) -> None:
    assert ask("select asset, rows_refused, rows_refused_unread from reserve_ratio where attestation = "
               "'htx/2024-05-01' order by 1") == [
        ("ETH", 0, 1), ("USDT", 1, 1),
    ]  # fmt: skip
    assert ask("select rows_refused, rows_refused_unread from dominance where attestation = 'htx/2024-05-01'") == [
        (2, 1)
    ]


def test_a_file_published_again_says_so_where_its_change_is_told(ask: Ask) -> None:
    repeated = (
        "select distinct attestation, base_attestation, is_repeat, base_is_repeat from net_flow "
        "where is_repeat or base_is_repeat order by 1, 2"
    )
    assert ask(repeated) == [
        ("htx/2024-07-01", "htx/2024-04-01", True, False), ("htx/2024-07-01", "htx/2024-06-01", True, False),
        ("htx/2024-09-10", "htx/2024-07-01", False, True),
    ]  # fmt: skip
    assert ask(
        "select distinct amount_change from net_flow where attestation = 'htx/2024-07-01' and since = 'previous'"
    ) == [(0,)]


def test_wrapped_tokens_are_priced_as_what_they_stand_for(ask: Ask) -> None:
    priced = "select asset, priced_as, usd_price from asset_composition where attestation = '{}' order by 1"
    assert ("aEthUSDT", "USDT", Decimal("0.999")) in ask(priced.format("htx/2024-07-01"))
    assert ("stETH", None, Decimal("2990")) in ask(priced.format("htx/2024-04-01"))
    clean = (
        "select cleanliness, cleanliness_null_reason, is_lower_bound, unpriced_assets from cleanliness "
        "where attestation = '{}'"
    )
    ((share, reason, is_lower_bound, unpriced),) = ask(clean.format("okx/2024-05-01"))
    assert (0 < share < 1, reason, is_lower_bound, unpriced) == (True, None, True, ["LINK"])
    assert ask(clean.format("htx/2024-07-01")) == [(None, "own_token_unpriced", None, ["HTX"])]


def test_a_collision_tells_how_far_apart_and_how_much_both_claim(ask: Ask) -> None:
    rows = ask(
        "select exchange, against, days_apart, nearest_attestation, nearest_assets, nearest_units, "
        "against_attestation, against_assets,"
        f" against_units from address_collisions where address = '{ACCOUNTS[0]}' and network = 'ethereum' and "
        "exchange <> 'kraken' order by 1, 2"
    )
    assert rows[0][:3] == ("htx", "kraken", 1)
    assert rows[0][7:] == ([], [])
    assert rows[1] == (
        "htx",
        "okx",
        0,
        "htx/2024-05-01",
        ["ETH"],
        [Decimal(600)],
        "okx/2024-05-01",
        ["ETH"],
        [Decimal(16)],
    )
    assert rows[3] == ("okx", "kraken", 1, "okx/2024-05-01", ["ETH"], [Decimal(16)], "kraken/2024-05-02", [], [])
    assert ask("select days_apart, against_assets from address_collisions where against_kind = 'collateral'") == [
        (0, [])
    ]


def test_a_streak_ends_where_the_rhythm_of_the_exchange_is_missed(ask: Ask) -> None:
    """HTX attests on 1 April, May, June and July and on 10 September: 30, 31, 30 and 71 days. Binance numbers its
    editions.
    """
    streak = """select attestation, rhythm_days, days_since, missing_before from coverage_streak
        where exchange = 'htx' and asset = 'ETH' order by 1"""
    assert ask(streak) == [
        ("htx/2024-04-01", 30, None, []), ("htx/2024-05-01", 30, 30, []), ("htx/2024-06-01", 30, 31, []),
        ("htx/2024-07-01", 30, 30, []), ("htx/2024-09-10", 30, 71, ["2024-07-31"]),
    ]  # fmt: skip
    assert ask(
        "select attestation, missing_before from coverage_streak where exchange = 'binance' and asset = 'BTC' order "
        "by 1"
    )[2][1] == ["3"]
