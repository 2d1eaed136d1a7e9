"""Siacoin as a small world, by the answers of explored."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from chains.stub import Reply, Request, World, at, with_body
from porlake import registry
from porlake.addresses import sia

HEIGHT, TIP = 540_000, 540_200
MOMENT = datetime(2026, 7, 1, tzinfo=UTC)
LARGE = 10**34 + 7


def account(number: int) -> str:
    return sia.of("sia", hashlib.sha256(bytes([number])).digest()).text


def hash_at(height: int) -> str:
    if height == 0:
        return registry.load().identities["sia"].blocks[0].hash
    return f"{height:012x}" + hashlib.sha256(b"sia%d" % height).hexdigest()[12:]


RICH, MINER, LATE, EMPTY, NEVER, EDGE, BURIED = (account(number) for number in range(1, 8))
#: of each address (height, height from which its coins can be spent), newest first
EVENTS: dict[str, list[tuple[int, int]]] = {
    RICH: [(HEIGHT - 5, HEIGHT - 5), (HEIGHT - 90, HEIGHT - 90)],
    MINER: [(HEIGHT, HEIGHT + 144), (HEIGHT - 2, HEIGHT + 142), (HEIGHT - 30, HEIGHT - 30)],
    LATE: [(HEIGHT + 1, HEIGHT + 1), (HEIGHT - 7, HEIGHT - 7)],
    EMPTY: [(1_000, 1_000), (900, 900)],
    EDGE: [(HEIGHT, HEIGHT)],
    # ten payouts that are not mature yet, made before the snapshot, and below them what was spent after it
    BURIED: [*((HEIGHT - n, HEIGHT - n + 144) for n in range(10)), (HEIGHT + 2, HEIGHT + 2)],
}


def _events_backwards(request: Request, reply: Reply) -> Reply:
    """An index that begins with the oldest."""
    if not request.path.endswith("/events"):
        return reply
    return with_body(reply, sorted(reply.body, key=lambda event: event["maturityHeight"]))


def _empty(request: Request, reply: Reply) -> Reply:
    """An index that has forgotten everybody."""
    if request.path.endswith("/events"):
        return with_body(reply, [])
    if request.path.endswith("/balance"):
        return with_body(reply, {"unspentSiacoins": "0", "immatureSiacoins": "0", "unspentSiafunds": 0})
    return reply


class WORLD(World):
    network, height, head, moment = "sia", HEIGHT, TIP - 6, MOMENT
    held: ClassVar = {
        "SC": {
            RICH: {"total": LARGE}, EDGE: {"total": 3}, LATE: {"liquid": 5, "total": 5}, BURIED: {"total": 90},
            EMPTY: {"total": 0},
        }
    }  # fmt: skip
    now: ClassVar = {"SC": {LATE: {"liquid": 9, "immature": 4, "total": 13}, BURIED: {"total": 80}}}
    absent = NEVER
    past = "unchanged"
    lies: ClassVar = {
        "the oldest events first": (_events_backwards, "error"),
        "coins without a history": (
            lambda request, reply: with_body(reply, []) if request.path.endswith(f"{RICH}/events") else reply,
            "error",
        ),
        "knows nothing of anybody": (
            lambda request, reply: with_body(reply, []) if request.path.endswith("/events") else reply, "error",
        ),
        "an empty index": (_empty, "error"),
        "an index that hangs behind its node": (
            at("height", lambda _: HEIGHT - 1, path="/explorer/tip"), "error",
        ),
    }  # fmt: skip
    unseen: ClassVar = {
        "shortened": "the newest events alone are asked for; whether older ones are there changes nothing",
    }

    def answer(self, request: Request) -> Reply:
        match request.path.strip("/").split("/"):
            case ["explorer", "tip"]:
                return Reply({"height": TIP, "id": hash_at(TIP)})
            case ["consensus", "tip", height] if int(height) <= TIP:
                return Reply({"height": int(height), "id": hash_at(int(height))})
            case ["blocks", name]:
                return Reply(self._block(int(name[:12], 16) if name != hash_at(0) else 0))
            case ["addresses", address, "balance"]:
                held = self.now["SC"].get(address, self.held["SC"].get(address, {}))
                immature = held.get("immature", 0)
                return Reply({
                    "unspentSiacoins": str(held.get("total", 0) - immature), "immatureSiacoins": str(immature),
                    "unspentSiafunds": 0,
                })  # fmt: skip
            case ["addresses", address, "events"]:
                return Reply(
                    [self._event(address, *event) for event in EVENTS.get(address, [])[: int(request.query["limit"])]]
                )
        return Reply({"error": "not found"}, 404)

    def _block(self, height: int) -> dict[str, Any]:
        moment = (MOMENT + timedelta(seconds=600 * (height - HEIGHT))).strftime("%Y-%m-%dT%H:%M:%SZ")
        paid = {"siacoinOutput": {"value": "30000", "address": MINER}}
        return {"height": height, "timestamp": moment, "minerPayouts": [paid], "transactions": []}

    def _event(self, address: str, height: int, mature: int) -> dict[str, Any]:
        name = hashlib.sha256(f"{address}{height}".encode()).hexdigest()
        return {
            "id": name,
            "index": {"height": height, "id": hash_at(height)},
            "type": "v2Transaction",
            "maturityHeight": mature,
        }
