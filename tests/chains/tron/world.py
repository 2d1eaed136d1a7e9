"""Tron as a small world, over the stand-in for java-tron's HTTP API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from chains.stub import Reply, Request, World, at, with_body
from tron_stub import HEIGHT, TIME, USDT, Node, account

RICH, STAKER, LATE, EMPTY, NEVER = (account(number) for number in range(1, 6))
LARGE = 2**53 + 9


def _other_account(request: Request, reply: Reply) -> Reply:
    """A gateway that mixes up its answers."""
    if "getaccount" not in request.path or not reply.body:
        return reply
    return with_body(reply, {**reply.body, "address": RICH if reply.body["address"] != RICH else STAKER})


class WORLD(World):
    network, height, head = "tron", HEIGHT, HEIGHT + 20
    moment = datetime.fromtimestamp(TIME, UTC)
    held = {
        "TRX": {
            RICH: {"liquid": LARGE, "total": LARGE},
            STAKER: {"liquid": 5, "frozen": 7, "delegated": 11, "unstaking": 13, "total": 36},
            LATE: {"liquid": 100, "total": 100},
            EMPTY: {"liquid": 0, "total": 0},
        },
        "USDT": {RICH: {"total": LARGE}, STAKER: {"total": 3}, LATE: {"total": 1}, EMPTY: {"total": 0}},
    }
    now = {"TRX": {LATE: {"liquid": 150, "total": 150}}, "USDT": {LATE: {"total": 2}}}
    absent = NEVER
    past = "head"
    lies = {
        "another account": (_other_account, "error"),
        "out of resources": (
            lambda request, reply: Reply({"Error": "class java.lang.IllegalAccessException : lack of computing "
                                                   "resources"}) if "getaccount" in request.path else reply,
            "error",
        ),
        "another block": (at("block_header.raw_data.number", lambda number: number + 1, path="getblockbynum"), "error"),
    }  # fmt: skip
    unseen = {
        "shortened": "a stake that is left out of an account is a smaller stake: java-tron names no sum",
        "doubled": "two stakes of one size are no fault",
        "an object": "{} is how java-tron says that nobody used an account",
    }

    def __init__(self) -> None:
        stake: dict[str, Any] = {
            "balance": 5,
            "frozenV2": [{"amount": 4}, {"type": "ENERGY", "amount": 3}],
            "delegated_frozenV2_balance_for_bandwidth": 11,
            "unfrozenV2": [{"unfreeze_amount": 13, "unfreeze_expire_time": 1}],
        }
        self.node = Node(
            accounts={RICH: {"balance": LARGE}, STAKER: stake, LATE: {"balance": 150}, EMPTY: {"create_time": 1}},
            held={USDT: {RICH: LARGE, STAKER: 3, LATE: 2}},
        )

    def answer(self, request: Request) -> Reply:
        return Reply(self.node.answer(request.path, request.body or {}))

    def mentions(self, request: Request, address: str) -> bool:
        return "getaccount" in request.path and address in request.text
