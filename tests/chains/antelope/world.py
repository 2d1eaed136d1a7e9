"""EOS as nodeos tells it: the forms are those of the chain's own code (`test_real_chain.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chains.stub import Reply, Request, World, at, with_body
from porlake.chains.antelope.hyperion import key_of

HEIGHT, HEAD, FINAL = 420_000_000, 420_001_000, 420_000_600
MOMENT = datetime(2026, 10, 1, tzinfo=UTC)
CHAIN = "aca376f206b8fc25a6ed44dbdc66547c36c6c33e3a119ffbeaef943642f0e906"
LARGE = 2**53 + 9
RICH, STAKER, LATE, EMPTY, VAULTA, NEVER = (
    "okxbigwallet",
    "staker.okx",
    "late.okx",
    "empty.okx",
    "vaulta.okx",
    "nobodyhere",
)
FREE = {RICH: LARGE, STAKER: 5, LATE: 150, VAULTA: 40}
A = {VAULTA: 2, RICH: 3}
USDT = {RICH: LARGE, LATE: 2}
#: (block, amount after it; None where the row was closed)
CHANGES: dict[tuple[str, str], list[tuple[int, int | None]]] = {
    (RICH, "EOS"): [(HEIGHT - 90, 5), (HEIGHT, LARGE)],
    (STAKER, "EOS"): [(HEIGHT - 7, 5)],
    (LATE, "EOS"): [(HEIGHT - 50, 90), (HEIGHT, 100), (HEIGHT + 1, 150)],
    (EMPTY, "EOS"): [(HEIGHT - 8, 4), (HEIGHT - 4, None)],
    (RICH, "A"): [(HEIGHT - 3, 3)],
    (RICH, "USDT"): [(HEIGHT - 3, LARGE)],
    (LATE, "USDT"): [(HEIGHT - 3, 1), (HEIGHT + 700, 2)],
    # what VAULTA holds was there before the index began
}


def amount(raw: int, code: str) -> str:
    return f"{raw // 10**4}.{raw % 10**4:04} {code}"


def block_id(number: int) -> str:
    return f"{number:08x}" + "cd" * 28


def time_of(number: int) -> str:
    return (MOMENT + timedelta(milliseconds=500) * (number - HEIGHT)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]


def refused(code: int, name: str, message: str) -> Reply:
    details = [{"message": message, "file": "chain_plugin.cpp", "line_number": 1, "method": "get"}]
    error = {"code": code, "name": name, "what": name, "details": details}
    return Reply({"code": 500, "message": "Internal Service Error", "error": error}, 500)


def without_hyperion(request: Request, reply: Reply) -> Reply:
    """A node alone: nobody knows the rows of the past."""
    missing = {"code": 404, "message": "Not Found", "error": {"code": 0, "name": "exception", "what": "unspecified"}}
    return Reply(missing, 404) if request.path.startswith("/v2/") else reply


def index_behind(request: Request, reply: Reply) -> Reply:
    """An index that lacks the last changes."""
    if not request.path.endswith("get_deltas") or not reply.body["deltas"]:
        return reply
    (row,) = reply.body["deltas"]
    return with_body(reply, {"deltas": [row | {"data": {"balance": amount(77, row["data"]["balance"].split()[1])}}]})


def without_before(request: Request, reply: Reply) -> Reply:
    """A proxy that drops `before`: the last change of all comes."""
    if "before" not in request.query:
        return reply
    return WORLD().answer(replace(request, query={**request.query, "before": "2100-01-01T00:00:00.000Z"}))


def no_rows(request: Request, reply: Reply) -> Reply:
    """A node that lacks the table: it says that nobody has a row."""
    match request.path.rpartition("/")[2]:
        case "get_currency_balance":
            return with_body(reply, [])
        case "get_table_by_scope":
            return with_body(reply, {"rows": [], "more": ""})
    return reply


def behind(request: Request, reply: Reply) -> Reply:
    """Another node behind the same name, which has not come so far."""
    if "get_account" not in request.path or reply.status != 200:
        return reply
    return with_body(reply, reply.body | {"head_block_num": HEAD - 1})


class WORLD(World):
    network, height, head, moment = "eos", HEIGHT, HEAD, MOMENT
    held = {
        "EOS": {
            RICH: {"liquid": LARGE, "vaulta": 3, "total": LARGE + 3},
            STAKER: {"liquid": 5, "staked": 120_000, "refunding": 13, "rex": 20_100, "total": 140_118},
            LATE: {"liquid": 100, "total": 100},
            EMPTY: {"liquid": 0, "total": 0},
            VAULTA: {"liquid": 40, "vaulta": 2, "total": 42},
        },
        "USDT": {RICH: {"total": LARGE}, LATE: {"total": 1}, EMPTY: {"total": 0}, VAULTA: {"total": 0}},
    }
    now = {"EOS": {LATE: {"liquid": 150, "total": 150}}, "USDT": {LATE: {"total": 2}}}
    absent = NEVER
    lies = {
        "no Hyperion": (without_hyperion, "right"),
        "an index that is behind": (index_behind, "right"),
        "before is dropped": (without_before, "right"),
        "no rows": (no_rows, "error"),
        "behind": (behind, "error"),
        "other places": (at("*", lambda value: "0.000002 USDT", path="get_currency_balance"), "error"),
        "another symbol": (at("*", lambda value: "0.0002 XUSDT", path="get_currency_balance"), "error"),
        "another account": (at("account_name", lambda name: "somebodyelse", path="get_account"), "error"),
        "another block": (at("id", lambda name: block_id(HEIGHT + 1), path="get_block_info"), "error"),
        "wrong_chain": (at("chain_id", lambda name: name[::-1], path="get_info"), "error"),
    }

    def answer(self, request: Request) -> Reply:
        match request.path.rpartition("/")[2]:
            case "health":
                return Reply({"version": "3.3.9", "features": {"streaming": {}, "tables": {}, "index_deltas": True}})
            case "get_deltas":
                return self.deltas(request.query)
        return getattr(self, request.path.rpartition("/")[2])(request.body or {})

    def mentions(self, request: Request, address: str) -> bool:
        body = request.body or {"scope": request.query.get("scope")}
        return address in (body.get("account_name"), body.get("account"), body.get("scope"))

    # --- blocks ---
    def get_info(self, body: dict[str, Any]) -> Reply:
        return Reply({
            "server_version": "d133c641", "chain_id": CHAIN, "head_block_num": HEAD, "head_block_id": block_id(HEAD),
            "head_block_time": time_of(HEAD), "last_irreversible_block_num": FINAL,
            "last_irreversible_block_id": block_id(FINAL), "head_block_producer": "eosio",
        })  # fmt: skip

    def get_block_info(self, body: dict[str, Any]) -> Reply:
        number = body["block_num"]
        if number > HEAD:
            return refused(3_100_002, "unknown_block_exception", f"Could not find block: {number}")
        return Reply({"block_num": number, "id": block_id(number), "timestamp": time_of(number), "producer": "eosio"})

    # --- the rows of the past ---
    def deltas(self, query: Mapping[str, str]) -> Reply:
        names = {"code", "table", "scope", "primary_key", "limit", "sort", "before"}
        assert query.keys() <= names
        code = next(code for code in ("EOS", "USDT", "A") if str(key_of(code)) == query["primary_key"])
        found = [
            (height, raw) for height, raw in CHANGES.get((query["scope"], code), [])
            if time_of(height) + "Z" <= query.get("before", "9")
        ][-1:]  # fmt: skip
        rows = [
            {
                "timestamp": time_of(height), "present": raw is not None, "code": query["code"],
                "scope": query["scope"],
                "table": "accounts", "primary_key": query["primary_key"], "payer": "x", "block_num": height,
                "block_id": block_id(height), "data": {"balance": amount(raw, code)} if raw is not None else {},
            }
            for height, raw in found
        ]  # fmt: skip
        return Reply({"query_time_ms": 3, "total": {"value": len(rows), "relation": "eq"}, "deltas": rows})

    # --- accounts ---
    def get_account(self, body: dict[str, Any]) -> Reply:
        name = body["account_name"]
        if name not in (RICH, STAKER, LATE, EMPTY, VAULTA):
            return refused(
                3_060_002, "account_query_exception", f"unable to retrieve account info (unknown key: {name})"
            )
        found: dict[str, Any] = {
            "account_name": name, "head_block_num": HEAD + 3, "head_block_time": time_of(HEAD + 3),
            "self_delegated_bandwidth": None, "refund_request": None, "voter_info": None, "rex_info": None,
        }  # fmt: skip
        if name in FREE:
            found["core_liquid_balance"] = amount(FREE[name], "EOS")
        if name == STAKER:
            found |= {
                "self_delegated_bandwidth": {
                    "from": name, "to": name, "net_weight": amount(10_000, "EOS"), "cpu_weight": amount(90_000, "EOS")
                },
                "refund_request": {
                    "owner": name, "request_time": time_of(HEAD), "net_amount": amount(6, "EOS"),
                    "cpu_amount": amount(7, "EOS"),
                },
                "voter_info": {"owner": name, "staked": 120_000 + 20_000, "proxy": ""},
                "rex_info": {
                    "version": 0, "owner": name, "vote_stake": amount(20_000, "EOS"),
                    "rex_balance": amount(200_000_000, "REX"), "matured_rex": 0, "rex_maturities": [],
                },
            }  # fmt: skip
        return Reply(found)

    def get_currency_balance(self, body: dict[str, Any]) -> Reply:
        tables = {("tethertether", "USDT"): USDT, ("core.vaulta", "A"): A}
        codes = [body["symbol"]] if body.get("symbol") else [code for place, code in tables if place == body["code"]]
        rows = [(tables[body["code"], code].get(body["account"], 0), code) for code in codes]
        return Reply([amount(raw, code) for raw, code in rows if raw])

    def get_currency_stats(self, body: dict[str, Any]) -> Reply:
        code = body["symbol"]
        return Reply({code: {"supply": amount(LARGE * 4, code), "max_supply": amount(LARGE * 9, code), "issuer": "x"}})

    def get_table_rows(self, body: dict[str, Any]) -> Reply:
        if body["table"] == "rexpool":
            pool = {"total_lendable": amount(201_000, "EOS"), "total_rex": amount(2_000_000_000, "REX")}
            return Reply({"rows": [pool], "more": False, "next_key": ""})
        rows = [
            {"from": STAKER, "to": to, "net_weight": amount(net, "EOS"), "cpu_weight": amount(cpu, "EOS")}
            for to, net, cpu in ((STAKER, 10_000, 90_000), (RICH, 12_000, 8_000))
        ]
        return Reply({"rows": rows, "more": False, "next_key": ""})

    def get_table_by_scope(self, body: dict[str, Any]) -> Reply:
        scopes = sorted({"tethertether": USDT, "core.vaulta": A}[body["code"]])
        if body.get("reverse"):
            scopes = [name for name in scopes if name <= body["upper_bound"]][::-1]
        else:
            scopes = [name for name in scopes if name >= body["lower_bound"]]
        rows = [
            {"code": body["code"], "scope": name, "table": "accounts", "payer": name, "count": 1} for name in scopes
        ]
        return Reply({"rows": rows[:1], "more": scopes[1] if len(scopes) > 1 else ""})
