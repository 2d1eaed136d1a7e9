"""The ICP ledger as a small world, by the answers of its Rosetta node."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from chains.stub import Reply, Request, World, at, with_body
from porlake.addresses import icp

HEIGHT, HEAD = 30_000_000, 30_000_900
MOMENT = datetime(2026, 7, 1, tzinfo=UTC)
LARGE = 2**53 + 5


def account(number: int) -> str:
    return icp.parse(icp._account(bytes([number])).hex(), "icp").text


def hash_at(height: int) -> str:
    return hashlib.sha256(b"icp%d" % height).hexdigest()


RICH, LATE, EMPTY, NEVER = (account(number) for number in range(1, 5))


def _newest(request: Request, reply: Reply) -> Reply:
    """A node that leaves the block aside, and says so."""
    if request.path != "/account/balance":
        return reply
    return with_body(reply, reply.body | {"block_identifier": {"index": HEAD, "hash": hash_at(HEAD)}})


class WORLD(World):
    network, height, head, moment = "icp", HEIGHT, HEAD, MOMENT
    held: ClassVar = {"ICP": {RICH: {"total": LARGE}, LATE: {"total": 5}, EMPTY: {"total": 0}}}
    now: ClassVar = {"ICP": {LATE: {"total": 9}}}
    absent = NEVER
    past = "exact"
    lies: ClassVar = {
        "the newest block in place of the one asked for": (_newest, "error"),
        "another block at that height": (at("block_identifier.hash", lambda _: "ab" * 32, path="balance"), "error"),
        "an amount in another unit": (at("balances.*.currency.decimals", lambda _: 6), "error"),
        "another ledger's token": (at("balances.*.currency.symbol", lambda _: "ckBTC"), "error"),
        "wrong_chain": (at("network_identifiers.*.network", lambda _: "mxzaz-hqaaa-aaaar-qaada-cai"), "error"),
        "fails with a code": (
            lambda request, reply: Reply({"code": 700, "message": "Internal server error", "retriable": True}, 500)
            if request.path == "/account/balance" else reply,
            "error",
        ),
    }  # fmt: skip

    def answer(self, request: Request) -> Reply:
        asked = request.body
        if request.path == "/network/list":
            return Reply(
                {"network_identifiers": [{"blockchain": "Internet Computer", "network": "00000000000000020101"}]}
            )
        assert asked["network_identifier"] == {"blockchain": "Internet Computer", "network": "00000000000000020101"}
        match request.path:
            case "/network/status":
                return Reply({
                    "current_block_identifier": {"index": HEAD, "hash": hash_at(HEAD)},
                    "current_block_timestamp": self._millis(HEAD), "peers": [],
                })  # fmt: skip
            case "/block":
                return self._block(asked["block_identifier"]["index"])
            case "/account/balance":
                found = self.held["ICP"].get(asked["account_identifier"]["address"], {"total": 0})
                assert asked["block_identifier"] == {"index": HEIGHT}
                return Reply({
                    "block_identifier": {"index": HEIGHT, "hash": hash_at(HEIGHT)},
                    "balances": [{"value": str(found["total"]), "currency": {"symbol": "ICP", "decimals": 8}}],
                })  # fmt: skip
        return Reply({"code": 701, "message": "Invalid request", "retriable": False}, 500)

    def _block(self, height: int) -> Reply:
        if height > HEAD:
            return Reply({"code": 710, "message": "Block not found", "retriable": True}, 500)
        block: dict[str, Any] = {
            "block_identifier": {"index": height, "hash": hash_at(height)},
            "timestamp": self._millis(height), "transactions": [],
        }  # fmt: skip
        return Reply({"block": block})

    def _millis(self, height: int) -> int:
        return int((MOMENT + timedelta(seconds=height - HEIGHT)).timestamp() * 1000)
