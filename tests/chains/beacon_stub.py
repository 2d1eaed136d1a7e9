"""A beacon node for the tests, written from the standard: https://ethereum.github.io/beacon-APIs/

It knows one chain of slots, holds execution blocks in some of them, and answers as nodes do: numbers as decimal text,
validators in an order of its own, unknown keys left out, errors as {"code", "message"}.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from support import on_loopback, reply

Answer = tuple[int, Any]
GENESIS = 1_606_824_023  # mainnet's slot 0
ROOT = "0x4b363db94e286120d76eb905340fdd4e54bfe9f06bf33ff6cf5ad27f511bfe95"


@dataclass
class Stub:
    """`blocks`: execution block hash by slot; `validators`: by slot, then by key; `change` may answer in its place."""

    blocks: dict[int, str]
    validators: dict[int, dict[str, dict[str, Any]]]
    post: bool = True
    change: Callable[[str, str, Answer], Answer] | None = None
    asked: list[tuple[str, str, int]] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, verb: str, target: str, body: bytes) -> Answer:
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        parts = path.strip("/").split("/")
        if path == "/eth/v1/beacon/genesis":
            return 200, {
                "data": {
                    "genesis_time": str(GENESIS),
                    "genesis_validators_root": ROOT,
                    "genesis_fork_version": "0x00000000",
                }
            }
        if path == "/eth/v1/beacon/headers/head":
            slot = max(self.blocks)
            return 200, self._data(
                {
                    "root": "0x" + "aa" * 32,
                    "canonical": True,
                    "header": {"message": {"slot": str(slot)}, "signature": "0x"},
                }
            )
        if parts[:4] == ["eth", "v2", "beacon", "blocks"] and verb == "GET":
            return self._block(int(parts[4]))
        if parts[:4] == ["eth", "v1", "beacon", "states"] and parts[5:] == ["validators"]:
            if verb == "POST" and not self.post:
                return 405, {"code": 405, "message": "METHOD_NOT_ALLOWED"}
            ids = json.loads(body)["ids"] if verb == "POST" else query.get("id", [""])[0].split(",")
            self.asked.append((verb, parts[4], len(ids)))
            if verb == "GET" and len(ids) > 64:
                return 400, {"code": 400, "message": "too many ids"}
            return self._validators(int(parts[4]), ids)
        return 404, {"code": 404, "message": "NOT_FOUND"}

    def _block(self, slot: int) -> Answer:
        if slot not in self.blocks:
            return 404, {"code": 404, "message": f"NOT_FOUND: beacon block at slot {slot}"}
        payload = {"block_hash": self.blocks[slot], "block_number": "7", "transactions": []}
        message = {
            "slot": str(slot),
            "proposer_index": "1",
            "state_root": "0x" + "bb" * 32,
            "body": {"execution_payload": payload},
        }
        return 200, {"version": "deneb"} | self._data({"message": message, "signature": "0x"})

    def _validators(self, slot: int, ids: list[str]) -> Answer:
        if slot not in self.validators:
            return 404, {"code": 404, "message": "NOT_FOUND: beacon state"}
        known = self.validators[slot]
        return 200, self._data([known[key] for key in sorted(known, reverse=True) if key in ids])

    def _data(self, data: Any) -> dict[str, Any]:
        return {"execution_optimistic": False, "finalized": True, "data": data}


def validator(
    pubkey: str, balance: int, credentials: str, effective: int = 32 * 10**9, status: str = "active_ongoing"
) -> dict[str, Any]:
    never = str(2**64 - 1)
    inner = {"pubkey": pubkey, "withdrawal_credentials": credentials, "effective_balance": str(effective),
             "slashed": False,
             "activation_eligibility_epoch": "1", "activation_epoch": "2", "exit_epoch": never,
             "withdrawable_epoch": never}  # fmt: skip
    return {"index": "123", "balance": str(balance), "status": status, "validator": inner}


@contextmanager
def serving(stub: Stub) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply("GET", b"")

        def do_POST(self) -> None:
            self._reply("POST", self.rfile.read(int(self.headers["Content-Length"])))

        def _reply(self, verb: str, body: bytes) -> None:
            stub.bodies.append(body.decode())
            status, value = stub.answer(verb, self.path, body)
            if stub.change:
                status, value = stub.change(verb, self.path, (status, value))
            data = value if isinstance(value, bytes) else json.dumps(value).encode()
            reply(self, status, data)

        def log_message(self, *_: Any) -> None:
            pass

    with on_loopback(Handler) as url:
        yield url
