"""Lists of addresses, observed: planted balances to the base unit, one question a network, the same bytes in a replay,
and all that was not read said.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

import bitcoin_node
import listed_chains
import tron_stub
from evm_chain import node_or_skip
from listed_chains import MOMENT, Networks, planted
from porlake import addresses, pipeline, registry, reports, warehouse
from porlake.addresses import bitcoin as bitcoin_form
from porlake.chains import Dump
from porlake.errors import BadStructure, ConfigurationError, InvalidAddress, MissingPartition, NotFinal
from porlake.model import Balance, Block, Claim, ObservedList, ReportFile, Unobserved
from porlake.queries.lists import list_read
from porlake.reports import observed_list
from porlake.transport import Endpoint
from recomputed import differences
from support import RECORDING, ROOT, named, own_rows, tree

COMPILED = ROOT.parent / "shared" / "data" / "addresses" / "cex_addresses.csv"
FILES = ROOT.parent / "shared" / "data" / "files"
AT = datetime.fromtimestamp(MOMENT, UTC)
DAY = "2023-11-04"  # ten days before
HEADER = "exchange,network,address,label,source\n"
ACCOUNTS = [f"0x{number:040x}" for number in range(0xA0001, 0xA0006)]


def put(session: pipeline.Session, folder: Path, rows: Iterable[str], day: str = DAY) -> list[str]:
    """A list in the lake, parsed: rows as `exchange,network,address,label,source`."""
    path = folder / f"addresses_{day}.csv"
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows))
    found = pipeline.archive(session, "bitfinex", str(path))
    for report in found:
        pipeline.parse(session, report)
    return found


def opened(lake: Path, endpoints: Mapping[str, Any] | None = None, **options: Any) -> pipeline.Session:
    """Nobody but these is asked. Without proofs: the made tokens keep their balances at another slot than the real
    ones.
    """
    nobody = dict[str, Any].fromkeys(registry.load().networks, ())
    return pipeline.session(
        lake, environ={"PORLAKE_PROOF_SHARE": "0"}, endpoints={**nobody, **(endpoints or {})}, **options
    )


def observed(session: pipeline.Session, at: datetime = AT, exchange: str = "bitfinex") -> str:
    report = pipeline.archive_list(session, exchange, at)
    pipeline.parse(session, report)
    for network in pipeline.networks(session, report):
        pipeline.observe(session, report, network, give_up=True)
    return report


def base_units(network: str, asset: str, raw: int) -> int:
    facts = registry.load()
    return int(raw * 10 ** (facts.assets[asset].scale - facts.tokens[network, asset].decimals))


def expected(chains: Networks, network: str, asset: str, account: str) -> int:
    token = registry.load().tokens[network, asset]
    raw = chains.native[account] if token.kind == "native" else chains.tokens[network, asset][account]
    return base_units(network, asset, raw)


# --- the report -------------------------------------------------------------------------------------------------------
def test_an_observation_is_a_report_whose_id_says_what_was_asked(tmp_path: Path) -> None:
    session = opened(tmp_path / "lake")
    (listed,) = put(
        session, tmp_path, [f"bitfinex,ethereum,{ACCOUNTS[0]},hot,a tracker", "bitfinex,ripple,r,,a tracker"]
    )
    report = pipeline.archive_list(session, "bitfinex", AT)
    assert pipeline.archive_list(session, "bitfinex", AT) == report
    assert pipeline.archive_list(session, "bitfinex", AT + timedelta(seconds=1)) != report
    pipeline.parse(session, report)
    file = session.lake.report(report)
    with session.lake.open_raw(report) as raw:
        text = raw.read()
    said = json.loads(text)
    assert (said["at"], said["exchange"], said["list"]) == ("2023-11-14T22:14:37Z", "bitfinex", listed)
    assert text == (json.dumps(said, sort_keys=True, separators=(",", ":")) + "\n").encode()
    assert (file.attestation, file.snapshot_at, file.content, file.statement) == (
        "bitfinex/2023-11-14", AT, "observed_list", "porlake/observed_list",
    )  # fmt: skip
    (of,) = session.lake.rows(ObservedList)
    assert (of.list, of.list_stated_by, f"{of.list_day}", of.accounts, of.rows_refused) == (
        listed, "a tracker", DAY, 1, 1,
    )  # fmt: skip
    asked = {row.asset for row in session.lake.rows(Claim, report=report, exchange="bitfinex")}
    assert asked == {asset for network, asset in registry.load().tokens if network == "ethereum"}
    before = tree(tmp_path / "lake")
    pipeline.parse(session, report)
    assert tree(tmp_path / "lake") == before


def test_the_day_is_one_of_utc_whatever_clock_the_exchange_has(tmp_path: Path) -> None:
    session = opened(tmp_path / "lake")
    put(session, tmp_path, [f"kucoin,ethereum,{ACCOUNTS[0]},,a tracker"])
    report = pipeline.archive_list(session, "kucoin", AT)
    file = session.lake.report(report)
    assert (file.attestation, file.snapshot_at) == ("kucoin/2023-11-14", AT), "in UTC+8 it is the 15th"


def test_the_newest_list_that_is_no_younger_is_taken_else_the_oldest(tmp_path: Path) -> None:
    session = opened(tmp_path / "lake")
    found = {
        day: put(session, tmp_path, [f"bitfinex,ethereum,{ACCOUNTS[number]},,a tracker"], day)[0]
        for number, day in enumerate(("2023-11-13", "2023-11-14", "2023-11-15", "2023-11-16"))
    }

    def taken(at: datetime) -> str:
        with session.lake.open_raw(pipeline.archive_list(session, "bitfinex", at)) as raw:
            return str(json.loads(raw.read())["list"])

    assert taken(AT) == found["2023-11-14"]
    assert taken(AT - timedelta(days=1)) == found["2023-11-13"]
    assert taken(AT - timedelta(days=2)) == found["2023-11-13"], "the oldest of those that are younger"
    assert taken(AT + timedelta(days=9)) == found["2023-11-16"]
    named = pipeline.archive_list(session, "bitfinex", AT, found["2023-11-16"])
    with session.lake.open_raw(named) as raw:
        assert json.loads(raw.read())["list"] == found["2023-11-16"]


def test_what_cannot_be_observed_says_why(tmp_path: Path) -> None:
    session = opened(tmp_path / "lake")
    with pytest.raises(MissingPartition, match="no list of its addresses that is parsed; `porlake run bitfinex"):
        pipeline.archive_list(session, "bitfinex", AT)
    with pytest.raises(ConfigurationError, match="'bitfinx' is no exchange of the registry; did you mean bitfinex"):
        pipeline.archive_list(session, "bitfinx", AT)
    (listed,) = put(session, tmp_path, [f"kucoin,ethereum,{ACCOUNTS[0]},,a tracker"])
    with pytest.raises(ConfigurationError, match="is of kucoin, not of bitfinex"):
        pipeline.archive_list(session, "bitfinex", AT, listed)


def test_an_observation_of_other_rows_of_the_registry_is_not_read_as_if_it_were_of_these(tmp_path: Path) -> None:
    session = opened(tmp_path / "lake")
    put(session, tmp_path, [f"bitfinex,ethereum,{ACCOUNTS[0]},,a tracker"])
    first = session.lake.report(pipeline.archive_list(session, "bitfinex", AT))
    with session.lake.open_raw(first.report) as raw:
        asked = observed_list.read(reports.Member("f.json", raw, "observed_list"))
    (tmp_path / "other.json").write_bytes(replace(asked, registry="00" * 32).text)
    (report,) = pipeline.archive(session, "bitfinex", str(tmp_path / "other.json"))
    assert session.lake.report(report).attestation == first.attestation
    with pytest.raises(BadStructure, match="observe the list again"):
        pipeline.parse(session, report)
    assert not list(session.lake.pointers(Claim, exchange="bitfinex", report=report))


@pytest.mark.parametrize(
    "text",
    ['{"at":"2026-11-01T00:00:00Z"}\n', "", '{"at": "2026-11-01T00:00:00Z","exchange":"x","list":"","registry":""}\n'],
)
def test_a_text_that_is_no_observation_is_none(text: str) -> None:
    import io

    with pytest.raises(BadStructure):
        observed_list.read(reports.Member("f.json", io.BytesIO(text.encode()), "observed_list"))


@pytest.mark.skipif(not FILES.exists(), reason="the real files are not beside the project")
@pytest.mark.parametrize(
    ("exchange", "name", "day", "accounts"),
    [
        ("bitfinex", "bitfinex_wallets_20221212.txt", "2022-12-12", 104),
        ("bybit", "bybit_por_202212.csv", "2022-12-01", 23),
    ],
)
def test_real_lists_of_exchanges_are_asked_for_and_what_nobody_answers_says_why(
    tmp_path: Path, exchange: str, name: str, day: str, accounts: int
) -> None:
    session = opened(tmp_path / "lake")
    for listed in pipeline.archive(session, exchange, str(FILES / name)):
        pipeline.parse(session, listed)
    read = list_read(session, observed(session, exchange=exchange))
    assert (read.listed.list_stated_by, f"{read.listed.list_day}") == (exchange, day)
    assert read.age_days == (AT.date() - read.listed.list_day).days
    assert read.listed.accounts >= accounts
    assert sum(network.accounts_not_read for network in read.networks) == read.listed.accounts
    assert {reason for network in read.networks for reason in network.not_read} >= {"no_endpoint", "omni_layer"}
    assert not read.is_complete


# --- on real nodes ----------------------------------------------------------------------------------------------------
@pytest.mark.node
def test_one_account_on_many_networks_is_asked_about_once_a_network(tmp_path: Path) -> None:
    """Every EVM network whose blocks show themselves: as many as the widest account of the real list has, and more."""
    node_or_skip()
    facts = registry.load()
    many = sorted(name for name, row in facts.evm_networks.items() if row.self_check != "none" and row.final_tag)
    with listed_chains.networks(dict.fromkeys(many, ACCOUNTS[:1])) as chains:
        session = opened(tmp_path / "lake", {network: chains.endpoint(network) for network in many})
        # each network three times: under other labels, and spelled otherwise
        shouted = ACCOUNTS[0].upper().replace("X", "x")
        spelled = ((ACCOUNTS[0], "a"), (ACCOUNTS[0], "b"), (shouted, ""))
        put(session, tmp_path, [f"bitfinex,{n},{text},{label},a tracker" for n in many for text, label in spelled])
        report = observed(session)
        calls = {network: chains.asked[network]["eth_call"] for network in many}
    read = list_read(session, report)
    assert len(many) > 60
    assert [row.accounts_read for row in read.networks] == [1] * len(many)
    alone = [network for network in many if len(_readable(network)) == 1]
    assert {calls[network] for network in alone} == {1}
    # where the token holds something, it is also asked for its decimals and by whom it is asked: three words more
    for network in set(many) - set(alone):
        held = sum(chains.tokens[network, asset][ACCOUNTS[0]] > 0 for asset in _readable(network) if asset in
                   {a for n, a in chains.tokens if n == network})  # fmt: skip
        assert calls[network] == 1 + 3 * held, network


@pytest.mark.node
@pytest.mark.parametrize("endpoints", [1, 2])
def test_a_moment_that_is_not_final_yet_is_no_fault_of_the_endpoints(tmp_path: Path, endpoints: int) -> None:
    node_or_skip()
    with listed_chains.networks({"ethereum": ACCOUNTS}) as chains:
        ends = (chains.endpoint("ethereum"),) * endpoints
        session = opened(tmp_path / "lake", {"ethereum": ends})
        put(session, tmp_path, [f"bitfinex,ethereum,{ACCOUNTS[0]},,a tracker"])
        late = datetime.fromtimestamp(listed_chains.LATER + listed_chains.MONTH, UTC)
        report = pipeline.archive_list(session, "bitfinex", late)
        pipeline.parse(session, report)
        with pytest.raises(NotFinal, match="the last final block"):
            pipeline.observe(session, report, "ethereum")
        pipeline.observe(session, report, "ethereum", give_up=True)
    assert not list(session.lake.rows(Balance))
    assert "height_not_final" in {row.reason for row in session.lake.rows(Unobserved)}


def _readable(network: str) -> list[str]:
    return [asset for (place, asset), token in registry.load().tokens.items()
            if place == network and token.kind in ("native", "erc20")]  # fmt: skip


def _totals(balances: Iterable[Balance]) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = defaultdict(int)
    for row in balances:
        if row.component == "total" and row.as_of == "exact":
            found[row.network, row.asset] += row.amount
    return dict(found)


@pytest.mark.node
@pytest.mark.thorough
@pytest.mark.skipif(not COMPILED.exists(), reason="the real list is not beside the project")
def test_the_addresses_that_trackers_compiled_are_observed_to_the_base_unit(tmp_path: Path) -> None:
    """All of the 23 exchanges; those of EVM networks on a real node, with balances that were planted for each."""
    node_or_skip()
    compiled(tmp_path)
    facts = registry.load()
    with (tmp_path / "addresses_2026-11-20.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    on_evm: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        # a chain whose blocks are final by their depth alone would need thousands of them
        if row["network"] in facts.evm_networks and facts.evm_networks[row["network"]].final_tag:
            with suppress(InvalidAddress):
                on_evm[row["network"]].add(addresses.parse(row["network"], row["address"]).text)
    with listed_chains.networks(on_evm) as chains:
        endpoints = {network: chains.endpoint(network) for network in on_evm}
        session = opened(tmp_path / "lake", endpoints)
        lists = pipeline.archive(session, "okx", str(tmp_path / "addresses_2026-11-20.csv"))
        for listed in lists:
            pipeline.parse(session, listed)
        exchanges = sorted({session.lake.report(listed).exchange for listed in lists})
        found = {exchange: observed(session, exchange=exchange) for exchange in exchanges}
        calls = sum(chains.asked[network]["eth_call"] for network in on_evm)
    assert len(exchanges) == len(lists) == 23
    counted = Counter[str]()
    for exchange, report in found.items():
        only = {"exchange": exchange, "report": report}
        asked = list(session.lake.rows(Claim, **only))
        held = {(row.network, row.asset, row.address): row for row in session.lake.rows(Balance, **only)}
        missing = {(row.network, row.asset, row.address): row for row in session.lake.rows(Unobserved, **only)}
        assert {(row.network, row.asset, row.address) for row in asked} == held.keys() | missing.keys()
        assert not held.keys() & missing.keys()
        should: dict[tuple[str, str], int] = defaultdict(int)
        for row in asked:
            if row.network in on_evm and facts.tokens[row.network, row.asset].kind in ("native", "erc20"):
                should[row.network, row.asset] += expected(chains, row.network, row.asset, row.address)
                counted["pairs"] += 1
        assert _totals(held.values()) == dict(should), exchange
        counted["accounts"] += sum(network.accounts_read for network in list_read(session, report).networks)
        counted["read"] += len(held)
        counted["not read"] += len(missing)
        assert {row.list_stated_by for row in session.lake.rows(ObservedList, **only)} == {"DefiLlama"}
    assert counted["read"] == counted["pairs"]
    assert counted["accounts"] == sum(map(len, on_evm.values()))
    print(f"\n{counted}, {len(on_evm)} EVM networks, {calls} eth_calls")


def compiled(folder: Path) -> None:
    """The list as our form has it, by the statement that docs/formats shows."""
    page = (ROOT / "docs" / "formats" / "addresses_csv.md").read_text()
    (statement,) = re.findall(r"```sql\n(.*?)```", page, re.S)
    shutil.copy(COMPILED, folder / "cex_addresses.csv")
    with duckdb.connect() as connection:
        connection.execute(f"set file_search_path = '{folder}'")
        connection.execute(statement.replace("to 'addresses", f"to '{folder}/addresses"))


@pytest.mark.node
@pytest.mark.skipif(not COMPILED.exists(), reason="the real list is not beside the project")
def test_bitcoin_addresses_that_trackers_compiled_are_observed_from_a_set_of_all_coins(tmp_path: Path) -> None:
    """A node writes the set of the moment's block; what happens behind it is not seen, and the tip alone tells nothing
    of the moment.
    """
    if not (bitcoin_node.KNOTS / "usr/bin/bitcoind").exists():
        pytest.skip("Bitcoin Knots is not installed: make nodes")
    compiled(tmp_path)
    session = opened(tmp_path / "lake")
    for listed in pipeline.archive(session, "okx", str(tmp_path / "addresses_2026-11-20.csv")):
        pipeline.parse(session, listed)
    lists = {file.exchange: file.report for file in session.lake.rows(ReportFile)}
    accounts = {
        exchange: session.lake.distinct(Claim, "address", exchange=exchange, report=report, network="bitcoin")
        for exchange, report in lists.items()
    }
    everybody = sorted(set().union(*accounts.values()))
    held = {account: planted(account, "bitcoin") % 10**6 for account in everybody}
    begin = 1_700_000_000
    with bitcoin_node.started(bitcoin_node.KNOTS, "usr/bin/bitcoind", "-acceptnonstdtxn=1") as node:
        node.rpc("setmocktime", begin)
        node.rpc("createwallet", "tests")
        node.rpc("generatetoaddress", 110, node.rpc("getnewaddress"))
        scripts = {account: bitcoin_form.script(addresses.parse("bitcoin", account)) for account in everybody}
        node.rpc("setmocktime", begin + 3600)
        bitcoin_node.mine(node, [[(held[a], scripts[a]) for a in everybody if held[a]]])
        height = node.rpc("getblockcount")
        for later in range(1, 13):
            node.rpc("setmocktime", begin + 3600 + 600 * later)
            bitcoin_node.mine(node, [[(10**7, scripts[everybody[later]])]])
        at = datetime.fromtimestamp(begin + 3600 + 599, UTC)
        (tmp_path / "rows").mkdir()
        with own_rows(named(tmp_path / "rows", bitcoin=f"0:{node.rpc('getblockhash', 0)}")):
            asked = opened(tmp_path / "lake", {"bitcoin": node.endpoint})
            sets = replace(asked, dumps={"bitcoin": Dump(str(tmp_path / "utxo-{height}.dat"))})
            for exchange in sorted(name for name, found in accounts.items() if found):
                report = pipeline.archive_list(asked, exchange, at)
                pipeline.parse(asked, report)
                only = {"exchange": exchange, "report": report, "network": "bitcoin"}
                pipeline.observe(sets, report, "bitcoin")
                (block,) = sets.lake.rows(Block, **only)
                assert (block.height, block.block_origin) == (height, "resolved")
                read = {row.address: row for row in sets.lake.rows(Balance, **only) if row.component == "total"}
                assert {row.address: row.amount for row in read.values()} == {a: held[a] for a in accounts[exchange]}
                assert {row.as_of for row in read.values()} == {"exact"}
            pipeline.observe(asked, report, "bitcoin")
            assert not list(asked.lake.rows(Balance, **only)), "a head's number is none of a past moment"
            reasons = {row.reason for row in asked.lake.rows(Unobserved, **only)}
            assert reasons == {"no_history", "omni_layer"}
            with pytest.raises(NotFinal, match="11 are needed"):
                late = pipeline.archive_list(asked, exchange, at + timedelta(seconds=1200))
                pipeline.parse(asked, late)
                pipeline.observe(asked, late, "bitcoin")
            pipeline.observe(asked, late, "bitcoin", give_up=True)
            only["report"] = late
            assert "height_not_final" in {row.reason for row in asked.lake.rows(Unobserved, **only)}
    print(f"\n{len(everybody):,} bitcoin addresses of {sum(map(bool, accounts.values()))} exchanges")


# --- a chain that keeps no past ---------------------------------------------------------------------------------------
def test_a_network_without_a_past_is_read_near_its_moment_or_not_at_all(tmp_path: Path) -> None:
    at = datetime.fromtimestamp(tron_stub.TIME, UTC)
    node = tron_stub.Node(
        accounts={tron_stub.account(1): {"balance": 9}}, held={tron_stub.USDT: {tron_stub.account(1): 5}}
    )
    with tron_stub.served(node) as url:
        session = opened(tmp_path / "lake", {"tron": Endpoint(url)})
        put(session, tmp_path, [f"bitfinex,tron,{tron_stub.account(1)},,a tracker"], "2024-06-20")
        report = pipeline.archive_list(session, "bitfinex", at)
        pipeline.parse(session, report)
        assert pipeline.swept_now(session, report) == [], "its moment has passed long ago"
        pipeline.observe(session, report, "tron", give_up=True)
        only = {"exchange": "bitfinex", "report": report}
        assert not list(session.lake.rows(Balance, **only))
        assert "no_history" in {row.reason for row in session.lake.rows(Unobserved, **only)}
        assert pipeline.sweep_list(session, report, "tron") > 0  # as at the moment itself
        pipeline.observe(session, report, "tron", give_up=True)
    near = {row.asset: row for row in session.lake.rows(Balance, **only) if row.component == "total"}
    assert (near["USDT"].amount, near["USDT"].as_of) == (base_units("tron", "USDT", 5), "near")
    assert near["USDT"].offset_seconds != 0
    (network,) = list_read(session, report).networks
    assert (network.accounts_read, network.accounts_not_read, network.exact) == (1, 0, 0)
    assert network.near == len(near)


# --- a list through to the marts --------------------------------------------------------------------------------------
PRICES = {"ETH": ("2000", "2100"), "POL": ("0.5", "0.25"), "USDT": ("1", "1.01"), "LEO": ("4", "5"), "USDC": ("1", "1")}
OWED = (
    "exchange,report_no,snapshot,snapshot_precision,asset,wallet_amount,own_amount,custody_amount,liabilities,"
    "printed_ratio,usd,scope,source,note\n"
)


@pytest.mark.node
@pytest.mark.usefixtures("tables_at_once")
def test_a_list_through_to_the_marts_and_the_same_bytes_in_a_replay(tmp_path: Path) -> None:
    node_or_skip()
    later = datetime.fromtimestamp(listed_chains.LATER, UTC)
    prices = tmp_path / "prices.csv"
    # what is owed is stated for the day, and prices are those of its beginning
    moments = (AT.replace(hour=0, minute=0, second=0), later)
    prices.write_text("asset,usd,priced_at,source\n" + "".join(
        f"{asset},{usd},{at:%Y-%m-%dT%H:%M:%SZ},made\n"
        for asset, both in PRICES.items() for usd, at in zip(both, moments, strict=True)
    ))  # fmt: skip
    (tmp_path / "silent" / "run").mkdir(parents=True)
    for clock in (RECORDING / "run").glob("clock_*.json"):
        shutil.copy(clock, tmp_path / "silent" / "run")
    (tmp_path / "owed.csv").write_text(OWED + f"bitfinex,,{AT:%Y-%m-%d},day,ETH,,,,0.0001,,,,bitfinex,\n")
    rows = [f"bitfinex,{network},{account},,a tracker" for network in ("ethereum", "polygon") for account in ACCOUNTS]
    rows += ["bitfinex,bitcoin,143gLvWYUojXaWZRrxquRKpVNTkhmr415B,,a tracker", "bitfinex,atlantis,x,,a tracker"]
    rows += [f"kraken,ethereum,{ACCOUNTS[1]},,a tracker"]

    def all_of_it(name: str, first: pipeline.Session, second: pipeline.Session) -> dict[str, str]:
        put(first, tmp_path, rows)
        for report in pipeline.archive(first, "bitfinex", str(tmp_path / "owed.csv")):
            pipeline.parse(first, report)
        reports_ = [observed(first), observed(second, later)]
        priced = opened(tmp_path / name, price_file=prices, replay=tmp_path / "silent")
        pipeline.price(priced, pipeline.attestations(second, reports_), give_up=True)
        return {key: value for key, value in tree(tmp_path / name).items() if key.startswith("lake/")}

    with listed_chains.networks({"ethereum": ACCOUNTS, "polygon": ACCOUNTS}) as chains:
        ends = {network: chains.endpoint(network) for network in ("ethereum", "polygon")}
        one, two = ({"record": tmp_path / "recording" / name} for name in "12")
        made = all_of_it(
            "made",
            opened(tmp_path / "made", {"ethereum": ends["ethereum"], "polygon": ()}, **one),
            opened(tmp_path / "made", ends, **two),
        )
    again = all_of_it(
        "again",
        opened(tmp_path / "again", replay=tmp_path / "recording" / "1"),
        opened(tmp_path / "again", replay=tmp_path / "recording" / "2"),
    )
    assert again == made

    session = opened(tmp_path / "made")
    pipeline.build(session)
    assert differences(session.lake)[1] == []

    def ask(sql: str) -> list[tuple[Any, ...]]:
        return warehouse.query(session.lake, sql)[1]

    assert ask("select distinct basis from asset_composition") == [("onchain",)]
    of = {"ethereum": "ETH", "polygon": "POL"}
    for at, networks in ((AT, ["ethereum"]), (later, ["ethereum", "polygon"])):
        day = f"bitfinex/{at:%Y-%m-%d}"
        found = dict(ask(f"select asset, amount from asset_composition where attestation = '{day}' and amount > 0"))
        should: dict[str, int] = defaultdict(int)
        for network in networks:
            for account in ACCOUNTS:
                for asset in _readable(network):
                    native = asset == of[network]
                    now = listed_chains.LEFT if native and at == later else expected(chains, network, asset, account)
                    should[asset] += now
        assert found == {asset: amount for asset, amount in should.items() if amount}
    # what a network without an endpoint held before is no flow: it came on the list
    (pol,) = ask(
        "select basis, amount_before, amount_change, usd_flow, usd_list, not_split_because from net_flow "
        "where asset = 'POL' and since = 'previous'"
    )
    assert pol[0] == "onchain"
    assert pol[1] is None
    assert (pol[3], pol[5]) == (0, None)
    (eth,) = ask(
        "select usd_flow < 0, usd_list, not_split_because from net_flow where asset = 'ETH' and since = 'previous'"
    )
    assert eth == (True, 0, None)
    first = f"attestation = 'bitfinex/{AT:%Y-%m-%d}'"
    assert ask(
        "select accounts, accounts_read, not_read_because, list_age_days, list_stated_by, list_rows_refused "
        f"from observed_lists where {first} and network <> 'ethereum' order by network"
    ) == [
        (1, 0, ["no_endpoint", "omni_layer"], 10, "a tracker", 1),
        (5, 0, ["no_endpoint"], 10, "a tracker", 1),
    ]
    ratios = ask(
        "select asset, basis, reserves_claimed, ratio_onchain > 0, ratio_claimed_null_reason, is_covered "
        f"from reserve_ratio where {first} and liabilities is not null"
    )
    assert ratios == [("ETH", "onchain", None, True, "observed_list", None)]
    held = [asset for asset in sorted(_readable("ethereum")) if chains_hold(chains, "ethereum", asset, ACCOUNTS[1])]
    assert ask("select assets, with_amounts, against from address_collisions where exchange = 'bitfinex'") == [
        (held, True, "kraken")
    ]
    for mart in ("balance_reconciliation", "ownership_coverage", "report_arithmetic"):
        assert ask(f"select count(*) from {mart}") == [(0,)], "nobody claims what a list was observed for"


def chains_hold(chains: Networks, network: str, asset: str, account: str) -> bool:
    """Whether an account still has something of an asset at LATER."""
    native = registry.load().tokens[network, asset].kind == "native"
    return native or expected(chains, network, asset, account) > 0
