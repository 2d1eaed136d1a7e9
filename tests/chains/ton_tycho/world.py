"""Venom as a small world: the index of a Tycho node.

Shapes: https://github.com/broxus/tycho-toncenter (src/api/toncenter_v2/models.rs, toncenter_v3/models.rs): states of
transactions hold hashes alone, and accounts are told as they are now.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chains.stub import Reply, Request, World, at, everywhere, with_body
from chains.ton.world import HEAD, HEIGHT, LARGE, MOMENT, Account, account, friendly
from chains.ton.world import WORLD as INDEX
from porlake.addresses import ton as form

GLOBAL_ID = 1
RICH, LATE, EMPTY, DELETED, IDLE, NEVER = (account(number, "3") for number in range(1, 7))
ACCOUNTS = {
    found.address: found
    for found in (
        Account(RICH, (-(10**9), 7), (0, LARGE)),
        Account(LATE, (-(10**9), 100), (1, 150)),
        Account(EMPTY, (-(10**9), 9), (-(10**8), 0)),
        Account(DELETED, (-(10**9), 5), (-7, None)),
        Account(IDLE, (-(10**9), 3)),
    )
}


def behind(request: Request, reply: Reply) -> Reply:
    """An index that ends before the node's state does."""
    if not request.path.endswith("/transactions") or request.query["account"] != friendly(LATE):
        return reply
    return with_body(reply, {"transactions": ACCOUNTS[LATE].transactions[:1]})


def other_chain(request: Request, reply: Reply) -> Reply:
    def change(value: Any) -> Any:
        return 42 if type(value) is int and value == GLOBAL_ID else value

    rows = (
        {name: everywhere(part, change) for name, part in reply.body.items()} if "/v3/" in request.path else reply.body
    )
    return with_body(reply, rows)


class WORLD(World):
    network, height, head, moment, past, kind, url = "venom", HEIGHT, HEAD, MOMENT, "unchanged", "tycho", "/toncenter"
    held = {
        "VENOM": {
            RICH: {"liquid": LARGE, "total": LARGE},
            LATE: {"liquid": 100, "total": 100},
            EMPTY: {"liquid": 0, "total": 0},
            DELETED: {"liquid": 0, "total": 0},
            IDLE: {"liquid": 3, "total": 3},
        }
    }
    now = {"VENOM": {LATE: {"liquid": 150, "total": 150}}}
    absent = NEVER
    lies = {
        "wrong_chain": (other_chain, "error"),
        "an index that is behind": (behind, "bad_answer"),
        "another account's transaction": (at("transactions.*.account", lambda text: NEVER), "error"),
        "refused in its own form": (
            lambda request, reply: Reply({"error": {"code": 500, "message": "not ready"}, "ok": False}, 500)
            if "/v2/" in request.path else reply,
            "error",
        ),
    }  # fmt: skip

    def answer(self, request: Request) -> Reply:
        path = request.path.removeprefix("/toncenter")
        if path == "/v2/getAddressInformation":
            return self._information(request.query)
        if path == "/v3/transactions":
            found = self.account(form.parse(request.query["account"], "venom").text)
            assert (request.query["limit"], request.query["sort"]) == ("1", "desc")
            return Reply({"transactions": [self._bare(found.transactions[-1])] if found else [], "address_book": {}})
        reply = INDEX().answer(Request(request.verb, path.removeprefix("/v3"), request.query, {}, None))
        return with_body(reply, everywhere(reply.body, lambda value: GLOBAL_ID if value == -239 else value))

    def account(self, address: str) -> Account | None:
        """Those above, and any other that the world is told to hold."""
        if address not in ACCOUNTS and address in (held := self.held["VENOM"]):
            return Account(address, (-(10**9), held[address]["total"]))
        return ACCOUNTS.get(address)

    def mentions(self, request: Request, address: str) -> bool:
        return friendly(address) in request.text

    def _bare(self, row: Mapping[str, Any]) -> dict[str, Any]:
        states = {name: row[name] | {"balance": None} for name in ("account_state_before", "account_state_after")}
        return {**row, **states}

    def _information(self, query: Mapping[str, str]) -> Reply:
        found = self.account(form.parse(query["address"], "venom").text)
        gone = found is None or found.gone
        told = {
            "@type": "raw.fullAccountState", "balance": "0" if found is None or gone else str(found.raw),
            "extra_currencies": [], "code": "", "data": "", "frozen_hash": "", "sync_utime": 1_790_000_000,
            "last_transaction_id": {"@type": "internal.transactionId", "hash": "",
                                    "lt": "0" if found is None or gone else str(found.last)},
            "block_id": {"workchain": -1, "shard": "-9223372036854775808", "seqno": HEAD},
            "state": "uninitialized" if gone else "active",
        }  # fmt: skip
        return Reply({"result": told, "ok": True})
