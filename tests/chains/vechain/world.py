"""VeChainThor as its node tells it: a program and calls run on the state of a block that is named by its id."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import Any

from chains.stub import Reply, Request, World, at
from porlake import registry

HEIGHT, HEAD = 22_000_000, 22_000_400
MOMENT = datetime(2026, 10, 1, tzinfo=UTC)
GENESIS = registry.load().identities["vechain"].blocks[0].hash
ENERGY = "0x0000000000000000000000000000456e65726779"
LARGE = 2**53 + 9
_BALANCE = re.compile(r"73([0-9a-f]{40})31")


def account(number: int) -> str:
    return "0x" + hashlib.sha256(f"vechain {number}".encode()).hexdigest()[:40]


RICH, SOME, LATE, EMPTY, NEVER = (account(number) for number in range(5))
VET = {RICH: LARGE * 10**9, SOME: 5, LATE: 100}
TOKENS = {ENERGY: {RICH: LARGE, SOME: 3, LATE: 7}, registry.load().tokens["vechain", "B3TR"].contract: {RICH: 1}}


def block_id(height: int) -> str:
    rest = hashlib.sha256(f"vechain block {height}".encode()).hexdigest()[:56]
    return f"0x{height:08x}{rest}" if height else f"0x{GENESIS}"


BLOCKS = {block_id(height): height for height in (0, HEIGHT, HEAD)}


def word(number: int) -> str:
    return f"{number:064x}"


def newest(request: Request, reply: Reply) -> Reply:
    """A gateway that drops the query: all runs on the newest state."""
    return WORLD().run(request, HEAD) if request.verb == "POST" else reply


def stateless(request: Request, reply: Reply) -> Reply:
    """A node that lacks the state of a block, and takes what it does not find for nothing."""
    return WORLD().run(request, HEIGHT, state=False) if request.verb == "POST" else reply


def pruned(request: Request, reply: Reply) -> Reply:
    return Reply(raw=b"missing trie node", status=500) if request.verb == "POST" else reply


def unknown(request: Request, reply: Reply) -> Reply:
    return Reply(raw=b"revision: leveldb: not found", status=400) if request.verb == "POST" else reply


def refuses(request: Request, reply: Reply) -> Reply:
    """A token that does not tell what one account holds: no clause behind that one runs."""
    return WORLD().run(request, HEIGHT, refused=SOME) if request.verb == "POST" else reply


def silent(request: Request, reply: Reply) -> Reply:
    """A contract that is not there: a call of nobody succeeds and gives nothing."""
    if request.verb != "POST" or len(reply.body) == 1:
        return reply
    return Reply([reply.body[0], *(outcome("") for _ in reply.body[1:])])


def outcome(data: str, error: str = "") -> dict[str, Any]:
    return {
        "data": f"0x{data}", "events": [], "transfers": [], "gasUsed": 2_000, "reverted": bool(error), "vmError": error,
    }  # fmt: skip


class WORLD(World):
    network, height, head, moment = "vechain", HEIGHT, HEAD, MOMENT
    held = {
        "VET": {name: {"total": VET.get(name, 0)} for name in (RICH, SOME, LATE, EMPTY)},
        "VTHO": {name: {"total": TOKENS[ENERGY].get(name, 0)} for name in (RICH, SOME, LATE)},
        "B3TR": {RICH: {"total": 1}, EMPTY: {"total": 0}},
    }
    now = {"VET": {LATE: {"total": 150}}, "VTHO": {LATE: {"total": 8}}}
    absent = NEVER
    past = "exact"
    lies = {
        "the revision is not read": (newest, "error"),
        "the state is not there": (stateless, "error"),
        "pruned": (pruned, "error"),
        "the block is not known": (unknown, "error"),
        "a call fails": (refuses, "token_call_failed"),
        "no contract": (silent, "token_call_failed"),
        "not on the main chain": (at("isTrunk", lambda _: False), "error"),
        "a block of another number": (at("number", lambda number: number + 1), "error"),
    }

    def answer(self, request: Request) -> Reply:
        if request.verb == "POST":
            height = BLOCKS.get(request.query.get("revision", ""))
            return (
                Reply(raw=b"revision: leveldb: not found", status=400) if height is None else self.run(request, height)
            )
        name = request.path.rpartition("/")[2]
        height = HEAD if name == "best" else HEAD - 300 if name == "finalized" else int(name)
        return Reply(self.block(height) if height <= HEAD else None)

    def mentions(self, request: Request, address: str) -> bool:
        return address[2:] in request.text

    def run(self, request: Request, height: int, state: bool = True, refused: str = "") -> Reply:
        found: list[dict[str, Any]] = []
        for clause in request.body["clauses"]:
            if clause["to"] is None:
                held = [self.amount("VET", f"0x{name}", height) for name in _BALANCE.findall(clause["data"])]
                marks = [height, 3_000 if state else 0]
                found.append(outcome("".join(map(word, [*marks, *(held if state else [0] * len(held))]))))
                continue
            asset = next(asset for asset in ("VTHO", "B3TR") if self.contract(asset) == clause["to"])
            if clause["data"].startswith("0x313ce567"):
                found.append(outcome(word(18)))
                continue
            name = f"0x{clause['data'][-40:]}"
            if name == refused:
                found.append(outcome("", "execution reverted"))
                break
            found.append(outcome(word(self.amount(asset, name, height) if state else 0)))
        return Reply(found)

    def contract(self, asset: str) -> str:
        return registry.load().tokens["vechain", asset].contract

    def amount(self, asset: str, name: str, height: int) -> int:
        then = self.held[asset].get(name, {"total": 0})
        held = then if height <= HEIGHT else self.now.get(asset, {}).get(name, then)
        return held["total"]

    def block(self, height: int) -> dict[str, Any]:
        return {
            "number": height, "id": block_id(height), "size": 361, "parentID": block_id(max(0, height - 1)),
            "timestamp": int(MOMENT.timestamp()) + 10 * (height - HEIGHT), "gasLimit": 40_000_000, "gasUsed": 21_000,
            "isTrunk": True, "isFinalized": height <= HEAD - 300, "transactions": [],
        }  # fmt: skip
