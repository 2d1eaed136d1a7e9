"""Tron against a stand-in that answers as java-tron does, faults included."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tron_stub
from porlake import addresses, chains, registry
from porlake.chains.tron.client import Client, Keys
from porlake.errors import BadAnswer, ChainError, PorlakeError, RequestFailed
from porlake.registry import Token
from porlake.transport import Endpoint, Recording
from tron_stub import HEIGHT, USDT, Node, account, block_id

TRON = registry.load().networks["tron"]
TRX, TETHER = registry.load().tokens["tron", "TRX"], registry.load().tokens["tron", "USDT"]
CONSTANT, GETACCOUNT, HISTORY = (
    "/walletsolidity/triggerconstantcontract",
    "/walletsolidity/getaccount",
    "/wallet/getaccountbalance",
)
ME, YOU, THIRD = account(1), account(2), account(3)


@pytest.fixture
def node() -> Node:
    return Node(held={USDT: {}})


@pytest.fixture
def url(node: Node) -> Iterator[str]:
    with tron_stub.served(node) as found:
        yield found


def opened(url: str, recording: Recording | None = None, **headers: str) -> Any:
    return chains.open_client(TRON, Endpoint(url, headers, pause=0.01), recording or Recording.off())


def read(client: Any, *wanted: chains.Wanted, height: int = HEIGHT) -> list[Any]:
    return list(client.balances(wanted, client.block(height)))


def tether(*accounts: str, token: Token = TETHER) -> list[chains.Wanted]:
    return [chains.Wanted("USDT", token, one) for one in accounts]


def trx(*accounts: str) -> list[chains.Wanted]:
    return [chains.Wanted("TRX", TRX, one) for one in accounts]


def parts(answers: list[Any]) -> dict[str, int]:
    return {answer.component: answer.raw for answer in answers}


# --- TRX --------------------------------------------------------------------------------------------------------------
NOTHING = {"liquid": 0, "frozen": 0, "delegated": 0, "unstaking": 0}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"balance": 7}, {"liquid": 7}),
        ({"frozen": [{"frozen_balance": 7, "expire_time": 1}]}, {"frozen": 7}),
        ({"account_resource": {"frozen_balance_for_energy": {"frozen_balance": 7, "expire_time": 1}}}, {"frozen": 7}),
        ({"tron_power": {"frozen_balance": 7, "expire_time": 1}}, {"frozen": 7}),
        ({"frozenV2": [{"amount": 7}, {"type": "ENERGY", "amount": 8}, {"type": "TRON_POWER"}]}, {"frozen": 15}),
        ({"delegated_frozen_balance_for_bandwidth": 7}, {"delegated": 7}),
        ({"account_resource": {"delegated_frozen_balance_for_energy": 7}}, {"delegated": 7}),
        ({"delegated_frozenV2_balance_for_bandwidth": 7}, {"delegated": 7}),
        ({"account_resource": {"delegated_frozenV2_balance_for_energy": 7}}, {"delegated": 7}),
        ({"unfrozenV2": [{"type": "ENERGY", "unfreeze_amount": 7, "unfreeze_expire_time": 1}, {"unfreeze_amount": 1}]},
         {"unstaking": 8}),
        ({"acquired_delegated_frozen_balance_for_bandwidth": 7, "acquired_delegated_frozenV2_balance_for_bandwidth": 7,
          "account_resource": {"acquired_delegated_frozenV2_balance_for_energy": 7}, "allowance": 7,
          "old_tron_power": -1}, {}),
        (None, {}),
    ],
)  # fmt: skip
def test_trx_in_its_parts_and_their_total(node: Node, url: str, found: Any, expected: dict[str, int]) -> None:
    if found is not None:
        node.accounts[ME] = found
    answers = read(opened(url), *trx(ME))
    whole = NOTHING | expected
    assert parts(answers) == whole | {"total": sum(whole.values())}
    assert {(answer.as_of, answer.method, answer.block.height) for answer in answers} == {
        ("head", "walletsolidity_getaccount", node.solid)
    }


def test_an_account_below_zero_is_not_read_and_spoils_nothing(node: Node, url: str) -> None:
    node.accounts = {ME: {"balance": -(2**63)}, YOU: {"balance": 5}}
    answers = read(opened(url), *trx(ME, YOU))
    assert answers[0] == chains.Unread("TRX", ME, "negative_balance")
    assert parts(answers[1:])["total"] == 5


@pytest.mark.parametrize(
    "answer",
    [b"[]", b"7", b"null", b'{"balance": 1.5, "address": "%s"}', b'{"balance": "7.0", "address": "%s"}',
     b'{"balance": 9223372036854775808, "address": "%s"}',
     b'{"frozenV2": [{"amount": 9}, {"amount": -1}], "address": "%s"}',
     b'{"frozen": {"a": 1}, "address": "%s"}',
     b'{"account_resource": [], "address": ' b'"%s"}', b'{"balance": true, "address": "%s"}', b"<html>",
     b'{"balance": 1', b"",
     b'{"owner_permission": 7, "address": "%s"}', b'{"owner_permission": {"keys": [{}]}, "address": "%s"}',
     b'{"active_permission": [{"keys": [{"address": "41"}]}], "address": "%s"}'],
)  # fmt: skip
def test_an_answer_that_is_no_account_raises_what_it_is(node: Node, url: str, answer: bytes) -> None:
    node.raw[GETACCOUNT] = [(200, answer.replace(b"%s", ME.encode()))] * 9
    with pytest.raises(BadAnswer):
        read(opened(url), *trx(ME))


def test_one_account_that_fails_costs_itself(node: Node, url: str) -> None:
    """Refused, garbled, of somebody else, over 64 bits, with permissions of no form, or a server error each time it is
    asked for.
    """
    answers = {
        b'{"Error":"class java.lang.Exception : no"}': "refused_by_server", b"[]": "bad_answer",
        b'{"address": "%s"}': "bad_answer",
        b'{"balance": 340282366920938463463374607431768211455, "address": "%m"}': "bad_answer",
        b'{"balance": 5, "address": "%m", "owner_permission": 7}': "bad_answer",
    }  # fmt: skip
    for answer, reason in answers.items():
        node.accounts = {ME: {"balance": 5}, YOU: {"balance": 7}}
        node.spoiled = {ME: (200, answer.replace(b"%s", YOU.encode()).replace(b"%m", ME.encode()))}
        found = read(opened(url), *trx(ME, YOU))
        assert found[0] == chains.Unread("TRX", ME, reason), answer
        assert parts(found[1:])["total"] == 7
    node.spoiled = {ME: (502, b"<html>bad gateway</html>")}
    found = read(opened(url), *trx(ME, YOU))
    assert (found[0].reason, parts(found[1:])["total"]) == ("server_failed", 7)


def test_an_account_that_nobody_ever_used_says_so(node: Node, url: str) -> None:
    node.accounts = {YOU: {"balance": 0}}
    found = read(opened(url), *trx(ME, YOU))
    told = {(answer.address, answer.component): (answer.raw, answer.no_history) for answer in found}
    assert told[ME, "total"] == (0, True)
    assert told[YOU, "total"] == (0, False)


@pytest.mark.parametrize("creation", [True, False])
@pytest.mark.parametrize("multicall", [True, False])
def test_a_token_balance_of_any_size_is_read_or_said_to_be_too_large(
    node: Node, url: str, creation: bool, multicall: bool
) -> None:
    node.creation, node.multicall = creation, multicall
    sizes = {
        10**38 - 1: None,
        10**38: "balance_too_large",
        2**128 - 1: "balance_too_large",
        2**255: "balance_too_large",
    }
    node.held[USDT] = {account(100 + n): size for n, size in enumerate(sizes)}
    found = read(opened(url), *tether(*node.held[USDT]))
    assert [getattr(answer, "reason", None) for answer in found] == list(sizes.values())
    assert found[0].raw == 10**38 - 1


def test_a_server_error_for_one_account_of_a_token_costs_that_account(node: Node, url: str) -> None:
    some = [account(n) for n in range(300, 306)]
    node.held[USDT] = dict.fromkeys(some, 7)
    node.broken = {some[3]}
    found = read(opened(url), *tether(*some))
    assert [getattr(answer, "reason", None) for answer in found] == [None, None, None, "server_failed", None, None]
    assert {answer.raw for answer in found if isinstance(answer, chains.Reading)} == {7}


def test_the_account_of_somebody_else_is_refused(node: Node, url: str) -> None:
    node.raw[GETACCOUNT] = [(200, json.dumps({"address": YOU, "balance": 9}).encode())]
    with pytest.raises(ChainError, match=f"asked for {ME}"):
        read(opened(url), *trx(ME))


# --- tokens -----------------------------------------------------------------------------------------------------------
def test_many_balances_come_in_one_call_with_the_block_that_was_read(node: Node, url: str) -> None:
    accounts = [account(n) for n in range(120)]
    node.held[USDT] = {one: n * 10**6 for n, one in enumerate(accounts)}
    answers = read(opened(url), *tether(*accounts))
    assert [answer.raw for answer in answers] == [n * 10**6 for n in range(120)]
    assert [answer.address for answer in answers] == accounts
    assert {(a.component, a.as_of, a.method, a.block.height) for a in answers} == {
        ("total", "head", "constant_creation", node.solid)
    }
    assert node.count(CONSTANT) == 1


def test_a_balance_is_exact_where_the_answer_names_the_snapshot_block(node: Node, url: str) -> None:
    node.solid, node.held[USDT] = HEIGHT, {ME: 7}
    (answer,) = read(opened(url), *tether(ME))
    assert (answer.as_of, answer.raw, answer.block.hash) == ("exact", 7, block_id(HEIGHT))


@pytest.mark.parametrize("fault", [tron_stub.OUT_OF_TIME, tron_stub.OUT_OF_ENERGY])
@pytest.mark.parametrize(("creation", "method"), [(True, "constant_creation"), (False, "multicall3")])
def test_calls_shrink_to_what_the_node_has_time_for(
    node: Node, url: str, fault: str, creation: bool, method: str
) -> None:
    accounts = [account(n) for n in range(400)]
    node.held[USDT] = {one: n for n, one in enumerate(accounts)}
    node.limit, node.too_much, node.creation = 40, fault, creation
    answers = read(opened(url), *tether(*accounts))
    assert [answer.raw for answer in answers] == list(range(400))
    assert {answer.method for answer in answers} == {method}
    assert node.count(CONSTANT) <= (0 if creation else 1) + 2 + 400 / 37 + 2, "the size that went through is kept"


def test_one_account_that_is_too_much_does_not_slow_down_all_others(node: Node, url: str) -> None:
    accounts = [account(n) for n in range(2_000)]
    node.held[USDT], node.heavy = {one: n for n, one in enumerate(accounts)}, {accounts[100]}
    answers = read(opened(url), *tether(*accounts))
    assert [answer.raw for answer in answers] == list(range(2_000))
    assert node.count(CONSTANT) < 90


def test_a_token_for_which_not_even_one_balance_fits_is_asked_singly(node: Node, url: str) -> None:
    node.limit, node.held[USDT] = 0, {ME: 7}
    answers = read(opened(url), *tether(ME, YOU))
    assert [(answer.raw, answer.method) for answer in answers] == [
        (7, "walletsolidity_triggerconstantcontract"),
        (0, answers[1].method),
    ]


def test_without_a_multicall_each_balance_is_asked_alone(node: Node, url: str) -> None:
    node.creation, node.multicall, node.held[USDT] = False, False, {ME: 7, YOU: 8}
    client = opened(url)
    for _ in range(2):
        answers = read(client, *tether(ME, YOU))
        assert [(answer.raw, answer.method, answer.as_of) for answer in answers] == [
            (7, "walletsolidity_triggerconstantcontract", "head"),
            (8, "walletsolidity_triggerconstantcontract", "head"),
        ]  # fmt: skip
    assert node.count(CONSTANT) == 2 + 4, "what the endpoint refused is not tried again"


@pytest.mark.parametrize(("creation", "multicall"), [(True, True), (False, True), (False, False)])
def test_a_token_that_fails_is_unread_and_no_zero(node: Node, url: str, creation: bool, multicall: bool) -> None:
    node.creation, node.multicall = creation, multicall
    node.held[USDT] = {ME: "fails", YOU: 3, THIRD: 10**38}
    answers = read(opened(url), *tether(ME, YOU, THIRD))
    assert answers[0] == chains.Unread("USDT", ME, "token_call_failed")
    assert answers[1].raw == 3
    assert answers[2] == chains.Unread("USDT", THIRD, "balance_too_large")


def test_a_contract_that_is_not_there_is_unread(node: Node, url: str) -> None:
    node.creation = node.multicall = False
    answers = read(opened(url), *tether(ME, token=Token("tron", "USDT", "trc20", account(99), 6, "", "")))
    assert answers == [chains.Unread("USDT", ME, "token_call_failed")]


@pytest.mark.parametrize(
    "answer",
    [
        b"[]",
        b'{"result": [], "transaction": 3}',
        b'{"result": {"result": true, "message": "REVERT"}, "constant_result": ["zz"], "transaction": {"ret": '
        b'[{"ret": "FAILED"}]}}',
        b'{"result": {"result": true, "message": "REVERT"}, "constant_result": 7}',
        b"<html>busy</html>",
        b"no json",
    ],
)
def test_an_answer_of_no_known_form_raises_and_gives_no_number(node: Node, url: str, answer: bytes) -> None:
    node.raw[CONSTANT] = [(200, answer)] * 9
    with pytest.raises(PorlakeError):
        read(opened(url), *tether(ME))


def _whole_or_none(answers: Iterator[Any]) -> None:
    for answer in answers:
        assert isinstance(answer, chains.Unread) or (type(answer.raw) is int and 0 <= answer.raw < 4 << 63)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
    st.sampled_from(["result", "code", "message", "constant_result", "transaction", "ret", "balance", "block_header",
                     "raw_data", "timestamp",
                     "blockID", "number", "owner_permission", "keys", "address", "weight", "account_resource", "frozen",
                     "Error"]),
    inner, max_size=5), max_leaves=12))  # fmt: skip
def test_whatever_a_node_answers_only_typed_errors_come_of_it(answer: Any) -> None:
    class Asked:
        host = "node"

        def post(self, path: str, body: Any) -> Any:
            return {"blockID": block_id(0)} if body == {"num": 0} else answer

    at = chains.BlockRef(HEIGHT, block_id(HEIGHT), datetime.fromtimestamp(tron_stub.TIME, UTC))
    client = Client(TRON, None, Recording.off())
    client._http = Asked()  # type: ignore[assignment]
    for ask in (
        lambda: client.block(HEIGHT),
        client.head,
        lambda: _whole_or_none(client._trx(trx(ME), at, at)),
        lambda: list(client._reader.balances(bytes(20), [bytes(20)])),
        lambda: list(client.permissions([YOU])),
        lambda: list(client._histories([ME], at)),
    ):
        with suppress(PorlakeError):
            ask()  # type: ignore[no-untyped-call]


# --- limits and the network -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, b'{"Error":"The key exceeds the frequency limit(15), and the query server is suspended for 0s"}'),
        (429, b"slow down"),
        (503, b"<html>busy</html>"),
        (200, b'{"Error":"class java.lang.IllegalAccessException : lack of computing resources"}'),
    ],
)
def test_a_rate_limit_is_waited_out(node: Node, url: str, status: int, body: bytes) -> None:
    node.accounts[ME], node.raw[GETACCOUNT] = {"balance": 7}, [(status, body)]
    assert parts(read(opened(url), *trx(ME)))["total"] == 7


def test_an_error_inside_200_is_an_error(node: Node, url: str) -> None:
    node.raw[GETACCOUNT] = [(200, b'{"Error":"class java.lang.Exception : no"}')]
    assert read(opened(url), *trx(ME)) == [chains.Unread("TRX", ME, "refused_by_server")]
    node.raw["/walletsolidity/getnowblock"] = [(200, b'{"Error":"class java.lang.Exception : no"}')]
    with pytest.raises(RequestFailed, match=r"java\.lang\.Exception"):
        opened(url).head()


def test_the_key_of_trongrid_is_sent_and_never_told(node: Node, url: str) -> None:
    client = opened(url, **{"TRON-PRO-API-KEY": "k3y"})
    client.head()
    node.raw["/walletsolidity/getnowblock"] = [(401, b"no")]
    with pytest.raises(PorlakeError) as caught:
        client.head()
    assert {headers["TRON-PRO-API-KEY"] for headers in node.headers} == {"k3y"}
    assert "k3y" not in repr(caught.value)


def test_the_node_of_another_network_is_refused(node: Node, url: str) -> None:
    node.genesis = "0000000000000000d698d4192c56cb6be724a558448e2684802de4d6cd8690dc"  # Nile
    with pytest.raises(ChainError, match="another chain: its block 0"):
        opened(url).head()


def test_a_block_that_is_not_there_or_is_another_is_refused(node: Node, url: str) -> None:
    with pytest.raises(ChainError, match="no such block"):
        opened(url).block(HEIGHT + 10**6)
    client = opened(url)
    client.head()
    node.raw["/wallet/getblockbynum"] = [(200, json.dumps(node.block(HEIGHT + 1)).encode())]
    with pytest.raises(ChainError, match="it gave"):
        client.block(HEIGHT)


@pytest.mark.parametrize(
    "raw",
    [
        "[]",
        '{"number": "x", "timestamp": 1}',
        '{"timestamp": 1e300}',
        '{"timestamp": 99999999999999999999}',
        '{"number": 5}',
        '{"timestamp": "t"}',
        "7",
    ],
)
def test_a_block_of_another_form_is_none(node: Node, url: str, raw: str) -> None:
    node.raw["/walletsolidity/getnowblock"] = [
        (200, f'{{"blockID": "{block_id(5)}", "block_header": {{"raw_data": {raw}}}}}'.encode())
    ]
    with pytest.raises((ChainError, BadAnswer), match="no such block|a block of Tron"):
        opened(url).head()


@pytest.mark.parametrize(
    "block",
    [
        None,
        [],
        {},
        {"number": "0x1", "hash": "0x", "timestamp": "x"},
        {"number": 1, "hash": "0x", "timestamp": "0x1"},
        7,
    ],
)
def test_a_block_of_json_rpc_of_another_form_is_none(node: Node, url: str, block: Any) -> None:
    client = opened(url + "/jsonrpc")
    client.head()
    node.told = lambda body, result: Node.told(node, body, block)  # type: ignore[method-assign]
    with pytest.raises((ChainError, BadAnswer)):
        client.head()


@pytest.mark.parametrize(
    "keys",
    [
        '[{"address": "%s", "weight": "x"}]',
        '[{"address": "%s", "weight": 1e400}]',
        '[{"weight": 1}]',
        "[7]",
        '{"a": 1}',
    ],
)
def test_permissions_of_another_form_are_none(node: Node, url: str, keys: str) -> None:
    node.raw[GETACCOUNT] = [
        (
            200,
            f'{{"address": "{ME}", "owner_permission": {{"threshold": 1, "keys": {keys.replace("%s", ME)}}}}}'.encode(),
        )
    ]
    with pytest.raises(BadAnswer):
        list(opened(url).permissions([ME]))


def test_the_hex_forms_name_the_same_account() -> None:
    raw = tron_stub.payload(ME).hex()
    assert {addresses.parse("tron", text).text for text in (ME, "41" + raw, "0x41" + raw, "41" + raw.upper())} == {ME}


# --- past blocks ------------------------------------------------------------------------------------------------------
def keeps_history(node: Node) -> None:
    node.accounts = {one: {"balance": 900, "frozenV2": [{"amount": 50}]} for one in (ME, YOU, THIRD)}
    node.history = {
        ME: [(HEIGHT - 9, 700), (HEIGHT + 5, 900)],
        YOU: [(HEIGHT - 9, 5), (HEIGHT - 3, 0)],
        account(8): [(HEIGHT, 44)],
    }
    node.transfers = {HEIGHT: [(account(7), account(8), 44), (account(8), account(9), 1)][:1]}


def test_a_node_with_history_tells_the_liquid_part_of_the_past(node: Node, url: str) -> None:
    keeps_history(node)
    answers = read(opened(url), *trx(ME, YOU))
    mine = {a.component: (a.raw, a.as_of, a.block.height, a.method) for a in answers if a.address == ME}
    assert mine["liquid"] == (700, "exact", HEIGHT, "wallet_getaccountbalance")
    assert mine["frozen"] == (50, "head", node.solid, "walletsolidity_getaccount")
    assert mine["total"] == (950, "head", node.solid, "walletsolidity_getaccount")
    assert next(a.raw for a in answers if (a.address, a.component) == (YOU, "liquid")) == 0, (
        "emptied three blocks before"
    )


def test_an_account_without_a_trace_is_read_at_the_head_and_no_zero(node: Node, url: str) -> None:
    keeps_history(node)
    liquid = next(a for a in read(opened(url), *trx(THIRD)) if a.component == "liquid")
    assert (liquid.raw, liquid.as_of) == (900, "head")


def no_history(node: Node) -> None:
    node.history = None


def switched_on_later(node: Node) -> None:
    node.history = {ME: [(HEIGHT + 5, 900)]}


def no_transfers(node: Node) -> None:
    node.transfers = {}


def refuses(node: Node) -> None:
    node.raw[HISTORY] = [(200, b'{"Error":"class java.lang.Exception : this API is closed"}')] * 9


def odd_block(node: Node) -> None:
    node.transfers = {}
    node.block = lambda number: Node.block(node, number) | {"transactions": [{"raw_data": 7}]}  # type: ignore[method-assign]


@pytest.mark.parametrize(
    "fault", [no_history, switched_on_later, no_transfers, refuses, odd_block], ids=lambda fault: fault.__name__
)
def test_a_node_that_cannot_show_that_it_keeps_history_is_not_believed(node: Node, url: str, fault: Any) -> None:
    keeps_history(node)
    fault(node)
    answers = read(opened(url), *trx(ME, YOU))
    assert {answer.as_of for answer in answers} == {"head"}
    assert node.count(HISTORY) <= 3, "nobody but the canaries is asked for"


def test_history_that_names_a_later_block_is_refused(node: Node, url: str) -> None:
    keeps_history(node)
    node.raw[HISTORY] = [(200, json.dumps({"balance": 5, "block_identifier": {"number": HEIGHT + 1}}).encode())]
    with pytest.raises(BadAnswer, match="is not between 0 and"):
        read(opened(url), *trx(ME))


# --- permissions ------------------------------------------------------------------------------------------------------
def permission(threshold: int, **weights: int) -> dict[str, Any]:
    names = {"me": ME, "you": YOU, "third": THIRD}
    return {
        "threshold": threshold,
        "keys": [{"address": names[name], "weight": weight} for name, weight in weights.items()],
    }


def test_whose_keys_move_an_account(node: Node, url: str) -> None:
    node.accounts = {
        ME: {"balance": 1},
        YOU: {"owner_permission": permission(2, me=1, third=1), "active_permission": [permission(1, you=1)]},
    }
    found = dict(opened(url).permissions([ME, YOU, THIRD]))
    assert found[ME].owner == Keys({ME: 1}, 1)
    assert found[THIRD].owner == Keys({THIRD: 1}, 1), "nobody used it: its own key would move it"
    assert found[YOU].owner == Keys({ME: 1, THIRD: 1}, 2)
    assert [keys.weights for keys in found[YOU].active] == [{YOU: 1}]


def test_an_account_read_for_its_trx_is_not_asked_for_again(node: Node, url: str) -> None:
    client = opened(url)
    read(client, *trx(ME))
    list(client.permissions([ME]))
    assert node.count(GETACCOUNT) == 1


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 5), min_size=1), st.integers(1, 12))
def test_so_many_keys_suffice_whichever_they_are(weights: dict[str, int], threshold: int) -> None:
    keys = Keys(weights, threshold)
    for owner in weights:
        others = [key for key in weights if key != owner]
        needed = keys.needed(owner)

        def reach(count: int, owner: str = owner, others: list[str] = others) -> list[bool]:
            return [
                weights[owner] + sum(weights[key] for key in some) >= threshold for some in combinations(others, count)
            ]

        if needed <= len(weights):
            assert all(reach(needed - 1))
        if needed > 1:
            assert not all(reach(needed - 2))


# --- JSON-RPC ---------------------------------------------------------------------------------------------------------
def test_json_rpc_reads_tokens_at_the_latest_block_and_says_that_it_shows_no_stakes(node: Node, url: str) -> None:
    node.held[USDT] = {ME: 7, YOU: "fails"}
    answers = read(opened(url + "/jsonrpc"), *trx(ME), *tether(ME, YOU))
    assert answers[0] == chains.Unread("TRX", ME, "json_rpc_shows_no_stakes")
    assert (answers[1].raw, answers[1].method, answers[1].as_of, answers[1].block.hash) == (
        7,
        "multicall3",
        "head",
        block_id(node.solid),
    )
    assert answers[2] == chains.Unread("USDT", YOU, "token_call_failed")
    node.multicall = False
    answers = read(opened(url + "/jsonrpc"), *tether(ME, YOU))
    assert [(answers[0].raw, answers[0].method), answers[1]] == [
        (7, "eth_call"),
        chains.Unread("USDT", YOU, "token_call_failed"),
    ]


def test_json_rpc_shrinks_its_calls_too(node: Node, url: str) -> None:
    node.limit, node.too_much = 30, "CPU timeout for 'SLOAD' operation executing"
    accounts = [account(n) for n in range(100)]
    node.held[USDT] = {one: n for n, one in enumerate(accounts)}
    assert [answer.raw for answer in read(opened(url + "/jsonrpc"), *tether(*accounts))] == list(range(100))


def test_json_rpc_of_another_network_or_without_the_block_is_refused(node: Node, url: str) -> None:
    with pytest.raises(ChainError, match="no such block"):
        opened(url + "/jsonrpc").block(HEIGHT + 10**6)
    node.genesis = "0xcd8690dc"
    with pytest.raises(ChainError, match="0xcd8690dc"):
        opened(url + "/jsonrpc").head()


@pytest.mark.parametrize("path", ["", "/jsonrpc"])
def test_a_replay_asks_what_was_recorded_and_gives_the_same(node: Node, url: str, tmp_path: Path, path: str) -> None:
    keeps_history(node)
    node.held[USDT] = {ME: 7, YOU: 8}
    recorded = read(opened(url + path, Recording.record(tmp_path)), *trx(ME, YOU), *tether(ME, YOU))
    replayed = read(chains.open_client(TRON, None, Recording.replay(tmp_path)), *trx(ME, YOU), *tether(ME, YOU))
    assert replayed == recorded
