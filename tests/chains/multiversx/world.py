"""MultiversX as its public API tells it: the gateway's final state, and a log of what accounts held after a change."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

from chains.stub import Reply, Request, World, at, with_body
from porlake.encoding import bech32

HEIGHT, HEAD = 27_000_000, 27_000_500
MOMENT = datetime(2026, 10, 1, tzinfo=UTC)
AT = int(MOMENT.timestamp())
LARGE = 2**53 + 9
USDC = "USDC-c76f1f"


def account(number: int) -> str:
    return bech32.encode_bytes("erd", hashlib.sha256(f"{number}".encode()).digest())


RICH, LATE, EMPTY, NEW, TWICE, NEXT, NEVER = (account(number) for number in range(7))
#: (second, balance) after each change
LOG = {
    ("EGLD", RICH): [(AT - 900, 7), (AT - 60, LARGE)],
    ("EGLD", LATE): [(AT - 60, 90), (AT, 100), (AT + 6, 150)],
    ("EGLD", EMPTY): [(AT - 90, 5), (AT - 30, 0)],
    ("EGLD", NEW): [(AT + 6, 8)],
    ("EGLD", TWICE): [(AT - 60, 40), (AT - 60, 41), (AT + 60, 42)],
    ("EGLD", NEXT): [(AT - 60, 5), (AT + 1, 6)],
    (USDC, RICH): [(AT - 60, LARGE)],
    (USDC, LATE): [(AT - 6, 1), (AT + 600, 2)],
}


def block_hash(number: int) -> str:
    return hashlib.sha256(f"block {number}".encode()).hexdigest()


def data(**told: Any) -> Reply:
    return Reply({"data": told, "error": "", "code": "successful"})


def behind(request: Request, reply: Reply) -> Reply:
    """The log lacks the newest changes: what it tells last is not what the account holds."""
    if not isinstance(reply.body, list):
        return reply
    return with_body(reply, [row | {"balance": "77"} for row in reply.body])


def including(request: Request, reply: Reply) -> Reply:
    """`before` is taken as up to and with its second."""
    return WORLD().answer(request, including=1) if "before" in request.query else reply


class WORLD(World):
    network, height, head, moment = "multiversx", HEIGHT, HEAD, MOMENT
    held = {
        "EGLD": {
            name: {"total": raw}
            for name, raw in ((RICH, LARGE), (LATE, 100), (EMPTY, 0), (NEW, 0), (TWICE, 41), (NEXT, 5))
        },
        "USDC": {RICH: {"total": LARGE}, LATE: {"total": 1}, EMPTY: {"total": 0}},
    }
    now = {
        "EGLD": {LATE: {"total": 150}, NEW: {"total": 8}, TWICE: {"total": 42}, NEXT: {"total": 6}},
        "USDC": {LATE: {"total": 2}},
    }
    absent = NEVER
    lies = {
        "the log is behind": (behind, "right"),
        "before and with": (including, "right"),
        "another account": (at("data.account.address", lambda name: NEVER, path="/address"), "error"),
        "another block": (at("data.hyperblock.nonce", lambda nonce: nonce + 1, path="by-nonce"), "error"),
        "wrong_chain": (at("data.config.erd_chain_id", lambda name: "D", path="config"), "error"),
    }

    def answer(self, request: Request, including: int = 0) -> Reply:
        match request.path.strip("/").split("/"):
            case ["network", "config"]:
                return data(config={"erd_chain_id": "1", "erd_num_shards_without_meta": 3})
            case ["network", "status", "4294967295"]:
                return data(status={"erd_nonce": HEAD + 2, "erd_highest_final_nonce": HEAD})
            case ["hyperblock", "by-nonce", nonce]:
                return self.block(int(nonce))
            case ["tokens", name]:
                return Reply({"identifier": name, "name": "WrappedUSDC", "decimals": 6})
            case ["address", name]:
                log = LOG.get(("EGLD", name), [(0, 0)])
                sent = 0 if name == NEVER else 3
                return data(
                    account={"address": name, "nonce": sent, "balance": str(log[-1][1])}, blockInfo=self.final()
                )
            case ["address", name, "esdt", token]:
                held = str(LOG.get((token, name), [(0, 0)])[-1][1])
                return data(tokenData={"balance": held, "tokenIdentifier": token}, blockInfo=self.final())
            case ["accounts", name, "history", *token]:
                return self.history(request, name, [part for part in token if part != "count"], including)
        return Reply({"statusCode": 404, "message": f"Cannot GET {request.path}", "error": "Not Found"}, 404)

    def final(self) -> dict[str, Any]:
        return {"nonce": HEAD - 40, "hash": block_hash(1), "rootHash": block_hash(2)}

    def block(self, nonce: int) -> Reply:
        if nonce > HEAD:
            return Reply({"data": None, "error": "getting block failed: not found", "code": "internal_issue"}, 500)
        moment = AT + 6 * (nonce - HEIGHT)
        return data(hyperblock={"nonce": nonce, "round": nonce + 9, "hash": block_hash(nonce), "timestamp": moment})

    def history(self, request: Request, name: str, token: list[str], including: int) -> Reply:
        before = int(request.query.get("before", 2**40)) + including
        log = [entry for entry in LOG.get((*(token or ["EGLD"]), name), []) if entry[0] < before]
        if request.path.endswith("/count"):
            return Reply(len(log))
        rows = [{"address": name, "balance": str(raw), "timestamp": second, "isSender": True} for second, raw in log]
        return Reply(rows[::-1][: int(request.query["size"])])
