"""observe on EVM networks: claims in Parquet to the partition, by several endpoints, stopped and gone on, and the
command line beside it.
"""

from __future__ import annotations

import signal
import subprocess
import time
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import anvil
import proxy as faults
from evm_chain import BEGIN, HEIGHT, ODD, Chain, filled, quick, token
from porlake import pipeline, registry
from porlake.errors import ChainError, ConfigurationError, PorlakeError
from porlake.lake import Lake
from porlake.model import Balance, Block, Claim, ReportFile, Unobserved
from porlake.observation.endpoints import endpoints_of
from porlake.observation.second_opinion import contradicted
from porlake.queries import balances
from porlake.queries.unanswered import unanswered
from porlake.transport import Endpoint, Recording
from proxy import Exchange, Proxy
from support import command, environment, tree

pytestmark = pytest.mark.node
REPORT, EXCHANGE = "cd" * 32, "okx"
ONLY = {"exchange": EXCHANGE, "report": REPORT}
HERE = ONLY | {"network": "ethereum"}


def claim(line: int, asset: str, address: str, height: int | None = HEIGHT, network: str = "ethereum") -> Claim:
    return Claim(
        EXCHANGE,
        REPORT,
        line,
        network,
        asset,
        address,
        address,
        asset,
        network,
        1,
        "1",
        0,
        height,
        "wallet",
        None,
        None,
    )


def put(root: Path, claims: list[Claim], at: datetime | None = None, precision: str = "moment") -> None:
    """A parsed report that makes these claims."""
    now = datetime.fromtimestamp(BEGIN, UTC)
    file = ReportFile(
        exchange=EXCHANGE, report=REPORT, attestation="okx/2024-03-25", snapshot_at=at or now,
        snapshot_day=(at or now).date(),
        snapshot_precision=precision, content="addresses",
        statement="okx/okx_csv", revision=1, format="okx_csv", file_name="made.csv", members=[],
        origin="file:made.csv", container=None, size_bytes=1, retrieved_at=now, report_no=None,
    )  # fmt: skip
    lake = Lake(root)
    lake.write(ReportFile, ONLY | {"attestation": "okx/2024-03-25"}, [file])
    lake.write(Claim, ONLY, claims)


def settings(root: Path, *endpoints: Endpoint, **options: Any) -> pipeline.Session:
    """Without proofs, which are looked at beside (test_proof_observe)."""
    return replace(
        pipeline.session(root, environ={"PORLAKE_PROOF_SHARE": "0"}), endpoints={"ethereum": endpoints}, **options
    )


def both(chain: Chain) -> list[Claim]:
    places = [(asset, account) for asset in ("USDT", "ETH") for account in reversed(chain.accounts)]
    return [claim(line, asset, account) for line, (asset, account) in enumerate(places, 1)]


def seen(root: Path) -> dict[tuple[str, str], int]:
    return {(row.asset, row.address): row.amount for row in Lake(root).rows(Balance, **HERE)}


def missing(root: Path) -> dict[tuple[str, str], str]:
    return {(row.asset, row.address): row.reason for row in Lake(root).rows(Unobserved, **HERE)}


def expected(chain: Chain) -> dict[tuple[str, str], int]:
    facts = registry.load()
    scale = {asset: 10 ** (facts.assets[asset].scale - token("ethereum", asset).decimals) for asset in ("ETH", "USDT")}
    return {
        (asset, account): raw * scale[asset]
        for asset in scale
        for account, raw in zip(chain.accounts, chain.amounts(asset), strict=True)
    }


# --- rows in, rows out ------------------------------------------------------------------------------------------------
def test_every_claim_is_a_balance_or_a_reason(chain: Chain, tmp_path: Path) -> None:
    one = chain.accounts[0]
    odd = [(asset, one) for asset in ODD] + [
        ("ETH", "0xnobody"),
        ("ETH", one.upper()),
        ("stETH", one),
        ("TRX-ERC20", one),
        ("DOGE", one),
    ]
    claims = both(chain) + [claim(10_000 + line, asset, address) for line, (asset, address) in enumerate(odd)]
    claims += [
        claim(20_000, "ETH", chain.accounts[3], 10**9),
        claim(20_001, "USDC", one, 10**9),
        claim(20_002, "OKB", one, None),
    ]
    put(tmp_path, claims, precision="day")
    pipeline.observe(settings(tmp_path, quick(chain.url)), REPORT, "ethereum")
    assert seen(tmp_path) == expected(chain)
    assert missing(tmp_path) == {(asset, one): reason for asset, (_, reason) in ODD.items()} | {
        ("ETH", "0xnobody"): "not_an_address",
        ("ETH", one.upper()): "not_an_address",
        ("stETH", one): "token_rebases",
        ("TRX-ERC20", one): "contract_unknown",
        ("DOGE", one): "asset_not_on_network",
        ("USDC", one): "height_not_final",
        ("OKB", one): "no_snapshot_height",
    }
    (block,) = Lake(tmp_path).rows(Block, **HERE)
    assert (block.height, block.block_origin) == (HEIGHT, "published")
    assert block.block_hash == anvil.rpc(chain.url, "eth_getBlockByNumber", hex(HEIGHT), False)["hash"]
    rows = list(Lake(tmp_path).rows(Balance, **HERE))
    assert {(r.component, r.height, r.method, r.as_of, r.offset_seconds) for r in rows} == {
        ("total", HEIGHT, "eth_call_override", "exact", 0)
    }
    assert {r.source for r in rows} == {chain.url.removeprefix("http://")}


def test_an_endpoint_that_has_not_reached_the_snapshot_is_behind(chain: Chain, tmp_path: Path) -> None:
    put(tmp_path, [claim(1, "ETH", chain.accounts[0], 10**6)], at=datetime(2024, 3, 25, tzinfo=UTC))
    with pytest.raises(ChainError, match="the endpoint is behind"):
        pipeline.observe(settings(tmp_path, quick(chain.url)), REPORT, "ethereum")


def test_labels_may_name_different_heights(chain: Chain, tmp_path: Path) -> None:
    put(tmp_path, [claim(line, "ETH", account, HEIGHT - line % 3) for line, account in enumerate(chain.accounts)])
    pipeline.observe(settings(tmp_path, quick(chain.url)), REPORT, "ethereum")
    assert [row.height for row in Lake(tmp_path).rows(Balance, **HERE)] == [
        HEIGHT - line % 3 for line in range(len(chain.accounts))
    ]
    assert [block.height for block in Lake(tmp_path).rows(Block, **HERE)] == [HEIGHT - 2, HEIGHT - 1, HEIGHT]


def test_without_a_height_the_block_of_the_moment_is_found(chain: Chain, tmp_path: Path) -> None:
    at = datetime.fromtimestamp(BEGIN + 12 * HEIGHT + 11, UTC)
    put(tmp_path, [claim(line, "ETH", account, None) for line, account in enumerate(chain.accounts)], at)
    pipeline.observe(settings(tmp_path, quick(chain.url)), REPORT, "ethereum")
    assert [(block.height, block.block_origin) for block in Lake(tmp_path).rows(Block, **HERE)] == [
        (HEIGHT, "resolved")
    ]
    assert seen(tmp_path) == {key: amount for key, amount in expected(chain).items() if key[0] == "ETH"}


def test_a_token_of_more_digits_than_fit_is_no_balance(chain: Chain, tmp_path: Path) -> None:
    """USDT has 6 decimals here and 18 in the asset: 10^26 and more of its base units do not fit 38 digits."""
    account = "0x" + "ab" * 20
    with anvil.started(alloc={token("ethereum", "USDT").contract: {"balance": "0x0", "code": anvil.TOKEN_CODE,
        "storage": {
        anvil.slot(account): f"0x{10**26:064x}",
        anvil.slot(chain.accounts[0]): f"0x{10**26 - 1:064x}"}}}) as url:  # fmt: skip
        for _ in range(4):
            anvil.rpc(url, "evm_mine")
        put(tmp_path, [claim(1, "USDT", account, 1), claim(2, "USDT", chain.accounts[0], 1)])
        pipeline.observe(settings(tmp_path, quick(url)), REPORT, "ethereum")
    assert missing(tmp_path) == {("USDT", account): "balance_too_large"}
    assert seen(tmp_path) == {("USDT", chain.accounts[0]): (10**26 - 1) * 10**12}


@pytest.mark.parametrize(
    ("code", "read"), [(anvil.TOKEN_CODE, False), (anvil.MUTE_TOKEN_CODE, True)], ids=["other decimals", "says nothing"]
)
def test_a_token_that_says_it_has_other_decimals_is_withheld(
    chain: Chain, tmp_path: Path, code: str, read: bool
) -> None:
    """The registry's UNI has 18 decimals; the one contract says 6, the other has no decimals()."""
    account = chain.accounts[0]
    with anvil.started(alloc={token("ethereum", "UNI").contract: {"balance": "0x0", "code": code, "storage": {
        anvil.slot(account): f"0x{5:064x}"}}}) as url:  # fmt: skip
        for _ in range(4):
            anvil.rpc(url, "evm_mine")
        put(tmp_path, [claim(1, "UNI", account, 1), claim(2, "ETH", account, 1)])
        told: list[str] = []
        pipeline.observe(
            settings(tmp_path, quick(url), progress=lambda what, *_: told.append(what)), REPORT, "ethereum"
        )
    assert seen(tmp_path) == {("ETH", account): 0} | ({("UNI", account): 5} if read else {})
    assert missing(tmp_path) == ({} if read else {("UNI", account): "token_decimals_differ"})
    assert any("has 6 decimals and not 18" in line for line in told) is not read


def test_a_failing_endpoint_lands_nothing_or_says_so(chain: Chain, proxy: Proxy, tmp_path: Path) -> None:
    put(tmp_path, both(chain))
    proxy.misbehave(faults.html, lambda exchange: "eth_call" in exchange.methods)
    chosen = settings(tmp_path, quick(proxy.url))
    with pytest.raises(PorlakeError):
        pipeline.observe(chosen, REPORT, "ethereum")
    assert not Lake(tmp_path).pointers(Balance)
    pipeline.observe(chosen, REPORT, "ethereum", give_up=True)
    assert not seen(tmp_path)
    assert set(missing(tmp_path).values()) == {"endpoint_failed"}
    assert len(missing(tmp_path)) == 2 * len(chain.accounts)
    assert not any(b"secret-key" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


# --- a second opinion -------------------------------------------------------------------------------------------------
def lying(accounts: set[str]) -> faults.Fault:
    """A node that says one more than is true of some accounts, when it runs our program."""

    def fault(exchange: Exchange) -> bool:
        if exchange.methods != {"eth_call"} or isinstance(exchange.question, list):
            return False
        answer = exchange.answer()
        asked, words = exchange.question["params"][0]["data"][2:], answer["result"][130:]
        asked = asked[len(asked) - 40 * (len(words) // 32) :]
        changed = ""
        for place in range(len(words) // 32):
            word = words[32 * place : 32 * place + 32]
            lied = "0x" + asked[40 * place : 40 * place + 40] in accounts
            changed += f"{int(word, 16) + 1:032x}" if lied else word
        answer["result"] = answer["result"][:130] + changed
        return exchange.send(answer)

    return fault


def confirmed(root: Path) -> dict[tuple[str, str], str | None]:
    return {(row.asset, row.address): row.confirmed_by for row in Lake(root).rows(Balance, **HERE)}


def host(proxy: Proxy) -> str:
    return Endpoint(proxy.url).host


def asked_again(proxy: Proxy) -> set[str]:
    """Accounts that were asked for in calls of our program."""
    params = [
        exchange.question["params"]
        for exchange in proxy.asked
        if exchange.methods == {"eth_call"} and not isinstance(exchange.question, list)
    ]
    data = [param[0]["data"][-40 * (len(param[0]["data"]) // 40) :] for param in params if len(param) > 2]
    return {"0x" + text[at : at + 40] for text in data for at in range(0, len(text), 40)} - {
        token("ethereum", "USDT").contract
    }


def test_where_endpoints_disagree_no_value_stands_and_what_both_say_is_confirmed(
    chain: Chain, proxy: Proxy, other: Proxy, tmp_path: Path
) -> None:
    put(tmp_path, both(chain))
    rich = max(chain.accounts, key=lambda account: chain.native[account])
    proxy.misbehave(lying({rich, *chain.accounts[10:14]}))
    everything = settings(tmp_path, quick(proxy.url), quick(other.url), check_sample=Decimal(1))
    wrong = {(asset, account) for asset in ("ETH", "USDT") for account in (rich, *chain.accounts[10:14])}
    pipeline.observe(everything, REPORT, "ethereum")
    assert missing(tmp_path) == dict.fromkeys(wrong, "endpoints_disagree")
    assert seen(tmp_path) == {key: amount for key, amount in expected(chain).items() if key not in wrong}
    assert set(confirmed(tmp_path).values()) == {host(other)}
    # The large ones alone are enough to have all of the asset asked for again.
    pipeline.observe(replace(everything, check_sample=Decimal(0)), REPORT, "ethereum")
    assert {key for key in missing(tmp_path) if key[0] == "ETH"} == {key for key in wrong if key[0] == "ETH"}
    assert set(missing(tmp_path)) <= wrong


def halving(exchange: Exchange) -> bool:
    """A node that halves every balance that our program reads."""
    if exchange.methods != {"eth_call"} or isinstance(exchange.question, list) or len(exchange.question["params"]) < 3:
        return False
    answer = exchange.answer()
    words = answer["result"][130:]
    halved = "".join(f"{int(words[at : at + 32], 16) // 2:032x}" for at in range(0, len(words), 32))
    return exchange.send(answer | {"result": answer["result"][:130] + halved})


def test_an_endpoint_that_halves_every_balance_leaves_no_wrong_number(
    chain: Chain, proxy: Proxy, other: Proxy, tmp_path: Path
) -> None:
    put(tmp_path, [row for row in both(chain) if row.asset == "ETH"])
    proxy.misbehave(halving)
    pipeline.observe(settings(tmp_path, quick(proxy.url), quick(other.url)), REPORT, "ethereum")
    assert seen(tmp_path) == {("ETH", account): amount for account, amount in chain.native.items() if not amount}
    assert set(confirmed(tmp_path).values()) == {host(other)}
    wrong = {("ETH", account): "endpoints_disagree" for account, amount in chain.native.items() if amount}
    assert missing(tmp_path) == wrong
    assert unanswered(settings(tmp_path), [REPORT]) == [
        f"ethereum: {len(wrong)} holdings of okx/2024-03-25 (endpoints_disagree)"
    ]


def test_what_was_not_confirmed_any_more_is_withheld_too(
    chain: Chain, proxy: Proxy, other: Proxy, tmp_path: Path
) -> None:
    """The second endpoint contradicts the first, and then fails."""
    put(tmp_path, [row for row in both(chain) if row.asset == "ETH"])
    proxy.misbehave(halving)
    left = [1]

    def fails(exchange: Exchange) -> bool:
        left[0] -= exchange.methods == {"eth_call"}
        return left[0] < 0 and exchange.send(b"", 500)

    other.misbehave(fails)
    pipeline.observe(settings(tmp_path, quick(proxy.url), quick(other.url, tries=1)), REPORT, "ethereum")
    asked = {("ETH", account) for account in asked_again(other)}
    assert set(seen(tmp_path)) <= {key for key in asked if not chain.native[key[1]]}
    assert set(missing(tmp_path).values()) == {"endpoints_disagree"}
    assert len(missing(tmp_path)) + len(seen(tmp_path)) == len(chain.accounts)


@pytest.mark.parametrize(
    ("against", "asked", "expected"),
    [(0, 1, False), (1, 1_000, False), (1, 1_001, False), (1, 999, True), (2, 1_999, True), (2, 2_000, False),
     (2, 2_001, False),
     (2, 10_000, False), (3, 10_000, True), (4, 10_000, True), (1, 1, True)],
)  # fmt: skip
def test_how_much_contradiction_settles_an_asset(against: int, asked: int, expected: bool) -> None:
    """More than one in a thousand, or three."""
    assert contradicted(against, asked) is expected


@pytest.mark.parametrize(
    ("hidden", "made_up"), [(True, False), (False, True), (True, True)], ids=["hidden", "drowned", "both"]
)
def test_a_suspect_hides_no_whale(
    chain: Chain, proxy: Proxy, other: Proxy, tmp_path: Path, hidden: bool, made_up: bool
) -> None:
    """It says zero where much is claimed; or makes another account so large that none beside it counts. No sample is
    drawn.
    """
    whale, small = max(chain.accounts, key=lambda account: chain.native[account]), chain.accounts[1]
    put(tmp_path, [replace(row, amount=chain.native[row.address]) for row in both(chain) if row.asset == "ETH"])

    def lies(exchange: Exchange) -> bool:
        if exchange.methods != {"eth_call"} or len(exchange.question["params"]) < 3:
            return False
        answer, asked = exchange.answer(), exchange.question["params"][0]["data"]
        words = answer["result"]
        asked = asked[len(asked) - 40 * ((len(words) - 130) // 32) :]
        for account, told, lie in ((whale, "0", hidden), (small, "1" + "0" * 31, made_up), (whale, "1", not hidden)):
            place = asked.find(account[2:])
            if lie and place >= 0:
                at = 130 + place // 40 * 32
                words = words[:at] + told.rjust(32, "0") + words[at + 32 :]
        return exchange.send(answer | {"result": words})

    proxy.misbehave(lies)
    pipeline.observe(
        settings(tmp_path, quick(proxy.url), quick(other.url), check_sample=Decimal(0)), REPORT, "ethereum"
    )
    assert missing(tmp_path)["ETH", whale] == "endpoints_disagree"
    assert seen(tmp_path) == {
        key: amount for key, amount in expected(chain).items() if key[0] == "ETH" and key not in missing(tmp_path)
    }


def test_two_hosts_of_one_operator_are_one_witness(chain: Chain, proxy: Proxy, tmp_path: Path) -> None:
    """Both on one address of this machine: nothing is confirmed and nothing contradicted, and each takes over from the
    other.
    """
    put(tmp_path, both(chain))
    with Proxy(chain.url) as second:
        pipeline.observe(
            settings(tmp_path, quick(proxy.url), quick(second.url), check_sample=Decimal(1)), REPORT, "ethereum"
        )
        assert not [exchange for exchange in second.asked if "eth_chainId" not in exchange.methods]
        assert set(confirmed(tmp_path).values()) == {None}
        proxy.misbehave(faults.status(500), lambda exchange: "eth_call" in exchange.methods)
        pipeline.observe(
            settings(tmp_path, quick(proxy.url, tries=1), quick(second.url), check_sample=Decimal(1)),
            REPORT,
            "ethereum",
        )
    assert seen(tmp_path) == expected(chain)


def test_every_endpoint_says_its_chain_before_any_is_asked_for_a_balance(
    chain: Chain, proxy: Proxy, other: Proxy, tmp_path: Path
) -> None:
    put(tmp_path, both(chain))
    other.misbehave(faults.result(lambda chain_id: "0x38"), lambda exchange: "eth_chainId" in exchange.methods)
    told: list[str] = []
    chosen = settings(
        tmp_path,
        quick(proxy.url),
        quick(other.url),
        check_sample=Decimal(1),
        progress=lambda what, *_: told.append(what),
    )
    pipeline.observe(chosen, REPORT, "ethereum")
    assert [exchange.methods for exchange in other.asked] == [{"eth_chainId"}]
    assert seen(tmp_path) == expected(chain)
    assert any("is of chain 56, Ethereum is 1" in line for line in told)
    assert set(confirmed(tmp_path).values()) == {None}


def test_only_a_sample_and_the_large_accounts_are_asked_again(chain: Chain, other: Proxy, tmp_path: Path) -> None:
    put(tmp_path, [row for row in both(chain) if row.asset == "USDT"])
    with Proxy(chain.url) as first:
        chosen = settings(
            tmp_path, quick(first.url), quick(other.url), check_sample=Decimal("0.1"), check_above=Decimal("0.05")
        )
        pipeline.observe(chosen, REPORT, "ethereum")
    again = asked_again(other)
    whole = sum(chain.token.values())
    large = {account for account, raw in chain.token.items() if raw * 20 >= whole}
    assert large
    assert large <= again
    assert 10 <= len(again) <= 90
    assert seen(tmp_path) == {key: amount for key, amount in expected(chain).items() if key[0] == "USDT"}
    assert {address for (_, address), by in confirmed(tmp_path).items() if by == host(other)} == again


@pytest.mark.parametrize("fault", [faults.status(500), faults.html], ids=["500", "page"])
def test_a_second_endpoint_that_fails_takes_no_value_away_and_is_named(
    chain: Chain, proxy: Proxy, other: Proxy, tmp_path: Path, fault: faults.Fault
) -> None:
    put(tmp_path, both(chain))
    other.misbehave(fault)
    told: list[str] = []
    found = settings(tmp_path, quick(proxy.url), quick(other.url, tries=1), progress=lambda what, *_: told.append(what))
    pipeline.observe(found, REPORT, "ethereum")
    assert seen(tmp_path) == expected(chain)
    assert any("no second endpoint confirms" in line or "is not asked any more" in line for line in told)


def test_a_list_of_ones_own_is_shown_to_the_endpoint_given_and_to_no_other(
    chain: Chain, proxy: Proxy, other: Proxy, tmp_path: Path
) -> None:
    chosen = settings(tmp_path, quick(proxy.url), quick(other.url), check_sample=Decimal(1))
    lines, _ = balances.balances(chosen, "ethereum", ["ETH"], HEIGHT, chain.accounts[:5])
    assert [line.base_units for line in lines] == [chain.native[line.address] for line in lines]
    assert not other.asked


# --- tokens that tell a contract something else -----------------------------------------------------------------------
#: balanceOf is 7, and 1 to a caller that has code, as our program and Multicall3 have. Without an argument both revert.
TELLS_CONTRACTS = "0x6023361161000d5760006000fd5b6007333b1561001a575060015b60005260206000f3"
#: balanceOf is the first half of the caller's address.
TELLS_CALLERS = "0x6023361161000d5760006000fd5b3360601c60005260206000f3"


@pytest.mark.parametrize(
    ("code", "read"), [(TELLS_CONTRACTS, 7), (TELLS_CALLERS, None)], ids=["to contracts", "to each"]
)
def test_a_token_that_depends_on_its_caller(chain: Chain, tmp_path: Path, code: str, read: int | None) -> None:
    accounts = chain.accounts[:200]
    place = token("ethereum", "UNI").contract
    with anvil.started(
        alloc=filled([], {}, {}, {place: code, anvil.MULTICALL3_PLACE: anvil.MULTICALL3})
    ) as url:  # fmt: skip
        for _ in range(4):
            anvil.rpc(url, "evm_mine")
        put(
            tmp_path,
            [
                claim(line, asset, account, 1)
                for asset in ("UNI", "ETH")
                for line, account in enumerate(accounts, 1 + 1_000 * (asset == "ETH"))
            ],
        )
        told: list[str] = []
        pipeline.observe(
            settings(tmp_path, quick(url), progress=lambda what, *_: told.append(what)), REPORT, "ethereum"
        )
    assert {key: amount for key, amount in seen(tmp_path).items() if key[0] == "UNI"} == (
        {("UNI", account): read for account in accounts} if read is not None else {}
    )
    assert missing(tmp_path) == (
        {} if read is not None else {("UNI", account): "balance_depends_on_caller" for account in accounts}
    )
    assert {row.method for row in Lake(tmp_path).rows(Balance, **HERE) if row.asset == "UNI"} <= {"eth_batch"}
    assert any("tells" in line for line in told)


# --- stopped and gone on ----------------------------------------------------------------------------------------------
def small_questions(exchange: Exchange) -> bool:
    """A node that takes few accounts at once."""
    return len(exchange.body) > 4_000 and exchange.error(-32000, "out of gas")


def asked_for(proxy: Proxy) -> int:
    """Accounts that were asked for in questions that the node took."""
    calls = [
        exchange
        for exchange in proxy.asked
        if exchange.methods == {"eth_call"} and not isinstance(exchange.question, list)
    ]
    asked = [exchange for exchange in calls if len(exchange.body) <= 4_000]
    return sum(len(exchange.question["params"][0]["data"]) // 40 for exchange in asked)


def test_a_sweep_that_fails_in_the_middle_goes_on_where_it_was(chain: Chain, tmp_path: Path) -> None:
    quiet = tmp_path / "quiet"
    put(tmp_path / "broken", both(chain))
    put(quiet, both(chain))
    with Proxy(chain.url) as proxy:
        proxy.misbehave(small_questions)
        pipeline.observe(settings(quiet, quick(proxy.url)), REPORT, "ethereum")
        whole = asked_for(proxy)
        proxy.asked.clear()
        left = [9]

        def breaks(exchange: Exchange) -> bool:
            left[0] -= "eth_call" in exchange.methods
            return exchange.send(b"", 500) if left[0] < 0 else small_questions(exchange)

        chosen = settings(tmp_path / "broken", quick(proxy.url, tries=1, in_flight=1))
        proxy.misbehave(breaks)
        with pytest.raises(PorlakeError):
            pipeline.observe(chosen, REPORT, "ethereum")
        assert not Lake(tmp_path / "broken").pointers(Balance), "the partition appears whole, at the end"
        pipeline.observe(chosen, REPORT, "ethereum", give_up=True)
        assert set(missing(tmp_path / "broken").values()) == {"endpoint_failed"}
        proxy.asked.clear()
        told: list[tuple[int, int | None]] = []
        proxy.misbehave(small_questions)
        again = replace(chosen, progress=lambda what, done, total: told.append((done, total)))
        pipeline.observe(again, REPORT, "ethereum")
        assert asked_for(proxy) < whole - 100
        assert told[-1] == (2 * len(chain.accounts), 2 * len(chain.accounts))
        assert told[0][0] > 0
    for dataset in (Balance, Block, Unobserved):
        assert [p.content for p in Lake(tmp_path / "broken").pointers(dataset)] == [
            p.content for p in Lake(quiet).pointers(dataset)
        ]
    assert not list(tmp_path.rglob(".unfinished-*")), "what was kept is gone once the partition is shown"


def test_what_is_kept_is_of_its_block_and_its_accounts_and_whole(chain: Chain, tmp_path: Path) -> None:
    put(tmp_path, both(chain))
    left = [9]

    def breaks(exchange: Exchange) -> bool:
        left[0] -= "eth_call" in exchange.methods
        return exchange.send(b"", 500) if left[0] < 0 else small_questions(exchange)

    with Proxy(chain.url) as proxy:
        proxy.misbehave(breaks)
        chosen = settings(tmp_path, quick(proxy.url, tries=1))
        with pytest.raises(PorlakeError):
            pipeline.observe(chosen, REPORT, "ethereum")
        kept = [path for folder in tmp_path.rglob(".unfinished-*") for path in folder.rglob("*") if path.is_file()]
        assert kept
        for path in kept:
            path.write_bytes(path.read_bytes()[:-5])  # as a crash may leave it
        proxy.misbehave(small_questions)
        proxy.asked.clear()
        pipeline.observe(chosen, REPORT, "ethereum")
        assert asked_for(proxy) >= 2 * len(chain.accounts)
    assert seen(tmp_path) == expected(chain)


LIST = ["balances", "--network", "ethereum", "--asset", "ETH,USDT", "--at", str(HEIGHT), "--addresses"]


def test_the_command_line_goes_on_where_it_was_killed(chain: Chain, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("\n".join(chain.accounts))
    with Proxy(chain.url) as proxy:
        slowly = faults.slow(0.15)
        proxy.misbehave(
            lambda exchange: small_questions(exchange) or slowly(exchange),
            lambda exchange: "eth_call" in exchange.methods,
        )
        line = command(*LIST, str(tmp_path / "list.txt"), "--endpoint", proxy.url, "--out", str(tmp_path / "b.csv"))
        run = subprocess.Popen(
            line, env=environment(), start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + 60
        while not list(tmp_path.glob(".unfinished-b.csv/*/[0-9]*")) and time.monotonic() < until:
            time.sleep(0.02)
        run.send_signal(signal.SIGKILL)
        run.wait()
        kept = sum(int(path.name.split("-")[1]) for path in tmp_path.glob(".unfinished-b.csv/*/[0-9]*"))
        assert 0 < kept < 2 * len(chain.accounts)
        assert not (tmp_path / "b.csv").exists()
        proxy.asked.clear()
        proxy.misbehave(small_questions)
        done = subprocess.run(line, env=environment(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert f"{2 * len(chain.accounts):,} of {2 * len(chain.accounts):,}" in done.stderr, "progress"
        assert "secret-key" not in done.stderr + done.stdout
        assert asked_for(proxy) < 2 * len(chain.accounts) + 60
    lines = (tmp_path / "b.csv").read_text().splitlines()[1:]
    found = {(cells[1], cells[2]): int(cells[4]) for cells in (line.split(",") for line in lines)}
    assert found == expected(chain)
    assert not list(tmp_path.glob(".unfinished*"))


def test_a_height_that_is_not_final_is_refused_by_the_command_line(chain: Chain, tmp_path: Path) -> None:
    chosen = settings(tmp_path, quick(chain.url))
    head = int(anvil.rpc(chain.url, "eth_blockNumber"), 16)
    with pytest.raises(ChainError, match="not final yet"):
        balances.balances(chosen, "ethereum", ["ETH"], head, chain.accounts[:2])
    (line,), _ = balances.balances(chosen, "ethereum", ["stETH"], HEIGHT, chain.accounts[:1])
    assert (line.base_units, line.reason) == (None, "token_rebases")


# --- settings ---------------------------------------------------------------------------------------------------------
def test_a_public_default_is_asked_at_the_rate_that_its_operator_allows() -> None:
    facts = registry.load()
    hosts = {Endpoint(row.endpoint).host: row.network for row in facts.networks.values() if row.endpoint}
    assert facts.rates.keys() <= {host.partition(":")[0] for host in hosts}, "a rate of no default endpoint"
    assert {one.per_second for one in endpoints_of({}, "cardano")} == {10.0}
    assert {one.per_second for one in endpoints_of({}, "xrp_ledger")} == {0.6}  # its URL names a port
    assert {one.per_second for one in endpoints_of({}, "near")} == {None}
    own = Endpoint(facts.networks["cardano"].endpoint)
    assert endpoints_of({"cardano": own}, "cardano") == (own,)  # a key may allow more
    assert own.per_second is None


def test_endpoints_are_named_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "endpoints.toml"
    path.write_text("""
ethereum = { url = ["https://a.example/1", "https://b.example/2"], headers = { X-Key = "k" }, per_second = 5 }
[base]
url = "https://c.example"
timeout = 7
[[polygon]]
url = "https://d.example"
[[polygon]]
url = "https://e.example"
in_flight = 2
""")
    environ = {
        "PORLAKE_ENDPOINTS": str(path),
        "PORLAKE_ENDPOINT_BSC": "https://f.example/a,b  https://g.example,https://h.example\n",
        "PORLAKE_CHECK_SAMPLE": "2.5",
        "PORLAKE_CHECK_ABOVE": "0",
    }
    found = pipeline.session(tmp_path, environ=environ)
    hosts = {
        network: [endpoint.host for endpoint in found.endpoints_of(network)]
        for network in ("ethereum", "base", "polygon", "bsc")
    }
    assert hosts == {
        "ethereum": ["a.example", "b.example"],
        "base": ["c.example"],
        "polygon": ["d.example", "e.example"],
        "bsc": ["f.example", "g.example", "h.example"],
    }
    assert [(e.per_second, e.headers) for e in found.endpoints_of("ethereum")] == [(5.0, {"X-Key": "k"})] * 2
    assert (found.endpoints_of("base")[0].timeout, found.endpoints_of("polygon")[1].in_flight) == (7.0, 2)
    assert found.endpoints_of("bsc")[0].url == "https://f.example/a,b"
    assert (found.check_sample, found.check_above) == (Decimal("0.025"), Decimal(0))
    for name, value in (
        ("PORLAKE_CHECK_SAMPLE", "101"),
        ("PORLAKE_CHECK_ABOVE", "-1"),
        ("PORLAKE_ENDPOINT_BSC", "not-a-url-but-a-key"),
    ):
        with pytest.raises(ConfigurationError) as caught:
            pipeline.session(tmp_path, environ={name: value})
        assert "key" not in str(caught.value)


# --- a recording ------------------------------------------------------------------------------------------------------
def test_a_recorded_sweep_replays_to_the_same_bytes_without_a_node(
    chain: Chain, proxy: Proxy, other: Proxy, tmp_path: Path
) -> None:
    put(tmp_path / "live", both(chain))
    put(tmp_path / "replayed", both(chain))
    proxy.misbehave(small_questions)
    chosen = settings(tmp_path / "live", quick(proxy.url), quick(other.url))
    pipeline.observe(replace(chosen, recording=Recording.record(tmp_path / "recording")), REPORT, "ethereum")
    proxy.misbehave(faults.status(500))
    pipeline.observe(
        replace(settings(tmp_path / "replayed"), endpoints={}, recording=Recording.replay(tmp_path / "recording")),
        REPORT,
        "ethereum",
    )
    assert tree(tmp_path / "live") == tree(tmp_path / "replayed")
    assert {path.name for path in (tmp_path / "recording").iterdir()} == {"ethereum", "ethereum.2", "recording.json"}
    assert not any("secret-key" in path.read_text() for path in (tmp_path / "recording").rglob("*.json"))
