"""Nervos CKB as a small world: a node with its index, by the answers that its document shows."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from chains.stub import Reply, Request, RpcError, World, at, rpc
from porlake import addresses, registry
from porlake.addresses import nervos
from porlake.chains.nervos.client import DAO

HEIGHT, TIP = 19_000_000, 19_000_400
MOMENT = datetime(2026, 7, 1, tzinfo=UTC)
LARGE = 2**60 + 3
TIP_HASH = "77" * 32


def account(number: int, more: bytes = b"") -> str:
    return nervos.of(nervos.SECP256K1 + bytes([number]) * 20 + more)


def hash_at(height: int) -> str:
    if height == 0:
        return registry.load().identities["nervos"].blocks[0].hash
    return hashlib.sha256(b"ckb%d" % height).hexdigest()


RICH, DEPOSITOR, LATE, EMPTY, EDGE, NEVER = (account(number) for number in range(1, 7))
LONGER = account(1, b"\1\2")  # whose arguments begin with those of RICH
LAST = {RICH: HEIGHT - 5, DEPOSITOR: HEIGHT - 1, LATE: HEIGHT + 1, EMPTY: 1_000, EDGE: HEIGHT, LONGER: HEIGHT + 9}


def _by_prefix(request: Request, reply: Reply) -> Reply:
    """A node from before `script_search_mode`: it leaves the word aside."""
    for search in request.body["params"][:1]:
        if isinstance(search, dict):
            search["script_search_mode"] = "prefix"
    return WORLD().answer(request)


class WORLD(World):
    network, height, head, moment = "nervos", HEIGHT, TIP - 24, MOMENT
    held: ClassVar = {
        "CKB": {
            RICH: {"liquid": LARGE, "total": LARGE},
            DEPOSITOR: {"liquid": 70, "dao": 30, "total": 100},
            LATE: {"liquid": 5, "total": 5},
            EMPTY: {"liquid": 0, "total": 0},
            EDGE: {"liquid": 11, "total": 11},
            LONGER: {"liquid": 1, "total": 1},
        }
    }
    now: ClassVar = {"CKB": {LATE: {"liquid": 9, "total": 9}, LONGER: {"liquid": 2, "total": 2}}}
    absent = NEVER
    past = "unchanged"
    lies: ClassVar = {
        "takes a lock for the beginning of others": (_by_prefix, "error"),
        "an index without cells": (at("result.objects", lambda _: [], method="get_cells"), "error"),
        "cells without a transaction": (at("result.objects", lambda _: [], method="get_transactions"), "error"),
        "an index behind its node": (
            at("result.block_number", lambda _: hex(HEIGHT - 1), method="get_indexer_tip"), "error",
        ),
        "a node without an index": (
            lambda request, reply: Reply({"jsonrpc": "2.0", "id": request.body["id"], "result": None})
            if request.body["method"] == "get_indexer_tip" else reply,
            "error",
        ),
    }  # fmt: skip

    def answer(self, request: Request) -> Reply:
        return rpc(request, self._call)

    def _call(self, method: str, params: list[Any]) -> Any:
        match method, params:
            case "get_block_hash", [number]:
                return f"0x{hash_at(int(number, 16))}"
            case "get_header_by_number", [number]:
                return self._header(int(number, 16)) if int(number, 16) <= TIP else None
            case "get_indexer_tip", []:
                return {"block_hash": f"0x{hash_at(TIP)}", "block_number": hex(TIP)}
            case "get_cells_capacity", [search]:
                part = "dao" if search.get("filter", {}).get("script") == DAO else "total"
                capacity = sum(self._now(address).get(part, 0) for address in self._found(search))
                return {"capacity": hex(capacity), "block_hash": f"0x{hash_at(TIP)}", "block_number": hex(TIP)}
            case "get_cells", [search, "asc", "0x1"]:
                held = [address for address in self._found(search) if self._now(address)["total"]]
                return {"objects": [{"output": {}, "block_number": "0x1"} for _ in held[:1]], "last_cursor": "0x"}
            case "get_transactions", [search, "desc", "0x1"]:
                heights = sorted((LAST[address] for address in self._found(search)), reverse=True)
                moved = [{"block_number": hex(height), "tx_hash": "0x" + "ab" * 32} for height in heights[:1]]
                return {"objects": moved, "last_cursor": "0x"}
        raise RpcError(-32601, "Method not found")

    def _now(self, address: str) -> Any:
        return self.now["CKB"].get(address, self.held["CKB"].get(address, {}))

    def _found(self, search: dict[str, Any]) -> list[str]:
        script, exact = search["script"], search["script_search_mode"] == "exact"
        assert (search["script_type"], script["hash_type"]) == ("lock", "type")
        lock = bytes.fromhex(script["code_hash"][2:]) + b"\1" + bytes.fromhex(script["args"][2:])
        locks = {address: addresses.parse("nervos", address).payload for address in LAST}
        return [address for address, other in locks.items() if (other == lock if exact else other.startswith(lock))]

    def _header(self, height: int) -> dict[str, str]:
        moment = MOMENT + timedelta(seconds=10 * (height - HEIGHT))
        return {"hash": f"0x{hash_at(height)}", "number": hex(height), "timestamp": hex(int(moment.timestamp() * 1000))}

    def mentions(self, request: Request, address: str) -> bool:
        args = addresses.parse("nervos", address).payload[33:].hex()
        return f'"0x{args}"' in request.text
