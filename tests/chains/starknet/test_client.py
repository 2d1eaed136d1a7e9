"""Starknet: what the suite of abilities does not reach."""

from __future__ import annotations

from typing import Any

import pytest

from chains import stub
from chains.starknet.world import HEAD, HEIGHT, ON_L1, RICH, SHORT, WORLD
from chains.stub import Reply, Request, RpcError
from porlake import chains, registry
from porlake.chains.starknet import client as starknet
from porlake.encoding import stark
from porlake.errors import TransportError
from porlake.transport import Endpoint, Recording

TOKENS = {asset: registry.load().tokens["starknet", asset] for asset in ("STRK", "ETH", "USDC")}


class Older(WORLD):
    """A node before version 0.9 of the specification. `on_l1`: how far Ethereum is."""

    def __init__(self, on_l1: int) -> None:
        super().__init__()
        self.on_l1, self.asked = on_l1, list[int]()

    def getBlockWithTxHashes(self, name: Any) -> dict[str, Any]:
        if name == "l1_accepted":
            raise RpcError(-32602, "Invalid params")
        found = super().getBlockWithTxHashes(name)
        self.asked.append(found["block_number"])
        return found | {"status": "ACCEPTED_ON_L1" if found["block_number"] <= self.on_l1 else "ACCEPTED_ON_L2"}


def opened(server: stub.Server) -> Any:
    endpoint = Endpoint(server.endpoint_url, pause=0.0, tries=1)
    return chains.open_client(registry.load().networks["starknet"], endpoint, Recording.off())


def test_selectors_are_those_of_the_contracts() -> None:
    """Printed by https://docs.starknet.io/ and starknet.py."""
    assert starknet.BALANCE_OF == "0x2e4263afad30923c891518314c3c95dbe830a16874e8abc5777a9a20b54c76e"
    assert starknet.SNAKE_BALANCE_OF == "0x35a73cd311a05d46deda634c5ee045db92f811b4e74bca4437fcb5302b7af33"
    assert stark.selector("decimals") == int(starknet.DECIMALS, 16)


def test_final_is_what_ethereum_accepted() -> None:
    with stub.served(WORLD()) as server:
        assert opened(server).final() == ON_L1


@pytest.mark.parametrize("on_l1", [HEAD, HEAD - 1, HEAD - 256, HEAD - 257, HEIGHT, 0])
def test_a_node_that_does_not_know_the_tag_tells_by_status(on_l1: int) -> None:
    world = Older(on_l1)
    with stub.served(world) as server:
        found = opened(server).final()
    assert found <= on_l1
    assert found == HEAD or found >= 2 * on_l1 - HEAD - 256
    assert len(world.asked) < 20


def test_twenty_five_questions_go_together() -> None:
    with stub.served(WORLD()) as server:
        client = opened(server)
        at, addresses = client.block(HEIGHT), [f"0x{number:064x}" for number in range(1, 52)]
        server.log.clear()
        found = list(client.balances([chains.Wanted("STRK", TOKENS["STRK"], one) for one in addresses], at))
        sizes = sorted(len(request.body) for request, _ in server.log if isinstance(request.body, list))
    assert len(found) == 102
    assert sizes == [1, 25, 25]


def test_a_batch_over_the_node_s_limit_is_asked_in_halves() -> None:
    def limited(request: Request, reply: Reply) -> Reply:
        if isinstance(request.body, list) and len(request.body) > 2:
            return Reply({"jsonrpc": "2.0", "id": None, "error": {"code": -32005, "message": "batch too large"}})
        return reply

    with stub.served(WORLD()) as server:
        client = opened(server)
        at, server.change = client.block(HEIGHT), limited
        wanted = [chains.Wanted("STRK", TOKENS["STRK"], f"0x{number:064x}") for number in range(1, 8)]
        assert not [one for one in client.balances(wanted, at) if isinstance(one, chains.Unread)]


def test_addresses_go_out_without_zeros_in_front() -> None:
    with stub.served(WORLD()) as server:
        client = opened(server)
        (_, total) = client.balances([chains.Wanted("STRK", TOKENS["STRK"], SHORT)], client.block(HEIGHT))
        assert total.raw == 3
        asked = [call["params"][0]["calldata"] for request, _ in server.log if isinstance(request.body, list)
                 for call in request.body]  # fmt: skip
    assert asked == [[hex(int(SHORT, 16))]]
    assert not any(word.startswith("0x0") for (word,) in asked)


@pytest.mark.parametrize(("code", "reason"), [(40, "token_call_failed"), (63, "refused_by_server")])
def test_one_call_that_fails_costs_its_account(code: int, reason: str) -> None:
    class Failing(WORLD):
        def call(self, request: Any, block: Any) -> list[str]:
            if request["calldata"] == [hex(int(SHORT, 16))]:
                raise RpcError(code, "no")
            return super().call(request, block)

    with stub.served(Failing()) as server:
        client = opened(server)
        wanted = [chains.Wanted("STRK", TOKENS["STRK"], one) for one in (RICH, SHORT)]
        *good, bad = client.balances(wanted, client.block(HEIGHT))
    assert [one.component for one in good] == ["liquid", "total"]
    assert bad == chains.Unread("STRK", SHORT, reason)


def test_decimals_of_what_is_no_token() -> None:
    with stub.served(WORLD()) as server:
        client = opened(server)
        at = client.block(HEIGHT)
        assert [client.decimals(TOKENS[asset], at) for asset in TOKENS] == [18, 18, 6]
        for code in (20, 21, 40):
            server.change = lambda request, reply, code=code: stub.rpc(request, _raises(code))
            assert client.decimals(TOKENS["ETH"], at) is None
        server.change = lambda request, reply: stub.rpc(request, _raises(63))
        with pytest.raises(TransportError):
            client.decimals(TOKENS["ETH"], at)


def _raises(code: int) -> Any:
    def call(method: str, params: Any) -> Any:
        raise RpcError(code, "no")

    return call
