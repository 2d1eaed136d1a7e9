"""Kaspa as a small world, by the answers of its REST server."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from chains.stub import Reply, Request, World, at, with_body
from porlake.encoding import bech32

HEIGHT, TIP = 390_000_000, 390_009_000
MOMENT = datetime(2026, 7, 1, tzinfo=UTC)
LARGE = 2**53 + 3


def account(number: int) -> str:
    return bech32.cash_encode("kaspa", 0, bytes([number]) * 32)


def hash_at(score: int) -> str:
    return hashlib.sha256(b"kaspa%d" % score).hexdigest()


RICH, LATE, EMPTY, OTHER, NEVER = (account(number) for number in range(1, 6))


class WORLD(World):
    network, height, head, moment = "kaspa", HEIGHT, TIP - 600, MOMENT
    held: ClassVar = {
        "KAS": {RICH: {"total": LARGE}, LATE: {"total": 5}, EMPTY: {"total": 0}, OTHER: {"total": 12}},
    }
    now: ClassVar = {"KAS": {LATE: {"total": 9}}}
    absent = NEVER
    past = "head"
    lies: ClassVar = {
        "leaves an address out": (
            lambda request, reply: with_body(reply, [one for one in reply.body if one["address"] != OTHER])
            if request.path == "/addresses/balances" else reply,
            "bad_answer",
        ),
        "an index without coins": (at("circulatingSupply", lambda _: "0"), "error"),
        "two blocks of the selected chain": (at("*.verboseData.isChainBlock", lambda _: True), "error"),
        "no block of the selected chain": (at("*.verboseData.isChainBlock", lambda _: False), "error"),
        "wrong_chain": (at("networkName", lambda _: "kaspa-testnet-10"), "error"),
    }  # fmt: skip

    def answer(self, request: Request) -> Reply:
        match request.path:
            case "/info/blockdag":
                return Reply({"networkName": "kaspa-mainnet", "virtualDaaScore": str(TIP + 40_000_000)})
            case "/info/virtual-chain-blue-score":
                return Reply({"blueScore": TIP})
            case "/info/coinsupply":
                return Reply({"circulatingSupply": "2700000000000000000", "maxSupply": "2870000000000000000"})
            case "/blocks-from-bluescore":
                score = int(request.query["blueScore"])
                if score > TIP:
                    return Reply([])
                return Reply([self._block(score, "", is_chosen=True), self._block(score, "aside", is_chosen=False)])
            case "/addresses/balances":
                return Reply([{"address": text, "balance": self._held(text)} for text in request.body["addresses"]])
        return Reply({"detail": "Not Found"}, 404)

    def _held(self, address: str) -> int:
        held: int = self.now["KAS"].get(address, self.held["KAS"].get(address, {"total": 0}))["total"]
        return held

    def _block(self, score: int, more: str, *, is_chosen: bool) -> dict[str, Any]:
        moment = MOMENT + timedelta(seconds=(score - HEIGHT) / 10)
        name = hashlib.sha256(f"{hash_at(score)}{more}".encode()).hexdigest() if more else hash_at(score)
        header = {"blueScore": str(score), "timestamp": str(round(moment.timestamp() * 1000)), "daaScore": str(score)}
        return {"header": header, "verboseData": {"hash": name, "isChainBlock": is_chosen}, "transactions": []}
