"""Neo N3 as a node tells it that keeps old states: storage under roots, a script at the head, an index of transfers."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, datetime
from typing import Any

from chains.stub import Reply, Request, RpcError, World, at, rpc, with_body
from porlake.addresses import neo, parse

HEIGHT, HEAD = 12_500_000, 12_500_400
MOMENT = datetime(2026, 10, 1, tzinfo=UTC)
NEO, GAS = "0xef4073a0f2b305a38ec4050e4d3d28bc40ea63f5", "0xd2a4cff31913016155e38e474a2c06d08be276cf"
HASH = {"NEO": NEO, "GAS": GAS}
SUPPLY = 100_000_000
LARGE = 2**53 + 9
#: PUSHDATA1 20 bytes, PUSH1 PACK PUSH5 PUSHDATA1 "balanceOf", PUSHDATA1 20 bytes, SYSCALL.
_BALANCE = re.compile(rb"\x0c\x14(.{20})\x11\xc0\x15\x0c\x09balanceOf\x0c\x14(.{20})\x41", re.DOTALL)
_DECIMALS = re.compile(rb"\xc2\x15\x0c\x08decimals\x0c\x14(.{20})\x41", re.DOTALL)


def account(number: int) -> str:
    return neo.of("neo3", hashlib.sha256(f"neo {number}".encode()).digest()[:20]).text


RICH, SOME, LATE, EMPTY, NEVER = (account(number) for number in range(5))


def root(height: int) -> str:
    return "0x" + hashlib.sha256(f"neo root {height}".encode()).hexdigest()


ROOTS = {root(height): height for height in (HEIGHT, HEAD)}


def number(value: int) -> bytes:
    """An integer as BinarySerializer writes it."""
    data = value.to_bytes((value.bit_length() + 8) // 8, "little", signed=True) if value else b""
    return bytes([0x21, len(data)]) + data


def newest(request: Request, reply: Reply) -> Reply:
    """A node that takes the newest state, whatever root is asked for."""
    return rpc(request, lambda method, params: WORLD().call(method, params, newest=True))


def empty(request: Request, reply: Reply) -> Reply:
    """A node that says of a state which it lacks that nothing is in it."""

    def call(method: str, params: Any) -> Any:
        nothing = {"results": [], "truncated": False}
        return nothing if method == "findstates" else WORLD().call(method, params)

    return rpc(request, call)


def young(request: Request, reply: Reply) -> Reply:
    """A node that keeps the newest state alone."""

    def call(method: str, params: Any) -> Any:
        if method == "findstates":
            raise RpcError(-606, "Old state not supported", "state-based methods are not supported for old states")
        return WORLD().call(method, params)

    return rpc(request, call)


def plain(request: Request, reply: Reply) -> Reply:
    """... and has no index of transfers either."""

    def call(method: str, params: Any) -> Any:
        if method in ("getstateroot", "findstates", "getnep17balances"):
            raise RpcError(-32601, "Method not found")
        return WORLD().call(method, params)

    return rpc(request, call)


def behind(request: Request, reply: Reply) -> Reply:
    """The head of a node that keeps the newest state alone is before the block."""
    return with_body(young(request, reply), lag(young(request, reply).body))


def lag(body: Any) -> Any:
    stack = body.get("result", {}).get("stack") if isinstance(body, dict) and "result" in body else None
    if isinstance(stack, list):
        stack[0]["value"] = str(HEIGHT - 1)
    return body


def reversed_stack(request: Request, reply: Reply) -> Reply:
    reply = young(request, reply)
    if isinstance(reply.body, dict) and isinstance(reply.body.get("result"), dict) and "stack" in reply.body["result"]:
        reply.body["result"]["stack"].reverse()
    return reply


def refuses(request: Request, reply: Reply) -> Reply:
    """A contract that does not tell what one account holds: the whole script fails."""

    def call(method: str, params: Any) -> Any:
        if method == "findstates":
            raise RpcError(-606, "Old state not supported")
        if method == "invokescript" and parse("neo3", SOME).payload in base64.b64decode(params[0]):
            return {"state": "FAULT", "gasconsumed": "1", "script": params[0], "exception": "no", "stack": []}
        return WORLD().call(method, params)

    return rpc(request, call)


class WORLD(World):
    network, height, head, moment = "neo3", HEIGHT, HEAD, MOMENT
    held = {
        "NEO": {RICH: {"total": 40_000_000}, SOME: {"total": 5}, LATE: {"total": 100}, EMPTY: {"total": 0}},
        "GAS": {RICH: {"total": LARGE}, SOME: {"total": 128}, LATE: {"total": 7}},
    }
    now = {"NEO": {LATE: {"total": 150}}, "GAS": {LATE: {"total": 8}}}
    absent = NEVER
    past = "exact"
    lies = {
        "roots are not read": (newest, "error"),
        "a state that is not there": (empty, "error"),
        "the newest state alone": (young, "right"),
        "no plugins": (plain, "right"),
        "a head before the block": (behind, "error"),
        "a stack upside down": (reversed_stack, "error"),
        "a contract fails": (refuses, "token_call_failed"),
        "another root": (at("result.index", lambda height: height - 1, method="getstateroot"), "error"),
        "another block": (at("result.index", lambda height: height + 1, method="getblockheader"), "error"),
        "wrong_chain": (at("result.protocol.network", lambda _: 894_710_606), "error"),
    }
    unseen = {
        "shortened": "a key without a value is told by an empty list: nobody can see of what holds something "
        "that the list was emptied",
    }

    def answer(self, request: Request) -> Reply:
        return rpc(request, self.call)

    def mentions(self, request: Request, address: str) -> bool:
        payload = parse("neo3", address).payload
        calls = request.body if isinstance(request.body, list) else [request.body]
        return any(
            payload in base64.b64decode(value)
            for call in calls
            for value in call["params"]
            if isinstance(value, str) and not value.startswith("0x") and len(value) % 4 == 0
        )

    def call(self, method: str, params: list[Any], newest: bool = False) -> Any:
        match method:
            case "getversion":
                protocol = {"addressversion": 53, "network": 860_833_102, "msperblock": 3_000}
                return {"tcpport": 10_333, "nonce": 1, "useragent": "/NEO:3.8.2/", "protocol": protocol}
            case "getblockcount":
                return HEAD + 1
            case "getblockheader":
                return self.block(params[0])
            case "getstateroot":
                return {"version": 0, "index": params[0], "roothash": root(params[0]), "witnesses": []}
            case "findstates":
                height = HEAD if newest else ROOTS.get(params[0])
                if height is None:
                    raise RpcError(-106, "Unknown state root")
                return self.stored(params[1], base64.b64decode(params[2]), height)
            case "invokescript":
                return self.ran(params[0])
            case "getnep17balances":
                held = [(asset, self.amount(asset, params[0], HEAD)) for asset in HASH]
                rows = [
                    {"assethash": HASH[asset], "name": asset, "symbol": asset, "decimals": "0", "amount": str(raw),
                     "lastupdatedblock": HEIGHT + 7 if params[0] == LATE else HEIGHT - 7}
                    for asset, raw in held if raw
                ]  # fmt: skip
                return {"address": params[0], "balance": rows}
        raise RpcError(-32601, "Method not found")

    def stored(self, contract: str, key: bytes, height: int) -> dict[str, Any]:
        asset = next(asset for asset, name in HASH.items() if name == contract)
        value = b""
        if key == b"\x0b":
            value = number(6 * 10**15)
        elif raw := self.amount(asset, neo.of("neo3", key[1:]).text, height):
            more = number(height) + b"\x00" + number(0) if asset == "NEO" else b""
            value = bytes([0x41, 4 if more else 1]) + number(raw) + more
        found = [{"key": base64.b64encode(key).decode(), "value": base64.b64encode(value).decode()}]
        return {"results": found if value else [], "truncated": False}

    def ran(self, script: str) -> dict[str, Any]:
        code = base64.b64decode(script)
        asked = sorted([*_BALANCE.finditer(code), *_DECIMALS.finditer(code)], key=lambda match: match.start())
        found = [
            self.amount(self.asset(match[2]), neo.of("neo3", match[1]).text, HEAD)
            if match.re is _BALANCE
            else {"NEO": 0, "GAS": 8}[self.asset(match[1])]
            for match in asked
        ]
        stack = [{"type": "Integer", "value": str(value)} for value in (HEAD, *found, SUPPLY)]
        return {"script": script, "state": "HALT", "gasconsumed": "2028330", "exception": None, "stack": stack}

    def asset(self, contract: bytes) -> str:
        return next(asset for asset, name in HASH.items() if bytes.fromhex(name[2:])[::-1] == contract)

    def amount(self, asset: str, address: str, height: int) -> int:
        then = self.held[asset].get(address, {"total": 0})
        held = then if height <= HEIGHT else self.now.get(asset, {}).get(address, then)
        return held["total"]

    def block(self, height: int) -> dict[str, Any]:
        if height > HEAD:
            raise RpcError(-101, "Unknown block")
        return {
            "hash": "0x" + hashlib.sha256(f"neo {height}".encode()).hexdigest(), "size": 697, "version": 0,
            "time": int(MOMENT.timestamp()) * 1_000 + 3_000 * (height - HEIGHT), "index": height, "primary": 3,
            "confirmations": HEAD - height + 1,
        }  # fmt: skip
