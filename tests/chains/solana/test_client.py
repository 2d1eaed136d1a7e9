"""Solana's client: what the suite of all chains does not ask: parts of stakes, tokens of every account, answers against
solders' own types, what counts as unchanged.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from solders.rpc import responses

from chains.solana.node import GENESIS, HEAD, SNAPSHOT, Node, key, mint_bytes, moment, stake_bytes, token_bytes
from porlake import chains, registry
from porlake.chains.solana import layout
from porlake.encoding import base58
from porlake.errors import BadAnswer, ChainError, NodeBehind, RequestFailed, TransportError, Unavailable
from porlake.transport import Endpoint, Recording
from support import on_loopback, reply

FACTS = registry.load()
SOLANA, FOGO = FACTS.networks["solana"], FACTS.networks["fogo"]
SOL, USDT, USDG = (FACTS.tokens["solana", asset] for asset in ("SOL", "USDT", "USDG"))
WALLET, OTHER, NOBODY = key("wallet"), key("other"), key("nobody")
Change = Callable[[Any, Any], Any]


@contextmanager
def serving(node: Node, change: Change = lambda asked, told: told) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told = node.answer(asked)
            if isinstance(asked, list) and isinstance(told, list):
                told = [change(*pair) for pair in zip(asked, told, strict=True)]
            elif not isinstance(asked, list):
                told = change(asked, told)
            reply(self, 200, json.dumps(told).encode())

        def log_message(self, *_: Any) -> None:
            pass

    with on_loopback(Handler) as url:
        yield url


@contextmanager
def client(node: Node, change: Change = lambda asked, told: told, network: registry.Network = SOLANA) -> Iterator[Any]:
    with serving(node, change) as url:
        yield chains.open_client(network, Endpoint(url, tries=1, timeout=20), Recording.off())


def of(method: str, change: Callable[[Any], None]) -> Change:
    def spoil(asked: Any, told: Any) -> Any:
        if asked["method"] == method and "result" in told:
            change(told["result"])
        return told

    return spoil


@pytest.fixture
def node() -> Node:
    """A wallet with coins, stakes and two accounts of USDT."""
    found = Node()
    found.coins(WALLET, 5 * 10**9)
    mint = USDT.contract
    found.accounts[mint] = (1_461_600, layout.TOKEN, mint_bytes(6))
    for name, owner, amount in ((own(WALLET), WALLET, 700), (key("second"), WALLET, 50), (own(OTHER), OTHER, 9)):
        found.accounts[name] = (2_039_280, layout.TOKEN, token_bytes(mint, owner, amount))
    return found


def own(owner: str, mint: str = USDT.contract, program: str = layout.TOKEN) -> str:
    return layout.associated(base58.decode(owner), base58.decode(mint), program)


def held(some: Any, token: registry.Token, *addresses: str, height: int = SNAPSHOT) -> dict[str, Any]:
    """{address: {component: raw}}, or the reason."""
    found: dict[str, Any] = {}
    for one in some.balances([chains.Wanted(token.asset, token, address) for address in addresses], some.block(height)):
        if isinstance(one, chains.Unread):
            found[one.address] = one.reason
        else:
            found.setdefault(one.address, {})[one.component] = one.raw
    return found


def readings(some: Any, token: registry.Token, *addresses: str) -> dict[tuple[str, str], chains.Reading]:
    wants = [chains.Wanted(token.asset, token, address) for address in addresses]
    return {(one.address, one.component): one for one in some.balances(wants, some.block(SNAPSHOT))}


def test_the_stub_answers_in_the_form_of_real_nodes(node: Node) -> None:
    node.accounts[key("stake")] = (9, layout.STAKE, stake_bytes(WALLET, 4))
    node.touched[WALLET] = [SNAPSHOT]
    how = {"encoding": "base64", "commitment": "finalized"}
    memcmp = {"filters": [{"memcmp": {"offset": 44, "bytes": WALLET}}]}
    for method, params, kind in (
        ("getGenesisHash", [], responses.GetGenesisHashResp),
        ("getSlot", [how], responses.GetSlotResp),
        ("getBlocks", [HEAD - 3, HEAD, how], responses.GetBlocksResp),
        ("getMultipleAccounts", [[WALLET, NOBODY, layout.CLOCK], how], responses.GetMultipleAccountsResp),
        ("getTokenAccountsByOwner", [WALLET, {"mint": USDT.contract}, how], responses.GetTokenAccountsByOwnerResp),
        ("getProgramAccounts", [layout.STAKE, how | memcmp], responses.GetProgramAccountsWithContextResp),
        ("getSignaturesForAddress", [WALLET, {"limit": 1}], responses.GetSignaturesForAddressResp),
        ("getBlock", [SNAPSHOT, {}], responses.GetBlockResp),
    ):
        told = node.answer({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        read = kind.from_json(json.dumps(told))  # type: ignore[attr-defined]
        assert type(read) is kind, (method, read)


def test_stakes_stand_beside_the_coins_and_count(node: Node) -> None:
    node.accounts |= {
        key("one"): (3_000_000_000, layout.STAKE, stake_bytes(WALLET, 2_997_717_120)),
        key("two"): (1_000_000_000, layout.STAKE, stake_bytes(WALLET, 900_000_000, leaves=700)),
        key("new"): (7_000_000, layout.STAKE, stake_bytes(WALLET, None)),
        key("strange"): (8_000_000_000, layout.STAKE, stake_bytes(OTHER, 7_000_000_000)),
    }
    with client(node) as some:
        assert held(some, SOL, WALLET, NOBODY) == {
            WALLET: {
                "liquid": 5_000_000_000,
                "staked": 2_997_717_120,
                "unstaking": 900_000_000,
                "undelegated": 2_282_880 + 100_000_000 + 7_000_000,
                "total": 9_007_000_000,
            },
            NOBODY: {"liquid": 0, "total": 0},
        }
        # A stake account that is claimed by itself counts there.
        assert held(some, SOL, WALLET, key("one"), key("two")) == {
            WALLET: {"liquid": 5_000_000_000, "undelegated": 7_000_000, "total": 5_007_000_000},
            key("one"): {"liquid": 0, "staked": 2_997_717_120, "undelegated": 2_282_880, "total": 3_000_000_000},
            key("two"): {"liquid": 0, "unstaking": 900_000_000, "undelegated": 100_000_000, "total": 1_000_000_000},
        }


def test_without_a_word_of_stakes_no_total_is_told(node: Node) -> None:
    node.tells_programs = False
    with client(node) as some:
        assert held(some, SOL, WALLET, NOBODY) == {WALLET: "stakes_not_told", NOBODY: "stakes_not_told"}
    assert "stakes_not_told" in chains.UNANSWERED


def test_a_token_is_read_of_all_accounts_of_an_owner_and_of_an_account_by_itself(node: Node) -> None:
    other_mint = key("other mint")
    node.accounts[key("third")] = (1, layout.TOKEN, token_bytes(other_mint, WALLET, 10**9))
    with client(node) as some:
        assert held(some, USDT, WALLET, own(OTHER), NOBODY, key("third")) == {
            WALLET: {"total": 750},
            own(OTHER): {"total": 9},
            NOBODY: {"total": 0},
            key("third"): {"total": 0},
        }


def test_what_an_issuer_has_frozen_stands_apart(node: Node) -> None:
    node.accounts[key("second")] = (1, layout.TOKEN, token_bytes(USDT.contract, WALLET, 50, frozen=True))
    with client(node) as some:
        assert held(some, USDT, WALLET) == {WALLET: {"liquid": 700, "frozen": 50, "total": 750}}


def test_a_token_of_the_second_program(node: Node) -> None:
    node.accounts[USDG.contract] = (1, layout.TOKEN_2022, mint_bytes(6, extensions=b"\1\0\0\0"))
    name = own(WALLET, USDG.contract, layout.TOKEN_2022)
    data = token_bytes(USDG.contract, WALLET, 88_840_584_112_457, extensions=b"\7\0\0\0")
    node.accounts[name] = (1, layout.TOKEN_2022, data)
    with client(node) as some:
        assert held(some, USDG, WALLET, name) == {
            WALLET: {"total": 88_840_584_112_457},
            name: {"total": 88_840_584_112_457},
        }
        assert some.decimals(USDG, some.block(SNAPSHOT)) == 6


def test_a_contract_that_is_no_mint_has_no_decimals_and_no_balances(node: Node) -> None:
    with client(node) as some:
        assert some.decimals(USDG, some.block(SNAPSHOT)) is None
        assert held(some, USDG, WALLET) == {WALLET: "token_returns_no_word"}


@pytest.mark.parametrize("batches", [True, False])
def test_a_hundred_accounts_are_one_question_and_a_node_without_batches_is_asked_one_by_one(
    node: Node, batches: bool
) -> None:
    node.takes_batches = batches
    wallets = [key(f"wallet {number}") for number in range(150)]
    for number, wallet in enumerate(wallets):
        node.coins(wallet, number)
    with client(node) as some:
        found = held(some, SOL, *wallets)
    assert {wallet: parts["total"] for wallet, parts in found.items()} == dict(zip(wallets, range(150), strict=True))
    assert node.asked.count("getMultipleAccounts") == 2
    assert node.asked.count("getProgramAccounts") == 150


# --- unchanged since ---
@pytest.mark.parametrize(
    ("slots", "as_of"),
    [
        ([SNAPSHOT - 1], "exact"),
        ([SNAPSHOT], "exact"),
        ([SNAPSHOT + 1, SNAPSHOT - 9], "head"),
        ([], "head"),
    ],
)
def test_coins_that_no_transaction_touched_after_the_snapshot_are_exact(
    node: Node, slots: list[int], as_of: str
) -> None:
    node.touched[WALLET] = slots
    with client(node) as some:
        found = readings(some, SOL, WALLET)
        at = some.block(SNAPSHOT)
    for component in ("liquid", "total"):
        one = found[WALLET, component]
        assert (one.as_of, one.raw) == (as_of, 5 * 10**9)
        if as_of == "exact":
            assert (one.block, one.method) == (at, "unchanged_since")
            assert one.evidence is not None
            assert one.evidence.head.height == HEAD
            assert one.evidence.last_change == str(slots[0])
        else:
            assert one.block.height == HEAD
            assert one.evidence is None


def test_tokens_are_unchanged_where_neither_owner_nor_any_account_of_it_was_touched(node: Node) -> None:
    touched = {WALLET: [SNAPSHOT - 5], own(WALLET): [SNAPSHOT - 7], key("second"): [SNAPSHOT - 1]}
    for late in (None, *touched):
        node.touched |= touched
        if late:
            node.touched[late] = [SNAPSHOT + 1]
        with client(node) as some:
            one = readings(some, USDT, WALLET)[WALLET, "total"]
        assert (one.as_of, one.raw) == ("head" if late else "exact", 750), late


def test_a_wallet_with_stakes_is_never_unchanged_for_they_earn_without_a_transaction(node: Node) -> None:
    node.touched[WALLET] = [SNAPSHOT - 5]
    node.accounts[key("one")] = (3_000_000_000, layout.STAKE, stake_bytes(WALLET, 2_997_717_120))
    with client(node) as some:
        assert {one.as_of for one in readings(some, SOL, WALLET).values()} == {"head"}


def test_a_node_whose_list_of_transactions_ends_before_the_snapshot_shows_nothing(node: Node) -> None:
    node.touched[WALLET] = [SNAPSHOT - 5]
    node.touched[layout.TOKEN] = [SNAPSHOT]
    with client(node) as some:
        assert {one.as_of for one in readings(some, SOL, WALLET).values()} == {"head"}


# --- blocks ---
def test_a_skipped_slot_has_the_state_of_the_block_before_it(node: Node) -> None:
    node.skipped = {SNAPSHOT, SNAPSHOT - 1, SNAPSHOT + 1}
    with client(node) as some:
        found = some.block(SNAPSHOT)
        before = some.block(SNAPSHOT - 2)
    assert found == chains.BlockRef(SNAPSHOT, before.hash, before.moment)


def test_a_block_that_is_only_missing_is_no_skipped_slot(node: Node) -> None:
    node.skipped = {SNAPSHOT}

    def gap(asked: Any, told: Any) -> Any:
        if asked["method"] == "getBlock" and "result" in told:
            told["result"]["parentSlot"] = asked["params"][0] - 1
        return told

    with client(node, gap) as some, pytest.raises(ChainError, match="names 427319948 as the one before it"):
        some.block(SNAPSHOT)
    node.skipped = set(range(SNAPSHOT - 600, SNAPSHOT + 1))
    with client(node) as some, pytest.raises(Unavailable, match="the blocks around it are not told"):
        some.block(SNAPSHOT)


def test_the_block_of_a_moment(node: Node) -> None:
    node.head, node.skipped = SNAPSHOT + 3_000, {SNAPSHOT + 1}
    with client(node) as some:
        found = some.block_at(chains.BlockRef(0, "", some.block(SNAPSHOT + 1).moment).time)
        assert found.time.timestamp() == moment(SNAPSHOT)
        assert some.block(found.height + 1).time.timestamp() > moment(SNAPSHOT)


def test_a_slot_skipped_soon_after_the_first(node: Node) -> None:
    node.skipped = {3, 4}
    with client(node) as some:
        assert some.block(4) == chains.BlockRef(4, some.block(2).hash, some.block(2).moment)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (-32001, Unavailable),
        (-32004, Unavailable),
        (-32011, Unavailable),
        (-32005, NodeBehind),
        (-32014, NodeBehind),
        (-32016, NodeBehind),
        (-32010, RequestFailed),
    ],
)
def test_what_an_error_means_is_said_by_its_code(node: Node, code: int, kind: type[Exception]) -> None:
    def fail(asked: Any, told: Any) -> Any:
        if asked["method"] != "getBlock":
            return told
        return {"jsonrpc": "2.0", "id": asked["id"], "error": {"code": code, "message": "made"}}

    with client(node, fail) as some, pytest.raises(kind) as found:
        some.block(SNAPSHOT)
    assert found.type is kind


def test_slots_are_skipped_in_the_words_of_archives_too(node: Node) -> None:
    node.skipped = {SNAPSHOT}

    def archive(asked: Any, told: Any) -> Any:
        if "error" in told:
            told["error"] = {"code": -32009, "message": "Slot was skipped, or missing in long-term storage"}
        return told

    with client(node, archive) as some:
        assert some.block(SNAPSHOT).hash == some.block(SNAPSHOT - 1).hash


def test_nothing_is_asked_of_a_state_before_the_one_that_was_there_first(node: Node) -> None:
    node.touched[WALLET] = node.touched[own(WALLET)] = node.touched[key("second")] = [SNAPSHOT - 5]
    with client(node) as some:
        readings(some, USDT, WALLET)
        readings(some, SOL, WALLET)
    for method in ("getMultipleAccounts", "getTokenAccountsByOwner", "getProgramAccounts"):
        assert node.floors[method] == {HEAD}, method
    assert node.floors["getSignaturesForAddress"] == {HEAD, 0}  # 0: whether the list of transactions grows at all


def test_an_endpoint_that_does_not_say_which_chain_it_is_is_not_asked(node: Node) -> None:
    def silent(asked: Any, told: Any) -> Any:
        if asked["method"] != "getGenesisHash":
            return told
        return {"jsonrpc": "2.0", "id": asked["id"], "error": {"code": -32601, "message": "Method not found"}}

    with client(node, silent) as some, pytest.raises(RequestFailed, match="Method not found"):
        some.head()


@pytest.mark.parametrize("lost", ["parentSlot", "blockhash", "blockTime"])
def test_a_block_without_one_of_its_fields_is_none(node: Node, lost: str) -> None:
    with client(node, of("getBlock", lambda result: result.pop(lost))) as some, pytest.raises(BadAnswer, match=lost):
        some.block(SNAPSHOT)


# --- lies ---
def test_another_cluster_is_refused_before_anything_is_asked(node: Node) -> None:
    node.genesis = "EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG"
    with client(node) as some, pytest.raises(ChainError, match="of chain EtWT"):
        some.head()
    assert set(node.asked) == {"getGenesisHash", "getSlot"}
    assert GENESIS.startswith(SOLANA.caip2.partition(":")[2])


def test_fogo_is_known_by_a_mint_of_its_own(node: Node) -> None:
    with client(node, network=FOGO) as some, pytest.raises(ChainError, match="of another chain: uSd2cz.* is no mint"):
        some.head()
    node.accounts[FACTS.identities["fogo"].account] = (1, layout.TOKEN, mint_bytes(6))
    with client(node, network=FOGO) as some:
        assert some.head().height == HEAD


def test_an_answer_that_does_not_show_its_state_is_no_zero(node: Node) -> None:
    def forget(result: Any) -> None:
        result["value"] = [None] * len(result["value"])

    def older(result: Any) -> None:
        result["context"]["slot"] -= 1

    for change, why in ((forget, "does not show the chain's clock"), (older, "and the state is of")):
        with (
            client(node, of("getMultipleAccounts", change)) as some,
            pytest.raises((ChainError, TransportError), match=why),
        ):
            held(some, SOL, WALLET, NOBODY)


def test_an_owner_whose_own_account_is_left_out_of_the_list_is_not_read(node: Node) -> None:
    def lose(result: Any) -> None:
        result["value"] = [one for one in result["value"] if one["pubkey"] != own(WALLET)]

    with client(node, of("getTokenAccountsByOwner", lose)) as some:
        assert held(some, USDT, WALLET, own(OTHER)) == {WALLET: "bad_answer", own(OTHER): {"total": 9}}


def test_accounts_of_somebody_else_are_not_counted(node: Node) -> None:
    def others(result: Any) -> None:
        data = token_bytes(USDT.contract, OTHER, 10**6)
        node_account = Node(accounts={key("x"): (1, layout.TOKEN, data)})._account(key("x"), {})
        result["value"].append({"pubkey": key("x"), "account": node_account})

    def twice(result: Any) -> None:
        result["value"] *= 2

    for change in (others, twice):
        with client(node, of("getTokenAccountsByOwner", change)) as some:
            assert held(some, USDT, WALLET, own(OTHER)) == {WALLET: "bad_answer", own(OTHER): {"total": 9}}


def test_a_node_behind_the_snapshot_is_not_asked(node: Node) -> None:
    at = chains.BlockRef(SNAPSHOT, key("x"), None)
    node.head = SNAPSHOT - 1
    with client(node) as some, pytest.raises(NodeBehind, match="its newest slot is 427,319,947"):
        list(some.balances([chains.Wanted("SOL", SOL, WALLET)], at))
