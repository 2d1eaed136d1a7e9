"""Flow as a small world: blocks by height, and the one script that is asked, which says at which height it runs."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

from chains.stub import Change, Reply, Request, World, at, with_body
from porlake.chains.flow.client import SCRIPT, SERVICE
from porlake.encoding.hashes import sha256

HEIGHT, HEAD, ROOT = 120_000_000, 120_100_000, 110_000_000
MOMENT = datetime(2026, 6, 25, tzinfo=UTC)
LARGE = 2**63 + 9
RICH, SOME, LATE, EMPTY, NEVER = (f"0x{sha256(bytes([number])).hex()[:16]}" for number in range(1, 6))


def units(raw: int) -> str:
    return f"{raw // 10**8}.{raw % 10**8:08d}"


def script(height: int, held: list[tuple[str, int]]) -> str:
    """What a script of texts gives, in the REST API's form."""
    texts = [str(height), *(f"{account} {units(raw)}" for account, raw in held)]
    told = {"type": "Array", "value": [{"type": "String", "value": text} for text in texts]}
    return b64encode(json.dumps(told).encode() + b"\n").decode()


def asked(request: Request) -> list[str]:
    (argument,) = request.body["arguments"]
    return [one["value"] for one in json.loads(b64decode(argument))["value"]]


def refused(status: int, message: str) -> Reply:
    return Reply({"code": status, "message": message}, status)


def of_script(change: Any) -> Change:
    """A lie about the texts of a script's answer."""

    def lie(request: Request, reply: Reply) -> Reply:
        if "/scripts" not in request.path or reply.status != 200:
            return reply
        told = json.loads(b64decode(reply.body))
        texts = change([one["value"] for one in told["value"]])
        told["value"] = [{"type": "String", "value": text} for text in texts]
        return with_body(reply, b64encode(json.dumps(told).encode()).decode())

    return lie


def _newest(request: Request, reply: Reply) -> Reply:
    """A proxy that loses what stands behind the question mark."""
    if "/scripts" not in request.path:
        return reply
    query = {"block_height": str(HEAD)}
    return WORLD().answer(Request(request.verb, request.path, query, request.headers, request.body))


def _before_the_spork(request: Request, reply: Reply) -> Reply:
    if "/scripts" not in request.path:
        return reply
    return refused(
        404, f"block height {HEIGHT} is less than the spork root block height {HEAD}. Try to use a historic node"
    )


class WORLD(World):
    network, height, head, moment = "flow", HEIGHT, HEAD, MOMENT
    held = {
        "FLOW": {
            RICH: {"total": LARGE},
            SOME: {"total": 7},
            LATE: {"total": 100},
            EMPTY: {"total": 0},
        }
    }
    now = {"FLOW": {LATE: {"total": 150}}}
    absent = NEVER
    past = "exact"
    lies = {
        "the newest state": (_newest, "error"),
        "before the spork": (_before_the_spork, "error"),
        "no state": (
            of_script(lambda texts: [texts[0], *(f"{one.split()[0]} 0.00000000" for one in texts[1:])]), "error"
        ),
        "one left out": (of_script(lambda texts: texts[:-1]), "error"),
        "another order": (of_script(lambda texts: [texts[0], *texts[:0:-1]]), "error"),
        "another block": (at("*.header.height", lambda told: str(int(told) + 1)), "error"),
        "wrong_chain": (at("chain_id", lambda told: "flow-testnet"), "error"),
    }  # fmt: skip

    def answer(self, request: Request) -> Reply:
        if request.path == "/v1/network/parameters":
            return Reply({"chain_id": "flow-mainnet"})
        if request.path == "/v1/blocks":
            named = request.query["height"]
            height = HEAD if named in ("sealed", "final") else int(named)
            if not ROOT <= height <= HEAD:
                return refused(404, f"error looking up block at height {height}: key not found")
            return Reply([self._block(height)])
        if request.path == "/v1/scripts" and request.body["script"] == SCRIPT:
            height = int(request.query["block_height"])
            if not ROOT <= height <= HEAD:
                return refused(404, f"data for block height {height} is not available")
            return Reply(script(height, [(one, self._held(one, height)) for one in asked(request)]))
        return refused(400, "invalid request")

    def mentions(self, request: Request, address: str) -> bool:
        return request.path == "/v1/scripts" and address in asked(request)

    def _held(self, account: str, height: int) -> int:
        if account == SERVICE:
            return 12_345
        then = self.held["FLOW"].get(account, {"total": 0})
        return (self.now["FLOW"].get(account, then) if height > HEIGHT else then)["total"]

    def _block(self, height: int) -> dict[str, Any]:
        time = MOMENT + timedelta(milliseconds=(height - HEIGHT) * 800)
        return {
            "header": {
                "id": f"{height * 7919:064x}",
                "parent_id": f"{(height - 1) * 7919:064x}",
                "height": str(height),
                "timestamp": time.isoformat(timespec="microseconds").replace("+00:00", "000Z"),
            },
            "block_status": "BLOCK_SEALED",
        }
