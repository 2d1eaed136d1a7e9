"""The X-Chain through a node: coins of many addresses, pages that overlap, coins of several keys and of other assets.

Bytes are put together here as avalanchego's codec writes them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import base58
import pytest

from chains import stub
from chains.avalanche_x.world import AVAX, HEAD, HEIGHT, MOMENT, OTHER, address
from chains.stub import Reply, Request, RpcError, World, rpc
from porlake import addresses, chains, registry
from porlake.chains.avalanche_x import node
from porlake.errors import BadAnswer, ChainError, TransportError
from porlake.transport import Endpoint, Recording

NETWORK = registry.load().networks["avalanche_x"]
NOW = round(MOMENT.timestamp()) + 40 * (HEAD - HEIGHT)


def owner(number: int) -> bytes:
    return addresses.parse("avalanche_x", address(number)).payload


def coin(number: int, amount: int, *owners: bytes, since: int = 0, threshold: int = 1, asset: str = AVAX) -> str:
    body = b"".join((
        b"\0\0", hashlib.sha256(f"tx {number}".encode()).digest(), (number % 5).to_bytes(4, "big"),
        base58.b58decode(asset)[:-4], (7).to_bytes(4, "big"), amount.to_bytes(8, "big"), since.to_bytes(8, "big"),
        threshold.to_bytes(4, "big"), len(owners).to_bytes(4, "big"), *owners,
    ))  # fmt: skip
    return "0x" + (body + hashlib.sha256(body).digest()[-4:]).hex()


class Node(World):
    """A node that gives pages of 1,024 coins, each page with the last coins of the one before."""

    network, height, head = "avalanche_x", HEIGHT, HEAD
    url = "/ext/bc/X"
    held: ClassVar = {}
    coins: ClassVar[list[tuple[set[bytes], str]]] = [
        *(({owner(1)}, coin(number, 10**12 + number, owner(1))) for number in range(2_500)),
        ({owner(2)}, coin(5_000, 7, owner(2))),
        ({owner(2)}, coin(5_001, 11, owner(2), since=NOW)),
        ({owner(2)}, coin(5_002, 13, owner(2), since=NOW + 1)),
        ({owner(2), owner(3)}, coin(5_003, 17, owner(2), owner(3))),
        ({owner(3)}, coin(5_004, 19, owner(3), owner(9), threshold=2)),
        ({owner(3)}, coin(5_005, 23, owner(3), asset=OTHER)),
    ]

    def answer(self, request: Request) -> Reply:
        return rpc(request, self._call)

    def _call(self, method: str, params: list[dict[str, Any]]) -> Any:
        (asked,) = params
        match method:
            case "avm.getAssetDescription":
                return {"assetID": asked["assetID"], "name": "Avalanche", "symbol": "AVAX", "denomination": "9"}
            case "avm.getHeight":
                return {"height": str(HEAD)}
            case "avm.getBlockByHeight":
                height = int(asked["height"])
                name = base58.b58encode(hashlib.sha256(asked["height"].encode()).digest() + b"abcd").decode()
                seconds = round(MOMENT.timestamp()) + 40 * (height - HEIGHT)
                return {"encoding": "json", "block": {"height": height, "time": seconds, "id": name, "txs": []}}
            case "avm.getUTXOs":
                return self._page(asked)
        raise RpcError(-32601, "method not found")

    def _page(self, asked: dict[str, Any]) -> dict[str, Any]:
        keys = {addresses.parse("avalanche_x", one).payload for one in asked["addresses"]}
        mine = [text for owners, text in self.coins if owners & keys]
        start = max(0, int(asked.get("startIndex", {}).get("utxo", "0")) - 3)
        some = mine[start : start + asked["limit"]]
        end = {"address": asked["addresses"][0], "utxo": str(start + len(some))}
        return {"numFetched": str(len(some)), "utxos": some, "endIndex": end, "encoding": "hex"}


@contextmanager
def opened(change: stub.Change | None = None) -> Iterator[tuple[node.Client, stub.Server]]:
    with stub.served(Node()) as server:
        server.change = change
        client = chains.open_client(NETWORK, Endpoint(server.endpoint_url, tries=1, pause=0), Recording.off())
        assert isinstance(client, node.Client)
        yield client, server


def wanted(*accounts: str) -> list[chains.Wanted]:
    token = registry.load().tokens["avalanche_x", "AVAX"]
    return [chains.Wanted("AVAX", token, one) for one in accounts]


def read(client: node.Client, *accounts: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in client.balances(wanted(*accounts), client.block(HEIGHT)):
        if isinstance(one, chains.Unread):
            found[one.address] = one.reason
        else:
            assert (one.as_of, one.block.height) == ("head", HEAD)
            found.setdefault(one.address, {})[one.component] = one.raw
    return found


def test_coins_of_many_pages_count_once_and_those_of_several_keys_lie_beside() -> None:
    with opened() as (client, server):
        told = read(client, *map(address, (1, 2, 3, 4)))
        pages = sum("getUTXOs" in request.text for request, _ in server.log)
    large = sum(10**12 + number for number in range(2_500))
    assert told == {
        address(1): {"liquid": large, "locked": 0, "shared": 0, "total": large},
        address(2): {"liquid": 18, "locked": 13, "shared": 17, "total": 31},
        address(3): {"liquid": 0, "locked": 0, "shared": 36, "total": 0},
        address(4): {"liquid": 0, "locked": 0, "shared": 0, "total": 0},
    }
    assert pages == 3


def test_many_addresses_take_one_question() -> None:
    with opened() as (client, server):
        told = read(client, *(address(number) for number in range(2, 258)))
        assert len(told) == 256
        assert sum("getUTXOs" in request.text for request, _ in server.log) == 1


def test_blocks() -> None:
    with opened() as (client, _):
        assert client.block(HEIGHT).moment == MOMENT
        assert client.head().height == client.final() == HEAD
        assert client.block_at(MOMENT).height == HEIGHT


def result(method: str, change: Callable[[Any], Any]) -> stub.Change:
    def lie(request: Request, reply: Reply) -> Reply:
        if request.body["method"] != method or "result" not in reply.body:
            return reply
        return stub.with_body(reply, reply.body | {"result": change(reply.body["result"])})

    return lie


def of_coins(change: Callable[[list[str]], Any]) -> stub.Change:
    return result("avm.getUTXOs", lambda told: told | {"utxos": change(told["utxos"])})


@pytest.mark.parametrize(
    "lie",
    [
        result("avm.getUTXOs", lambda told: told | {"numFetched": "1"}),
        result("avm.getUTXOs", lambda told: told | {"numFetched": True}),
        of_coins(lambda coins: coins[1:]),
        of_coins(lambda coins: [*coins[:-1], coin(1, 5, owner(77))]),
        of_coins(lambda coins: [coins[0][:-2] + "00", *coins[1:]]),
        of_coins(lambda coins: [coins[0][:100], *coins[1:]]),
        of_coins(lambda coins: [coin(1, 0, owner(2)), *coins[1:]]),
        of_coins(lambda coins: [coin(1, 5, owner(2), threshold=2), *coins[1:]]),
        of_coins(lambda coins: [coin(1, 5, owner(2), owner(2)), *coins[1:]]),
        of_coins(lambda coins: [7, *coins[1:]]),
        of_coins(lambda coins: None),
        result("avm.getAssetDescription", lambda told: told | {"assetID": OTHER}),
        result("avm.getAssetDescription", lambda told: told | {"denomination": "18"}),
        result("avm.getBlockByHeight", lambda told: {"block": told["block"] | {"height": HEIGHT - 1}}),
        result("avm.getBlockByHeight", lambda told: {"block": told["block"] | {"id": None}}),
    ],
)
def test_a_lie_is_no_balance(lie: stub.Change) -> None:
    with opened(lie) as (client, _), pytest.raises((ChainError, TransportError)):
        read(client, address(2))


def test_pages_that_never_end() -> None:
    def again(request: Request, reply: Reply) -> Reply:
        if request.body["method"] != "avm.getUTXOs":
            return reply
        page = [text for _, text in Node.coins[: node.PAGE]]
        told = reply.body["result"] | {"utxos": page, "numFetched": str(len(page))}
        return stub.with_body(reply, reply.body | {"result": told})

    with opened(again) as (client, _), pytest.raises(BadAnswer, match="nothing new"):
        read(client, address(1))


def test_a_recording_says_that_it_is_of_a_node(tmp_path: Path) -> None:
    """A replay has no URL to tell it by."""
    with stub.served(Node()) as server:
        client = chains.open_client(
            NETWORK, Endpoint(server.endpoint_url, tries=1), Recording.record(tmp_path / "kept")
        )
        assert isinstance(client, node.Client)
        told = read(client, address(2), address(3))
    again = chains.open_client(NETWORK, None, Recording.replay(tmp_path / "kept"))
    assert isinstance(again, node.Client)
    assert read(again, address(2), address(3)) == told
