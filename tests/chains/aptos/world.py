"""Aptos as a small world: a REST API whose answers name the node's newest version, and whose state has a height."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from chains.stub import Reply, Request, World, at
from porlake import registry

HEIGHT, HEAD = 840_200_933, 840_300_000
TIME = 1_782_345_600_123_456  # microseconds
FIRST = 5_392_000_000  # the version after the snapshot's block is this one and five for each block
LARGE = 2**63 + 9
RICH, COINS, LATE, EMPTY, NEVER = (f"0x{number * 0x1234567:064x}" for number in range(1, 6))
USDT, USDC = (registry.load().tokens["aptos", asset].contract for asset in ("USDT", "USDC"))
OLDEST = FIRST - 10_000_000


def last_version(height: int) -> int:
    return FIRST + (height - HEIGHT) * 5 - 1


def headers(**changed: str) -> dict[str, str]:
    return {
        "X-Aptos-Chain-Id": "1",
        "X-Aptos-Ledger-Version": str(last_version(HEAD + 1)),
        "X-Aptos-Ledger-Oldest-Version": str(OLDEST),
        "X-Aptos-Ledger-TimestampUsec": str(TIME),
        "X-Aptos-Block-Height": str(HEAD + 1),
        "X-Aptos-Oldest-Block-Height": "0",
    } | {f"X-Aptos-{name.replace('_', '-')}": value for name, value in changed.items()}


def refused(status: int, code: str) -> Reply:
    return Reply({"message": f"made: {code}", "error_code": code, "vm_error_code": None}, status, headers())


def _newest(request: Request, reply: Reply) -> Reply:
    """A proxy that loses what stands behind the question mark."""
    asked = Request(request.verb, request.path, {}, request.headers, request.body, request.raw)
    return WORLD().answer(asked)


def _pruned(request: Request, reply: Reply) -> Reply:
    return refused(410, "version_pruned") if "ledger_version" in request.query else reply


def _of_header(name: str, value: str) -> Any:
    def lie(request: Request, reply: Reply) -> Reply:
        return Reply(reply.body, reply.status, {**reply.headers, name: value})

    return lie


class WORLD(World):
    network, height, head = "aptos", HEIGHT, HEAD
    moment = datetime.fromtimestamp(TIME // 10**6, UTC).replace(microsecond=TIME % 10**6)
    held = {
        "APT": {
            RICH: {"total": LARGE},
            COINS: {"total": 847_822_194_605_760},
            LATE: {"total": 100},
            EMPTY: {"total": 0},
        },
        "USDT": {RICH: {"total": LARGE}, LATE: {"total": 1}, COINS: {"total": 4}},
        "USDC": {COINS: {"total": 3}},
    }
    now = {"APT": {LATE: {"total": 150}}, "USDT": {LATE: {"total": 2}}}
    absent = NEVER
    past = "exact"
    lies = {
        "the newest state for an old one": (_newest, "error"),
        "pruned": (_pruned, "error"),
        "a state of which nothing is kept": (
            _of_header("X-Aptos-Ledger-Oldest-Version", str(last_version(HEIGHT) + 1)),
            "error",
        ),
        "behind": (_of_header("X-Aptos-Ledger-Version", str(last_version(HEIGHT) - 1)), "error"),
        "the last one kept": (_of_header("X-Aptos-Ledger-Oldest-Version", str(last_version(HEIGHT))), "right"),
        "just there": (_of_header("X-Aptos-Ledger-Version", str(last_version(HEIGHT))), "right"),
        "wrong_chain": (_of_header("X-Aptos-Chain-Id", "2"), "error"),
        "another block": (at("block_height", lambda told: str(int(told) + 1), path="by_height"), "error"),
    }

    def answer(self, request: Request) -> Reply:
        version = int(request.query.get("ledger_version", last_version(HEAD + 1)))
        if request.path == "/v1":
            return Reply(
                {
                    "chain_id": 1,
                    "epoch": "15909",
                    "ledger_version": str(last_version(HEAD + 1)),
                    "oldest_ledger_version": str(OLDEST),
                    "ledger_timestamp": str(TIME),
                    "node_role": "full_node",
                    "oldest_block_height": "0",
                    "block_height": str(HEAD + 1),
                },
                headers=headers(),
            )
        if found := re.fullmatch(r"/v1/blocks/by_height/(\d+)", request.path):
            return self._block(int(found[1]))
        if version > last_version(HEAD + 1):
            return refused(404, "version_not_found")
        if version < OLDEST:
            return refused(410, "version_pruned")
        if request.path == "/v1/view":
            return self._view(version, **request.body)
        if found := re.fullmatch(r"/v1/accounts/(0x[0-9a-f]{1,64})/resource/(.+)", request.path):
            return self._resource(found[1], found[2])
        return refused(404, "web_framework_error")

    def _block(self, height: int) -> Reply:
        if height > HEAD + 1:
            return refused(404, "block_not_found")
        return Reply(
            {
                "block_height": str(height),
                "block_hash": f"0x{height * 7919:064x}",
                "block_timestamp": str(TIME + (height - HEIGHT) * 90_000),
                "first_version": str(last_version(height) - 4),
                "last_version": str(last_version(height)),
                "transactions": None,
            },
            headers=headers(),
        )

    def _view(self, version: int, function: str, type_arguments: list[str], arguments: list[str]) -> Reply:
        match function, type_arguments, arguments:
            case "0x1::block::get_current_block_height", [], []:
                return Reply([str(self._height(version))], headers=headers())
            case "0x1::coin::balance", ["0x1::aptos_coin::AptosCoin"], [account]:
                asset = "APT"
            case "0x1::primary_fungible_store::balance", ["0x1::fungible_asset::Metadata"], [account, name]:
                asset = {USDT: "USDT", USDC: "USDC"}[name]
            case _:
                return refused(400, "invalid_input")
        then = self.held[asset].get(account, {"total": 0})
        late = version > last_version(HEIGHT)
        held = self.now.get(asset, {}).get(account, then) if late else then
        return Reply([str(held["total"])], headers=headers())

    def _height(self, version: int) -> int:
        return HEIGHT + -(-(version + 1 - FIRST) // 5)

    def _resource(self, holder: str, kind: str) -> Reply:
        data: dict[tuple[str, str], Any] = {
            (USDT, "0x1::fungible_asset::Metadata"): {"decimals": 6, "symbol": "USDt"},
            (USDC, "0x1::fungible_asset::Metadata"): {"decimals": 6, "symbol": "USDC"},
        }
        if (holder, kind) not in data:
            return refused(404, "resource_not_found")
        return Reply({"type": kind, "data": data[holder, kind]}, headers=headers())
