"""ICON as goloop tells it: under a height lies the state before its block, and no answer names its height."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from chains.stub import Reply, Request, RpcError, World, at, rpc, with_body
from porlake import registry

HEIGHT, HEAD = 105_000_000, 105_000_500
MOMENT = datetime(2026, 10, 1, tzinfo=UTC)
GENESIS = registry.load().identities["icon"].blocks[0].hash
LARGE = 2**53 + 9


def account(number: int, kind: str = "hx") -> str:
    return kind + hashlib.sha256(f"{number}".encode()).hexdigest()[:40]


RICH, STAKER, LATE, EMPTY, SENDER, NEVER = (account(number) for number in range(6))
CONTRACT = account(9, "cx")
LIQUID = {RICH: LARGE, STAKER: 5, LATE: 100}
TOKENS = {RICH: LARGE, LATE: 1}


def balance(name: str, state: int) -> int:
    """Under a height: what the blocks before it left."""
    if name == SENDER:
        return 10**20 - state  # it sends something in each block
    return LIQUID.get(name, 0) + (50 if name == LATE and state > HEIGHT + 1 else 0)


def calls(request: Request) -> list[dict[str, Any]]:
    return request.body if isinstance(request.body, list) else [request.body]


def newest(request: Request, reply: Reply) -> Reply:
    """A node that does not read `height`: it answers by its newest state, whatever is asked."""
    return rpc(request, lambda method, params: WORLD().call(method, params, newest=True))


def newest_of_calls(request: Request, reply: Reply) -> Reply:
    return rpc(request, lambda method, params: WORLD().call(method, params, newest=method == "icx_call"))


def pruned(request: Request, reply: Reply) -> Reply:
    """A node that keeps the state of the newest blocks alone."""

    def call(method: str, params: Any) -> Any:
        if "height" in params and method != "icx_getBlockByHeight" and int(params["height"], 16) <= HEIGHT + 1:
            raise RpcError(-31004, f"PrunedBlock(height={HEIGHT},base={HEIGHT + 200})")
        return WORLD().call(method, params)

    return rpc(request, call)


def unordered(request: Request, reply: Reply) -> Reply:
    """The answers of a batch come in any order."""
    return with_body(reply, reply.body[::-1]) if isinstance(reply.body, list) else reply


class WORLD(World):
    network, height, head, moment, url = "icon", HEIGHT, HEAD, MOMENT, "/api/v3"
    held = {
        "ICX": {
            RICH: {"liquid": LARGE, "total": LARGE},
            STAKER: {"liquid": 5, "staked": 7 * 10**18, "unstaking": 13, "total": 7 * 10**18 + 18},
            LATE: {"liquid": 100, "total": 100},
            EMPTY: {"liquid": 0, "total": 0},
        },
        "MADE": {RICH: {"total": LARGE}, LATE: {"total": 1}, EMPTY: {"total": 0}},
    }
    absent = NEVER
    past = "exact"
    lies = {
        "heights are not read": (newest, "error"),
        "heights of calls are not read": (newest_of_calls, "error"),
        "pruned": (pruned, "error"),
        "a batch in another order": (unordered, "right"),
        "another block": (at("result.height", lambda height: height + 1, method="icx_getBlockByHeight"), "error"),
    }
    rows = {
        "assets.csv": "asset,name,asset_class,scale,underlying,price_id,note\nMADE,Made,other,6,,,\n",
        "tokens.csv": f"network,asset,kind,contract,decimals,balance_slot,note\nicon,MADE,irc2,{CONTRACT},6,,\n",
    }
    unseen = {
        "shortened:*.result.unstakes": "what is left out of the stakes that end is a smaller sum: nothing tells it",
        "doubled:*.result.unstakes": "two stakes of one size may end",
    }

    def answer(self, request: Request) -> Reply:
        return rpc(request, self.call)

    def call(self, method: str, params: dict[str, Any], newest: bool = False) -> Any:
        if method == "icx_getLastBlock":
            return self.block(HEAD + 1)
        asked = int(params["height"], 16)
        if method == "icx_getBlockByHeight":
            if asked > HEAD + 1:
                raise RpcError(-31004, f"NotFoundError: block {asked}")
            return self.block(asked)
        if asked > HEAD + 1 and not newest:
            raise RpcError(-31004, "NotFound")
        state = HEAD + 1 if newest else asked
        if method == "icx_getBalance":
            return hex(balance(params["address"], state))
        data = params["data"]
        match data["method"]:
            case "getStake":
                if data["params"]["address"] == STAKER:
                    unstakes = [{"unstake": hex(raw), "unstakeBlockHeight": "0x6500000", "remainingBlocks": "0x9"}
                                for raw in (6, 7)]  # fmt: skip
                    return {"stake": hex(7 * 10**18), "unstakes": unstakes}
                return {"stake": "0x0", "unstakes": []}
            case "decimals":
                return "0x6"
        held = TOKENS.get(data["params"]["_owner"], 0)
        return hex(held + (1 if data["params"]["_owner"] == LATE and state > HEIGHT + 1 else 0))

    def block(self, height: int) -> dict[str, Any]:
        sent = {"version": "0x3", "from": SENDER, "to": RICH, "value": "0x1", "txHash": "0x" + "ee" * 32}
        issued = {"version": "0x3", "dataType": "base", "txHash": "0x" + "dd" * 32}
        name = hashlib.sha256(f"block {height}".encode()).hexdigest() if height else GENESIS
        return {
            "version": "2.0", "height": height, "block_hash": name,
            "time_stamp": int(MOMENT.timestamp() * 10**6) + 2 * 10**6 * (height - HEIGHT),
            "confirmed_transaction_list": [issued, sent] if height % 3 == 0 else [issued],
        }  # fmt: skip
