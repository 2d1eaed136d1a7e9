"""Tezos as a small world behind an archive node: accounts that spend, stake, bake, hold USDt."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from chains.stub import Reply, Request, World, at, with_body
from porlake.addresses import tezos as form
from porlake.encoding import base58
from porlake.encoding.hashes import sha256

HEIGHT, HEAD = 7_500_000, 7_500_400
MOMENT = datetime(2025, 1, 1, 0, 0, 5, tzinfo=UTC)
CHAIN = "NetXdQprcVkpaWU"
USDT = "KT1XnTn74bUtxHfDtBmm2bGZAQfhPbvKWR8o"
LARGE = 2**53 + 9


def account(number: int, prefix: str = "06a19f") -> str:
    return base58.encode_check(bytes.fromhex(prefix) + bytes([number]) * 20)


RICH, STAKER, BAKER, EMPTY, NEVER = (account(number) for number in range(1, 6))
CONTRACT, NO_CONTRACT = account(7, "025a79"), account(8, "025a79")
STAKES = {"staked_balance": 11, "unstaked_frozen_balance": 13, "unstaked_finalizable_balance": 17}


def block_hash(height: int) -> str:
    return base58.encode_check(bytes.fromhex("0134") + sha256(f"block {height}".encode()))


def on(part: str, change: Any) -> Any:
    """A lie about replies to paths with a part."""
    return lambda request, reply: change(reply) if part in request.path else reply


def pruned(request: Request, reply: Reply) -> Reply:
    """A node in rolling mode: it has the header still, and the state no more."""
    told = [{"kind": "permanent", "id": "context.storage.missing_context"}]
    return Reply(told, 404) if "/context/" in request.path or "/metadata" in request.path else reply


def of_owner(number: int) -> Any:
    return lambda reply: with_body(reply, {"data": [balance(account(number), 5), *reply.body["data"][1:]]})


def balance(owner: str, raw: int, token: int = 0) -> dict[str, Any]:
    request = {"prim": "Pair", "args": [{"string": owner}, {"int": str(token)}]}
    return {"prim": "Pair", "args": [request, {"int": str(raw)}]}


class WORLD(World):
    network, height, head, moment = "tezos", HEIGHT, HEAD, MOMENT
    held = {
        "XTZ": {
            RICH: {"liquid": LARGE, "total": LARGE},
            STAKER: {"liquid": 7, "staked": 11, "unstaking": 13, "unstaked": 17, "total": 48},
            BAKER: {
                "liquid": 100, "staked": 1 << 30, "unstaking": 0, "unstaked": 0, "bonds": 9, "total": 109 + (1 << 30)
            },
            EMPTY: {"liquid": 0, "total": 0},
            CONTRACT: {"liquid": 21, "total": 21},
            NO_CONTRACT: {"liquid": 0, "total": 0},
        },
        "USDT": {RICH: {"total": LARGE}, STAKER: {"total": 3}, EMPTY: {"total": 0}},
    }  # fmt: skip
    absent = NEVER
    past = "exact"
    lies = {
        "pruned": (pruned, "error"),
        "no state": (on("full_balance", lambda reply: Reply("0")), "error"),
        "another block": (at("level", lambda told: told + 1, path=f"/blocks/{HEIGHT}/"), "error"),
        "another block of that hash": (
            at("level", lambda told: told + 1, path=f"/blocks/{block_hash(HEIGHT)}/"), "error"
        ),
        "no baker": (at("baker", lambda told: "somebody"), "error"),
        "no hash": (at("hash", lambda told: told[:-1]), "error"),
        "less than can be spent": (on(f"{RICH}/full_balance", lambda reply: Reply("1")), "bad_answer"),
        "no full balance": (on(f"{STAKER}/full_balance", lambda reply: Reply([], 404)), "bad_answer"),
        "parts that do not add up": (on("/staked_balance", lambda reply: Reply("12")), "bad_answer"),
        "a number in place of text": (on(f"{RICH}/balance", lambda reply: Reply(7)), "bad_answer"),
        "not there": (on(f"{RICH}/balance", lambda reply: Reply([], 404)), "bad_answer"),
        "a balance of another": (on("run_view", of_owner(77)), "error"),
        "another token": (on("run_view", lambda reply: Reply({"data": [balance(RICH, 5, 1)]})), "error"),
        "a script that fails": (
            on("run_view", lambda reply: Reply([{"kind": "temporary", "id": "proto.x.michelson_v1.error"}], 500)),
            "refused_by_server",
        ),
        "wrong_chain": (at("chain_id", lambda told: "NetXnHfVqm9iesp"), "error"),
    }  # fmt: skip

    def __init__(self) -> None:
        rest = {name: held["liquid"] for name, held in self.held["XTZ"].items() if name != NO_CONTRACT}
        self.liquid = rest | {RICH: LARGE, STAKER: 7, BAKER: 100, CONTRACT: 21}
        self.stakes = {STAKER: STAKES, BAKER: dict.fromkeys(STAKES, 0) | {"staked_balance": 1 << 30}}
        self.bonds = {BAKER: 9}
        self.tokens = {RICH: LARGE, STAKER: 3}

    def answer(self, request: Request) -> Reply:
        match request.path.strip("/").split("/"):
            case ["chains", "main", "blocks", which, "header"]:
                return self._header(which)
            case ["chains", "main", "blocks", which, "metadata"]:
                assert which == block_hash(HEIGHT)
                return Reply({"proposer": BAKER, "baker": BAKER, "level_info": {"level": HEIGHT}})
            case ["chains", "main", "blocks", which, "context", "contracts", name, field]:
                assert which == block_hash(HEIGHT)
                return self._amount(name, field)
            case ["chains", "main", "blocks", which, "helpers", "scripts", "run_view"]:
                assert which == block_hash(HEIGHT)
                assert (request.body["contract"], request.body["entrypoint"]) == (USDT, "balance_of")
                owners = [one["args"][0]["string"] for one in request.body["input"]]
                return Reply({"data": [balance(owner, self.tokens.get(owner, 0)) for owner in owners]})
        return Reply([{"kind": "permanent", "id": "rpc.not_found"}], 404)

    def _header(self, which: str) -> Reply:
        heights = {"head": HEAD + 2, "head~2": HEAD, block_hash(HEIGHT): HEIGHT}
        height = heights.get(which, int(which) if which.isdecimal() else -1)
        if not 0 <= height <= HEAD + 2:
            return Reply([{"kind": "permanent", "id": "validator.block_not_found"}], 404)
        closed = MOMENT + timedelta(seconds=8 * (height - HEIGHT))
        told = {"chain_id": CHAIN, "hash": block_hash(height), "level": height, "protocol": "PtParisB"}
        return Reply({**told, "timestamp": f"{closed:%Y-%m-%dT%H:%M:%SZ}"})

    def _amount(self, name: str, field: str) -> Reply:
        liquid, stakes, bonds = self.liquid.get(name, 0), self.stakes.get(name, {}), self.bonds.get(name, 0)
        if form.parse(name, "tezos").kind == "kt1" and name not in self.liquid:
            return Reply([{"kind": "temporary", "id": "proto.x.contract.non_existing_contract"}], 404)
        match field:
            case "balance":
                return Reply(str(liquid))
            case "full_balance":
                return Reply(str(liquid + sum(stakes.values()) + bonds))
            case "balance_and_frozen_bonds":
                return Reply(str(liquid + bonds))
        return Reply(str(stakes[field])) if stakes else Reply(None)
