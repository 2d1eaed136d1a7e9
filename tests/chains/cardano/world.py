"""Cardano as Koios tells it, over a ledger of transactions: rows in any order, nothing of addresses that it does not
know, pages, and servers that are not at the same block.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from chains.stub import Reply, Request, World, at, with_body
from porlake.chains.cardano import client
from porlake.encoding import bech32

client.PAUSE = 0.01  # type: ignore[misc]

HEIGHT, START = 11_000_000, datetime(2026, 10, 1, tzinfo=UTC)
HEAD = HEIGHT + 3_000
LATER = int(datetime(2100, 1, 1, tzinfo=UTC).timestamp())  # of the head: made after every question
POLICY, NAME = "ab" * 28, "4d414445"
TOKEN = f"{POLICY}.{NAME}"


def address(number: int) -> str:
    """A base address of the main network: header 01, a payment part and a stake part."""
    parts = hashlib.blake2b(f"{number}".encode(), digest_size=56).digest()
    return bech32.encode_bytes("addr", b"\x01" + parts)


BYRON = "Ae2tdPwUPEZFRbyhz3cpfC2CumGzNkFBN2L42rcUc2yjQpEkxDbkPodpMAi"
RICH, LATE, SPENT, EMPTIED, NEVER, PAYER, OTHER, COLD, FRESH = (address(number) for number in range(1, 10))
LARGE = 2**53 + 9


def digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=32).hexdigest()


@dataclass
class Output:
    owner: str
    value: int
    assets: Mapping[str, int] = field(default_factory=dict)


@dataclass
class Tx:
    name: str
    height: int
    inputs: Sequence[tuple[str, int]]
    outputs: Sequence[Output]
    collateral: Sequence[tuple[str, int]] = ()

    @property
    def hash(self) -> str:
        return digest(self.name)


#: The last of them in the newest block; what they take beyond what they give is the fee, and the first take nothing.
LEDGER = [
    Tx("genesis", HEIGHT - 9_000, [], [Output(PAYER, 44 * 10**15)]),
    Tx(
        "before", HEIGHT - 10, [("genesis", 0)],
        [Output(RICH, LARGE - 5), Output(LATE, 100_000_000), Output(SPENT, 70_000_000), Output(SPENT, 5_000_000),
         Output(EMPTIED, 3_000_000), Output(BYRON, 8_000_000), Output(PAYER, 30 * 10**15), Output(OTHER, 9_000_000),
         Output(COLD, 2_000_000, {TOKEN: LARGE})],
    ),
    Tx("emptied", HEIGHT - 5, [("before", 4)], [Output(OTHER, 2_900_000)]),
    Tx("at", HEIGHT, [("before", 6)], [Output(RICH, 5), Output(PAYER, 29 * 10**15),
                                       Output(LATE, 1_000_000, {TOKEN: 7})]),
    # after the snapshot
    Tx("deposit", HEIGHT + 1, [("at", 1)], [Output(LATE, 50_000_000, {TOKEN: 4}), Output(PAYER, 28 * 10**15)]),
    Tx("spends", HEIGHT + 5, [("before", 2)], [Output(SPENT, 30_000_000), Output(OTHER, 39_000_000)],
       collateral=[("before", 3)]),
    Tx("spends more", HEIGHT + 9, [("spends", 0)], [Output(OTHER, 29_000_000)]),
    Tx("newest", HEAD, [("before", 7)], [Output(OTHER, 4_000_000), Output(FRESH, 4_000_000)]),
]  # fmt: skip
TXS = {tx.name: tx for tx in LEDGER}
NAMES = {tx.hash: tx for tx in LEDGER}


def output(point: tuple[str, int]) -> Output:
    return TXS[point[0]].outputs[point[1]]


def lying(upto: int, asset: str = "") -> dict[str, int]:
    """What lies at every address that was ever used, after a block."""
    spent = {point for tx in LEDGER if tx.height <= upto for point in tx.inputs}
    found: dict[str, int] = {}
    for tx in LEDGER:
        for index, one in enumerate(tx.outputs):
            if tx.height <= upto:
                amount = one.assets.get(asset, 0) if asset else one.value
                found[one.owner] = found.get(one.owner, 0) + (amount if (tx.name, index) not in spent else 0)
    return found


def entry(point: tuple[str, int]) -> dict[str, Any]:
    one = output(point)
    return {
        "payment_addr": {"bech32": one.owner, "cred": "00"},
        "tx_hash": TXS[point[0]].hash,
        "tx_index": point[1],
        "value": str(one.value),
        "asset_list": [],
    }


def total(amounts: Mapping[str, int], *names: str) -> dict[str, dict[str, int]]:
    return {name: {"total": amounts[name]} for name in names}


def lagging(request: Request, reply: Reply) -> Reply:
    """One server of many is behind: it does not know the newest block, nor what the balances hold of it."""
    if not request.path.endswith("/address_txs"):
        return reply
    return ranged([row for row in reply.body if row["block_height"] <= HEIGHT])


def ignored(request: Request, reply: Reply) -> Reply:
    """A server that does not read _after_block_height: it gives all transactions."""
    if not request.path.endswith("/address_txs"):
        return reply
    return ranged([{"tx_hash": tx.hash, "block_height": tx.height} for tx in LEDGER])


def left_out(request: Request, reply: Reply) -> Reply:
    """A server that lost what it knew of all addresses, and leaves them out as it does those that nobody used."""
    return ranged([]) if re.search("address_(info|assets)", request.path) else reply


def shuffled(request: Request, reply: Reply) -> Reply:
    return with_body(reply, reply.body[::-1]) if "address_info" in request.path else reply


def another(request: Request, reply: Reply) -> Reply:
    if "address_info" not in request.path or not reply.body:
        return reply
    return with_body(reply, [{**reply.body[0], "address": OTHER[:-1] + "q"}, *reply.body[1:]])


def ranged(rows: list[Any]) -> Reply:
    return Reply(rows, headers={"Content-Range": f"0-{len(rows) - 1}/*" if rows else "*/*"})


class WORLD(World):
    network, height, head, moment = "cardano", HEIGHT, HEAD, START
    held = {
        "ADA": total(lying(HEIGHT), RICH, LATE, SPENT, EMPTIED, BYRON, COLD),
        "MADE": total(lying(HEIGHT, TOKEN), COLD, LATE, RICH),
    }
    now = {
        "ADA": total(lying(HEAD), LATE, SPENT),
        "MADE": total(lying(HEAD, TOKEN), LATE),
    }
    absent = NEVER
    lies = {
        "a server that is behind": (lagging, "right"),
        "all transactions": (ignored, "right"),
        "all left out": (left_out, "error"),
        "shuffled rows": (shuffled, "right"),
        "another address": (another, "error"),
        "wrong_chain": (at("*.networkmagic", lambda magic: "1", path="genesis"), "error"),
    }
    rows = {
        "assets.csv": "asset,name,asset_class,scale,underlying,price_id,note\nMADE,Made,other,6,,,\n",
        "tokens.csv": "network,asset,kind,contract,decimals,balance_slot,note\n"
        f"cardano,MADE,cardano_asset,{TOKEN},6,,\n",
    }

    def answer(self, request: Request) -> Reply:
        name = request.path.strip("/").rpartition("/")[2]
        rows = getattr(self, name)(request)
        shown = request.query.get("select", "").split(",")
        return ranged([{key: value for key, value in row.items() if key in shown} for row in rows])

    # --- blocks ---
    def _block(self, height: int) -> dict[str, Any]:
        moment = LATER if height == HEAD else int(START.timestamp()) + 20 * (height - HEIGHT)
        return {"hash": digest(f"block {height}"), "block_height": height, "block_time": moment}

    def genesis(self, request: Request) -> list[dict[str, Any]]:
        return [{"networkmagic": "764824073", "networkid": "Mainnet"}]

    def blocks(self, request: Request) -> list[dict[str, Any]]:
        told = request.query.get("block_height", "")
        if told.startswith("eq."):
            height = int(told.removeprefix("eq."))
            return [self._block(height)] if height <= HEAD else []
        if told == "not.is.null":
            return [self._block(HEAD)]
        bound = int(told.removeprefix("lte."))
        return [self._block(max(tx.height for tx in LEDGER if tx.height <= bound))]

    def block_txs(self, request: Request) -> list[dict[str, Any]]:
        names = {digest(f"block {tx.height}"): tx for tx in LEDGER}
        return [
            {"block_hash": one, "tx_hash": names[one].hash} for one in request.body["_block_hashes"] if one in names
        ]

    # --- transactions ---
    def tx_info(self, request: Request) -> list[dict[str, Any]]:
        return [self._tx(NAMES[one]) for one in request.body["_tx_hashes"] if one in NAMES]

    def _tx(self, tx: Tx) -> dict[str, Any]:
        gives, takes = sum(one.value for one in tx.outputs), sum(output(point).value for point in tx.inputs)
        return {
            "tx_hash": tx.hash,
            "block_height": tx.height,
            "inputs": [entry(point) for point in tx.inputs],
            "collateral_inputs": [entry(point) for point in tx.collateral] or None,
            "withdrawals": None,
            "outputs": [entry((tx.name, index)) for index in range(len(tx.outputs))],
            "total_output": str(gives),
            "fee": str(takes - gives),
            "deposit": "0",
            "collateral_output": None,
        }

    def address_txs(self, request: Request) -> list[dict[str, Any]]:
        asked, after = set(request.body["_addresses"]), request.body.get("_after_block_height", 0)
        rows = [
            {"tx_hash": tx.hash, "block_height": tx.height}
            for tx in LEDGER
            if tx.height >= after
            and asked & {one.owner for one in (*tx.outputs, *(output(point) for point in tx.inputs))}
        ]
        return rows[: int(request.query["limit"])]

    # --- addresses ---
    def address_info(self, request: Request) -> list[dict[str, Any]]:
        known = lying(HEAD)
        return [{"address": one, "balance": str(known[one])} for one in set(request.body["_addresses"]) if one in known]

    def address_assets(self, request: Request) -> list[dict[str, Any]]:
        known = lying(HEAD, TOKEN)
        return [
            {"address": one, "policy_id": POLICY, "asset_name": NAME, "quantity": str(known[one])}
            for one in request.body["_addresses"]
            if known.get(one)
        ]

    def asset_addresses(self, request: Request) -> list[dict[str, Any]]:
        return [{"payment_address": COLD, "quantity": str(LARGE)}]

    def asset_info(self, request: Request) -> list[dict[str, Any]]:
        return [{"policy_id": POLICY, "asset_name": NAME, "token_registry_metadata": {"decimals": 6}}]

    def address_utxos(self, request: Request) -> list[dict[str, Any]]:
        (asked,), bound = request.body["_addresses"], int(request.query["block_height"].removeprefix("lte."))
        spent = {point for tx in LEDGER for point in tx.inputs}
        rows = [
            {
                "address": asked,
                "tx_hash": tx.hash,
                "tx_index": index,
                "value": str(one.value),
                "block_height": tx.height,
            }
            for tx in LEDGER
            for index, one in enumerate(tx.outputs)
            if tx.height <= bound and one.owner == asked and (tx.name, index) not in spent
        ]
        rows.sort(key=lambda row: (row["tx_hash"], row["tx_index"]))
        if match := re.fullmatch(r"\(tx_hash\.gt\.(\w+),and\(tx_hash\.eq\.\w+,tx_index\.gt\.(\d+)\)\)",
                                 request.query.get("or", "")):  # fmt: skip
            rows = [row for row in rows if (row["tx_hash"], row["tx_index"]) > (match[1], int(match[2]))]
        return rows[:2]  # a server with short pages
