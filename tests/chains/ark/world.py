"""ARK as a small world, by the answers of a relay's public API."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from chains.stub import Reply, Request, World, at, with_body
from porlake import registry
from porlake.encoding import base58

HEIGHT, TIP = 33_000_000, 33_000_500
MOMENT = datetime(2026, 7, 1, tzinfo=UTC)
LARGE = 2**53 + 9


def account(number: int) -> str:
    return base58.encode_check(b"\x17" + bytes([number]) * 20)


def hash_at(height: int) -> str:
    return hashlib.sha256(b"ark%d" % height).hexdigest()


RICH, LOCKING, LATE, EMPTY, NEVER, MAKER = (account(number) for number in range(1, 7))
UNKNOWN = {"statusCode": 404, "error": "Not Found", "message": "Wallet not found"}


def _mixed_up(request: Request, reply: Reply) -> Reply:
    """A gateway that mixes up its answers."""
    if not request.path.startswith("/wallets/") or request.path.endswith(MAKER) or reply.status != 200:
        return reply
    return with_body(reply, {"data": reply.body["data"] | {"address": MAKER}})


class WORLD(World):
    network, height, head, moment = "ark", HEIGHT, TIP - 51, MOMENT
    held: ClassVar = {
        "ARK": {
            RICH: {"liquid": LARGE, "total": LARGE},
            LOCKING: {"liquid": 70, "locked": 30, "total": 100},
            LATE: {"liquid": 5, "total": 5},
            EMPTY: {"liquid": 0, "total": 0},
        }
    }
    now: ClassVar = {"ARK": {LATE: {"liquid": 9, "total": 9}}}
    absent = NEVER
    past = "head"
    lies: ClassVar = {
        "another wallet": (_mixed_up, "error"),
        "knows no wallet at all": (
            lambda request, reply: Reply(UNKNOWN, 404) if request.path.startswith("/wallets/") else reply, "error",
        ),
        "404 of something else": (
            lambda request, reply: Reply({"statusCode": 404, "message": "Not Found"}, 404)
            if request.path.endswith(NEVER) else reply,
            "bad_answer",
        ),
        "another block": (at("data.height", lambda height: height + 1, path="/blocks/"), "error"),
    }  # fmt: skip

    def answer(self, request: Request) -> Reply:
        match request.path.strip("/").split("/"):
            case ["node", "configuration"]:
                return Reply(
                    {"data": {"nethash": registry.load().identities["ark"].chain, "token": "ARK", "version": 23}}
                )
            case ["blockchain"]:
                return Reply({"data": {"block": {"height": TIP, "id": hash_at(TIP)}, "supply": "18000000000000000"}})
            case ["blocks", height] if int(height) <= TIP:
                return Reply({"data": self._block(int(height))})
            case ["wallets", address]:
                held = self.now["ARK"].get(address, self.held["ARK"].get(address))
                held = {"liquid": 1} if address == MAKER else held
                return Reply(UNKNOWN, 404) if held is None else Reply({"data": self._wallet(address, held)})
        return Reply({"statusCode": 404, "error": "Not Found", "message": "Block not found"}, 404)

    def _block(self, height: int) -> dict[str, Any]:
        moment = MOMENT + timedelta(seconds=8 * (height - HEIGHT))
        return {
            "id": hash_at(height), "height": height, "timestamp": {"epoch": 1, "unix": int(moment.timestamp())},
            "generator": {"username": "maker", "address": MAKER},
        }  # fmt: skip

    def _wallet(self, address: str, held: Any) -> dict[str, Any]:
        locks = {"htlc": {"lockedBalance": str(held["locked"]), "locks": {}}} if "locked" in held else {}
        return {"address": address, "nonce": "1", "balance": str(held["liquid"]), "attributes": locks}
