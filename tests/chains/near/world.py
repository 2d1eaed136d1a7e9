"""NEAR as a small world: state at a block's hash, an error where an account does not exist, heights without a block."""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode
from datetime import UTC, datetime
from typing import Any

from chains import stub
from chains.stub import Reply, Request, RpcError, World, at, with_body
from porlake import registry
from porlake.encoding import base58


def key(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


HEIGHT, HEAD, OLDEST = 203_000_000, 203_100_000, 201_000_000
SKIPPED = frozenset({HEIGHT + 7, HEIGHT + 8})
TIME = 1_782_345_600 * 10**9 + 123_456_789  # nanoseconds
LARGE = 10**31 + 7
RICH, VALIDATOR, LATE = "rich.near", key("validator"), "0x" + key("late")[:40]
EMPTY, NEVER = "empty.near", "never.near"
USDT, USDC = (registry.load().tokens["near", asset].contract for asset in ("USDT", "USDC"))


def name_of(height: int) -> str:
    return base58.encode(hashlib.sha256(f"near {height}".encode()).digest())


def refused(cause: str, **info: Any) -> RpcError:
    return CausedError(cause, info)


class CausedError(RpcError):
    """Nodes tell the cause beside code, message and data."""

    def __init__(self, cause: str, info: dict[str, Any]) -> None:
        super().__init__(-32000, "Server error", f"made: {cause}")
        self.cause = {"name": cause, "info": info}


def rpc(request: Request, call: Any) -> Reply:
    causes: list[Any] = []

    def told(method: str, params: Any) -> Any:
        try:
            return call(method, params)
        except CausedError as error:
            causes.append(error.cause)
            raise

    reply = stub.rpc(request, told)
    if causes:
        error = reply.body["error"] | {"name": "HANDLER_ERROR", "cause": causes[0]}
        return with_body(reply, reply.body | {"error": error})
    return reply


def _query_at_the_head(request: Request, reply: Reply) -> Reply:
    """A gateway that answers of the newest block, and says so."""
    params = request.body["params"]
    if request.body["method"] != "query":
        return reply
    body = request.body | {"params": params | {"block_id": name_of(HEAD)}}
    return WORLD().answer(Request(request.verb, request.path, request.query, request.headers, body))


def _always(cause: str) -> stub.Change:
    def lie(request: Request, reply: Reply) -> Reply:
        def fail(method: str, params: Any) -> Any:
            raise refused(cause, block_height=HEIGHT, block_hash=name_of(HEIGHT))

        return rpc(request, fail) if request.body["method"] == "query" else reply

    return lie


class WORLD(World):
    network, height, head = "near", HEIGHT, HEAD
    moment = datetime.fromtimestamp(TIME // 10**9, UTC).replace(microsecond=123_456)
    held = {
        "NEAR": {
            RICH: {"liquid": LARGE, "staked": 0, "total": LARGE},
            VALIDATOR: {"liquid": 5, "staked": 70, "total": 75},
            LATE: {"liquid": 100, "staked": 0, "total": 100},
            EMPTY: {"liquid": 0, "staked": 0, "total": 0},
        },
        "USDT": {RICH: {"total": LARGE}, LATE: {"total": 1}, VALIDATOR: {"total": 4}},
        "USDC": {RICH: {"total": 3}},
    }
    now = {"NEAR": {LATE: {"liquid": 150, "staked": 0, "total": 150}}, "USDT": {LATE: {"total": 2}}}
    absent = NEVER
    past = "exact"
    lies = {
        "the newest state": (_query_at_the_head, "error"),
        "no account exists": (_always("UNKNOWN_ACCOUNT"), "error"),
        "the state is gone": (_always("GARBAGE_COLLECTED_BLOCK"), "error"),
        "another shard's node": (_always("UNAVAILABLE_SHARD"), "error"),
        "gone at another block": (
            at("error.cause.info.block_hash", lambda told: name_of(HEAD), method="query"),
            "bad_answer",
        ),
        "another block": (at("result.header.height", lambda told: told + 1), "error"),
        "wrong_chain": (at("result.chain_id", lambda told: "testnet"), "error"),
    }

    def answer(self, request: Request) -> Reply:
        return rpc(request, self._call)

    def mentions(self, request: Request, address: str) -> bool:
        params = (request.body or {}).get("params")
        if not isinstance(params, dict):
            return False
        return address in (params.get("account_id"), *self._arguments(params).values())

    def _arguments(self, params: dict[str, Any]) -> dict[str, Any]:
        return json.loads(b64decode(params["args_base64"])) if "args_base64" in params else {}

    def _call(self, method: str, params: Any) -> Any:
        if method == "status":
            return {"chain_id": "mainnet", "protocol_version": 80, "sync_info": {"latest_block_height": HEAD}}
        heights = {name_of(one): one for one in (HEIGHT, HEIGHT + 6, HEAD)}
        if method == "block":
            wanted = params.get("block_id", HEAD)
            return self._block(heights[wanted] if isinstance(wanted, str) else wanted)
        at_height = heights.get(params["block_id"])
        if at_height is None:
            raise refused("UNKNOWN_BLOCK")
        where = {"block_height": at_height, "block_hash": params["block_id"]}
        if params["request_type"] == "view_account":
            return self._account(params["account_id"], where)
        if params["method_name"] == "ft_metadata":
            value: Any = {"spec": "ft-1.0.0", "name": "made", "symbol": "made", "decimals": 6}
        else:
            asset = {USDT: "USDT", USDC: "USDC"}[params["account_id"]]
            value = str(self._held(asset, self._arguments(params)["account_id"], at_height).get("total", 0))
        return {"result": list(json.dumps(value).encode()), "logs": []} | where

    def _block(self, height: int) -> dict[str, Any]:
        if height in SKIPPED or height > HEAD:
            raise refused("UNKNOWN_BLOCK")
        if height < OLDEST:
            raise refused("GARBAGE_COLLECTED_BLOCK", block_height=height, block_hash=name_of(height))
        before = height - 1
        while before in SKIPPED:
            before -= 1
        time = TIME + (height - HEIGHT) * 600_000_000
        header = {
            "height": height,
            "hash": name_of(height),
            "prev_height": before,
            "prev_hash": name_of(before),
            "timestamp": time,
            "timestamp_nanosec": str(time),
        }
        return {"author": "made.poolv1.near", "header": header, "chunks": []}

    def _held(self, asset: str, address: str, height: int) -> dict[str, int]:
        then = self.held[asset].get(address, {})
        return self.now.get(asset, {}).get(address, then) if height > HEIGHT else then

    def _account(self, name: str, where: dict[str, Any]) -> dict[str, Any]:
        held = self._held("NEAR", name, where["block_height"])
        if name == "near":
            held = {"liquid": 7, "staked": 0}
        if not held:
            raise refused("UNKNOWN_ACCOUNT", requested_account_id=name, **where)
        return {
            "amount": str(held["liquid"]),
            "locked": str(held["staked"]),
            "code_hash": "1" * 32,
            "storage_usage": 182,
            "storage_paid_at": 0,
        } | where
