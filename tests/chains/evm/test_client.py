"""EVM balances from a real node, by every method of the ladder; what a node lacks or limits is played by a proxy in
front of it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import anvil
import proxy as faults
from evm_chain import COUNT, HEIGHT, ODD, Chain, amounts, opened, quick, running, token
from nodes_lacking import NODES, all_of, lacking, latest
from porlake import chains, registry
from porlake.chains import _assembler
from porlake.chains._columns import at_least, total
from porlake.chains.evm import programs as _programs
from porlake.chains.evm.methods import LADDER, aggregate, aggregated
from porlake.chains.evm.words import (
    REASONS,
    accounts_from,
    accounts_of,
    addresses_of,
    distinct,
    reasons_of,
    words_from,
)
from porlake.errors import ChainError, Unavailable
from porlake.transport import Recording
from proxy import Proxy

pytestmark = pytest.mark.node
ASSETS = ("ETH", "USDT")


@pytest.mark.parametrize("hashes", [True, False], ids=["by_hash", "by_number"])
@pytest.mark.parametrize("method", NODES)
def test_every_rung_of_the_ladder_reads_the_pinned_block(chain: Chain, proxy: Proxy, method: str, hashes: bool) -> None:
    proxy.misbehave(lacking(*NODES[method], batches=method != "eth_single", hashes=hashes))
    client = opened(quick(proxy.url))
    accounts = chain.accounts[:120]
    for asset in ASSETS:
        assert amounts(client, asset, accounts) == (chain.amounts(asset)[:120], {method})
    tried = sum("eth_call" in exchange.methods for exchange in proxy.asked)
    amounts(client, "ETH", accounts[:5])
    assert sum("eth_call" in exchange.methods for exchange in proxy.asked) <= tried + 1, (
        "what was learned is remembered for the run"
    )


def test_the_ladder_names_every_method_once() -> None:
    assert [method.name for method in LADDER] == list(NODES)


@pytest.mark.parametrize("method", NODES)
@pytest.mark.parametrize("asset", ODD)
def test_a_token_that_is_none_gives_a_reason_and_never_a_number(
    chain: Chain, proxy: Proxy, method: str, asset: str
) -> None:
    proxy.misbehave(lacking(*NODES[method], batches=method != "eth_single"))
    client = opened(quick(proxy.url))
    at = client.block(HEIGHT)
    wanted = [chains.Wanted(asset, token("ethereum", asset), account) for account in chain.accounts[:3]]
    answers = list(client.balances(wanted, at))
    assert [(answer.address, answer.reason) for answer in answers if isinstance(answer, chains.Unread)] == [
        (account, ODD[asset][1]) for account in chain.accounts[:3]
    ]


def test_an_endless_token_does_not_spoil_the_others_in_the_sweep(chain: Chain) -> None:
    client = opened(quick(chain.url))
    at = client.block(HEIGHT)
    wanted = [
        chains.Wanted(asset, token("ethereum", asset), account)
        for asset in ("MATIC", "USDT")
        for account in chain.accounts[:30]
    ]
    answers = list(client.balances(wanted, at))
    assert {answer.asset for answer in answers if isinstance(answer, chains.Unread)} == {"MATIC"}
    assert [answer.raw for answer in answers if isinstance(answer, chains.Reading)] == chain.amounts("USDT")[:30]


# --- blocks -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("method", NODES)
def test_a_node_that_answers_with_the_latest_state_is_caught_and_named(proxy: Proxy, chain: Chain, method: str) -> None:
    proxy.misbehave(lacking(*NODES[method], latest, batches=method != "eth_single"))
    client = opened(quick(proxy.url))
    checked = method in {"eth_call_override", "eth_call_creation", "multicall3"}
    why = "answered from block 8" if checked else "it gives one for both"
    with pytest.raises(ChainError, match=why):
        amounts(client, "ETH", chain.accounts[:20])


def test_a_chain_without_transactions_cannot_show_that_a_node_keeps_the_past(chain: Chain, proxy: Proxy) -> None:
    def emptied(exchange: faults.Exchange) -> bool:
        if "eth_getBlockByNumber" in exchange.methods:
            answer = exchange.answer()
            answer["result"]["transactions"] = []
            return exchange.send(answer)
        return lacking(*NODES["eth_batch"])(exchange)

    proxy.misbehave(emptied)
    with pytest.raises(ChainError, match="nothing shows that it keeps the past"):
        amounts(opened(quick(proxy.url)), "ETH", chain.accounts[:3])


def test_another_chain_another_block_and_no_block_are_named(chain: Chain, proxy: Proxy) -> None:
    with pytest.raises(ChainError, match="of chain 1, Base is 8453"):
        opened(quick(chain.url), network="base").block(1)
    with pytest.raises(Unavailable):
        opened(quick(chain.url)).block(10**9)
    proxy.misbehave(faults.result(lambda block: None), lambda exchange: "eth_getBlockByNumber" in exchange.methods)
    with pytest.raises(Unavailable, match="has no block 5"):
        opened(quick(proxy.url)).block(HEIGHT)
    proxy.misbehave(faults.result(lambda block: block | {"number": "0x4"}))
    proxy.when = lambda exchange: "eth_getBlockByNumber" in exchange.methods
    with pytest.raises(ChainError, match="asked for block 5, it gave 4"):
        opened(quick(proxy.url)).block(HEIGHT)


def test_final_is_what_the_tag_names_or_a_depth_where_no_tag_is_served(chain: Chain, proxy: Proxy) -> None:
    head = int(anvil.rpc(chain.url, "eth_blockNumber"), 16)
    assert opened(quick(chain.url)).final() == head - 2
    proxy.misbehave(faults.error(-32602, "invalid block tag"), lambda exchange: "finalized" in str(exchange.question))
    assert opened(quick(proxy.url)).final() == max(0, head - registry.load().evm_networks["ethereum"].final_depth)


@settings(deadline=None)
@given(seconds=st.integers(0, 12 * HEIGHT))
def test_the_block_of_a_moment_is_the_last_one_before_it(chain: Chain, seconds: int) -> None:
    client = opened(quick(chain.url))
    blocks = [client.block(height) for height in range(client.final() + 1)]
    moment = blocks[0].time + timedelta(seconds=seconds)
    if moment > blocks[-1].time:
        with pytest.raises(ChainError, match="last final block"):
            client.block_at(moment)
    else:
        assert client.block_at(moment) == max(
            (block for block in blocks if block.time <= moment), key=lambda block: block.height
        )


def test_a_moment_before_the_chain_has_no_block(chain: Chain) -> None:
    with pytest.raises(ChainError, match="begins after"):
        opened(quick(chain.url)).block_at(datetime(1990, 1, 1, tzinfo=UTC))


# --- Arbitrum: NUMBER is another chain's ------------------------------------------------------------------------------
ARBSYS = (
    "0x"
    + _assembler.assemble("""
    0xa3b1b31d 0x00 CALLDATALOAD 0xe0 SHR SUB ISZERO @own JUMPI
    0x04 CALLDATALOAD BLOCKHASH @out JUMP
own:
    NUMBER
out:
    0x00 MSTORE  0x20 0x00 RETURN
""").hex()
)


def test_on_arbitrum_the_block_shows_itself_by_arbsys() -> None:
    with running(chain_id=42161) as found:
        client = opened(quick(found.url), network="arbitrum")
        native = [chains.Wanted("ETH", token("arbitrum", "ETH"), account) for account in found.accounts]
        # Without ArbSys only the hash pins the block.
        assert [
            answer.raw for answer in client.balances(native, client.block(HEIGHT)) if isinstance(answer, chains.Reading)
        ] == found.amounts("ETH")
        anvil.rpc(found.url, "anvil_setCode", "0x" + "64".rjust(40, "0"), ARBSYS)
        for _ in range(3):
            anvil.rpc(found.url, "evm_mine")
        with Proxy(found.url) as proxy:
            client = opened(quick(proxy.url), network="arbitrum")
            at = client.block(client.final())
            assert len(list(client.balances(native, at))) == COUNT
            proxy.misbehave(all_of(latest))
            with pytest.raises(ChainError, match="answered from block"):
                list(client.balances(native, at))


# --- chains of another making -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("network", "lacks", "method"),
    [
        ("zksync_era", (), "eth_batch"),
        ("filecoin_evm", ("eth_call_creation",), "eth_call_creation"),
        ("polygon", (), "eth_call_override"),
    ],
)
def test_a_chain_is_asked_as_it_can_be_asked(network: str, lacks: tuple[str, ...], method: str) -> None:
    facts = registry.load().networks[network]
    with running(chain_id=int(facts.caip2.rpartition(":")[2])) as found, Proxy(found.url) as proxy:
        proxy.misbehave(lacking(*(change for name in lacks for change in NODES[name])))
        client = opened(quick(proxy.url), network=network)
        at = client.block(HEIGHT)
        native = token(network, facts.native_asset)
        answers = list(
            client.balances([chains.Wanted(native.asset, native, account) for account in found.accounts], at)
        )
        assert [answer.raw for answer in answers if isinstance(answer, chains.Reading)] == found.amounts("ETH")
        assert {answer.method for answer in answers if isinstance(answer, chains.Reading)} == {method}
        calls = [exchange.question["params"] for exchange in proxy.asked if exchange.methods == {"eth_call"}]
        assert any(len(params) > 2 or "to" not in params[0] for params in calls) == (network != "zksync_era"), (
            "another VM runs no program of ours"
        )


# --- sizes ------------------------------------------------------------------------------------------------------------
LIMITS = [
    (-32000, "out of gas"),
    (-32000, "execution aborted (timeout = 5s)"),
    (-32003, "response too large"),
    (-32000, "call returned result of length 160064 exceeding limit 100000"),
    (-32002, "request timed out"),
    (413, "HTTP"),
]


@pytest.mark.parametrize(("code", "message"), LIMITS)
def test_a_question_that_is_too_big_is_halved_until_it_fits(
    chain: Chain, proxy: Proxy, code: int, message: str
) -> None:
    def limited(exchange: faults.Exchange) -> bool:
        if len(exchange.body) < 3_000:
            return False
        return exchange.send(b"", 413) if code == 413 else exchange.error(code, message)

    proxy.misbehave(limited)
    assert amounts(opened(quick(proxy.url)), "ETH", chain.accounts) == (chain.amounts("ETH"), {"eth_call_override"})
    sizes = [len(exchange.body) for exchange in proxy.asked if "eth_call" in exchange.methods]
    assert max(sizes[-8:]) < 3_000 < sizes[0]
    assert sum(size >= 3_000 for size in sizes) <= 3, "what was too big is not asked for again and again"


def test_sizes_grow_back_slowly(chain: Chain, proxy: Proxy) -> None:
    proxy.misbehave(faults.error(-32000, "out of gas"), lambda exchange: len(exchange.body) > 1_200, times=4)
    amounts(opened(quick(proxy.url)), "ETH", chain.accounts)
    sizes = [len(exchange.body) for exchange in proxy.asked if "eth_call" in exchange.methods][4:]
    assert min(sizes[:4]) < max(sizes), sizes


def test_a_batch_over_the_nodes_limit_is_made_smaller(chain: Chain, proxy: Proxy) -> None:
    def limited(exchange: faults.Exchange) -> bool:
        if isinstance(exchange.question, list) and len(exchange.question) > 40:
            first = exchange.question[0]["id"]
            return exchange.send(
                [{"jsonrpc": "2.0", "id": first, "error": {"code": -32600, "message": "batch too large"}}]
            )
        return lacking(*NODES["eth_batch"])(exchange)

    proxy.misbehave(limited)
    assert amounts(opened(quick(proxy.url)), "ETH", chain.accounts) == (chain.amounts("ETH"), {"eth_batch"})


# --- programs ---------------------------------------------------------------------------------------------------------
PROGRAMS = {
    ("native", "number", False): (
        "436040526001430340604060200152600060805b3682101561004157813560601c3180607f1c1561002f57506002195b60801b815260100190601401"
        "90610013565b604090036040f3"
    ),
    ("native", "number", True): (
        "61005f380361005f6201000039436040526001430340604060200152600060805b61005f3803821015610057578162010000015160601c3180607f1c"
        "1561004557506002195b60801b81526010019060140190610020565b604090036040fd"
    ),
    ("native", "arbsys", False): (
        "60001960405260001960406020015263a3b1b31d60e01b60005260206040600460006064620186a0fa50632b407a8260e01b60005260016040510360"
        "045260206040602001602460006064620186a0fa50600060805b3682101561008357813560601c3180607f1c1561007157506002195b60801b815260"
        "10019060140190610055565b604090036040f3"
    ),
    ("native", "arbsys", True): (
        "6100a138036100a1620100003960001960405260001960406020015263a3b1b31d60e01b60005260206040600460006064620186a0fa50632b407a82"
        "60e01b60005260016040510360045260206040602001602460006064620186a0fa50600060805b6100a1380382101561009957816201000001516060"
        "1c3180607f1c1561008757506002195b60801b81526010019060140190610062565b604090036040fd"
    ),
    ("token", "number", False): (
        "4360605260014303406060602001526370a0823160e01b600052601460a05b3682101561008f5762102ca05a1061008a57813560601c600452602060"
        "406024600060003560601c620f4240fa61005757600019610078565b3d601f1061006757600119610078565b60405180607f1c156100785750600219"
        "5b60801b8152601001906014019061001e565b61008a565b606090036060f3"
    ),
    ("token", "number", True): (
        "6100b238036100b262010000394360605260014303406060602001526370a0823160e01b600052601460a05b6100b238038210156100aa5762102ca0"
        "5a106100a5578162010000015160601c6004526020604060246000600062010000015160601c620f4240fa61007257600019610093565b3d601f1061"
        "008257600119610093565b60405180607f1c1561009357506002195b60801b8152601001906014019061002b565b6100a5565b606090036060fd"
    ),
    ("token", "arbsys", False): (
        "60001960605260001960606020015263a3b1b31d60e01b60005260206060600460006064620186a0fa50632b407a8260e01b60005260016060510360"
        "045260206060602001602460006064620186a0fa506370a0823160e01b600052601460a05b368210156100d15762102ca05a106100cc57813560601c"
        "600452602060406024600060003560601c620f4240fa610099576000196100ba565b3d601f106100a9576001196100ba565b60405180607f1c156100"
        "ba57506002195b60801b81526010019060140190610060565b6100cc565b606090036060f3"
    ),
    ("token", "arbsys", True): (
        "6100f438036100f4620100003960001960605260001960606020015263a3b1b31d60e01b60005260206060600460006064620186a0fa50632b407a82"
        "60e01b60005260016060510360045260206060602001602460006064620186a0fa506370a0823160e01b600052601460a05b6100f438038210156100"
        "ec5762102ca05a106100e7578162010000015160601c6004526020604060246000600062010000015160601c620f4240fa6100b4576000196100d556"
        "5b3d601f106100c4576001196100d5565b60405180607f1c156100d557506002195b60801b8152601001906014019061006d565b6100e7565b606090"
        "036060fd"
    ),
}


def test_the_programs_are_these_bytes_and_use_no_push0() -> None:
    found = {
        (kind, block, creation): _programs.program(kind, block, creation=creation).hex()
        for kind in ("native", "token")
        for block in ("number", "arbsys")
        for creation in (False, True)
    }
    assert found == PROGRAMS
    for code in map(bytes.fromhex, found.values()):
        at = 0
        while at < len(code):
            assert code[at] != 0x5F
            at += 1 + (code[at] - 0x5F if 0x60 <= code[at] <= 0x7F else 0)


# --- columns ----------------------------------------------------------------------------------------------------------
words = st.lists(st.integers(0, 2**128 - 1), min_size=1, max_size=30)


@settings(deadline=None)
@given(words)
def test_words_keep_every_bit(numbers: list[int]) -> None:
    kept = [min(number, _programs.LARGE) if number < _programs.LARGE else number for number in numbers]
    made = words_from(numbers)
    assert [(int(high) << 64) | int(low) for high, low in made] == kept
    assert total(made) == sum(kept)
    for limit in (0, 2**64, 10**38, kept[0]):
        assert at_least(made, limit).tolist() == [number >= limit for number in kept]
    odd = {
        _programs.FAILED: "token_call_failed",
        _programs.SHORT: "token_returns_no_word",
        _programs.REFUSED: "refused_by_server",
        _programs.NOT_SHOWN: "block_not_shown",
    }
    for number, reason in zip(kept, reasons_of(made).tolist(), strict=True):
        assert REASONS[reason] == ("" if number < 10**38 else odd.get(number, "balance_too_large"))


@settings(deadline=None)
@given(
    st.lists(
        st.one_of(
            st.binary(min_size=20, max_size=20),
            st.sampled_from([bytes(20), bytes(19) + b"1", bytes(8) + bytes(11) + b"2"]),
        ),
        min_size=1,
    )
)
def test_accounts_are_sorted_as_their_addresses_are(raw: list[bytes]) -> None:
    texts = ["0x" + account.hex() for account in raw]
    accounts = accounts_from(texts)
    assert addresses_of(accounts).to_pylist() == texts
    again, good = accounts_of(addresses_of(accounts))
    assert good.all()
    assert (again == accounts).all()
    places = distinct(accounts).tolist()
    assert [texts[place] for place in places] == sorted(set(texts))
    assert places == [texts.index(text) for text in sorted(set(texts))]  # of equal ones the first


@settings(deadline=None)
@given(
    st.lists(
        st.one_of(st.text(max_size=50), st.binary(min_size=20, max_size=20).map(lambda b: "0x" + b.hex())), max_size=20
    ),
    st.integers(0, 3),
)
def test_what_is_no_address_is_left_out_and_named(texts: list[str], skip: int) -> None:
    import re

    import pyarrow as pa

    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    accounts, good = accounts_of(pa.array(texts, pa.string()).slice(min(skip, len(texts))))
    texts = texts[skip:]
    assert good.tolist() == [bool(re.fullmatch("0x[0-9a-f]{40}", text)) for text in texts]
    assert addresses_of(accounts).to_pylist() == [text for text, kept in zip(texts, good, strict=True) if kept]


def test_multicall_is_encoded_as_eth_abi_does() -> None:
    from eth_abi import encode

    calls = [("11" * 20, "aabbccdd"), ("22" * 20, "70a08231" + "33".rjust(64, "0")), ("44" * 20, "")]
    expected = encode(
        ["(address,bool,bytes)[]"], [[("0x" + place, True, bytes.fromhex(data)) for place, data in calls]]
    ).hex()
    assert aggregate([(place.rjust(64, "0"), data) for place, data in calls]) == "82ad56cb" + expected
    results = [(True, b"\1" * 32), (False, b""), (True, b"\2" * 40)]
    data = encode(["(bool,bytes)[]"], [results])
    assert aggregated("", data, 3) == results
    for cut in range(0, len(data) - 24, 7):
        with pytest.raises(ChainError):
            aggregated("", data[:cut], 3)


# --- a recording ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("method", NODES)
def test_a_replay_takes_the_same_steps_without_a_node(chain: Chain, proxy: Proxy, tmp_path: Any, method: str) -> None:
    proxy.misbehave(lacking(*NODES[method], batches=method != "eth_single", hashes=False))
    read = {}
    for recording in (Recording.record(tmp_path), Recording.replay(tmp_path)):
        client = opened(quick(proxy.url), recording=recording) if not recording.replays else opened(recording=recording)
        read[recording.replays] = [amounts(client, asset, chain.accounts[:150]) for asset in ASSETS]
        proxy.misbehave(faults.status(500))
    assert read[True] == read[False] == [(chain.amounts(asset)[:150], {method}) for asset in ASSETS]
    assert not any("secret-key" in path.read_text() for path in tmp_path.rglob("*.json"))
