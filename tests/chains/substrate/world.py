"""Polkadot's Asset Hub: DOT in its parts, two assets of its pallet, a state with proofs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

import substrate_chain as made
from chains.stub import Change, Held, Reply, Request, RpcError, World, rpc, with_body
from porlake.addresses import ss58

GENESIS = "0x68d56f15f85d3136970ec16946040bc1752654e906147f7e43e9d539d7c3de2f"
HEIGHT, HEAD, SPACING = 10_400_123, 10_400_900, 6
MOMENT = datetime(2026, 9, 10, 16, tzinfo=UTC)


def address(number: int) -> str:
    return ss58.encode(0, made.blake2(number.to_bytes(4, "big")))


def dot(free: int, reserved: int = 0, frozen: int = 0) -> dict[str, int]:
    return {"free": free, "reserved": reserved, "frozen": frozen, "total": free + reserved}


DOT = {
    address(1): dot(10**17 + 1, 3 * 10**16, 10**16),
    address(2): dot(7),
    address(3): dot(0),
    address(4): dot(0, 5 * 10**10),
    address(5): dot(2**70, 2**69, 2**71),
}
USDT = {address(1): {"total": 123_456_789_000_001}, address(2): {"total": 0}, address(6): {"total": 2**60}}


def state() -> dict[bytes, bytes]:
    found = {
        made.place_of_account(one): made.account(held["free"], held["reserved"], held["frozen"])
        for one, held in DOT.items()
        if held["total"]
    }
    found |= {made.place_of_asset(1984, one): made.asset(held["total"]) for one, held in USDT.items() if held["total"]}
    return found | {made.place_of_metadata(1984): made.metadata(b"USDt", 6)}


class Hub(World):
    network = "polkadot_asset_hub"
    height, head, moment = HEIGHT, HEAD, MOMENT
    held: ClassVar[Held] = {"DOT": DOT, "USDT": USDT}
    absent = address(99)
    past = "exact"

    def __init__(self) -> None:
        begin = int(MOMENT.timestamp()) - SPACING * HEIGHT
        self.node = made.Node(GENESIS, {0: {}, 1: state()}, HEAD, begin=begin, spacing=SPACING)

    def answer(self, request: Request) -> Reply:
        return rpc(request, self._call)

    def _call(self, method: str, params: Any) -> Any:
        try:
            return self.node.result(method, params)
        except KeyError as error:
            raise RpcError(4003, error.args[0]) from error

    def mentions(self, request: Request, address: str) -> bool:
        return made.key_of(address).hex() in request.text

    def lie(self, method: str, change: Any) -> Change:
        def told(request: Request, reply: Reply) -> Reply:
            if request.body["method"] != method or "result" not in reply.body:
                return reply
            return with_body(reply, reply.body | {"result": change(reply.body["result"], request.body["params"])})

        return told

    @property
    def lies(self) -> Any:
        state = "state_queryStorageAt"

        def values(change: Any) -> Any:
            return lambda result, params: [result[0] | {"changes": [change(*pair) for pair in result[0]["changes"]]}]

        return {
            "wrong_chain": (self.lie("chain_getBlockHash", lambda result, params: "0x" + "91" * 32), "error"),
            "nothing is there": (self.lie(state, values(lambda key, value: [key, None])), "error"),
            "the newest state": (self.lie(state, self._newest), "error"),
            "an account is left out": (
                self.lie(state, lambda result, params: [result[0] | {"changes": result[0]["changes"][1:]}]), "error"),
            "short accounts": (
                self.lie(state, values(lambda key, value: [key, value and value[:-2]])), "error"),
            "pruned": (self._pruned, "error"),
            "another order": (
                self.lie(state, lambda result, params: [result[0] | {"changes": result[0]["changes"][::-1]}]), "right"),
        }  # fmt: skip

    def _newest(self, result: Any, params: Any) -> Any:
        values = self.node.block(HEAD).trie.values
        return [{"block": params[1], "changes": [[key, _hex(values.get(bytes.fromhex(key[2:])))] for key in params[0]]}]

    def _pruned(self, request: Request, reply: Reply) -> Reply:
        if not request.body["method"].startswith("state_"):
            return reply
        said = {"code": 4003, "message": "Client error: UnknownBlock: State already discarded for 0x12"}
        return Reply({"jsonrpc": "2.0", "id": request.body["id"], "error": said})


def _hex(value: bytes | None) -> str | None:
    return None if value is None else "0x" + value.hex()


WORLD = Hub
