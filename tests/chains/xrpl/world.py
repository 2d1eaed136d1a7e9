"""XRP Ledger as a small world: a server of xrpld with a few accounts, trust lines, escrows and channels."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from chains.stub import Reply, Request, World, at, everywhere, with_body
from porlake.addresses import xrp as form
from porlake.encoding import base58
from porlake.encoding.hashes import sha256d

HEIGHT, HEAD = 94_000_000, 94_000_400
MOMENT = datetime(2025, 2, 4, 12, 0, 1, tzinfo=UTC)
OLDEST, OLDEST_HASH = 32_570, "4109C6F2045FC7EFF4CDE8F9905D19C28820D86304080FF886B299F0206E42B5"
RIPPLE_EPOCH = 946_684_800
RLUSD, ISSUER = "524C555344000000000000000000000000000000", "rMxCKbEDwqr76QuheSUMdEGf4B9xJ8m5De"
LARGE = 2**53 + 9
UNIT = 10**15
NOBODY = "rrrrrrrrrrrrrrrrrrrrBZbvji"  # who the ledger writes as the issuer of a trust line's balance


def account(number: int) -> str:
    return base58.encode_check(b"\x00" + bytes([number]) * 20, base58.RIPPLE)


RICH, SENDER, LOCKED, EMPTY, NEVER = (account(number) for number in range(1, 6))


def ledger_hash(height: int) -> str:
    return OLDEST_HASH if height == OLDEST else sha256d(f"ledger {height}".encode()).hex().upper()


HASHES = {ledger_hash(height): height for height in (OLDEST, *range(HEIGHT - 1, HEIGHT + 2), HEAD)}


def failed(error: str, code: int, **more: Any) -> dict[str, Any]:
    told = {"error": error, "error_code": code, "error_message": error, "status": "error"}
    return {"result": {**told, **more}}


def of_latest(request: Request, reply: Reply) -> Reply:
    """A proxy that drops the ledger asked for: the newest one's balance, and it says so."""
    told = reply.body["result"]
    if "account_data" not in told:
        return reply
    data = told["account_data"] | {"Balance": "1"}
    newest = {"account_data": data, "ledger_hash": ledger_hash(HEAD), "ledger_index": HEAD}
    return with_body(reply, {"result": told | newest})


def without_state(request: Request, reply: Reply) -> Reply:
    """A Clio server that lost its accounts: nobody is there, and it does not say in which ledger."""
    lost = request.body["method"] in ("account_info", "ledger_entry")
    return with_body(reply, failed("actNotFound", 19)) if lost else reply


def objects_of_nobody(request: Request, reply: Reply) -> Reply:
    gone = request.body["method"] == "account_objects"
    return with_body(reply, failed("actNotFound", 19)) if gone else reply


def another_ledger(request: Request, reply: Reply) -> Reply:
    """The one after, whole and well."""
    asked = request.body["params"][0]
    if asked.get("ledger_index") != HEIGHT:
        return reply
    return Reply(WORLD()._ledger({"ledger_index": HEIGHT + 1}))


def busy(request: Request, reply: Reply) -> Reply:
    return with_body(reply, failed("slowDown", 10)) if request.body["method"] == "account_info" else reply


def of_another_chain(request: Request, reply: Reply) -> Reply:
    """It does not tell its network, and its oldest ledger is another one."""
    changed = {OLDEST_HASH: ledger_hash(1)}
    return with_body(
        reply, everywhere(reply.body, lambda told: changed.get(told, told) if isinstance(told, str) else told)
    )


def of_test_network(request: Request, reply: Reply) -> Reply:
    if request.body["method"] != "server_info":
        return reply
    return with_body(reply, {"result": {"info": reply.body["result"]["info"] | {"network_id": 1}}})


class WORLD(World):
    network, height, head, moment = "xrp_ledger", HEIGHT, HEAD, MOMENT
    held = {
        "XRP": {
            RICH: {"liquid": LARGE, "total": LARGE},
            LOCKED: {"liquid": 100, "escrowed": 24, "in_channels": 5, "total": 100},
            SENDER: {"liquid": 1 << 20, "escrowed": 0, "in_channels": 0, "total": 1 << 20},
            EMPTY: {"liquid": 0, "total": 0},
        },
        "RLUSD": {
            RICH: {"total": 4 * 10**11 * UNIT},
            SENDER: {"total": 12_345_678 * UNIT // 1_000},
            LOCKED: {"total": 0},
        },
    }
    absent = NEVER
    past = "exact"
    lies = {
        "the latest": (of_latest, "error"),
        "not validated": (at("result.validated", lambda told: False, method="account_info"), "error"),
        "another account": (at("result.account_data.Account", lambda told: RICH if told != RICH else EMPTY), "error"),
        "no state": (without_state, "error"),
        "a ledger without transactions": (at("result.ledger.transactions", lambda told: []), "block_not_shown"),
        "wrong_chain": (of_another_chain, "error"),
        "older state": (at("result.account_data.PreviousTxnLgrSeq", lambda told: HEIGHT - 5), "error"),
        "busy": (busy, "error"),
        "moving window": (at("result.info.complete_ledgers", lambda told: f"{HEIGHT + 1}-{HEAD}"), "error"),
        "hole": (at("result.info.complete_ledgers", lambda told: f"32570-{HEIGHT - 1},{HEIGHT + 1}-{HEAD}"), "error"),
        "no ledger at all": (at("result.info.complete_ledgers", lambda told: "empty"), "error"),
        "exactly this one": (at("result.info.complete_ledgers", lambda told: f"1-5,{HEIGHT}"), "right"),
        "test network": (of_test_network, "error"),
        "a line of others": (at("result.node.LowLimit.issuer", lambda told: NEVER), "bad_answer"),
        "a line of another issuer": (at("result.node.HighLimit.issuer", lambda told: NEVER), "bad_answer"),
        "objects of nobody": (objects_of_nobody, "bad_answer"),
        "no objects": (at("result.account_objects", lambda told: ["x"]), "bad_answer"),
        "a page that comes again": (at("result.marker", lambda told: "0"), "bad_answer"),
        "a marker that is none": (at("result.marker", lambda told: None), "bad_answer"),
        "a ledger that is not validated": (at("result.validated", lambda told: False, method="ledger"), "error"),
        "two heights": (at("result.ledger.ledger_index", lambda told: str(int(told) + 1)), "error"),
        "two hashes": (at("result.ledger.ledger_hash", lambda told: ledger_hash(1)), "error"),
        "another ledger": (another_ledger, "error"),
        "another currency": (at("result.node.Balance.currency", lambda told: "USD"), "bad_answer"),
    }
    unseen = {
        "shortened:result.account_objects": "an escrow that is left out of a page is a smaller sum: nothing names it",
    }

    def __init__(self) -> None:
        self.balances = {name: held["total"] for name, held in self.held["XRP"].items()}
        self.owned = {SENDER: 1, LOCKED: 5}
        self.objects: dict[str, list[dict[str, Any]]] = {
            "escrow": [
                {"Account": RICH, "Destination": LOCKED, "Amount": "4096"},
                {"Account": LOCKED, "Destination": RICH, "Amount": {"currency": RLUSD, "issuer": ISSUER, "value": "9"}},
                {"Account": LOCKED, "Destination": RICH, "Amount": "16"},
                {"Account": LOCKED, "Destination": LOCKED, "Amount": "8"},
            ],
            "payment_channel": [{"Account": LOCKED, "Destination": RICH, "Amount": "7", "Balance": "2"}],
        }
        self.lines = {RICH: "4000000000000000e-4", SENDER: "12345.678", LOCKED: "0"}

    def answer(self, request: Request) -> Reply:
        asked = request.body["params"][0]
        return Reply(getattr(self, f"_{request.body['method']}")(asked))

    def _server_info(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        info = {"build_version": "2.4.0", "complete_ledgers": f"32570-{HEAD}", "server_state": "full"}
        return {"result": {"info": info, "status": "success"}}

    def _height(self, asked: Mapping[str, Any]) -> int | None:
        if "ledger_hash" in asked:
            return HASHES.get(asked["ledger_hash"])
        return HEAD if asked["ledger_index"] == "validated" else int(asked["ledger_index"])

    def _ledger(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        height = self._height(asked)
        if height is None or not OLDEST <= height <= HEAD:
            return failed("lgrNotFound", 21)
        close = int((MOMENT + timedelta(seconds=4 * (height - HEIGHT))).timestamp()) - RIPPLE_EPOCH
        ledger: dict[str, Any] = {
            "ledger_hash": ledger_hash(height), "ledger_index": str(height), "close_time": max(close, 0)
        }  # fmt: skip
        if asked.get("transactions"):
            ledger["transactions"] = [
                {"Account": "rrrrrrrrrrrrrrrrrrrrrhoLvTp", "TransactionType": "EnableAmendment", "hash": "AA" * 32},
                {"Account": SENDER, "TransactionType": "Payment", "hash": "BB" * 32},
            ]
        return {"result": {"ledger": ledger, **self._shown(height)}}

    def _shown(self, height: int) -> dict[str, Any]:
        shown = {"ledger_hash": ledger_hash(height), "ledger_index": height}
        return shown | {"validated": True, "status": "success"}

    def _account_info(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        form.parse(asked["account"], "xrp_ledger")
        height = self._height(asked)
        if height is None:
            return failed("lgrNotFound", 21)
        if asked["account"] not in self.balances:
            return failed("actNotFound", 19, account=asked["account"])
        changed = HEIGHT if asked["account"] == SENDER else HEIGHT - 9
        data = {
            "Account": asked["account"], "Balance": str(self.balances[asked["account"]]), "Flags": 0,
            "OwnerCount": self.owned.get(asked["account"], 0), "PreviousTxnLgrSeq": changed, "Sequence": 3,
        }  # fmt: skip
        return {"result": {"account_data": data, **self._shown(height)}}

    def _account_objects(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        mine, start = asked["account"], int(asked.get("marker", "0"))
        listed = [one for one in self.objects[asked["type"]] if mine in (one["Account"], one["Destination"])]
        named = [
            {**one, "index": sha256d(f"{asked['type']} {place}".encode()).hex().upper()}
            for place, one in enumerate(listed)
        ]
        more = {"marker": str(start + 3)} if start + 3 < len(listed) else {}
        told = {"account": mine, "account_objects": named[start : start + 3], "limit": asked["limit"]}
        return {"result": {**told, **more, **self._shown(HEIGHT)}}

    def _ledger_entry(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        mine, issuer = asked["ripple_state"]["accounts"]
        height = self._height(asked)
        if height is None:
            return failed("lgrNotFound", 21)
        if mine not in self.lines:
            return failed("entryNotFound", 83)
        sides = sorted([mine, issuer], key=lambda one: form.parse(one, "xrp_ledger").payload)
        value = self.lines[mine] if sides[0] == mine or self.lines[mine] == "0" else f"-{self.lines[mine]}"
        low, high = ({"currency": RLUSD, "issuer": side, "value": "0"} for side in sides)
        balance = {"currency": RLUSD, "issuer": NOBODY, "value": value}
        node = {"LedgerEntryType": "RippleState", "Balance": balance, "LowLimit": low, "HighLimit": high}
        return {"result": {"index": "CC" * 32, "node": node, **self._shown(height)}}
