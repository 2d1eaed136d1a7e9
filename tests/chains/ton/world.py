"""TON as a small world: what an index of the toncenter v3 form tells of it.

Shapes: ton-indexer (index/models.go), https://toncenter.com/api/v3/. An account is the list of its transactions; all
that the index says is told from those.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from chains.stub import Reply, Request, World, at, everywhere, with_body
from porlake.addresses import ton as form
from porlake.chains.ton import cells
from porlake.encoding.hashes import sha256

HEIGHT, HEAD = 41_000_000, 41_000_500
MOMENT = datetime(2026, 10, 1, 16, 0, tzinfo=UTC)
GLOBAL_ID = -239
MASTER = form.parse("EQCxE6mUtQJKFnGfaROTKOt1lZbDiiX1kCixRv7Nw2Id_sDs", "ton").text
ELECTOR = f"-1:{'33' * 32}"
LARGE = 2**53 + 9
#: (prefix, the last logical time that the snapshot's block holds)
SHARDS = (("4000000000000000", 50_000_000_000_007), ("c000000000000000", 50_000_000_000_950))
MASTER_END = 50_000_000_001_004
NOBODY = base64.b64encode(bytes(32)).decode()


def account(number: int, first: str = "1") -> str:
    """An account in the shard in which addresses begin with that digit."""
    return f"0:{first}{sha256(number.to_bytes(8, 'big')).hex()[1:]}"


RICH, LATE, EMPTY, NEW, DELETED, UPPER, UNKNOWN, NEVER = (
    account(number, "9" if number in (4, 6) else "2") for number in range(1, 9)
)
STAKE_POOL = f"-1:{sha256(b'pool').hex()}"


def friendly(text: str) -> str:
    return form.friendly(form.parse(text, "ton").payload)


def wallet_of(owner: str) -> str:
    return f"0:{sha256(owner.encode()).hex()}"


def coded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def end_of(address: str) -> int:
    """The last logical time of an account that the snapshot's block holds."""
    if address.startswith("-1:"):
        return MASTER_END
    return SHARDS[int(address[2], 16) >= 8][1]


class Account:
    """`steps`: (logical time after the end of the snapshot's block in its shard, coins after it; None: it is gone)."""

    def __init__(self, address: str, *steps: tuple[int, int | None]) -> None:
        self.address, self.transactions = address, list[dict[str, Any]]()
        previous, held, gone = (0, NOBODY), 0, True
        for after, raw in steps:
            lt = end_of(address) + after
            name = coded(sha256(f"{address} {lt}".encode()))
            states = [self._state(held, gone=gone), self._state(raw or 0, gone=raw is None)]
            self.transactions.append({
                "account": address.upper(), "hash": name, "lt": str(lt), "now": 1_790_000_000,
                "mc_block_seqno": HEIGHT + (after > 0) * (1 + after // 10**9) - (after < -(10**6)) * 77,
                "prev_trans_hash": previous[1], "prev_trans_lt": str(previous[0]),
                "orig_status": states[0]["account_status"], "end_status": states[1]["account_status"],
                "account_state_before": states[0], "account_state_after": states[1],
                "description": {"type": "ord"}, "in_msg": None, "out_msgs": [],
            })  # fmt: skip
            previous, held, gone = (lt, name), raw or 0, raw is None
        self.raw, self.gone = held, gone

    def _state(self, raw: int, *, gone: bool) -> dict[str, Any]:
        status = "nonexist" if gone else "active"
        name = coded(sha256(f"{self.address} {raw} {gone}".encode()))
        return {"hash": name, "balance": None if gone else str(raw), "account_status": status, "data_hash": NOBODY}

    @property
    def last(self) -> int:
        return int(self.transactions[-1]["lt"]) if self.transactions else 0


ACCOUNTS = {
    found.address: found
    for found in (
        Account(RICH, (-(10**9), 7), (-5, LARGE)),
        Account(LATE, (-(10**9), 90), (0, 100), (1, 120), (10**10, 150)),
        Account(EMPTY, (-(10**9), 9), (-(10**8), 0)),
        Account(NEW, (1, 12)),
        Account(DELETED, (-(10**9), 5), (4, None)),
        Account(UPPER, (900, 3)),  # a time that the other shard's end lies before
        Account(UNKNOWN, (-(10**9), 8)),
        Account(STAKE_POOL, (-(10**9), 10**9)),
        Account(ELECTOR, (-(10**9), 1), (10**10, 2)),
        *(Account(wallet_of(owner), (-(10**9), 10**8)) for owner in (RICH, EMPTY, STAKE_POOL)),
        Account(wallet_of(LATE), (-(10**9), 10**8), (10**10, 10**8)),
    )
}
JETTONS = {RICH: LARGE, LATE: 70, EMPTY: 0, STAKE_POOL: 4}


def ended(request: Request, reply: Reply) -> Reply:
    """An index that gives the newest transactions, whatever bounds are asked for."""
    if "end_lt" not in request.query or not reply.body["transactions"]:
        return reply
    newest = ACCOUNTS[reply.body["transactions"][0]["account"].lower()].transactions[-1]
    return with_body(reply, {"transactions": [newest]})


def emptied(request: Request, reply: Reply) -> Reply:
    """An index that was not filled yet: no errors, and nobody there."""
    return with_body(reply, {"accounts": []}) if request.path == "/accountStates" else reply


def later_shards(request: Request, reply: Reply) -> Reply:
    """The shards of the newest block in place of those of the one that was asked for."""
    if request.path != "/masterchainBlockShardState":
        return reply
    rows = [
        row | {"end_lt": str(int(row["end_lt"]) + 10**11), "masterchain_block_ref": {"seqno": HEAD}}
        for row in reply.body["blocks"]
    ]
    return with_body(reply, {"blocks": rows})


def lags(request: Request, reply: Reply) -> Reply:
    """Transactions end before the states that are told."""
    return with_body(reply, {"transactions": []}) if "start_lt" in request.query else reply


def forgets(request: Request, reply: Reply) -> Reply:
    """Accounts and owners that are left out of a list, without a word."""
    if request.path != "/accountStates":
        return reply
    kept = [row for row in reply.body["accounts"] if row["address"].lower() not in (RICH, LATE)]
    return with_body(reply, {"accounts": kept})


def ten_wallets(request: Request, reply: Reply) -> Reply:
    """A list that is cut off."""
    if request.path != "/jetton/wallets":
        return reply
    return with_body(reply, {"jetton_wallets": reply.body["jetton_wallets"][:1]})


def other_chain(request: Request, reply: Reply) -> Reply:
    return with_body(reply, everywhere(reply.body, lambda value: -3 if value == GLOBAL_ID else value))


class WORLD(World):
    network, height, head, moment = "ton", HEIGHT, HEAD, MOMENT
    held = {
        "TON": {
            RICH: {"liquid": LARGE, "total": LARGE},
            LATE: {"liquid": 100, "total": 100},
            EMPTY: {"liquid": 0, "total": 0},
            NEW: {"liquid": 0, "total": 0},
            DELETED: {"liquid": 5, "total": 5},
            UPPER: {"liquid": 0, "total": 0},
            UNKNOWN: {"liquid": 8, "total": 8},
            STAKE_POOL: {"liquid": 10**9, "total": 10**9},
        },
        "USDT": {
            RICH: {"liquid": LARGE, "total": LARGE},
            LATE: {"liquid": 60, "total": 60},
            EMPTY: {"liquid": 0, "total": 0},
            STAKE_POOL: {"liquid": 4, "total": 4},
        },
    }
    now = {
        "TON": {LATE: {"liquid": 150, "total": 150}, NEW: {"liquid": 12, "total": 12}},
        "USDT": {LATE: {"liquid": 70, "total": 70}},
    }
    absent = NEVER
    lies = {
        "wrong_chain": (other_chain, "error"),
        "the newest transaction for an older time": (ended, "bad_answer"),
        "an index without accounts": (emptied, "error"),
        "shards of another block": (later_shards, "error"),
        "transactions that lag behind": (lags, "bad_answer"),
        "accounts left out": (forgets, "right"),
        "wallets cut off": (ten_wallets, "bad_answer"),
        "an owner's wallet of another jetton": (
            at("jetton_wallets.*.jetton", lambda text: RICH.upper(), path="/jetton/wallets"), "bad_answer"
        ),
        "a transaction of another account": (
            at("transactions.*.account", lambda text: RICH.upper() if text.lower() != RICH else LATE), "bad_answer"
        ),
        "a statement that took too long": (
            lambda request, reply: Reply({"error": "canceling statement due to statement timeout"}, 500)
            if "end_lt" in request.query else reply,
            "timed_out",
        ),
    }  # fmt: skip

    def answer(self, request: Request) -> Reply:
        name = request.path.strip("/").replace("/", "_")
        return getattr(self, f"_{name}")(request.body if request.verb == "POST" else request.query)

    def mentions(self, request: Request, address: str) -> bool:
        return friendly(address) in request.text

    def account(self, address: str) -> Account | None:
        """Those above, and any other that the world is told to hold: it never changed since."""
        if address not in ACCOUNTS and address in (held := self.held["TON"]):
            return Account(address, (-(10**9), held[address]["total"]))
        return ACCOUNTS.get(address)

    # --- blocks ---
    def _masterchainInfo(self, query: Mapping[str, str]) -> Reply:
        return Reply({"last": self._row(HEAD), "first": self._row(1)})

    def _blocks(self, query: Mapping[str, str]) -> Reply:
        assert (query["workchain"], query["shard"]) == ("-1", "8000000000000000")
        height = int(query["seqno"])
        return Reply({"blocks": [self._row(height)] if 0 < height <= HEAD else []})

    def _row(self, height: int) -> dict[str, Any]:
        moment = MOMENT + timedelta(seconds=5 * (height - HEIGHT))
        return {
            "workchain": -1, "shard": "8000000000000000", "seqno": height, "global_id": GLOBAL_ID, "version": 0,
            "root_hash": coded(sha256(b"root %d" % height)), "file_hash": coded(sha256(b"file %d" % height)),
            "gen_utime": str(int(moment.timestamp())), "start_lt": str(MASTER_END - 4 + 10**7 * (height - HEIGHT)),
            "end_lt": str(MASTER_END + 10**7 * (height - HEIGHT)), "key_block": False, "tx_count": 3,
            "masterchain_block_ref": {"workchain": -1, "shard": "8000000000000000", "seqno": height}, "prev_blocks": [],
        }  # fmt: skip

    def _masterchainBlockShardState(self, query: Mapping[str, str]) -> Reply:
        assert query["seqno"] == str(HEIGHT)
        shards = [
            self._row(HEIGHT) | {
                "workchain": 0, "shard": prefix, "seqno": HEIGHT + 9, "end_lt": str(end),
                "masterchain_block_ref": {"workchain": -1, "shard": "8000000000000000", "seqno": HEIGHT - place},
            }
            for place, (prefix, end) in enumerate(SHARDS)
        ]  # fmt: skip
        return Reply({"blocks": [self._row(HEIGHT), *shards]})

    # --- accounts ---
    def _accountStates(self, query: Mapping[str, str]) -> Reply:
        asked = [form.parse(text, "ton").text for text in query["address"].split(",")]
        rows = [self._state(found) for one in sorted(asked) if one != UNKNOWN and (found := self.account(one))]
        return Reply({"accounts": rows, "address_book": {}, "metadata": {}})

    def _state(self, found: Account) -> dict[str, Any]:
        status = "nonexist" if found.gone else "active"
        return {
            "address": found.address.upper(), "account_state_hash": NOBODY, "balance": str(found.raw),
            "extra_currencies": {}, "status": status, "last_transaction_hash": NOBODY,
            "last_transaction_lt": str(found.last),
        }  # fmt: skip

    def _addressInformation(self, query: Mapping[str, str]) -> Reply:
        found = self.account(form.parse(query["address"], "ton").text)
        told = {"balance": "0", "code": None, "data": None, "frozen_hash": None, "status": "uninit"}
        if found is None:
            return Reply(told | {"last_transaction_hash": NOBODY, "last_transaction_lt": "0"})
        return Reply(told | {"balance": str(found.raw), "status": "active", "last_transaction_lt": str(found.last)})

    def _transactions(self, query: Mapping[str, str]) -> Reply:
        found = self.account(form.parse(query["account"], "ton").text)
        least, most = int(query.get("start_lt", 0)), int(query.get("end_lt", 2**63))
        rows: Sequence[dict[str, Any]] = found.transactions if found else []
        rows = [row for row in rows if least <= int(row["lt"]) <= most]
        ordered = rows if query.get("sort", "desc") == "asc" else rows[::-1]
        return Reply({"transactions": ordered[: int(query.get("limit", 10))], "address_book": {}})

    # --- jettons ---
    def _jetton_wallets(self, query: Mapping[str, str]) -> Reply:
        assert form.parse(query["jetton_address"], "ton").text == MASTER
        asked = [form.parse(text, "ton").text for text in query["owner_address"].split(",")]
        rows = [
            {
                "address": wallet_of(owner).upper(), "balance": str(JETTONS[owner]), "owner": owner.upper(),
                "jetton": MASTER.upper(), "last_transaction_lt": str(ACCOUNTS[wallet_of(owner)].last),
                "code_hash": NOBODY, "data_hash": NOBODY,
            }
            for owner in sorted(asked) if owner in JETTONS and query["exclude_zero_balance"] == "false"
        ]  # fmt: skip
        return Reply({"jetton_wallets": rows[: int(query.get("limit", 10))], "address_book": {}, "metadata": {}})

    def _jetton_masters(self, query: Mapping[str, str]) -> Reply:
        content = {"uri": "https://tether.to/usdt-ton.json"}
        row = {"address": MASTER.upper(), "total_supply": "1", "mintable": True, "jetton_content": content}
        return Reply({"jetton_masters": [row]})

    def _runGetMethod(self, body: Mapping[str, Any]) -> Reply:
        assert body["method"] == "get_wallet_address"
        (owner,) = cells.roots(base64.b64decode(body["stack"][0]["value"]))
        workchain, digest = cells.address_of(owner)
        wallet = form.parse(wallet_of(f"{workchain}:{digest.hex()}"), "ton").payload
        told = coded(cells.bag(cells.address_cell(0, wallet[1:])))
        return Reply({"gas_used": 1, "exit_code": 0, "stack": [{"type": "cell", "value": told}]})
