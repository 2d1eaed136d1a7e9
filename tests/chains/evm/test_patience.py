"""What an EVM node refuses, forgets or is late with costs what it concerns: the one account, the one token, a moment;
never the network.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import evm_chain
import proxy as faults
from evm_chain import HEIGHT, Chain, opened, quick, running, taken_over, token
from nodes_lacking import NODES, lacking
from porlake import chains, registry
from porlake.chains.evm import client as evm
from porlake.chains.evm import header as _header
from porlake.chains.evm import methods as _evm_methods
from porlake.chains.evm import nodes as _evm_nodes
from porlake.chains.evm import trie as _trie
from porlake.chains.evm.methods import LADDER
from porlake.errors import BadAnswer, ChainError, ProofFails
from porlake.registry import Token
from porlake.transport import JsonRpc, Recording
from proxy import Exchange, Fault, Proxy

pytestmark = pytest.mark.node
GONE = (-32000, "missing trie node 1a3bddc494098bac19ef26e6506812caa12ca5cf036a13ef0eabde38beab5d21 (path )")


def read(
    client: Any, chain: Chain, asset: str = "ETH", count: int = 60
) -> tuple[dict[str, int], dict[str, str], set[str]]:
    """(balances, reasons, methods) of accounts at HEIGHT."""
    return evm_chain.read(client, asset, chain.accounts[:count])


def of_account(account: str, fault: Callable[[dict[str, Any]], dict[str, Any] | None]) -> Fault:
    """A fault of single questions about one account, in a batch or not: what `fault` gives stands in the place of the
    answer.
    """

    def spoil(exchange: Exchange) -> bool:
        asked = [
            item
            for item in exchange.items
            if account[2:] in str(item["params"]) and item["method"] in ("eth_call", "eth_getBalance")
        ]
        if not asked:
            return False
        spoiled = {item["id"]: found for item in asked if (found := fault(item)) is not None}
        if not spoiled:
            return False
        answer = exchange.answer()
        items = answer if isinstance(answer, list) else [answer]
        items = [
            {"jsonrpc": "2.0", "id": item["id"]} | spoiled[item["id"]] if item["id"] in spoiled else item
            for item in items
        ]
        return exchange.send(items if isinstance(answer, list) else items[0])

    return spoil


def error(code: int, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


def both(one: Fault, other: Fault) -> Fault:
    return lambda exchange: one(exchange) or other(exchange)


@pytest.mark.parametrize("method", NODES)
def test_a_missing_state_that_passes_is_asked_for_again(chain: Chain, proxy: Proxy, method: str) -> None:
    """Every other time, as where one server of several lags behind."""
    one, asked = chain.accounts[1], [0]

    def flaky(item: dict[str, Any]) -> dict[str, Any] | None:
        asked[0] += 1
        return error(*GONE) if asked[0] % 2 else None

    proxy.misbehave(both(of_account(one, flaky), lacking(*NODES[method], batches=method != "eth_single")))
    found, unread, _ = read(opened(quick(proxy.url)), chain)
    assert not unread
    assert found == {account: chain.native[account] for account in chain.accounts[:60]}


REFUSALS: dict[str, dict[str, Any]] = {
    "missing state": error(*GONE),
    "internal error": error(-32603, "Internal error"),
    "response too large": error(-32003, "response too large"),
    "VM execution error": error(-32015, "VM execution error."),
    "nothing known": error(-39999, "computer says no"),
}


@pytest.mark.parametrize("method", NODES)
@pytest.mark.parametrize("name", REFUSALS)
def test_one_account_that_is_refused_for_good_costs_that_account(
    chain: Chain, proxy: Proxy, name: str, method: str
) -> None:
    one = chain.accounts[7]
    proxy.misbehave(
        both(of_account(one, lambda item: REFUSALS[name]), lacking(*NODES[method], batches=method != "eth_single"))
    )
    found, unread, _ = read(opened(quick(proxy.url)), chain)
    assert unread == {one: "refused_by_server"}
    assert found == {account: chain.native[account] for account in chain.accounts[:60] if account != one}


def test_another_endpoint_tells_the_account_that_one_refuses(chain: Chain, proxy: Proxy, other: Proxy) -> None:
    proxy.misbehave(of_account(chain.accounts[7], lambda item: REFUSALS["internal error"]))
    client = taken_over(quick(proxy.url), quick(other.url))
    found, unread, _ = read(client, chain)
    assert not unread
    assert found == {account: chain.native[account] for account in chain.accounts[:60]}
    assert not client.lost, "neither is lost for it"


def test_one_account_that_a_gateway_never_answers_for_costs_that_account(chain: Chain, proxy: Proxy) -> None:
    """HTTP 504, whenever it is asked about."""
    one = chain.accounts[7]
    proxy.misbehave(faults.status(504, b"<html>504</html>"), lambda exchange: one[2:] in exchange.body.decode())
    found, unread, _ = read(opened(quick(proxy.url, tries=2, pause=0.001)), chain)
    assert unread == {one: "refused_by_server"}
    assert len(found) == 59


def test_a_token_that_is_refused_costs_that_token(chain: Chain, proxy: Proxy) -> None:
    contract = token("ethereum", "USDT").contract[2:]
    proxy.misbehave(faults.error(-39999, "computer says no"), lambda exchange: contract in exchange.body.decode())
    client = opened(quick(proxy.url, pause=0.001))
    assert read(client, chain)[1] == {}
    _, unread, _ = read(client, chain, "USDT")
    assert unread == dict.fromkeys(chain.accounts[:60], "refused_by_server")
    proxy.asked.clear()
    assert read(client, chain) == (
        {account: chain.native[account] for account in chain.accounts[:60]},
        {},
        {"eth_call_override"},
    )


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (-32007, "100/second request limit reached - reduce calls per second"),
        (-32603, "Internal error"),
        (-32000, "gas cap"),
    ],
)
def test_a_refusal_that_passes_changes_nothing(chain: Chain, proxy: Proxy, code: int, message: str) -> None:
    proxy.misbehave(faults.error(code, message), lambda exchange: exchange.methods == {"eth_call"}, times=2)
    assert read(opened(quick(proxy.url, tries=2)), chain)[2] == {"eth_call_override"}


def test_a_refusal_of_size_in_words_that_nobody_knows_is_met_with_less(chain: Chain, proxy: Proxy) -> None:
    proxy.misbehave(faults.error(-32603, "computer says no"), lambda exchange: len(exchange.body) > 3_000)
    found, unread, methods = read(opened(quick(proxy.url, pause=0.001)), chain, count=400)
    assert (len(found), unread, methods) == (400, {}, {"eth_call_override"})


def test_the_better_way_is_tried_again_after_a_while(chain: Chain, proxy: Proxy) -> None:
    """A node that refuses overrides for its first questions, for its load: 400 accounts would take 400 calls in the way
    below.
    """
    left = [14]

    def busy(exchange: Exchange) -> bool:
        if exchange.methods != {"eth_call"} or not left[0]:
            return (
                bool(exchange.methods == {"eth_call"})
                and len(exchange.body) > 3_000
                and exchange.error(-32000, "out of gas")
            )
        left[0] -= 1
        return exchange.error(-32603, "Internal error")

    proxy.misbehave(busy)
    client = opened(quick(proxy.url, pause=0.001))
    assert read(client, chain, count=400)[1] == {}
    assert left == [0]
    assert read(client, chain, count=400)[2] == {"eth_call_override"}


def test_what_a_node_does_not_know_is_not_tried_again(chain: Chain, proxy: Proxy) -> None:
    proxy.misbehave(lacking(*NODES["eth_batch"]))
    client = opened(quick(proxy.url))
    for _ in range(3):
        assert read(client, chain, count=400)[2] == {"eth_batch"}
    assert (
        sum(not isinstance(exchange.question, list) and "eth_call" in exchange.methods for exchange in proxy.asked) <= 8
    )


# --- the block --------------------------------------------------------------------------------------------------------
def newest(*methods: str) -> Callable[[dict[str, Any]], None]:
    """A node that takes a block for some methods and gives the newest state all the same; the nonces are those of the
    block.
    """

    def change(item: dict[str, Any]) -> None:
        if item["method"] in methods:
            item["params"][1] = "latest"

    return change


@pytest.mark.parametrize("asset", ["ETH", "USDT"])
def test_a_node_that_takes_a_hash_and_looks_elsewhere_is_asked_by_number(
    chain: Chain, proxy: Proxy, asset: str
) -> None:
    """java-tron takes an object for the block, and answers from the newest one."""

    def elsewhere(item: dict[str, Any]) -> None:
        if len(item["params"]) > 1 and isinstance(item["params"][1], dict):
            item["params"][1] = "latest"

    proxy.misbehave(lacking(*NODES["eth_batch"], elsewhere))
    found, unread, _ = read(opened(quick(proxy.url)), chain, asset)
    assert not unread
    assert found == {
        account: (chain.native if asset == "ETH" else chain.token)[account] for account in chain.accounts[:60]
    }
    assert not any(isinstance(item["params"][1], dict) for item in proxy.asked[-1].items if len(item["params"]) > 1)


@pytest.mark.parametrize("batches", [True, False])
@pytest.mark.parametrize("asset", ["ETH", "USDT"])
def test_nonces_of_the_past_do_not_make_balances_of_the_past(
    chain: Chain, proxy: Proxy, asset: str, batches: bool
) -> None:
    proxy.misbehave(lacking(*NODES["eth_batch"], newest("eth_getBalance", "eth_call"), batches=batches))
    with pytest.raises(ChainError, match="it gives one for both"):
        read(opened(quick(proxy.url)), chain, asset)


def test_one_server_of_several_that_answers_with_the_newest_state_is_caught_in_each_batch(
    chain: Chain, proxy: Proxy
) -> None:
    """The questions by which the node shows the past go with every batch."""
    asked = [0]

    def fault(exchange: Exchange) -> bool:
        asked[0] += isinstance(exchange.question, list)
        lagging = isinstance(exchange.question, list) and asked[0] % 2 == 0
        return lacking(*NODES["eth_batch"], *([newest("eth_getBalance")] if lagging else []))(exchange)

    proxy.misbehave(fault)
    found, unread, _ = read(opened(quick(proxy.url, pause=0.001)), chain, count=400)
    assert not unread
    assert found == chain.native


def test_a_chain_whose_block_hash_means_something_else_goes_on_by_the_next_way(chain: Chain, proxy: Proxy) -> None:
    """BLOCKHASH of another making: our programs and Multicall3 tell another parent than the header's."""

    def other_parent(exchange: Exchange) -> bool:
        if exchange.methods != {"eth_call"} or isinstance(exchange.question, list):
            return False
        answer = exchange.answer()
        parent = exchange.answer(
            {"jsonrpc": "2.0", "id": 1, "method": "eth_getBlockByNumber", "params": [hex(HEIGHT), False]}
        )["result"]["parentHash"]
        return exchange.send(json_with(answer, parent[2:], "ab" * 32))

    proxy.misbehave(other_parent)
    client = opened(quick(proxy.url, pause=0.001))
    assert read(client, chain)[2] == {"eth_batch"}
    found, unread, methods = read(client, chain, "USDT")
    assert (found, unread, methods) == (
        {account: chain.token[account] for account in chain.accounts[:60]},
        {},
        {"eth_batch"},
    )


def json_with(answer: Any, old: str, new: str) -> bytes:
    import json

    return json.dumps(answer).replace(old, new).encode()


def test_no_answer_to_a_question_of_ours_is_longer_than_is_read() -> None:
    """16 MiB are read of an answer: 32 digits an account of a program, 320 of Multicall3, 200 bytes an item of a batch
    are a long way from it.
    """
    most = {method.name: method.most for method in LADDER}
    longest = {"eth_call_override": 32, "eth_call_creation": 32, "multicall3": 320, "eth_batch": 400, "eth_single": 400}
    assert all(size * longest[name] + 1_000 < evm.MOST_ANSWER // 2 for name, size in most.items())


# --- answers of every kind --------------------------------------------------------------------------------------------
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**300)
    | st.floats()
    | st.text(max_size=20)
    | st.from_regex(r"\A(0x|0X|-0x|)[0-9a-fA-F_ ]{0,70}\Z")
    | st.sampled_from(
        ["0x", "0x_1", "0x1 ", "\t0x1", "0x٣", "0x１", "0xzz", "0x" + "f" * 64, "0x" + "f" * 65, "5", "1e999999"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


class Told:
    """An endpoint that gives one value to every question."""

    host = "h"

    def __init__(self, value: Any) -> None:
        self.value = value

    def call(self, method: str, params: list[Any], **_: Any) -> Any:
        return self.value


def node(value: Any) -> _evm_nodes.Node:
    facts = registry.load()
    rpc = JsonRpc("ethereum", quick("http://127.0.0.1:1"), Recording.off())
    found = _evm_nodes.Node(facts.networks["ethereum"], facts.evm_networks["ethereum"], rpc)
    found.rpc = Told(value)  # type: ignore[assignment]
    return found


def is_quantity(value: Any) -> bool:
    digits = value[2:] if isinstance(value, str) and value[:2] in ("0x", "0X") else ""
    return 0 < len(digits) <= 64 and all(digit in "0123456789abcdefABCDEF" for digit in digits)


@settings(deadline=None, max_examples=300)
@given(values)
def test_a_quantity_is_hex_digits_behind_0x_and_nothing_else(value: Any) -> None:
    if is_quantity(value):
        assert _evm_methods.number_in("h", "m", value) == int(value[2:], 16)
        return
    for ask in (
        lambda: _evm_methods.number_in("h", "m", value),
        lambda: _evm_methods.balance_in("h", token("ethereum", "ETH"), value),
        lambda: node(value).check_chain(),
    ):
        with pytest.raises(BadAnswer):
            ask()


@settings(deadline=None, max_examples=300)
@given(values)
def test_bytes_are_pairs_of_digits_behind_0x_and_nothing_else(value: Any) -> None:
    digits = value[2:] if isinstance(value, str) and value.startswith("0x") else "?"
    usdt = token("ethereum", "USDT")
    if len(digits) % 2 == 0 and all(digit in "0123456789abcdefABCDEF" for digit in digits):
        held = _evm_methods.balance_in("h", usdt, value)
        word = int(digits[:64] or "0", 16)
        assert held == (
            _evm_methods.SHORT if len(digits) < 64
            else min(word, _evm_methods.LARGE) if word < 2**127
            else _evm_methods.LARGE
        )  # fmt: skip
        return
    with pytest.raises(BadAnswer):
        _evm_methods.balance_in("h", usdt, value)
    with pytest.raises(BadAnswer):
        _evm_methods.decimals_in("h", value)
    with pytest.raises(ProofFails):
        _trie.value_at(b"1" * 32, b"2" * 32, [value], {})


HEADER = {"number": "0x5", "hash": "0x" + "11" * 32, "parentHash": "0x" + "22" * 32, "timestamp": "0x5"}


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(sorted(HEADER)), values)
def test_a_header_is_read_whole_or_not_at_all(name: str, value: Any) -> None:
    asked = node(HEADER | {name: value})
    try:
        found = asked._ref(asked.rpc.call("", []))
    except BadAnswer:
        return
    assert (found.height, found.hash) == (int((HEADER | {name: value})["number"], 16), (HEADER | {name: value})["hash"])
    with pytest.raises(BadAnswer):
        asked._ref(value)
    with pytest.raises(BadAnswer):
        _header.block_hash(HEADER | {name: value})


@pytest.mark.parametrize("raw", [2**127, 2**128 - 5, 2**128 - 3, 2**128 - 1, 2**128, 2**256 - 1])
@pytest.mark.parametrize("kind", ["native", "erc20"])
def test_numbers_that_no_account_holds_are_failures(raw: int, kind: str) -> None:
    held = _evm_methods.balance_in("h", Token("ethereum", "X", kind, "0x" + "1" * 40, 18, "", ""), f"0x{raw:064x}")
    assert held == _evm_methods.LARGE
    words = evm.words_from([held, 2**127 - 1])
    assert [evm.REASONS[reason] for reason in evm.reasons_of(words).tolist()] == [
        "balance_too_large",
        "balance_too_large",
    ]


def test_the_programs_tell_such_numbers_as_the_single_calls_do() -> None:
    with running() as found, Proxy(found.url) as proxy:
        import anvil

        account = found.accounts[0]
        for raw in (2**127 - 1, 2**127, 2**128 - 1, 2**256 - 1):
            anvil.rpc(
                found.url,
                "anvil_setStorageAt",
                token("ethereum", "USDT").contract,
                anvil.slot(account),
                f"0x{raw:064x}",
            )
            anvil.rpc(found.url, "evm_mine")
            at = opened(quick(found.url)).head()
            for method in ("eth_call_override", "eth_call_creation", "multicall3"):
                proxy.misbehave(lacking(*NODES[method]))
                wanted = [chains.Wanted("USDT", token("ethereum", "USDT"), account)]
                (answer,) = opened(quick(proxy.url)).balances(wanted, at)
                assert isinstance(answer, chains.Unread)
                assert answer.reason == "balance_too_large"
