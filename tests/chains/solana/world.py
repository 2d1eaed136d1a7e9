"""Solana as a small world: wallets with and without stakes, tokens of both programs, a token's account by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from chains import stub
from chains.solana.node import HEAD, SNAPSHOT, Node, key, mint_bytes, moment, stake_bytes, token_bytes
from chains.stub import Change, Reply, Request, World, with_body
from porlake import registry
from porlake.chains.solana import layout
from porlake.encoding import base58

LARGE = 2**63 + 9
RICH, STAKER, LATE, EMPTY, STAKE, HOLDER, NEVER = map(
    key, ("rich", "staker", "late", "empty", "claimed stake", "holder", "never")
)
USDT, USDG = (registry.load().tokens["solana", asset].contract for asset in ("USDT", "USDG"))


def own(owner: str, mint: str, program: str) -> str:
    return layout.associated(base58.decode(owner), base58.decode(mint), program)


def of(method: str, change: Callable[[Any], Any]) -> Change:
    """A lie about the results of one method, alone or among others."""

    def one(asked: Any, told: Any) -> Any:
        if asked["method"] != method or "result" not in told:
            return told
        return told | {"result": change(told["result"])}

    def lie(request: Request, reply: Reply) -> Reply:
        if isinstance(request.body, list):
            return with_body(reply, [one(*pair) for pair in zip(request.body, reply.body, strict=True)])
        return with_body(reply, one(request.body, reply.body))

    return lie


def _absent(result: Any) -> Any:
    return result | {"value": [None] * len(result["value"])}


def _older(result: Any) -> Any:
    return result | {"context": {**result["context"], "slot": result["context"]["slot"] - 1}}


class WORLD(World):
    network, height, head = "solana", SNAPSHOT, HEAD
    moment = datetime.fromtimestamp(moment(SNAPSHOT), UTC)
    held = {
        "SOL": {
            RICH: {"liquid": LARGE, "total": LARGE},
            STAKER: {"liquid": 5, "staked": 70, "unstaking": 11, "undelegated": 13, "total": 99},
            LATE: {"liquid": 100, "total": 100},
            EMPTY: {"liquid": 0, "total": 0},
            STAKE: {"liquid": 0, "staked": 900, "undelegated": 1, "total": 901},
        },
        "USDT": {
            RICH: {"total": LARGE},
            STAKER: {"liquid": 3, "frozen": 4, "total": 7},
            LATE: {"total": 1},
            own(HOLDER, USDT, layout.TOKEN): {"total": 21},
        },
        "USDG": {RICH: {"total": 6}, LATE: {"total": 8}},
    }
    now = {
        "SOL": {LATE: {"liquid": 150, "total": 150}},
        "USDT": {LATE: {"total": 2}},
    }
    absent = NEVER
    lies = {
        "a node without state": (of("getMultipleAccounts", _absent), "error"),
        "a state of another slot": (of("getMultipleAccounts", _older), "error"),
        "an own account left out": (of("getTokenAccountsByOwner", lambda told: told | {"value": []}), "bad_answer"),
        "no word of stakes": (
            lambda request, reply: reply
            if "getProgramAccounts" not in request.text
            else stub.rpc(request, _no_method),
            "stakes_not_told",
        ),
        "transactions forgotten": (of("getSignaturesForAddress", lambda told: []), "right"),
        "wrong_chain": (
            of("getGenesisHash", lambda told: "EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG"),
            "error",
        ),
    }  # fmt: skip
    unseen = {
        "shortened:*.result.value": "a list of accounts names no sum: a stake or a token's second account may lack",
    }

    def __init__(self) -> None:
        node = self.node = Node()
        for address, held in self.held["SOL"].items():
            node.coins(address, self.now["SOL"].get(address, held)["liquid"])
        node.accounts |= {
            STAKE: (901, layout.STAKE, stake_bytes(key("somebody"), 900)),
            key("stake 1"): (75, layout.STAKE, stake_bytes(STAKER, 70)),
            key("stake 2"): (19, layout.STAKE, stake_bytes(STAKER, 11, leaves=700)),
            USDT: (1, layout.TOKEN, mint_bytes(6)),
            USDG: (1, layout.TOKEN_2022, mint_bytes(6, extensions=b"\1\0\0\0")),
            own(RICH, USDT, layout.TOKEN): (1, layout.TOKEN, token_bytes(USDT, RICH, LARGE - 50)),
            key("second"): (1, layout.TOKEN, token_bytes(USDT, RICH, 50)),
            own(STAKER, USDT, layout.TOKEN): (1, layout.TOKEN, token_bytes(USDT, STAKER, 3)),
            key("third"): (1, layout.TOKEN, token_bytes(USDT, STAKER, 4, frozen=True)),
            own(LATE, USDT, layout.TOKEN): (1, layout.TOKEN, token_bytes(USDT, LATE, 2)),
            own(HOLDER, USDT, layout.TOKEN): (1, layout.TOKEN, token_bytes(USDT, HOLDER, 21)),
        }
        for owner, amount in ((RICH, 6), (LATE, 8)):
            name = own(owner, USDG, layout.TOKEN_2022)
            node.accounts[name] = (1, layout.TOKEN_2022, token_bytes(USDG, owner, amount, extensions=b"\7\0\0\0"))
        for name in node.accounts:
            node.touched[name] = [SNAPSHOT - 1_000]
        for late in (LATE, own(LATE, USDT, layout.TOKEN)):
            node.touched[late] = [SNAPSHOT + 1, SNAPSHOT - 1_000]

    def answer(self, request: Request) -> Reply:
        return Reply(self.node.answer(request.body))


def _no_method(method: str, params: Any) -> Any:
    raise stub.RpcError(-32601, "Method not found")
