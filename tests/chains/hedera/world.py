"""Hedera as a small world behind a mirror node: snapshots every fifteen minutes, and what moved since the last one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from chains.stub import Reply, Request, World, at, with_body
from porlake.encoding.hashes import sha256

HEIGHT, HEAD = 75_000_000, 75_000_300
MOMENT = datetime(2025, 1, 1, 0, 7, 30, 123_456, tzinfo=UTC)
FIRST = "0x420fffe68fcd2a1eadcce589fdf9565bcf5a269d02232fe07cdc565b3b6f76ce46a9418ddc1bbe051d4894e04d091f8e"
USDC = "0.0.456858"
LARGE = 2**53 + 9
TREASURY = "0.0.2"
RICH, MOVED, BUSY, MANY, EMPTY, NUMBERED, NEVER = (f"0.0.9{number:012}" for number in range(7))
ALIASED = "0x" + sha256(b"aliased").hex()[:40]
NUMBER_OF = {ALIASED: NUMBERED}
SECOND = 10**9
SNAPSHOT = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp()) * SECOND + 42


def end_of(height: int) -> int:
    """Nanoseconds of the end of a block, two seconds each."""
    if height == 0:
        return 1_568_411_633 * SECOND
    exact = int((MOMENT - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1)) * 1_000 + 789
    return exact + 2 * SECOND * (height - HEIGHT)


END = end_of(HEIGHT)


def text(nanos: int) -> str:
    return f"{nanos // SECOND}.{nanos % SECOND:09d}"


def nanos(told: str) -> int:
    seconds, _, rest = told.partition(".")
    return int(seconds) * SECOND + int(rest)


def failed(message: str, status: int) -> Reply:
    return Reply({"_status": {"messages": [{"message": message}]}}, status)


def on(path: str, change: Any) -> Any:
    """A lie about replies to one path."""
    return lambda request, reply: with_body(reply, change(reply.body)) if path in request.path else reply


def since_ignored(request: Request, reply: Reply) -> Reply:
    """A mirror that drops the bounds of time."""
    if not request.path.endswith("/transactions"):
        return reply
    early = {"consensus_timestamp": text(SNAPSHOT), "transfers": [], "token_transfers": []}
    return with_body(reply, reply.body | {"transactions": [early, *reply.body["transactions"]]})


class WORLD(World):
    network, height, head, moment = "hedera", HEIGHT, HEAD, MOMENT
    held = {
        "HBAR": {
            RICH: {"liquid": LARGE, "total": LARGE},
            MOVED: {"liquid": 1_000 + 7 - 3, "total": 1_004},
            BUSY: {"liquid": 150, "total": 150},
            EMPTY: {"liquid": 0, "total": 0},
            ALIASED: {"liquid": 64, "total": 64},
        },
        "USDC": {RICH: {"total": 4}, MOVED: {"total": 16 - 5}, MANY: {"total": 32}, EMPTY: {"total": 0}},
    }
    absent = NEVER
    past = "exact"
    lies = {
        "a snapshot after the moment": (on("/balances", lambda body: body | {"timestamp": text(END + 1)}), "error"),
        "no snapshot": (on("/balances", lambda body: body | {"timestamp": None}), "error"),
        "bounds dropped": (since_ignored, "error"),
        "left out": (on("/balances", lambda body: body | {"balances": []}), "error"),
        "a row of another": (at("balances.*.account", lambda told: "0.0.7"), "error"),
        "a page of another": (
            on("/transactions", lambda body: body | {"links": {"next": "/api/v1/transactions?account.id=0.0.7"}}),
            "error",
        ),
        "a page elsewhere": (
            on("/transactions", lambda body: body | {"links": {"next": "https://b.example/api/v1/transactions"}}),
            "error",
        ),
        "a 404 of a gateway": (
            lambda request, reply: Reply({"message": "no"}, 404) if ALIASED in request.path else reply, "bad_answer"
        ),
        "a loss of more than there was": (
            at("transactions.*.transfers.*.amount", lambda told: -(10**15)), "bad_answer"
        ),
        "an account without its number": (at("account", lambda told: "1006", path="/accounts/"), "bad_answer"),
        "no tokens": (at("balances.*.tokens", lambda told: None), "bad_answer"),
        "a token of another": (at("balances.*.account", lambda told: "0.0.7", path="/tokens/"), "bad_answer"),
        "no transfers": (at("transactions.*.transfers", lambda told: None), "bad_answer"),
        "no links": (on("/transactions", lambda body: {"transactions": body["transactions"]}), "error"),
        "another block": (at("number", lambda told: told + 1 if told == HEIGHT else told), "error"),
    }  # fmt: skip
    unseen = {
        "shortened:transactions": "a transfer that is left out of a page is not missed by any sum",
        "shortened:transactions.*.transfers": "the same",
        "shortened:transactions.*.token_transfers": "the same",
        "doubled:transactions.*.transfers": "two transfers of one amount are no fault",
        "doubled:transactions.*.token_transfers": "the same",
        "shortened:balances": "an account that is left out is how a mirror says that it is not there",
        "shortened:balances.*.tokens": "a token that is left out is how it says that an account does not hold it",
        "negative:transactions.*.transfers.*.amount": "an amount below zero is one that went out",
        "negative:transactions.*.token_transfers.*.amount": "the same",
    }

    def __init__(self) -> None:
        self.balances = {
            TREASURY: 5 * 10**17, RICH: LARGE, MOVED: 1_000, BUSY: 0, MANY: 1, EMPTY: 0, NUMBER_OF[ALIASED]: 64
        }  # fmt: skip
        for name, parts in self.held["HBAR"].items():
            self.balances.setdefault(NUMBER_OF.get(name, name), parts["total"])
        self.tokens = {RICH: 4, MOVED: 16, MANY: 32}
        one = SECOND
        self.moves: dict[str, list[tuple[int, int, int]]] = {  # (when, tinybars, units of USDC)
            MOVED: [(SNAPSHOT, -50, 0), (SNAPSHOT + 1, 7, -5), (END, -3, 0), (END + 1, 1 << 20, 1 << 20)],
            BUSY: [(SNAPSHOT + one + place, 1, 0) for place in range(150)],
        }

    def answer(self, request: Request) -> Reply:
        parts = request.path.removeprefix("/api/v1").strip("/").split("/")
        match parts:
            case ["blocks"]:
                return Reply({"blocks": [self._block(HEAD)], "links": {"next": None}})
            case ["blocks", height]:
                found = 0 <= int(height) <= HEAD
                return Reply(self._block(int(height))) if found else failed("Not found", 404)
            case ["balances"]:
                return self._balances(request)
            case ["accounts", alias]:
                found = NUMBER_OF.get(alias)
                return Reply({"account": found, "evm_address": alias}) if found else failed("Not found", 404)
            case ["transactions"]:
                return self._transactions(request)
            case ["tokens", number]:
                return Reply({"token_id": number, "decimals": "6"})
            case ["tokens", number, "balances"]:
                name = request.query["account.id"]
                held = [{"account": name, "balance": self.tokens[name]}] if name in self.tokens else []
                return Reply({"timestamp": text(SNAPSHOT), "balances": held, "links": {"next": None}})
        return failed("Not found", 404)

    def _block(self, height: int) -> dict[str, Any]:
        digest = sha256(f"block {height}".encode()).hex()
        name = FIRST if height == 0 else f"0x{digest}{digest[:32]}"
        times = {"from": text(end_of(height) - SECOND), "to": text(end_of(height))}
        return {"number": height, "hash": name, "count": 4, "timestamp": times}

    def _balances(self, request: Request) -> Reply:
        assert nanos(request.query["timestamp"]) == END
        rows = []
        for name in request.query["account.id"].split(","):
            if name in self.balances:
                held = [{"token_id": USDC, "balance": self.tokens[name]}] if name in self.tokens else []
                if name == MANY:
                    held = [{"token_id": f"0.0.{number}", "balance": 1} for number in range(50)]
                rows.append({"account": name, "balance": self.balances[name], "tokens": held})
        return Reply({"timestamp": text(SNAPSHOT), "balances": rows[::-1], "links": {"next": None}})

    def _transactions(self, request: Request) -> Reply:
        name = request.query["account.id"]
        bounds = dict(bound.split(":") for bound in request.query["timestamp"].split(","))
        since, end = nanos(bounds["gt"]), nanos(bounds["lte"])
        found = [move for move in self.moves.get(name, []) if since < move[0] <= end]
        page, more = found[:100], found[100:]
        after = f"account.id={name}&timestamp=gt:{text(page[-1][0])}&timestamp=lte:{text(end)}" if more else ""
        told = [
            {
                "consensus_timestamp": text(when), "result": "SUCCESS",
                "transfers": [{"account": "0.0.98", "amount": 1}, {"account": name, "amount": moved}],
                "token_transfers": [{"account": name, "token_id": USDC, "amount": units}] if units else [],
            }
            for when, moved, units in page
        ]  # fmt: skip
        return Reply({"transactions": told, "links": {"next": f"/api/v1/transactions?{after}" if more else None}})
