"""IOST as a small world, by the answers of go-iost's HTTP API."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from chains.stub import Reply, Request, World, at, with_body
from porlake.encoding import base58

HEIGHT, LIB, TIP = 420_000_000, 420_000_300, 420_000_330
MOMENT = datetime(2026, 7, 1, tzinfo=UTC)
LARGE = 2**53 * 90 + 1
RICH, FREEZING, LATE, EMPTY, NEVER = (f"made_account_{number}" for number in range(5))  # longer than names can be


def hash_at(height: int) -> str:
    return base58.encode(hashlib.sha256(b"iost%d" % height).digest())


def _no_state(request: Request, reply: Reply) -> Reply:
    """A node that has not caught up: everything is null."""
    return with_body(reply, reply.body | {"data": "null"}) if request.path == "/getContractStorage" else reply


def _moving(request: Request, reply: Reply) -> Reply:
    """A node that has moved on between what is free and what is frozen."""
    if request.path != "/getContractStorage" or not request.body["key"].startswith("TF"):
        return reply
    return with_body(reply, reply.body | {"block_number": str(LIB + 1), "block_hash": hash_at(LIB + 1)})


class WORLD(World):
    network, height, head, moment = "iost", HEIGHT, LIB, MOMENT
    held: ClassVar = {
        "IOST": {
            RICH: {"liquid": LARGE, "total": LARGE},
            FREEZING: {"liquid": 70, "frozen": 30, "total": 100},
            LATE: {"liquid": 5, "total": 5},
            EMPTY: {"liquid": 0, "total": 0},
        }
    }
    now: ClassVar = {"IOST": {LATE: {"liquid": 9, "total": 9}}}
    absent = NEVER
    past = "head"
    lies: ClassVar = {
        "has no state": (_no_state, "error"),
        "names another block": (at("block_hash", lambda _: hash_at(1), path="/getContractStorage"), "error"),
        "moves on between two questions": (_moving, "error"),
        "a double": (at("data", lambda data: f"{data}.5" if data.isdigit() else data), "error"),
        "wrong_chain": (at("chain_id", lambda _: 1023), "error"),
    }

    def answer(self, request: Request) -> Reply:
        match request.path.strip("/").split("/"):
            case ["getChainInfo"]:
                return Reply({
                    "net_name": "mainnet", "chain_id": 1024, "head_block": str(TIP), "head_block_hash": hash_at(TIP),
                    "lib_block": str(LIB), "lib_block_hash": hash_at(LIB),
                })  # fmt: skip
            case ["getBlockByNumber", height, "false"] if int(height) <= TIP:
                return Reply({"status": "IRREVERSIBLE", "block": self._block(int(height))})
            case ["getContractStorage"]:
                asked = request.body
                assert (asked["id"], asked["by_longest_chain"]) == ("token.iost", False)
                data = self._stored(asked["key"], asked["field"])
                return Reply({"data": data, "block_hash": hash_at(LIB), "block_number": str(LIB)})
        return Reply({"code": 5, "message": "Not Found", "details": []}, 404)

    def _stored(self, key: str, field: str) -> str:
        if (key, field) == ("TIiost", "supply"):
            return str(9 * 10**18)
        assert field == "iost"
        held = self.now["IOST"].get(key[2:], self.held["IOST"].get(key[2:]))
        if held is None or (key[:2] == "TF" and "frozen" not in held):
            return "null"
        if key[:2] == "TB":
            return str(held["liquid"])
        return json.dumps([{"Amount": held["frozen"] - 10, "Ftime": 1}, {"Amount": 10, "Ftime": 2**62}])

    def _block(self, height: int) -> dict[str, Any]:
        moment = MOMENT + timedelta(seconds=(height - HEIGHT) / 2)
        return {"hash": hash_at(height), "number": str(height), "time": str(int(moment.timestamp() * 1000) * 10**6)}
