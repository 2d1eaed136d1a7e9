"""One odd row of somebody's file takes no table away: it is kept, flagged, and left out of sums."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from made_tables import nodes_of
from odd_lake import built, odd_lake
from porlake import pipeline
from porlake.lake import Lake
from porlake.model import ReportFile
from support import taken

Ask = Callable[[str], list[tuple[Any, ...]]]
WALLETS = (
    "coin,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script/ public key,eoa1,eoa2\n"
)
TOTALS = (
    "exchange,report_no,snapshot,snapshot_precision,asset,wallet_amount,own_amount,custody_amount,liabilities,"
    "printed_ratio,usd,scope,source,note\n"
)
ACCOUNTS = [f"0x{n:040x}" for n in range(0xABC0, 0xABC4)]
P2PKH = "13jTtHxBPFwZkaCdm6BwJMMJkqvTpBZccw"


@pytest.mark.parametrize("seed", [1, 5])
def test_no_row_that_the_contract_allows_stops_a_build(cased: Path, tmp_path: Path, seed: int) -> None:
    """Amounts up to 38 digits, prices from nothing to 10^8, nulls wherever they may be, datasets that are missing."""
    database = built(cased, odd_lake(tmp_path / "lake", seed), tmp_path / "build", threads=2)
    stops = {}
    with duckdb.connect(str(database)) as connection:
        for name, node in nodes_of(cased, "test").items():
            stopping = node["config"]["severity"].lower() == "error" and "of_latest" not in str(
                node.get("test_metadata")
            )
            if stopping and (rows := connection.execute(node["compiled_code"]).fetchmany(3)):
                stops[name] = rows
        connection.execute("set search_path = 'main,core,staging,lake,registry'")
        for path in sorted((Path(__file__).resolve().parents[2] / "sql" / "summary").glob("*.sql")):
            sql = path.read_text()
            connection.execute(sql, {"attestations": []} if "$attestations" in sql else None).fetchall()
        left_out = connection.execute("select sum(claims_left_out) from core.core_reserves").fetchall()[0][0]
    assert stops == {}
    assert left_out > 0


@pytest.fixture(scope="module")
def ask(cased: Path, tmp_path_factory: pytest.TempPathFactory, silent: Path) -> Ask:
    """Files that stopped a build, or were added up wrongly, in one lake."""
    folder = tmp_path_factory.mktemp("odd")
    prices = folder / "prices.csv"
    prices.write_text(
        "asset,usd,priced_at,source\nBTC,100000,2030-01-01T00:00:00Z,mine\nETH,2000,2030-01-01T00:00:00Z,mine\n"
    )
    chosen = pipeline.session(folder / "lake", environ={}, price_file=prices, replay=silent)
    files = {
        # a lost decimal point beside a good row
        "okx_por_2030010100.csv": WALLETS
        + f"BTC,BTC,200,{P2PKH},100000000000000,,,,,,\nETH,ETH,1,{ACCOUNTS[0]},4,,,,,,\n",
        # one label on two networks
        "okx_por_2030020100.csv": "coin,snapshot height,amount\nETH,19300000,3\n\n" + WALLETS
        + f"ETH,ETH,19300000,{ACCOUNTS[0]},1,,,,,,\nETH,ARBITRUM,1,{ACCOUNTS[0]},2,,,,,,\n",
        # two files of one name, snapshot and revision
        "a/okx_por_2030030100_V2.csv": WALLETS
        + f"ETH,ETH,1,{ACCOUNTS[0]},10,,,,,,\nETH,ETH,1,{ACCOUNTS[1]},20,,,,,,\n",
        "b/okx_por_2030030100_V2.csv": WALLETS
        + f"ETH,ETH,1,{ACCOUNTS[0]},10,,,,,,\nETH,ETH,1,{ACCOUNTS[2]},20,,,,,,\n",
        "two_sources.csv": TOTALS
        + "kucoin,1,2030-01-01,day,BTC,100,100,0,40,,,,a,\nkucoin,1,2030-01-01,day,BTC,50,,,40,,,,b,\n",
        "own.csv": TOTALS
        + "kucoin,1,2030-02-01,day,BTC,100,,,40,,,,a,\nkucoin,1,2030-02-01,day,BTC,64,,,80,,,,kucoin.com/proof,\n",
        "liabilities.csv": TOTALS + "kucoin,,2030-03-01,day,BTC,,,,90,,,,their page,\n",
        "reserves.csv": TOTALS + "kucoin,,2030-03-01,day,BTC,100,,,,,,,their wallets page,\n",
        "part.csv": TOTALS + "kucoin,,2030-04-01,day,BTC,1,2,,,,,,their page,\n",
    }  # fmt: skip
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
        taken(chosen, "okx" if "okx" in name else "kucoin", folder / name)
    pipeline.price(chosen, sorted({file.attestation for file in chosen.lake.rows(ReportFile)}), give_up=True)
    database = built(cased, Lake(folder / "lake"), folder / "build", threads=2)
    connection = duckdb.connect(str(database))
    connection.execute("set search_path = 'main,core,staging,lake,registry'")
    return lambda sql: connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording that knows the time and nothing else."""
    folder = tmp_path_factory.mktemp("silent")
    samples = Path(__file__).resolve().parents[2] / "data" / "samples" / "recording" / "run"
    (folder / "run").mkdir()
    for clock in samples.glob("clock_*.json"):
        (folder / "run" / clock.name).write_bytes(clock.read_bytes())
    return folder


def test_a_lost_point_is_kept_flagged_and_left_out_of_sums(ask: Ask) -> None:
    assert ask(
        "select units, usd, share_null_reason from asset_composition where attestation like 'okx/2030-01%' and asset "
        "= 'BTC'"
    ) == [(None, None, "too_large")]
    assert ask(
        "select amount, is_too_large from core_observation where attestation like 'okx/2030-01%' and asset = 'BTC'"
    ) == [(10**22, True)]
    assert ask("select usd_total from dominance where attestation like 'okx/2030-01%'") == [(Decimal(8000),)]
    assert ask("select claims_left_out from core_reserves where attestation like 'okx/2030-01%' order by asset") == [
        (1,),
        (0,),
    ]


def test_a_label_on_two_networks_is_added_once(ask: Ask) -> None:
    arithmetic = (
        "select printed_units, summed_units, status from report_arithmetic where attestation like 'okx/2030-02%'"
    )
    assert ask(arithmetic) == [(Decimal(3), Decimal(3), "equal")]


def test_of_two_files_of_one_name_and_revision_one_counts_and_both_are_shown(ask: Ask) -> None:
    assert ask("select reserves_claimed_units from reserve_ratio where attestation like 'okx/2030-03%'") == [
        (Decimal(30),)
    ]
    assert ask(
        "select kind, rows_added, rows_dropped, rows_changed, units_change from restatements where attestation like "
        "'okx/2030-03%'"
    ) == [("revision", 1, 1, 0, Decimal(0))]


def test_of_two_sources_the_first_by_name_counts_and_both_are_shown(ask: Ask) -> None:
    figures = "reserves_claimed_units, liabilities_units, claims_conflicting, liabilities_conflicting"
    assert ask(f"select {figures} from reserve_ratio where attestation = 'kucoin/2030-01-01'") == [
        (Decimal(100), Decimal(40), True, False)
    ]
    assert ask(
        "select source, amount, is_counted from core_statement where attestation = 'kucoin/2030-01-01' and what = "
        "'reserves' order by 1"
    ) == [
        ("a", Decimal(10**10), True),
        ("b", Decimal(5 * 10**9), False),
    ]
    shown = (
        "select kind, what, statement, base_statement, units_change from restatements where attestation = "
        "'kucoin/2030-01-01' order by what"
    )
    assert ask(shown) == [
        ("statement", "liabilities", "b", "a", Decimal(0)),
        ("statement", "totals", "b", "a", Decimal(-50)),
    ]


def test_what_the_exchange_itself_says_counts_before_others(ask: Ask) -> None:
    figures = "reserves_claimed_units, liabilities_units, claims_conflicting, liabilities_conflicting"
    assert ask(f"select {figures} from reserve_ratio where attestation = 'kucoin/2030-02-01'") == [
        (Decimal(64), Decimal(80), True, True)
    ]


def test_a_second_file_of_a_day_wipes_nothing_of_the_first(ask: Ask) -> None:
    assert ask(
        "select reserves_claimed_units, liabilities_units from reserve_ratio where attestation = 'kucoin/2030-03-01'"
    ) == [(Decimal(100), Decimal(90))]


def test_a_part_that_exceeds_its_whole_warns_and_stops_nothing(ask: Ask) -> None:
    assert ask(
        "select claimed_without_custody > reserves_claimed from reserve_ratio where attestation = 'kucoin/2030-04-01'"
    ) == [(True,)]
