"""TON by an index: what the suite of abilities does not reach."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from chains import stub
from chains.stub import Change, Reply, Request, with_body
from chains.ton import world
from chains.ton.world import ACCOUNTS, DELETED, EMPTY, HEIGHT, LATE, MASTER_END, NEVER, RICH, WORLD, end_of
from porlake import chains, registry
from porlake.chains.ton.client import Shard
from porlake.errors import BadAnswer
from porlake.transport import Endpoint, Recording

TON, TETHER = (registry.load().tokens["ton", asset] for asset in ("TON", "USDT"))


@pytest.fixture
def server() -> Iterator[stub.Server]:
    with stub.served(WORLD()) as found:
        yield found


def read(server: stub.Server, *accounts: str, token: Any = TON, change: Change | None = None) -> list[Any]:
    server.change = change
    endpoint = Endpoint(server.endpoint_url, pause=0.0, tries=1)
    client = chains.open_client(registry.load().networks["ton"], endpoint, Recording.off())
    asked = [chains.Wanted(token.asset, token, account) for account in accounts]
    return [
        one
        for one in client.balances(asked, client.block(HEIGHT))
        if isinstance(one, chains.Unread) or one.component == chains.TOTAL
    ]


def test_what_did_not_change_is_exact_with_its_evidence(server: stub.Server) -> None:
    (found,) = read(server, RICH)
    assert (found.as_of, found.method, found.block.height) == ("exact", "unchanged_since", HEIGHT)
    assert found.evidence.head.height == world.HEAD
    assert f"last_transaction_lt {end_of(RICH) - 5}" in found.evidence.answer


def test_what_changed_is_what_lies_between_two_transactions(server: stub.Server) -> None:
    (found,) = read(server, LATE)
    assert (found.raw, found.as_of, found.method, found.evidence) == (100, "exact", "toncenter_transactions", None)
    asked = [request.query for request, _ in server.log if request.path == "/transactions"]
    assert {(query.get("start_lt"), query.get("end_lt")) for query in asked} == {
        (str(end_of(LATE) + 1), None), (None, str(end_of(LATE))),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("after", "method"), [(-1, "unchanged_since"), (0, "unchanged_since"), (1, "toncenter_transactions")]
)
def test_the_last_transaction_of_a_block_is_in_it(server: stub.Server, after: int, method: str) -> None:
    """At the end of its shard, before it, and after it."""
    account = world.Account(NEVER, (-(10**9), 3), (after, 5))
    ACCOUNTS[NEVER] = account
    try:
        (found,) = read(server, NEVER)
    finally:
        del ACCOUNTS[NEVER]
    assert (found.raw, found.method) == (3 if after > 0 else 5, method)


def test_an_account_that_was_deleted_since_is_what_it_was(server: stub.Server) -> None:
    """The node behind the index keeps no time of an account that is gone, and says that it was never used."""

    def forgets(request: Request, reply: Reply) -> Reply:
        if request.path == "/accountStates":
            return with_body(
                reply, {"accounts": [row for row in reply.body["accounts"] if row["status"] != "nonexist"]}
            )
        if request.path == "/addressInformation":
            return with_body(reply, reply.body | {"status": "uninit", "balance": "0", "last_transaction_lt": "0"})
        return reply

    (found,) = read(server, DELETED, change=forgets)
    assert (found.raw, found.as_of, found.no_history) == (5, "exact", False)
    (found,) = read(server, NEVER, change=forgets)
    assert (found.raw, found.as_of, found.no_history) == (0, "exact", True)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda row: row | {"prev_trans_hash": world.NOBODY},
        lambda row: row | {"prev_trans_lt": "7"},
        lambda row: row | {"account_state_before": None},
        lambda row: row | {"account_state_before": row["account_state_before"] | {"balance": "101"}},
        lambda row: row | {"mc_block_seqno": HEIGHT},
        lambda row: row | {"lt": str(end_of(LATE))},
    ],
)
def test_two_transactions_that_do_not_follow_each_other(server: stub.Server, spoil: Any) -> None:
    def lie(request: Request, reply: Reply) -> Reply:
        if "start_lt" not in request.query:
            return reply
        return with_body(reply, {"transactions": [spoil(row) for row in reply.body["transactions"]]})

    late, rich = read(server, LATE, RICH, change=lie)
    assert (late.reason, rich.as_of) == ("bad_answer", "exact")


def test_a_wallet_that_was_used_since_is_of_the_head(server: stub.Server) -> None:
    rich, late, absent = read(server, RICH, LATE, NEVER, token=TETHER)
    assert (rich.as_of, late.as_of, absent.as_of) == ("exact", "head", "exact")
    assert (late.raw, absent.raw, absent.no_history) == (70, 0, True)


def test_a_wallet_that_the_list_lacks_and_the_chain_has(server: stub.Server) -> None:
    def lacks(request: Request, reply: Reply) -> Reply:
        if request.path != "/jetton/wallets":
            return reply
        rows = [row for row in reply.body["jetton_wallets"] if row["owner"].lower() != EMPTY]
        return with_body(reply, {"jetton_wallets": rows})

    rich, empty = read(server, RICH, EMPTY, token=TETHER, change=lacks)
    assert (rich.as_of, empty.reason) == ("exact", "bad_answer")


def test_a_jetton_of_which_a_part_lies_elsewhere_is_not_read(server: stub.Server) -> None:
    change = stub.at("jetton_wallets.*", lambda row: row, path="/jetton/wallets")

    def mintless(request: Request, reply: Reply) -> Reply:
        if request.path != "/jetton/wallets":
            return change(request, reply)
        rows = [row | {"mintless_info": {"amount": "5"}} for row in reply.body["jetton_wallets"]]
        return with_body(reply, {"jetton_wallets": rows})

    with pytest.raises(BadAnswer, match="lies outside"):
        read(server, RICH, token=TETHER, change=mintless)


@pytest.mark.parametrize(("content", "expected"), [({"decimals": "6"}, 6), ({"uri": "x"}, None), (None, None)])
def test_decimals_where_the_jetton_says_them(server: stub.Server, content: Any, expected: int | None) -> None:
    endpoint = Endpoint(server.endpoint_url, pause=0.0, tries=1)
    client = chains.open_client(registry.load().networks["ton"], endpoint, Recording.off())
    at = client.block(HEIGHT)
    server.change = stub.at(
        "jetton_masters", lambda rows: [rows[0] | {"jetton_content": content}], path="/jetton/masters"
    )
    assert client.decimals(TETHER, at) == expected
    assert client.decimals(TON, at) is None


@pytest.mark.parametrize(
    ("prefix", "digest", "holds"),
    [
        ("8000000000000000", "00", True), ("8000000000000000", "ff", True),
        ("4000000000000000", "7f", True), ("4000000000000000", "80", False),
        ("c000000000000000", "7f", False), ("c000000000000000", "80", True),
        ("2800000000000000", "2f", True), ("2800000000000000", "1f", False), ("2800000000000000", "30", False),
        ("2000000000000001", "2000000000000000", True), ("2000000000000001", "2000000000000002", False),
    ],
)  # fmt: skip
def test_which_accounts_a_shard_holds(prefix: str, digest: str, holds: bool) -> None:
    found = Shard(0, int(prefix, 16), 5)
    assert found.holds(0, bytes.fromhex(digest).ljust(32, b"\0")) is holds
    assert not found.holds(-1, bytes.fromhex(digest).ljust(32, b"\0"))


@pytest.mark.parametrize("prefixes", [["c000000000000000"], ["4000000000000000"] * 2, ["0000000000000000"], ["zz"]])
def test_shards_that_do_not_part_the_accounts(server: stub.Server, prefixes: list[str]) -> None:
    def lie(request: Request, reply: Reply) -> Reply:
        if request.path != "/masterchainBlockShardState":
            return reply
        row = reply.body["blocks"][1]
        return with_body(reply, {"blocks": [row | {"shard": prefix} for prefix in prefixes]})

    try:
        (found,) = read(server, RICH, change=lie)
    except BadAnswer:
        return
    assert found == chains.Unread("TON", RICH, "bad_answer")


def test_the_masterchain_s_accounts_end_with_its_own_block(server: stub.Server) -> None:
    (found,) = read(server, world.STAKE_POOL)
    assert str(MASTER_END) in found.evidence.answer


def test_nothing_is_read_of_a_token_that_is_no_jetton() -> None:
    family = chains.family(registry.load().networks["ton"])
    other = registry.load().tokens["ethereum", "USDT"]
    assert [family.unreadable(token) for token in (TON, TETHER, None, other)] == [
        "", "", "asset_not_on_network", "contract_unknown",
    ]  # fmt: skip
