"""Sui as a small world: its service keeps the balances of the snapshot's checkpoint."""

from __future__ import annotations

from chains.stub import Reply, Request, World, at, with_body
from chains.sui.service import HEAD, HEIGHT, MOMENT, Chain
from porlake import registry

LARGE = 2**63 + 9
RICH, STAKER, LATE, EMPTY, NEVER = (f"0x{number * 0x1234567:064x}" for number in range(1, 6))
USDC = registry.load().tokens["sui", "USDC"].contract
SUI = "0x2::sui::SUI"


def _not_kept(request: Request, reply: Reply) -> Reply:
    """What lies outside of the range is null, never a later value."""
    data = reply.body.get("data") or {}
    found = data.get("checkpoint")
    if not found or found.get("query") is None or found["sequenceNumber"] != HEIGHT:
        return reply
    return with_body(reply, {"data": data | {"checkpoint": found | {"query": None}}})


class WORLD(World):
    network, height, head, moment = "sui", HEIGHT, HEAD, MOMENT
    held = {
        "SUI": {
            RICH: {"liquid": LARGE, "total": LARGE},
            STAKER: {"liquid": 5, "staked": 70, "total": 75},
            LATE: {"liquid": 100, "total": 100},
            EMPTY: {"liquid": 0, "total": 0},
        },
        "USDC": {RICH: {"total": LARGE}, LATE: {"total": 1}, STAKER: {"total": 4}},
    }
    now = {"SUI": {LATE: {"liquid": 150, "total": 150}}, "USDC": {LATE: {"total": 2}}}
    absent = NEVER
    lies = {
        "not kept any more": (_not_kept, "right"),
        "another checkpoint": (at("data.checkpoint.sequenceNumber", lambda number: number + 1), "error"),
        "parts that are not the whole": (
            at("data.checkpoint.query.a0.balance.coinBalance", lambda told: str(int(told) + 1)),
            "error",
        ),
    }
    unseen = {"shortened:data.checkpoint.query.a1.objects.nodes": "a list of stakes names no sum"}

    def __init__(self) -> None:
        self.chain = Chain(
            "35834a8a",
            True,
            coins={
                SUI: {account: held["liquid"] for account, held in self.held["SUI"].items()},
                USDC: {account: held["total"] for account, held in self.held["USDC"].items()},
            },
            late={SUI: {LATE: 150}, USDC: {LATE: 2}},
            beside={},
            stakes={STAKER: [30, 40]},
            touched={RICH: HEIGHT - 9, STAKER: HEIGHT, LATE: HEIGHT + 1, EMPTY: 7},
            decimals={USDC: 6},
        )

    def answer(self, request: Request) -> Reply:
        return self.chain.answer(request)
