"""Ontology as its node tells it: balances of the newest block, and an error in an answer of HTTP 200."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from chains.stub import Reply, Request, World, at
from porlake.addresses import neo

HEIGHT, HEAD = 21_000_000, 21_000_090
MOMENT = datetime(2026, 10, 1, tzinfo=UTC)
LARGE = 2**53 + 9
STAKES = neo.of("ontology", bytes(19) + b"\x07").text


def account(number: int) -> str:
    return neo.of("ontology", hashlib.sha256(f"ontology {number}".encode()).digest()[:20]).text


RICH, SOME, LATE, EMPTY, NEVER = (account(number) for number in range(5))


def packed(result: Any, error: int = 0, words: str = "SUCCESS") -> Reply:
    return Reply({"Action": "", "Desc": words, "Error": error, "Result": result, "Version": "1.0.0"})


def stateless(request: Request, reply: Reply) -> Reply:
    """A node that has blocks and no state: whoever is asked for has nothing."""
    if "/balancev2/" not in request.path:
        return reply
    return packed({"ont": "0", "ong": "0", "height": str(HEAD)})


def fails(request: Request, reply: Reply) -> Reply:
    """It cannot tell one account, with HTTP 200."""
    return packed("", 42002, "INVALID PARAMS") if request.path.endswith(SOME) else reply


class WORLD(World):
    network, height, head, moment = "ontology", HEIGHT, HEAD, MOMENT
    held = {
        "ONT": {RICH: {"total": LARGE}, SOME: {"total": 5}, LATE: {"total": 100}, EMPTY: {"total": 0}},
        "ONG": {RICH: {"total": LARGE * 10**6}, SOME: {"total": 3}, LATE: {"total": 7}},
    }
    now = {"ONT": {LATE: {"total": 150}}, "ONG": {LATE: {"total": 8}}}
    absent = NEVER
    past = "head"
    lies = {
        "no state": (stateless, "error"),
        "one account fails": (fails, "refused_by_server"),
        "a node that is behind": (at("Result.height", lambda _: str(HEIGHT - 1), path="/balancev2/"), "error"),
        "another block": (at("Result.Header.Height", lambda height: height + 1), "error"),
        "an error without a number": (at("Error", lambda _: "0", path="/balancev2/"), "error"),
        "wrong_chain": (at("Result", lambda _: 2, path="/networkid"), "error"),
    }

    def answer(self, request: Request) -> Reply:
        *_, kind, name = request.path.split("/")
        match kind, name:
            case "v1", "networkid":
                return packed(1)
            case "block", "height":
                return packed(HEAD)
            case "balancev2", _:
                ont, ong = (str(self.amount(asset, name)) for asset in ("ONT", "ONG"))
                return packed({"ont": str(10**17) if name == STAKES else ont, "ong": ong, "height": str(HEAD)})
        height = int(name)
        return packed(self.block(height)) if height <= HEAD else packed("", 44003, "UNKNOWN BLOCK")

    def amount(self, asset: str, address: str) -> int:
        held = self.now[asset].get(address) or self.held[asset].get(address) or {"total": 0}
        return held["total"]

    def block(self, height: int) -> dict[str, Any]:
        name = hashlib.sha256(f"ontology {height}".encode()).hexdigest()
        header = {
            "Version": 0, "Timestamp": int(MOMENT.timestamp()) + 15 * (height - HEIGHT), "Height": height,
            "ConsensusData": 1_234, "Hash": name,
        }  # fmt: skip
        return {"Hash": name, "Size": 1_600, "Header": header, "Transactions": []}
