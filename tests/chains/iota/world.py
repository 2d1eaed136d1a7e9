"""IOTA as a small world: its service tells the head alone, and the newest transaction that touched an account."""

from __future__ import annotations

from chains.stub import Reply, Request, World, at
from chains.sui.service import HEAD, HEIGHT, MOMENT, Chain

LARGE = 2**63 + 9
RICH, STAKER, LATE, EMPTY, NEVER = (f"0x{number * 0x1234567:064x}" for number in range(1, 6))
IOTA = "0x2::iota::IOTA"


class WORLD(World):
    network, height, head, moment = "iota", HEIGHT, HEAD, MOMENT
    held = {
        "IOTA": {
            RICH: {"liquid": LARGE, "total": LARGE},
            STAKER: {"liquid": 5, "staked": 70, "total": 75},
            LATE: {"liquid": 100, "total": 100},
            EMPTY: {"liquid": 0, "total": 0},
        },
    }
    now = {"IOTA": {LATE: {"liquid": 150, "total": 150}}}
    absent = NEVER
    past = "unchanged"
    lies = {
        "behind": (at("data.checkpoint.sequenceNumber", lambda number: min(number, HEIGHT - 1)), "error"),
        "transactions forgotten": (at("data.a0.transactions.nodes", lambda told: []), "right"),
        "coins of nothing": (at("data.a0.balance.coinObjectCount", lambda told: 0), "bad_answer"),
    }
    unseen = {"shortened:data.a1.stakes.nodes": "a list of stakes names no sum"}

    def __init__(self) -> None:
        self.chain = Chain(
            "6364aad5",
            False,
            coins={IOTA: {account: held["liquid"] for account, held in self.held["IOTA"].items()}},
            late={IOTA: {LATE: 150}},
            stakes={STAKER: [30, 40]},
            touched={RICH: HEIGHT - 9, STAKER: HEIGHT, LATE: HEIGHT + 1, EMPTY: 7},
        )

    def answer(self, request: Request) -> Reply:
        return self.chain.answer(request)
