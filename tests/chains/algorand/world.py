"""Algorand as a small world behind an indexer: accounts that rest, pay, call applications, earn."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

from chains.stub import Reply, Request, World, at, with_body
from porlake.encoding.hashes import sha256, sha512_256

HEIGHT, HEAD = 46_000_000, 46_000_500
MOMENT = datetime(2025, 1, 1, 0, 0, 2, tzinfo=UTC)
GENESIS = "wGHE2Pwdvd7S12BL5FaOP20EGYesN73ktiC1qzkkit8="
USDC = 31_566_704
LARGE = 2**53 + 9


def account(number: int) -> str:
    key = bytes([number]) * 32
    return base64.b32encode(key + sha512_256(key)[-4:]).decode().rstrip("=")


RICH, LATE, WAITING, CALLER, PAID, PROPOSER, CLOSED, NEVER = (account(number) for number in range(1, 9))


def block_hash(height: int) -> bytes:
    return sha256(f"round {height}".encode())


def held_as(liquid: int, pending: int = 0) -> dict[str, int]:
    return {"liquid": liquid, "pending_rewards": pending, "total": liquid + pending}


def round_dropped(request: Request, reply: Reply) -> Reply:
    """A proxy that drops `round`: the account of now, and it says so."""
    return WORLD().answer(Request(request.verb, request.path, {}, {}, None)) if "round" in request.query else reply


def no_route(request: Request, reply: Reply) -> Reply:
    return Reply({"message": "no Route matched"}, 404) if "/accounts/" in request.path else reply


def without_transactions(request: Request, reply: Reply) -> Reply:
    return with_body(reply, reply.body | {"transactions": []}) if "/transactions" in request.path else reply


class WORLD(World):
    network, height, head, moment, kind = "algorand", HEIGHT, HEAD, MOMENT, "indexer"
    held = {
        "ALGO": {
            RICH: held_as(LARGE),
            LATE: held_as(5),
            WAITING: held_as(100, 7),
            CALLER: held_as(8),
            PAID: held_as(10, 2),
            PROPOSER: held_as(20),
            CLOSED: held_as(0),
        },
        "USDC": {RICH: {"total": 4}, LATE: {"total": 16}, CALLER: {"total": 3}, CLOSED: {"total": 0}},
    }
    now = {
        "ALGO": {LATE: held_as(60), CALLER: held_as(9), PAID: held_as(12), PROPOSER: held_as(30)},
        "USDC": {LATE: {"total": 17}},
    }
    absent = NEVER
    lies = {
        "round dropped": (round_dropped, "right"),
        "an index that is behind": (at("current-round", lambda told: HEIGHT, path="/transactions"), "error"),
        "a database that is behind": (at("current-round", lambda told: HEIGHT, path="/v2/accounts"), "error"),
        "an index without transactions": (without_transactions, "error"),
        "another round": (at("round", lambda told: told + 1, path="/v2/blocks/"), "error"),
        "another account": (at("account.address", lambda told: RICH if told != RICH else LATE), "error"),
        "parts that do not add up": (at("account.amount", lambda told: told + 1), "error"),
        "a 404 of a gateway": (no_route, "error"),
        "a transaction from before": (at("transactions.*.confirmed-round", lambda told: HEIGHT), "error"),
        "wrong_chain": (at("genesis-hash", lambda told: base64.b64encode(bytes(32)).decode()), "error"),
    }  # fmt: skip
    unseen = {
        "shortened:transactions": "an account whose later transactions are left out looks as one without any",
        "shortened:assets": "an asset that is left out is how the indexer says that an account does not hold it",
        "shortened:account.assets": "the same",
        "null:account.last-proposed": "how an indexer says that an account never proposed a block",
        "null:transactions.*.sender-rewards": "how an indexer says that none were paid",
    }

    def __init__(self) -> None:
        self.then = {name: (held["liquid"], held["pending_rewards"]) for name, held in self.held["ALGO"].items()}
        changed = {name: (held["liquid"], held["pending_rewards"]) for name, held in self.now["ALGO"].items()}
        self.newest = {**self.then, **changed}
        self.later = {
            LATE: [{"tx-type": "pay", "sender-rewards": 0}, {"tx-type": "axfer", "asset": USDC}],
            CALLER: [{"tx-type": "appl"}],
            PAID: [{"tx-type": "pay", "sender-rewards": 2}],
        }
        self.assets = {RICH: (4, 4), LATE: (16, 17), CALLER: (3, 3)}

    def answer(self, request: Request) -> Reply:
        query = request.query
        match request.path.strip("/").split("/"):
            case ["health"]:
                told = {"round": HEAD + 1, "message": str(HEAD + 1), "db-available": True, "is-migrating": False}
                return Reply(told)
            case ["v2", "blocks", height]:
                return self._block(int(height))
            case ["v2", "transactions"]:
                found = [{"confirmed-round": HEIGHT + 1, "tx-type": "pay"}]
                return Reply({"current-round": HEAD + 1, "transactions": found, "next-token": "x"})
            case ["v2", "accounts", name]:
                return self._account(name, int(query["round"]) if "round" in query else None)
            case ["v2", "accounts", name, "assets"]:
                held = [self._asset(self.assets[name][1])] if name in self.assets else []
                return Reply({"current-round": HEAD + 1, "assets": held})
            case ["v2", "accounts", name, "transactions"]:
                return Reply({"current-round": HEAD + 1, "transactions": self._after(name, query)})
            case ["v2", "assets", number]:
                return Reply({"current-round": HEAD + 1, "asset": {"index": int(number), "params": {"decimals": 6}}})
        return Reply({"message": "Not Found"}, 404)

    def _block(self, height: int) -> Reply:
        if height > HEAD + 1:
            return Reply({"message": f"no blocks found for round: {height}"}, 404)
        closed = MOMENT + timedelta(seconds=3 * (height - HEIGHT))
        before = base64.b64encode(block_hash(height - 1)).decode()
        told = {"round": height, "timestamp": int(closed.timestamp()), "previous-block-hash": before}
        return Reply({**told, "genesis-hash": GENESIS, "genesis-id": "mainnet-v1.0"})

    def _account(self, name: str, past: int | None) -> Reply:
        if name not in self.newest:
            return Reply({"message": f"no accounts found for address: {name}"}, 404)
        if past is not None and name == CALLER:
            why = "error while rewinding account: rewinding past txn type appl is not currently supported"
            return Reply({"message": why}, 500)
        liquid, pending = self.newest[name] if past is None else (self.then[name][0], 0)
        told = {
            "address": name, "amount": liquid + pending, "amount-without-pending-rewards": liquid,
            "pending-rewards": pending, "min-balance": 0 if past else 100_000,
            "round": HEAD + 1 if past is None else past, "status": "Online" if name == PROPOSER else "Offline",
        }  # fmt: skip
        more = {"last-proposed": HEIGHT + 4} if name == PROPOSER else {}
        assets = {"assets": [self._asset(self.assets[name][0])]} if past is not None and name in self.assets else {}
        return Reply({"account": {**told, **more, **assets}, "current-round": HEAD + 1})

    def _asset(self, amount: int) -> dict[str, Any]:
        return {"asset-id": USDC, "amount": amount, "is-frozen": False, "deleted": False}

    def _after(self, name: str, query: Any) -> list[dict[str, Any]]:
        wanted = int(query["asset-id"]) if "asset-id" in query else None
        found = [one for one in self.later.get(name, []) if wanted is None or one.get("asset") == wanted]
        return [{"confirmed-round": HEIGHT + 9, **one} for one in found]
