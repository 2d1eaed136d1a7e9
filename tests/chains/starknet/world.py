"""Starknet as a small world: the JSON-RPC of a full node.

Shapes: starknet-specs, api/starknet_api_openrpc.json.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from chains.stub import Reply, Request, RpcError, World, at, everywhere, rpc, with_body
from porlake import registry
from porlake.chains.starknet.client import BALANCE_OF, DECIMALS, NOBODYS_HASH, SNAKE_BALANCE_OF, STRK
from porlake.encoding.hashes import sha256

HEIGHT, HEAD, ON_L1 = 2_900_000, 2_901_000, 2_900_500
MOMENT = datetime(2026, 10, 1, 16, 0, tzinfo=UTC)
SN_MAIN = "0x534e5f4d41494e"
LARGE = 2**127 // 10**3 + 2**70 + 9
CONTRACTS = {
    asset: hex(int(registry.load().tokens["starknet", asset].contract or STRK, 16)) for asset in ("STRK", "ETH", "USDC")
}


def account(number: int, zeros: int = 2) -> str:
    """Canonical: 64 digits; nodes write and take them without zeros in front."""
    return "0x" + "0" * zeros + sha256(number.to_bytes(8, "big")).hex()[zeros:]


RICH, LATE, EMPTY, SHORT, NEVER = (account(number, 40 if number == 4 else 2) for number in range(1, 6))
BALANCES: Mapping[tuple[str, str], tuple[int, int]] = {
    ("STRK", RICH): (LARGE, LARGE), ("STRK", LATE): (100, 250), ("STRK", SHORT): (3, 3),
    ("ETH", RICH): (2**70, 2**70), ("ETH", LATE): (1, 0), ("USDC", SHORT): (2**53 + 1, 2**53 + 1),
}  # fmt: skip
"""What an account holds at the snapshot, and at the head."""


def block_hash(height: int) -> str:
    return hex(int.from_bytes(sha256(b"block %d" % height)) >> 6)


HASHES = {block_hash(height): height for height in (HEIGHT, HEAD)}


def newest(request: Request, reply: Reply) -> Reply:
    """A proxy that leaves the block out of the question: it answers for one that there is not, too."""
    return WORLD(heeds=False).answer(request)


def low_alone(request: Request, reply: Reply) -> Reply:
    return at("*.result", lambda halves: halves[:1] if isinstance(halves, list) else halves)(request, reply)


def other_chain(request: Request, reply: Reply) -> Reply:
    sepolia = "0x534e5f5345504f4c4941"
    return with_body(reply, everywhere(reply.body, lambda value: sepolia if value == SN_MAIN else value))


def no_balance_of(request: Request, reply: Reply) -> Reply:
    """A token that knows the newer name alone."""
    return WORLD(names={SNAKE_BALANCE_OF}).answer(request)


def no_token(request: Request, reply: Reply) -> Reply:
    return WORLD(names=set()).answer(request)


class WORLD(World):
    network, height, head, moment, past = "starknet", HEIGHT, HEAD, MOMENT, "exact"
    held = {
        "STRK": {
            RICH: {"liquid": LARGE, "total": LARGE},
            LATE: {"liquid": 100, "total": 100},
            SHORT: {"liquid": 3, "total": 3},
            EMPTY: {"liquid": 0, "total": 0},
        },
        "ETH": {RICH: {"liquid": 2**70, "total": 2**70}, LATE: {"liquid": 1, "total": 1}},
        "USDC": {SHORT: {"liquid": 2**53 + 1, "total": 2**53 + 1}, RICH: {"liquid": 0, "total": 0}},
    }
    absent = NEVER
    lies = {
        "wrong_chain": (other_chain, "error"),
        "the block is left out": (newest, "error"),
        "half of a number": (low_alone, "error"),
        "a token of the newer name": (no_balance_of, "right"),
        "a token that knows neither name": (no_token, "token_call_failed"),
        "a block that is not agreed on": (at("result.status", lambda status: "PRE_CONFIRMED"), "error"),
    }

    def __init__(self, *, heeds: bool = True, names: set[str] | None = None) -> None:
        self.heeds, self.names = heeds, {BALANCE_OF, SNAKE_BALANCE_OF} if names is None else names

    def answer(self, request: Request) -> Reply:
        return rpc(request, lambda method, params: getattr(self, method.partition("_")[2])(*params))

    def mentions(self, request: Request, address: str) -> bool:
        return hex(int(address, 16)) in request.text

    # --- methods ---
    def chainId(self) -> str:
        return SN_MAIN

    def blockNumber(self) -> int:
        return HEAD

    def getBlockWithTxHashes(self, name: Any) -> dict[str, Any]:
        height = {"latest": HEAD, "l1_accepted": ON_L1}[name] if isinstance(name, str) else name["block_number"]
        if not 0 <= height <= HEAD:
            raise RpcError(24, "Block not found")
        return {
            "status": "ACCEPTED_ON_L1" if height <= ON_L1 else "ACCEPTED_ON_L2", "block_hash": block_hash(height),
            "parent_hash": block_hash(height - 1), "block_number": height, "new_root": "0x1",
            "timestamp": int(MOMENT.timestamp()) + 2 * (height - HEIGHT), "sequencer_address": "0x1176a1bd",
            "l1_gas_price": {"price_in_wei": "0x1", "price_in_fri": "0x2"}, "transactions": [],
        }  # fmt: skip

    def call(self, request: Mapping[str, Any], block: Mapping[str, str]) -> list[str]:
        height = HASHES.get(block["block_hash"]) if self.heeds else HEAD
        assert block["block_hash"] in (*HASHES, NOBODYS_HASH)
        if height is None:
            raise RpcError(24, "Block not found")
        asset = next((one for one, contract in CONTRACTS.items() if contract == request["contract_address"]), None)
        if asset is None:
            raise RpcError(20, "Contract not found")
        if request["entry_point_selector"] == DECIMALS:
            return [hex(registry.load().tokens["starknet", asset].decimals)]
        if request["entry_point_selector"] not in self.names:
            raise RpcError(40, "Contract error", {"revert_error": "ENTRYPOINT_NOT_FOUND"})
        (owner,) = request["calldata"]
        address = "0x" + owner[2:].zfill(64)
        held = self.held[asset].get(address, {}).get("total", 0)
        raw = BALANCES.get((asset, address), (held, held))[height == HEAD]
        return [hex(raw % 2**128), hex(raw >> 128)]
