"""Avalanche's X-Chain, as the Data API tells it: sums by asset at a moment."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any, ClassVar

from chains.stub import Held, Reply, Request, World, at, with_body
from porlake.addresses import bech32

AVAX = "FvwEAhmxKfeiG8SnEvq42hc6whRyY3EFYAvebMqDNDGCgxN5Z"
OTHER = "th5aLdWLi32yS9ED6uLGoMMubqHjzMsXhKWwzP6yZTYQKYzof"
HEIGHT, HEAD, SPACING = 600_123, 600_200, 40
MOMENT = datetime(2026, 9, 10, 16, tzinfo=UTC)
BEGIN = datetime(2020, 9, 21, tzinfo=UTC)


def address(number: int) -> str:
    return bech32.of("avalanche_x", hashlib.blake2b(number.to_bytes(4, "big"), digest_size=20).digest()).text


def of(liquid: int, locked: int = 0, atomic: int = 0) -> dict[str, int]:
    return {"liquid": liquid, "locked": locked, "atomic": atomic, "total": liquid + locked}


HELD = {
    address(1): of(2**55 + 1, 10**15, 7),
    address(2): of(5),
    address(3): of(0),
    address(4): of(0, 2**54 + 1),
    address(5): of(0),
}
LATE = {address(2): of(0), address(5): of(77)}


class AvalancheX(World):
    network = "avalanche_x"
    height, head, moment = HEIGHT, HEAD, MOMENT
    held: ClassVar[Held] = {"AVAX": HELD}
    now: ClassVar[Held] = {"AVAX": LATE}
    absent = address(99)
    past = "exact"

    def seconds(self, height: int) -> int:
        return round(MOMENT.timestamp()) + SPACING * (height - HEIGHT)

    def name(self, height: int) -> str:
        return "2" + hashlib.sha256(str(height).encode()).hexdigest()[:48]

    def answer(self, request: Request) -> Reply:
        chain = {"chainInfo": {"chainName": "x-chain", "network": "mainnet"}}
        where = request.path.removeprefix("/v1/networks/mainnet/blockchains/x-chain")
        if where == "/blocks":
            return Reply({"blocks": [self._block(HEAD)], "nextPageToken": "x"} | chain)
        if where.startswith("/blocks/"):
            height = int(where.removeprefix("/blocks/"))
            if height > HEAD:
                return Reply({"message": "Not Found", "error": "Not Found", "statusCode": 404}, 404)
            return Reply(self._block(height))
        if where == "/balances":
            seconds = int(request.query.get("blockTimestamp", self.seconds(HEAD)))
            return Reply({"balances": self._balances("X-" + request.query["addresses"], seconds)} | chain)
        return Reply({"message": f"Cannot GET {request.path}", "error": "Not Found", "statusCode": 404}, 404)

    def _block(self, height: int) -> dict[str, Any]:
        return {
            "blockNumber": str(height),
            "blockHash": self.name(height),
            "parentHash": self.name(height - 1),
            "blockTimestamp": self.seconds(height),
            "blockType": "Standard",
            "txCount": 1,
            "transactions": [],
        }

    def _balances(self, account: str, seconds: int) -> dict[str, Any]:
        held = HELD if seconds < self.seconds(HEIGHT + 1) else HELD | LATE
        mine = held.get(account, of(0)) if seconds >= BEGIN.timestamp() else of(0)

        def told(part: str, **more: str) -> list[dict[str, Any]]:
            name = {"name": "Avalanche", "symbol": "AVAX", "denomination": 9, "type": "secp256k1"}
            own = [{"assetId": AVAX, "amount": str(mine[part]), "utxoCount": 2} | name | more] if mine[part] else []
            return [{"assetId": OTHER, "amount": "12", "utxoCount": 1} | name | more, *own] if own else own

        return {
            "unlocked": told("liquid"),
            "locked": told("locked"),
            "atomicMemoryUnlocked": told("atomic", sharedWithChainId="11111111111111111111111111111111LpoYY"),
            "atomicMemoryLocked": [],
        }

    def mentions(self, request: Request, address: str) -> bool:
        return address.removeprefix("X-") in request.text

    # --- lies ---
    def _now(self, request: Request, reply: Reply) -> Reply:
        """The moment is not looked at."""
        if "/balances" not in request.path:
            return reply
        return self.answer(Request(request.verb, request.path, {"addresses": request.query["addresses"]}, {}, None))

    def _same_second(self, request: Request, reply: Reply) -> Reply:
        if not request.path.endswith(f"/{HEIGHT + 1}"):
            return reply
        return with_body(reply, reply.body | {"blockTimestamp": self.seconds(HEIGHT)})

    @property
    def lies(self) -> Any:
        return {
            "wrong_chain": (at("chainInfo.network", lambda name: "fuji"), "error"),
            "the balances of now": (self._now, "error"),
            "two blocks of one second": (self._same_second, "error"),
            "the amount as a number": (at("balances.unlocked.*.amount", int), "bad_answer"),
        }

    unseen: ClassVar[dict[str, str]] = {
        "shortened": "an asset that is left out of a list is one that is not held: the API names no sum",
    }


WORLD = AvalancheX
