"""Stacks as the extended API and the node behind it tell it: a block that they do not understand is the newest one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from chains.stub import Reply, Request, World, at, with_body
from porlake.addresses import stacks

HEIGHT, HEAD = 1_200_000, 1_200_400
ANCHOR = 960_000  # the block of Bitcoin below the snapshot's; 40 of Stacks on each
MOMENT = datetime(2026, 10, 1, tzinfo=UTC)
LARGE = 2**53 + 9


def account(number: int) -> str:
    return stacks.text_of(22, hashlib.sha256(f"{number}".encode()).digest()[:20])


RICH, STACKER, LATE, EMPTY, NEVER = (account(number) for number in range(5))
TOKEN = f"{account(9)}.made-token::made"
THEN: Mapping[str, tuple[int, int]] = {RICH: (LARGE, 0), STACKER: (12, 7), LATE: (100, 0), EMPTY: (0, 0)}
NOW = {**THEN, LATE: (150, 50)}
TOKENS = ({RICH: LARGE, LATE: 1}, {RICH: LARGE, LATE: 2})


def block_hash(number: int, kind: str = "block") -> str:
    return hashlib.sha256(f"{kind} {number}".encode()).hexdigest()


def gone(request: Request, reply: Reply) -> Reply:
    """The routes of the first version are no more: the node behind them tells STX, and no tokens."""
    if not request.path.startswith("/extended/v1/address"):
        return reply
    return Reply({"message": f"Route GET:{request.path} not found", "error": "Not Found", "statusCode": 404}, 404)


def newest(request: Request, reply: Reply) -> Reply:
    """until_block is not read."""
    if not request.path.startswith("/extended/v1/address"):
        return reply
    return WORLD().account(request, HEAD)


def newest_of_node(request: Request, reply: Reply) -> Reply:
    """The node takes a tip that it does not understand for the newest one, and the other routes are no more."""
    if request.path.startswith("/v2/accounts"):
        return WORLD().node(request, HEAD)
    return gone(request, reply)


def another_tip(request: Request, reply: Reply) -> Reply:
    """A node whose chain has another block at the height."""
    if "blocks/" not in request.path or reply.status != 200:
        return reply
    return with_body(reply, reply.body | {"canonical": False})


class WORLD(World):
    network, height, head, moment = "stacks", HEIGHT, HEAD, MOMENT
    held = {
        "STX": {
            name: {"liquid": total - locked, "locked": locked, "total": total} for name, (total, locked) in THEN.items()
        },
        "MADE": {RICH: {"total": LARGE}, LATE: {"total": 1}, EMPTY: {"total": 0}},
    }
    absent = NEVER
    past = "exact"
    lies = {
        "the routes are gone": (gone, "refused_by_node"),
        "until_block is not read": (newest, "error"),
        "tip is not read": (newest_of_node, "error"),
        "another chain's block": (another_tip, "error"),
        "another block": (at("height", lambda height: height + 1, path="/extended/v2/blocks/1"), "error"),
        "more locked than there is": (at("locked", lambda locked: str(10**17), path="/stx"), "error"),
        "wrong_chain": (at("network_id", lambda number: 2147483648, path="/v2/info"), "error"),
    }
    rows = {
        "assets.csv": "asset,name,asset_class,scale,underlying,price_id,note\nMADE,Made,other,6,,,\n",
        "tokens.csv": f"network,asset,kind,contract,decimals,balance_slot,note\nstacks,MADE,sip010,{TOKEN},6,,\n",
    }

    def answer(self, request: Request) -> Reply:
        parts = request.path.strip("/").split("/")
        match parts[:3]:
            case ["v2", "info", *_]:
                return Reply({"peer_version": 402653196, "network_id": 1, "stacks_tip_height": HEAD})
            case ["v2", "accounts", _]:
                return self.node(request, self._height_of(request.query["tip"], "index"))
            case ["extended", "v2", "blocks"]:
                return self.block(HEAD if parts[3] == "latest" else int(parts[3]))
            case ["extended", "v2", "burn-blocks"]:
                return self.anchored(int(parts[3]))
            case ["metadata", "v1", "ft"]:
                return Reply({"name": "Made", "symbol": "MADE", "decimals": 6, "total_supply": "12"})
        return self.account(request, self._height_of(request.query["until_block"].removeprefix("0x"), "block"))

    def _height_of(self, name: str, kind: str) -> int | None:
        return next((height for height in (HEIGHT, HEAD) if block_hash(height, kind) == name), None)

    # --- blocks ---
    def block(self, height: int) -> Reply:
        if height > HEAD:
            return Reply({"error": "Not found"}, 404)
        return Reply(self._block(height))

    def _block(self, height: int) -> dict[str, Any]:
        return {
            "canonical": True, "height": height, "hash": f"0x{block_hash(height)}",
            "block_time": int(MOMENT.timestamp()) + 15 * (height - HEIGHT),
            "index_block_hash": f"0x{block_hash(height, 'index')}",
            "burn_block_height": ANCHOR + (height - HEIGHT) // 40,
        }  # fmt: skip

    def anchored(self, anchor: int) -> Reply:
        if anchor % 3 == 1:  # a block of Bitcoin in whose time none was made
            return Reply({"limit": 1, "offset": 0, "total": 0, "results": []})
        newest = min(HEAD, HEIGHT + 40 * (anchor - ANCHOR) + 39)
        return Reply({"limit": 1, "offset": 0, "total": 40, "results": [self._block(newest)]})

    # --- accounts ---
    def account(self, request: Request, height: int | None) -> Reply:
        _, _, _, name, kind = request.path.strip("/").split("/")
        if height is None:
            return Reply({"error": "block not found with hash"}, 404)
        total, locked = (NOW if height == HEAD else THEN).get(name, (0, 0))
        stx = {
            "balance": str(total), "estimated_balance": str(total), "total_sent": "0", "total_received": str(total),
            "total_fees_sent": "0", "total_miner_rewards_received": "0", "lock_tx_id": "", "locked": str(locked),
            "lock_height": 0, "burnchain_lock_height": 0, "burnchain_unlock_height": 0,
        }  # fmt: skip
        if kind == "stx":
            return Reply(stx)
        raw = TOKENS[height == HEAD].get(name)
        held = {} if raw is None else {TOKEN: {"balance": str(raw), "total_sent": "0", "total_received": str(raw)}}
        return Reply({"stx": stx, "fungible_tokens": held, "non_fungible_tokens": {}})

    def node(self, request: Request, height: int | None) -> Reply:
        if height is None:
            return Reply({"error": "Chain tip not found"}, 404)
        total, locked = (NOW if height == HEAD else THEN).get(request.path.rpartition("/")[2], (0, 0))
        return Reply({
            "balance": f"0x{total - locked:032x}", "locked": f"0x{locked:032x}", "unlock_height": 0, "nonce": 0
        })  # fmt: skip
