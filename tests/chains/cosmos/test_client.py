"""The Cosmos family: what the suite of abilities does not reach."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chains import stub
from chains.cosmos.world import DELEGATIONS, HEAD, HEIGHT, INJ, STAKER, WORLD, block
from chains.stub import Reply, Request, with_body
from porlake import addresses, chains, registry
from porlake.chains.cosmos.client import CANARY, NEAR
from porlake.chains.cosmos.client import HEIGHT as HEIGHT_HEADER
from porlake.encoding.hashes import sha256
from porlake.errors import BadAnswer, ChainError, NodeBehind, TransportError, Unavailable
from porlake.registry import checks
from porlake.transport import Endpoint, Recording

FACTS = registry.load()
NETWORKS = sorted(row.network for row in FACTS.networks.values() if row.client == "cosmos")
INJECTIVE = FACTS.tokens["injective", "INJ"]


def opened(server: stub.Server, network: str = "injective") -> Any:
    endpoint = Endpoint(server.endpoint_url, pause=0.0, tries=1)
    return chains.open_client(FACTS.networks[network], endpoint, Recording.off())


def total(client: Any, at: Any = None) -> Any:
    want = chains.Wanted("INJ", INJECTIVE, STAKER)
    return list(client.balances([want], at or client.block(HEIGHT)))[-1]


# --- rows -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("network", NETWORKS)
def test_a_node_of_one_network_passes_as_no_other(network: str) -> None:
    """Terra and Terra Classic share addresses and denomination."""
    with stub.served(WORLD()) as server:
        if network == "injective":
            assert opened(server, network).head().height == HEAD
            return
        with pytest.raises(ChainError, match="the endpoint is of chain injective-1"):
            opened(server, network).block(HEIGHT)


@pytest.mark.parametrize("network", NETWORKS)
def test_every_network_has_what_its_client_asks_for(network: str) -> None:
    assert network in FACTS.cosmos_networks
    assert FACTS.networks[network].native_asset in {asset for net, asset in FACTS.tokens if net == network}
    assert addresses.parse(network, addresses.bech32.of(network, CANARY).text).payload == CANARY


@pytest.mark.parametrize(
    ("denom", "good"),
    [("uatom", True), ("ibc/" + "A" * 64, True), ("peggy0xdAC17F958D2ee523a2206206994597C13D831ec7", True),
     ("factory/inj1x/sub", True), ("erc20:0xa0", True), ("abc", True), ("ab", False), ("a" * 128, True),
     ("a" * 129, False), ("1atom", False), ("u atom", False), ("", False)],
)  # fmt: skip
def test_denominations_up_to_their_border(denom: str, good: bool) -> None:
    row = replace(FACTS.cosmos_networks["injective"], denom=denom)
    assert (checks.check_cosmos_network(row) == "") is good
    token = replace(FACTS.tokens["injective", "USDT"], contract=denom)
    assert (checks.check_token(token) == "") is good


def test_what_came_by_ibc_is_named_after_its_way() -> None:
    """ibc/ and the SHA-256 of port, channel and the denomination at home: ADR 1 of ibc-go."""
    found = [token for token in FACTS.tokens.values() if token.kind == "bank" and token.contract.startswith("ibc/")]
    assert found
    for token in found:
        way = token.note.split(" of ")[0]
        assert token.contract == "ibc/" + sha256(way.encode()).hex().upper(), token


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ([{"denom": "peggy", "exponent": 0}, {"denom": "USDT", "exponent": 6}], 6),
        ([{"denom": "peggy", "exponent": 0}], None),
        ([], None),
    ],
)
def test_decimals_of_the_bank_s_metadata(units: list[Any], expected: int | None) -> None:
    token = FACTS.tokens["injective", "USDT"]
    with stub.served(WORLD()) as server:
        client = opened(server)
        at = client.block(HEIGHT)
        assert client.decimals(token, at) == 6
        server.change = lambda request, reply: (
            with_body(reply, {"metadata": {"base": token.contract, "denom_units": units}})
            if "denoms_metadata" in request.path
            else reply
        )
        assert client.decimals(token, at) == expected
        for spoiled in ({"base": "other", "denom_units": units}, {"base": token.contract}, None):
            server.change = lambda request, reply, told=spoiled: with_body(reply, {"metadata": told})
            with pytest.raises(BadAnswer):
                client.decimals(token, at)
        for status, code, is_none in ((404, 5, True), (501, 12, True), (400, 3, True), (404, 7, False)):
            server.change = lambda request, reply, status=status, code=code: Reply(
                {"code": code, "message": "no metadata"}, status
            )
            if is_none:
                assert client.decimals(token, at) is None
            else:
                with pytest.raises(BadAnswer):
                    client.decimals(token, at)


def test_a_denomination_needs_its_source() -> None:
    assert checks.check_cosmos_network(replace(FACTS.cosmos_networks["injective"], source=""))


def test_an_account_of_an_ethereum_key_is_taken_in_both_spellings() -> None:
    found = addresses.parse("injective", STAKER)
    assert addresses.parse("injective", "0x" + found.payload.hex()) == found


# --- does the node read the past? -------------------------------------------------------------------------------------
@pytest.mark.parametrize(("before", "asked"), [(NEAR - 1, 0), (NEAR, 2), (NEAR + 1, 2)])
def test_the_canary_is_asked_where_it_must_have_changed(before: int, asked: int) -> None:
    """At the head itself a node that reads the newest state is right."""

    class Near(WORLD):
        def answer(self, request: Request) -> Reply:
            if request.path.endswith("/blocks/latest"):
                return Reply(block(HEIGHT + before))
            return super().answer(request)

    with stub.served(Near()) as server:
        assert total(opened(server)).raw == 72
        fees = [request for request, _ in server.log if CANARY_PATH in request.path]
    assert len(fees) == asked


CANARY_PATH = f"/balances/{addresses.bech32.of('injective', CANARY).text}"


def test_a_supply_that_changes_is_canary_enough() -> None:
    """Chains without fees in a block: the supply of the coin differs all the same."""

    def still(request: Request, reply: Reply) -> Reply:
        return with_body(reply, {"balances": []}) if CANARY_PATH in request.path else reply

    def both(request: Request, reply: Reply) -> Reply:
        if "/supply/" in request.path:
            return with_body(reply, {"amount": {"denom": request.query["denom"], "amount": "9"}})
        return still(request, reply)

    with stub.served(WORLD()) as server:
        client = opened(server)
        at, server.change = client.block(HEIGHT), still
        assert total(client, at).raw == 72
    with stub.served(WORLD()) as server:
        client = opened(server)
        at, server.change = client.block(HEIGHT), both
        with pytest.raises(ChainError, match="does not show that it reads the past"):
            total(client, at)


@pytest.mark.parametrize(("executed", "good"), [(HEAD, True), (HEAD - 1, True), (HEAD - 2, False)])
def test_a_node_shows_a_block_before_it_has_executed_it(executed: int, good: bool) -> None:
    """As a node of the Cosmos SDK does for a moment after each block: its state is still that of the block before."""
    text = (
        "codespace sdk code 26: invalid height: cannot query with height in the future; please provide a valid height"
    )

    def behind(request: Request, reply: Reply) -> Reply:
        if int(request.headers.get(HEIGHT_HEADER, HEIGHT)) <= executed:
            return reply
        return Reply({"code": 2, "message": text, "details": []}, 500)

    with stub.served(WORLD()) as server:
        client = opened(server)
        assert client.final() == HEAD - 1
        at, server.change = client.block(HEIGHT), behind
        if good:
            assert total(client, at).raw == 72
        else:
            with pytest.raises(NodeBehind):
                total(client, at)


def test_a_node_that_is_behind_is_not_asked() -> None:
    with stub.served(WORLD()) as server:
        client = opened(server)
        at = client.block(HEIGHT)
        server.change = lambda request, reply: (
            Reply(block(HEIGHT - 1)) if request.path.endswith("/blocks/latest") else reply
        )
        with pytest.raises(NodeBehind):
            total(client, at)


@pytest.mark.parametrize(
    ("code", "message", "error"),
    [
        (3, "height 5 is not available, lowest height is 77: invalid request", Unavailable),
        (2, "panic: runtime error: invalid memory address or nil pointer dereference", Unavailable),
        (3, "cannot query with height in the future; please provide a valid height: invalid request", NodeBehind),
        (12, "Not Implemented", TransportError),
    ],
)
def test_what_nodes_say_of_heights_that_they_lack(code: int, message: str, error: type[Exception]) -> None:
    with stub.served(WORLD()) as server:
        client = opened(server)
        server.change = lambda request, reply: Reply({"code": code, "message": message, "details": []}, 400)
        with pytest.raises(error):
            client.block(HEIGHT)


# --- stakes -----------------------------------------------------------------------------------------------------------
def paged(size: int, whole: int | None = None) -> stub.Change:
    """Delegations in pages; `whole`: what the first page says how many there are."""

    def change(request: Request, reply: Reply) -> Reply:
        if "/delegations/" not in request.path:
            return reply
        start, rows = int(request.query.get("pagination.key") or 0), reply.body["delegation_responses"]
        following = str(start + size) if start + size < len(rows) else None
        counted = str(len(rows) if whole is None else whole) if "pagination.count_total" in request.query else "0"
        pages = {"next_key": following, "total": counted}
        return with_body(reply, {"delegation_responses": rows[start : start + size], "pagination": pages})

    return change


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8])
def test_pages_add_up(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(DELEGATIONS, STAKER, [1, 2, 4, 8, 16, 32, 64])
    with stub.served(WORLD()) as server:
        server.change = paged(size)
        assert total(opened(server)).raw == 5 + 127 + 49


@pytest.mark.parametrize(("whole", "good"), [(1, False), (2, True), (3, False)])
def test_pages_that_give_less_or_more_than_they_count(whole: int, good: bool) -> None:
    with stub.served(WORLD()) as server:
        server.change = paged(1, whole)
        if good:
            assert total(opened(server)).raw == 72
        else:
            with pytest.raises(BadAnswer, match="what they count"):
                total(opened(server))


def test_only_an_unknown_delegator_has_no_stakes() -> None:
    for code, message, good in ((5, "unable to find delegations for address x", True), (5, "not found", False),
                                (7, "unable to find delegations for address x", False)):  # fmt: skip
        with stub.served(WORLD()) as server:
            server.change = lambda request, reply, code=code, message=message: (
                Reply({"code": code, "message": message}, 404) if "/delegations/" in request.path else reply
            )
            if good:
                assert total(opened(server)).raw == 5 + 49
            else:
                with pytest.raises(TransportError):
                    assert isinstance(total(opened(server)), chains.Unread)
                    raise TransportError


def test_the_bank_alone_holds_other_denominations() -> None:
    token = FACTS.tokens["injective", "USDT"]
    with stub.served(WORLD()) as server:
        client = opened(server)
        found = list(client.balances([chains.Wanted("USDT", token, STAKER)], client.block(HEIGHT)))
        assert [(one.component, one.raw) for one in found] == [("liquid", 2), ("total", 2)]
        assert not [request for request, _ in server.log if "/staking/" in request.path]
    assert INJ not in token.contract
