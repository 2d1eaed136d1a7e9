"""Casper as a small world: the answers of a sidecar before a node of 2.x, as its schema describes them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from chains.stub import Reply, Request, RpcError, World, at, rpc

HEIGHT, HEAD = 4_000_000, 4_000_020
FIRST = datetime(2026, 7, 1, tzinfo=UTC) - timedelta(seconds=8 * HEIGHT)
LARGE = 2**63 + 11


def account(number: int) -> str:
    return f"account-hash-{hashlib.blake2b(number.to_bytes(8, 'big'), digest_size=32).hexdigest()}"


def hash_at(height: int) -> str:
    return hashlib.sha256(b"casper%d" % height).hexdigest()


RICH, HOLDING, LATE, EMPTY, NEVER = (account(number) for number in range(1, 6))
MAKER = "01" + "ab" * 32


class WORLD(World):
    network, height, head = "casper", HEIGHT, HEAD
    moment = FIRST + timedelta(seconds=8 * HEIGHT)
    held = {
        "CSPR": {
            RICH: {"liquid": LARGE, "total": LARGE},
            HOLDING: {"liquid": 70, "on_hold": 30, "total": 100},
            LATE: {"liquid": 5, "total": 5},
            EMPTY: {"liquid": 0, "total": 0},
        }
    }
    now = {"CSPR": {LATE: {"liquid": 9, "total": 9}}}
    absent = NEVER
    past = "exact"
    lies = {
        "no state of that block": (
            lambda request, reply: rpc(request, _no_state) if request.body["method"].startswith("query") else reply,
            "error",
        ),
        "knows no purse at all": (
            lambda request, reply: rpc(request, _no_purse) if request.body["method"].startswith("query") else reply,
            "error",
        ),
        "an account without a purse, which is there": (
            lambda request, reply: rpc(request, _no_purse)
            if "details" in request.body["method"] and HOLDING in request.text
            else reply,
            "error",
        ),
        "more available than there is": (at("result.available_balance", lambda _: str(LARGE * 2)), "error"),
        "another block": (
            at("result.block_with_signatures.block.Version2.header.height", lambda height: height + 1), "error",
        ),
        "wrong_chain": (at("result.chainspec_name", lambda _: "casper-test"), "error"),
    }  # fmt: skip

    def answer(self, request: Request) -> Reply:
        return rpc(request, self._call)

    def _call(self, method: str, params: Any) -> Any:
        match method:
            case "info_get_status":
                return {"api_version": "2.0.0", "chainspec_name": "casper", "build_version": "2.0.3"}
            case "chain_get_block":
                return {"api_version": "2.0.0", "block_with_signatures": {"block": self._block(params), "proofs": []}}
            case "query_balance_details":
                return self._details(**params)
            case "query_global_state":
                if params["key"] in self.held["CSPR"]:
                    return {"api_version": "2.0.0", "stored_value": {"Account": {}}, "merkle_proof": "aa"}
                raise RpcError(-32003, "Query failed", "value was not found in the global state")
        raise RpcError(-32601, "Method not found")

    def _block(self, params: Any) -> Any:
        asked = params.get("block_identifier", {"Height": HEAD})
        height = asked.get("Height", HEIGHT)
        if height > HEAD or asked.get("Hash", hash_at(HEIGHT)) != hash_at(HEIGHT):
            raise RpcError(-32001, "No such block", {"message": "no block found", "available_block_range": {}})
        moment = (FIRST + timedelta(seconds=8 * height)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        header = {"height": height, "timestamp": moment, "proposer": MAKER, "state_root_hash": "00" * 32}
        return {"Version2": {"hash": hash_at(height), "header": header, "body": {"transactions": {}}}}

    def _details(self, purse_identifier: dict[str, str], state_identifier: dict[str, str]) -> Any:
        assert state_identifier == {"BlockHash": hash_at(HEIGHT)}
        ((kind, name),) = purse_identifier.items()
        if kind == "main_purse_under_public_key":
            held = {"total": 1, "liquid": 1} if name == MAKER else None
        else:
            held = self.held["CSPR"].get(name)
        if held is None:
            raise RpcError(-32013, "Failed to get main purse", "the requested main purse was not found")
        return {
            "api_version": "2.0.0", "total_balance": str(held["total"]), "available_balance": str(held["liquid"]),
            "total_balance_proof": "aa", "holds": [],
        }  # fmt: skip


def _no_state(method: str, params: Any) -> Any:
    raise RpcError(-32012, "No such state root")


def _no_purse(method: str, params: Any) -> Any:
    raise RpcError(-32013, "Failed to get main purse")
