"""Klayr as a small world, by the answers that Lisk Service's document shows."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from chains.stub import Reply, Request, World, at, with_body
from porlake.addresses import lisk

HEIGHT, FINAL, TIP = 29_000_000, 29_000_080, 29_000_200
MOMENT = datetime(2026, 7, 1, tzinfo=UTC)
LARGE = 2**53 + 11


def account(number: int) -> str:
    return lisk.of("klayr", bytes([number]) * 20).text


def hash_at(height: int) -> str:
    return hashlib.sha256(b"klayr%d" % height).hexdigest()


RICH, STAKER, LATE, EMPTY, NEVER, MAKER = (account(number) for number in range(1, 7))


class WORLD(World):
    network, height, head, moment = "klayr", HEIGHT, FINAL, MOMENT
    held: ClassVar = {
        "KLY": {
            RICH: {"liquid": LARGE, "total": LARGE},
            STAKER: {"liquid": 70, "locked": 30, "total": 100},
            LATE: {"liquid": 5, "total": 5},
            EMPTY: {"liquid": 0, "total": 0},
        }
    }
    now: ClassVar = {"KLY": {LATE: {"liquid": 9, "total": 9}}}
    absent = NEVER
    past = "head"
    lies: ClassVar = {
        "another account": (at("meta.address", lambda _: NEVER, path="/token/balances"), "error"),
        "another token": (at("data.*.tokenID", lambda _: "0000000000000001"), "error"),
        "knows no account at all": (
            lambda request, reply: with_body(reply, reply.body | {"data": []})
            if request.path == "/token/balances" else reply,
            "error",
        ),
        "not ready": (
            lambda request, reply: Reply({"error": True, "message": "Service is not ready yet."}, 503)
            if request.path == "/token/balances" else reply,
            "error",
        ),
        "wrong_chain": (at("data.chainID", lambda _: "01000000"), "error"),
    }  # fmt: skip
    unseen: ClassVar = {
        "shortened:data.*.lockedBalances": "a lock that is left out is a smaller one: there is no sum",
        "shortened:data": "an account without an entry is one that nobody used",
    }

    def answer(self, request: Request) -> Reply:
        match request.path:
            case "/network/status":
                return Reply({"data": {"chainID": "00000000", "height": TIP, "finalizedHeight": FINAL}, "meta": {}})
            case "/blocks":
                height = int(request.query["height"])
                return Reply({"data": [self._block(height)] if height <= TIP else [], "meta": {"count": 1, "total": 1}})
            case "/token/balances":
                return self._balances(**request.query)
        return Reply({"error": True, "message": "Unknown input parameter(s)"}, 400)

    def _balances(self, address: str, tokenID: str) -> Reply:
        assert tokenID == "0000000000000000"
        held = self.now["KLY"].get(address, self.held["KLY"].get(address))
        held = {"liquid": 1} if address == MAKER else held
        data = [] if held is None else [self._entry(held)]
        return Reply({"data": data, "meta": {"address": address, "count": len(data), "total": len(data)}})

    def _entry(self, held: Any) -> dict[str, Any]:
        locks = [{"module": "pos", "amount": str(held["locked"])}] if "locked" in held else []
        return {"tokenID": "0000000000000000", "availableBalance": str(held["liquid"]), "lockedBalances": locks}

    def _block(self, height: int) -> dict[str, Any]:
        moment = int((MOMENT + timedelta(seconds=10 * (height - HEIGHT))).timestamp())
        return {
            "id": hash_at(height),
            "height": height,
            "timestamp": moment,
            "generator": {"address": MAKER},
            "isFinal": height <= FINAL,
        }
