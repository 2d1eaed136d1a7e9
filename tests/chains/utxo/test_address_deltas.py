"""A node with an index by address, as Ravencoin's documents it, and what it does without a word."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from porlake import chains, registry
from porlake.addresses import bitcoin as form
from porlake.errors import BadAnswer, ChainError
from porlake.transport import Endpoint, Recording
from support import named, on_loopback, own_rows

HEIGHT, TIP = 100, 105
NETWORKS = ["ravencoin", "qtum", "dash"]


def hash_at(height: int) -> str:
    return hashlib.sha256(b"%d" % height).hexdigest()


@pytest.fixture(autouse=True)
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with own_rows(named(tmp_path_factory.mktemp("rows"), **dict.fromkeys(NETWORKS, f"0:{hash_at(0)}"))):
        yield


class Node:
    """ONE has got 1, 2, 4 ..., and spent some since the height."""

    def __init__(self, network: str) -> None:
        self.one, self.never, self.bad = (form._base58(network, "p2pkh", bytes([n]) * 20).text for n in (1, 2, 3))
        self.deltas = [(40, 1 << 9), (50, -(1 << 9)), (50, 1 << 8), (HEIGHT, 1 << 3), (HEIGHT + 1, -(1 << 3)), (TIP, 4)]
        self.asked: list[Any] = []

    def at(self, height: int) -> int:
        return sum(added for when, added in self.deltas if when <= height)

    def answer(self, method: str, params: list[Any]) -> Any:
        match method, params:
            case "getblockhash", [height] if height <= TIP:
                return hash_at(height)
            case "getbestblockhash", []:
                return hash_at(TIP)
            case "getblockheader", [name]:
                (height,) = [h for h in range(TIP + 1) if hash_at(h) == name]
                return {"hash": name, "height": height, "time": 1_700_000_000 + height}
            case "getaddressdeltas", [{"addresses": [address], "start": start, "end": end, "chainInfo": True}]:
                self.asked.append((start, end))
                if address == self.bad:
                    raise LookupError(-5, "Invalid address")
                listed = [self.told(place) for place in range(len(self.deltas))] if address == self.one else []
                return {
                    "deltas": [delta for delta in listed if start <= delta["height"] <= end],
                    "start": {"hash": hash_at(start), "height": start},
                    "end": {"hash": hash_at(end), "height": end},
                }
        raise LookupError(-8, "no such question")

    def told(self, place: int) -> dict[str, Any]:
        height, added = self.deltas[place]
        txid = hashlib.sha256(b"tx%d" % place).hexdigest()
        return {"satoshis": added, "txid": txid, "index": 0, "blockindex": 1, "height": height, "address": self.one}


@contextmanager
def served(answer: Callable[[str, list[Any]], Any]) -> Iterator[Endpoint]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told: dict[str, Any] = {"jsonrpc": "1.0", "id": asked["id"]}
            try:
                told |= {"result": answer(asked["method"], asked["params"]), "error": None}
            except LookupError as error:
                told |= {"result": None, "error": {"code": error.args[0], "message": error.args[1]}}
            text = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            pass

    with on_loopback(Handler) as url:
        yield Endpoint(f"addressindex+{url}")


def read(network: str, endpoint: Endpoint, height: int, *addresses: str) -> list[Any]:
    facts = registry.load()
    asset = facts.networks[network].native_asset
    reader: Any = chains.open_client(facts.networks[network], endpoint, Recording.off())
    wanted = [chains.Wanted(asset, facts.tokens[network, asset], address) for address in addresses]
    return list(reader.balances(wanted, reader.block(height)))


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("height", [39, 40, 50, HEIGHT - 1, HEIGHT, HEIGHT + 1, TIP])
def test_what_was_added_up_to_a_height_is_the_balance(network: str, height: int) -> None:
    node = Node(network)
    with served(node.answer) as endpoint:
        one, never, bad = read(network, endpoint, height, node.one, node.never, node.bad)
    assert (one.raw, one.as_of, one.method, one.block.hash) == (
        node.at(height), "exact", "getaddressdeltas", hash_at(height),
    )  # fmt: skip
    assert (never.raw, never.no_history, one.no_history) == (0, True, height < 40)
    assert bad.reason == "refused_by_server"
    assert set(node.asked) == {(1, height)}, "both bounds, or the node drops the filter"


def only(change: Callable[[Any], Any], node: Node) -> Callable[[str, list[Any]], Any]:
    return lambda method, params: (
        change(node.answer(method, params)) if method == "getaddressdeltas" else node.answer(method, params)
    )


def test_a_node_that_drops_the_bounds_is_not_believed() -> None:
    """Its whole history would be the balance of now, at a past height."""
    node = Node("ravencoin")
    everything = [node.told(place) for place in range(len(node.deltas))]
    with served(only(lambda told: told | {"deltas": everything}, node)) as endpoint:
        with pytest.raises(BadAnswer, match="tells of block 101, and asked for was up to 100"):
            read("ravencoin", endpoint, HEIGHT, node.one)
        assert read("ravencoin", endpoint, TIP, node.one)[0].raw == node.at(TIP)


@pytest.mark.parametrize(
    ("change", "error", "why"),
    [
        (lambda told: told["deltas"], BadAnswer, "no list with the blocks"),  # without chainInfo
        (lambda told: told | {"end": {"hash": hash_at(TIP), "height": TIP}}, ChainError, "does not end with"),
        (lambda told: told | {"end": {"hash": hash_at(1), "height": HEIGHT}}, ChainError, "does not end with"),
        (lambda told: told | {"deltas": told["deltas"] + told["deltas"][:1]}, BadAnswer, "stands twice"),
        (lambda told: told | {"deltas": [told["deltas"][0] | {"address": "x"}]}, BadAnswer, "another address"),
        (lambda told: told | {"deltas": [told["deltas"][0] | {"satoshis": 5.12}]}, BadAnswer, "no whole number"),
        (lambda told: told | {"deltas": [told["deltas"][0] | {"height": 0}]}, BadAnswer, "not between 1"),
    ],
)
def test_what_does_not_fit_is_no_balance(change: Callable[[Any], Any], error: type[Exception], why: str) -> None:
    node = Node("ravencoin")
    with served(only(change, node)) as endpoint, pytest.raises(error, match=why):
        read("ravencoin", endpoint, HEIGHT, node.one)


def test_a_sum_below_zero_is_told_as_such() -> None:
    node = Node("ravencoin")
    with served(only(lambda told: told | {"deltas": told["deltas"][1:2]}, node)) as endpoint:
        assert read("ravencoin", endpoint, HEIGHT, node.one)[0].reason == "negative_balance"
