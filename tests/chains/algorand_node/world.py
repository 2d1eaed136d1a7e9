"""The accounts of `algorand/world.py` as a node tells them: of its newest round alone."""

from __future__ import annotations

import base64
from datetime import timedelta

from chains.algorand import world as indexed
from chains.algorand.world import GENESIS, HEAD, HEIGHT, LATE, MOMENT, RICH, block_hash
from chains.stub import Reply, Request, World, at

OLDEST = HEIGHT - 1_000


class WORLD(World):
    network, height, head, moment = "algorand", HEIGHT, HEAD, MOMENT
    held, now, absent = indexed.WORLD.held, indexed.WORLD.now, indexed.WORLD.absent
    past = "head"
    lies = {
        "a node that is behind": (at("round", lambda told: HEIGHT), "error"),
        "another account": (at("address", lambda told: RICH if told != RICH else LATE), "error"),
        "another asset": (at("asset-holding.asset-id", lambda told: told + 1), "error"),
        "parts that do not add up": (at("amount", lambda told: told + 1), "error"),
        "a 404 of a gateway": (
            lambda request, reply: Reply({"message": "no Route matched"}, 404) if "/assets/" in request.path else reply,
            "error",
        ),
        "wrong_chain": (at("block.gh", lambda told: base64.b64encode(bytes(32)).decode()), "error"),
    }  # fmt: skip

    def __init__(self) -> None:
        changed = {**self.held["ALGO"], **self.now["ALGO"]}
        self.accounts = {name: (parts["liquid"], parts["pending_rewards"]) for name, parts in changed.items()}
        self.assets = indexed.WORLD().assets

    def answer(self, request: Request) -> Reply:
        match request.path.strip("/").split("/"):
            case ["v2", "status"]:
                return Reply({"last-round": HEAD, "catchup-time": 0})
            case ["v2", "blocks", height, "hash"]:
                name = base64.b32encode(block_hash(int(height))).decode().rstrip("=")
                return Reply({"blockHash": name})
            case ["v2", "blocks", height]:
                if not OLDEST <= int(height) <= HEAD:
                    return Reply({"message": "failed to retrieve information from the ledger"}, 404)
                closed = MOMENT + timedelta(seconds=3 * (int(height) - HEIGHT))
                block = {"rnd": int(height), "ts": int(closed.timestamp()), "gh": GENESIS, "gen": "mainnet-v1.0"}
                return Reply({"block": block})
            case ["v2", "accounts", name]:
                liquid, pending = self.accounts.get(name, (0, 0))
                parts = {"amount-without-pending-rewards": liquid, "pending-rewards": pending}
                return Reply({"address": name, "amount": liquid + pending, **parts, "round": HEAD})
            case ["v2", "accounts", name, "assets", number]:
                if name not in self.assets:
                    return Reply({"message": "account asset info not found"}, 404)
                holding = {"asset-id": int(number), "amount": self.assets[name][1], "is-frozen": False}
                return Reply({"round": HEAD, "asset-holding": holding})
            case ["v2", "assets", number]:
                return Reply({"index": int(number), "params": {"decimals": 6}})
        return Reply({"message": "Not Found"}, 404)
