"""Four made snapshots of an exchange, from files to marts: flows, lists, collisions, restatements; and the data tests
seen to fail.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from porlake import pipeline, warehouse
from porlake.errors import BuildError
from porlake.lake import Lake
from porlake.model import Block, Claim, ReportFile
from recomputed import differences
from support import taken

Ask = Callable[[str], list[tuple[Any, ...]]]
HEADER = (
    "coin,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script/ public key,eoa1,eoa2\n"
)
ACCOUNTS = ["0x" + f"{n:040x}" for n in range(1, 9)]

#: (file, rows of account, coin, amount): the second month comes in two versions.
MONTHS = [
    ("okx_por_20240101.csv", [(1, "ETH", "1"), (2, "ETH", "2"), (3, "USDT", "4"), (1, "OKB", "1")]),
    ("okx_por_20240201_V1.csv", [(1, "ETH", "8"), (4, "ETH", "16")]),
    (
        "okx_por_20240201_V2.csv",
        [(1, "ETH", "4"), (4, "ETH", "16"), (3, "USDT", "32"), (1, "OKB", "2"), (1, "USDC", "64")],
    ),
    ("okx_por_20250201.csv", [(1, "ETH", "4"), (3, "USDT", "32"), (5, "USDT", "0.000001"), (1, "OKB", "2")]),
]
PRICES = """asset,usd,priced_at,source
ETH,1000.10,2024-01-01T00:00:00Z,made
ETH,2000.20,2024-02-01T00:00:00Z,made
ETH,3000.333,2025-02-01T00:00:00Z,made
USDT,1.001,2024-01-01T00:00:00Z,made
USDT,0.999,2024-02-01T00:00:00Z,made
USDT,1,2025-02-01T00:00:00Z,made
OKB,50,2024-01-01T00:00:00Z,made
OKB,60,2024-02-01T00:00:00Z,made
OKB,55,2025-02-01T00:00:00Z,made
USDC,1,2024-02-01T00:00:00Z,made
"""


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory, give_tables: Callable[[Lake], Lake]) -> Lake:
    folder = tmp_path_factory.mktemp("flows")
    (folder / "prices.csv").write_text(PRICES)
    silent = folder / "silent" / "run"
    silent.mkdir(parents=True)
    for clock in (Path(__file__).resolve().parents[2] / "data" / "samples" / "recording" / "run").glob("clock_*.json"):
        shutil.copy(clock, silent)
    chosen = pipeline.session(folder / "lake", environ={}, price_file=folder / "prices.csv", replay=folder / "silent")
    for name, rows in MONTHS:
        lines = [f"{coin},ETH,19000000,{ACCOUNTS[account]},{amount},m,,,,," for account, coin, amount in rows]
        (folder / name).write_text(HEADER + "\n".join(lines) + "\n")
        taken(chosen, "okx", folder / name, verified=True)
    listed = folder / "addresses_2024-01-15.csv"
    listed.write_text(
        "exchange,network,address,label,source\n"
        f"kraken,ethereum,{ACCOUNTS[1].upper().replace('0X', '0x')},hot wallet,a tracker\n"
        f"kraken,ethereum,{ACCOUNTS[7]},,a tracker\nokx,ethereum,{ACCOUNTS[1]},,a tracker\nkraken,atlantis,x,,\n"
    )
    for report in taken(chosen, "okx", listed):
        assert not pipeline.has_addresses(chosen, report)
    spoken = sorted({file.attestation for file in chosen.lake.rows(ReportFile)})
    pipeline.price(chosen, spoken, give_up=True)
    return give_tables(chosen.lake)


@pytest.fixture(scope="module")
def ask(lake: Lake) -> Ask:
    return lambda sql: warehouse.query(lake, sql)[1]


def test_every_cell_is_what_plain_python_makes_of_the_files(lake: Lake) -> None:
    assert differences(lake)[1] == []


PARTS = "usd_change, usd_flow, usd_price, usd_cross, usd_list, usd_own"


def parts(ask: Ask, attestation: str, since: str, asset: str) -> tuple[Decimal, ...]:
    (row,) = ask(
        f"select {PARTS} from net_flow where attestation = '{attestation}' and since = '{since}' and asset = '{asset}'"
    )
    return row


def test_a_change_is_split_to_the_cent(ask: Ask) -> None:
    """ETH: 1 + 2 become 4 + 16. Account 2 left with 2, account 4 came with 16, so 3 flowed in; the price went from
    1000.10 to 2000.20.
    """
    found = parts(ask, "okx/2024-02-01", "previous", "ETH")
    assert found == tuple(map(Decimal, ("37003.70", "3000.30", "1000.10", "3000.30", "30003.00", "0.00")))
    assert found[0] == sum(found[1:])


def test_an_asset_that_is_new_in_the_list_is_no_flow(ask: Ask) -> None:
    assert parts(ask, "okx/2024-02-01", "previous", "USDC") == tuple(
        map(Decimal, ("64.00", "0", "0", "0", "64.00", "0"))
    )


def test_an_own_token_has_an_effect_of_its_own(ask: Ask) -> None:
    assert parts(ask, "okx/2024-02-01", "previous", "OKB") == tuple(
        map(Decimal, ("70.00", "0", "0", "0", "0", "70.00"))
    )


def test_a_year_and_the_first_report_are_compared_too(ask: Ask) -> None:
    sql = "select distinct since, base_attestation, days from net_flow where attestation = 'okx/2025-02-01' order by 1"
    assert ask(sql) == [
        ("first", "okx/2024-01-01", 397), ("previous", "okx/2024-02-01", 366), ("year_before", "okx/2024-02-01", 366),
    ]  # fmt: skip
    found = parts(ask, "okx/2025-02-01", "year_before", "ETH")
    assert found[0] == sum(found[1:]) == Decimal("12001.33") - Decimal("40004.00")
    assert found[4] == -Decimal("32003.20"), "account 4 took 16 ETH of the old price along"


def test_an_asset_that_is_published_no_more_leaves_the_list(ask: Ask) -> None:
    assert parts(ask, "okx/2025-02-01", "previous", "USDC") == tuple(
        map(Decimal, ("-64.00", "0", "0", "0", "-64.00", "0"))
    )


def test_the_sum_over_assets_is_the_change_of_the_whole(ask: Ask) -> None:
    whole = dict(ask("select attestation, usd_total from dominance"))
    for attestation, base, change, added in ask(
        "select attestation, base_attestation, sum(usd_change),"
        " sum(usd_flow + usd_price + usd_cross + coalesce(usd_list, 0) + usd_own) from net_flow group by all"
    ):
        assert change % (whole[attestation] - whole[base]) == 0  # several `since` may name one base
        assert change == added


def test_address_changes_name_what_came_and_went_with_its_value(ask: Ask) -> None:
    rows = ask(
        "select asset, holdings, holdings_before, holdings_added, holdings_dropped, usd_added, usd_dropped from "
        "address_changes"
        " where attestation = 'okx/2024-02-01' and since = 'previous' order by asset"
    )
    assert rows[0] == ("ETH", 2, 2, 1, 1, Decimal("32003.20"), Decimal("2000.20"))
    assert [row[3:5] for row in rows[1:]] == [(0, 0)] * 3, "coins that arrive at a listed address change no list"
    assert ask("select change, asset, amount / 1e18 from core_address_change where attestation = 'okx/2024-02-01' "
               "order by 1") == [
        ("added", "ETH", 16.0), ("dropped", "ETH", 2.0),
    ]  # fmt: skip


def test_a_list_of_addresses_attests_nothing_and_collides(ask: Ask) -> None:
    assert ask("select count(*) from core_attestation where exchange = 'kraken'") == [(0,)]
    assert ask(
        "select exchange, against, against_source, at_the_same_time, with_amounts, usd from address_collisions order "
        "by 1"
    ) == [
        ("kraken", "okx", "okx/2025-02-01", True, False, None),
        ("okx", "kraken", "a tracker", True, True, Decimal("12111.33")),
    ]
    assert ask("select exchange, reason from rejection") == [("kraken", "unknown_network")]


def test_a_second_version_is_compared_with_the_first_and_only_the_newest_counts(ask: Ask) -> None:
    assert ask(
        "select asset, revision, base_revision, rows_added, rows_dropped, rows_changed, units_change from restatements"
        " where attestation = 'okx/2024-02-01' order by asset"
    ) == [
        ("ETH", 2, 1, 0, 0, 1, Decimal(-4)), ("OKB", 2, 1, 1, 0, 0, Decimal(2)), ("USDC", 2, 1, 1, 0, 0, Decimal(64)),
        ("USDT", 2, 1, 1, 0, 0, Decimal(32)),
    ]  # fmt: skip


# --- data tests -------------------------------------------------------------------------------------------------------
def test_a_build_that_fails_leaves_the_last_good_one_and_its_own_rows(lake: Lake, tmp_path: Path) -> None:
    broken = Lake(tmp_path / "lake")
    shutil.copytree(lake.root, broken.root, symlinks=True)
    good = (broken.root / "porlake.duckdb").read_bytes()
    report = next(row for row in broken.rows(ReportFile, exchange="okx") if row.attestation == "okx/2025-02-01")
    for network in ("atlantis", "ethereum", "lemuria"):
        _block(broken, report.report, network, datetime(2025, 1, 31, 16, tzinfo=UTC))
    with pytest.raises(BuildError, match="assets_and_networks_are_registered"):
        warehouse.build(broken)
    assert (broken.root / "porlake.duckdb").read_bytes() == good
    stopped = warehouse.query(
        broken, "select test, rows, offending from failed_tests.results where result = 'stop'", failed=True
    )[1]
    assert stopped == [("assets_and_networks_are_registered", 2, "failed_tests.assets_and_networks_are_registered")]
    found = warehouse.query(broken, f"select id, named from {stopped[0][2]} order by 1", failed=True)[1]
    assert found == [("atlantis", "network"), ("lemuria", "network")]


def _block(lake: Lake, report: str, network: str, time: datetime) -> None:
    place = {"exchange": "okx", "report": report, "network": network}
    lake.write(Block, place, [Block("okx", report, network, 1, "0x", time, "published")])


def test_heights_of_another_moment_are_told_and_refuse_nothing(
    lake: Lake, tmp_path: Path, give_tables: Callable[[Lake], Lake]
) -> None:
    """2025-02-01 is a day of OKX's clock: 2025-01-31 16:00 to 2025-02-01 16:00 UTC. Most heights are of its
    beginning.
    """
    found = Lake(tmp_path / "lake")
    shutil.copytree(lake.root, found.root, symlinks=True)
    report = next(row for row in found.rows(ReportFile, exchange="okx") if row.attestation == "okx/2025-02-01")
    begins = datetime(2025, 1, 31, 16, tzinfo=UTC)
    assert (report.snapshot_at, report.snapshot_day) == (begins, date(2025, 2, 1))
    apart = {
        "ethereum": 0,
        "bsc": 0,
        "base": 0,
        "optimism": 0,
        "bitcoin": 3 * 3600,
        "tron": 3 * 3600 + 1,
        "dogecoin": -3 * 3600,
        "litecoin": -3 * 3600 - 1,
    }
    for network, seconds in apart.items():
        _block(found, report.report, network, begins + timedelta(seconds=seconds))
    warehouse.database_of(found).unlink()
    give_tables(found)
    told = "select result, rows from failed_tests.results where test = 'heights_of_other_moment'"
    assert warehouse.query(found, told)[1] == [("warn", 2)]
    sql = """select attestation, network, seconds_from_snapshot, seconds_from_others
        from failed_tests.heights_of_other_moment order by network"""
    assert warehouse.query(found, sql)[1] == [
        ("okx/2025-02-01", "litecoin", -10801.0, -10801.0),
        ("okx/2025-02-01", "tron", 0.0, 10801.0),
    ]


def test_warnings_stop_nothing_and_are_kept_beside_the_tables(lake: Lake) -> None:
    kept = dict(warehouse.query(lake, "select test, rows from failed_tests.results where result = 'warn'")[1])
    assert set(kept) == {"an_account_is_claimed_twice"}
    assert not warehouse.query(lake, "select test from failed_tests.results where result = 'stop'")[1]
    warned = list((warehouse.sql_folder() / "tests" / "warnings").glob("*.sql"))
    assert len(warned) >= 6
    assert all("severity='warn'" in path.read_text() for path in warned)


@pytest.mark.thorough
def test_more_attestations_than_one_word_has_bits(tmp_path: Path) -> None:
    """Sixty-six days; an account leaves on the 64th and comes back on the 66th."""
    lake = Lake(tmp_path / "lake")
    for number in range(66):
        at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=number)
        file = ReportFile(
            exchange="okx", report=f"{number:064x}", attestation=f"okx/{at:%Y-%m-%d}", snapshot_at=at,
            snapshot_day=at.date(), snapshot_precision="day", content="addresses", statement="okx/made", revision=1,
            format="made", file_name="f.csv", members=[], origin="made", container=None, size_bytes=1, retrieved_at=at,
            report_no=None,
        )  # fmt: skip
        place = {"exchange": "okx", "report": file.report}
        lake.write(ReportFile, place | {"attestation": file.attestation}, [file])
        accounts = ACCOUNTS[:2] if number in (63, 64) else ACCOUNTS[:3]
        claims = [
            Claim(
                exchange="okx", report=file.report, source_row=row, network="ethereum", asset="ETH", address=account,
                address_published=account, label="ETH", network_label=None, amount=row, amount_published=str(row),
                printed_decimals=0, snapshot_height=19_000_000, holding="wallet", custodian=None, remark=None,
            )
            for row, account in enumerate(accounts, 1)
        ]  # fmt: skip
        lake.write(Claim, place, claims)
    warehouse.build(lake)
    changed = warehouse.query(
        lake,
        "select attestation, since, holdings_added, holdings_dropped from address_changes where holdings_added + "
        "holdings_dropped > 0 order by all",
    )[1]
    assert changed == [
        ("okx/2024-03-04", "first", 0, 1),
        ("okx/2024-03-04", "previous", 0, 1),
        ("okx/2024-03-05", "first", 0, 1),
        ("okx/2024-03-06", "previous", 1, 0),
    ]
