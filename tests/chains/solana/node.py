"""A node of Solana for the tests: accounts laid out as its programs do (compared with the real ones in test_layout),
answers in the form of its JSON-RPC (read by solders' own types in test_client).
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any

from porlake.chains.solana import layout
from porlake.encoding import base58

GENESIS = "5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d"
SNAPSHOT, HEAD = 427_319_948, 427_400_000
TIME = 1_782_345_600  # of the snapshot, which is the last slot of its second
RENT_OF_STAKE = 2_282_880


def key(name: str) -> str:
    return base58.encode(hashlib.sha256(name.encode()).digest())


def little(number: int, size: int = 8) -> bytes:
    return number.to_bytes(size, "little")


def token_bytes(
    mint: str, owner: str, amount: int, *, frozen: bool = False, extensions: bytes = b"", delegate: bytes = bytes(36)
) -> bytes:
    state = b"\2" if frozen else b"\1"
    fixed = base58.decode(mint) + base58.decode(owner) + little(amount) + delegate + state + bytes(12 + 8 + 36)
    return fixed + (b"\2" + extensions if extensions else b"")


def mint_bytes(decimals: int, *, extensions: bytes = b"") -> bytes:
    fixed = little(1, 4) + bytes(32) + little(10**15) + bytes([decimals, 1]) + bytes(36)
    return fixed + (bytes(83) + b"\1" + extensions if extensions else b"")


def stake_bytes(withdrawer: str, delegated: int | None, *, leaves: int = 2**64 - 1) -> bytes:
    """`delegated` None: set up, and delegated to nobody."""
    state = little(1 if delegated is None else 2, 4)
    meta = little(RENT_OF_STAKE) + base58.decode(key("staker")) + base58.decode(withdrawer) + bytes(8 + 8 + 32)
    stake = base58.decode(key("voter")) + little(delegated or 0) + little(500) + little(leaves) + bytes(8) + little(7)
    return (state + meta + stake if delegated is not None else state + meta).ljust(200, b"\0")


@dataclass
class Node:
    """`accounts`: (lamports, program, data) by address; `touched`: the slots of the transactions that name an address,
    the newest first; `skipped`: slots without a block.
    """

    genesis: str = GENESIS
    head: int = HEAD
    accounts: dict[str, tuple[int, str, bytes]] = field(default_factory=dict)
    touched: dict[str, list[int]] = field(default_factory=dict)
    skipped: set[int] = field(default_factory=set)
    takes_batches: bool = True
    tells_programs: bool = True
    asked: list[str] = field(default_factory=list)
    floors: dict[str, set[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.touched.setdefault(layout.TOKEN, [self.head])

    def coins(self, address: str, lamports: int) -> None:
        self.accounts[address] = (lamports, layout.SYSTEM, b"")

    def answer(self, asked: Any) -> Any:
        """The answer to a question or to several in one request."""
        if isinstance(asked, list):
            if not self.takes_batches:
                return {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "Batch is not supported"}}
            return [self.answer(one) for one in asked]
        self.asked.append(asked["method"])
        how = asked["params"][-1] if asked["params"] else {}
        self.floors.setdefault(asked["method"], set()).add(how.get("minContextSlot", 0))
        try:
            told = {"result": getattr(self, asked["method"])(*asked["params"])}
        except _Refused as refused:
            told = {"error": refused.args[0]}
        return {"jsonrpc": "2.0", "id": asked["id"]} | told

    # --- methods ---
    def getGenesisHash(self) -> str:
        return self.genesis

    def getSlot(self, how: dict[str, Any]) -> int:
        return self.head

    def getBlock(self, slot: int, how: dict[str, Any]) -> dict[str, Any]:
        if slot > self.head:
            raise _Refused({"code": -32004, "message": f"Block not available for slot {slot}"})
        if slot in self.skipped:
            why = f"Slot {slot} was skipped, or missing due to ledger jump to recent snapshot"
            raise _Refused({"code": -32007, "message": why})
        parent = slot - 1
        while parent in self.skipped:
            parent -= 1
        return {
            "blockHeight": slot - 21_000_000,
            "blockTime": moment(slot),
            "blockhash": key(f"block {slot}"),
            "parentSlot": parent,
            "previousBlockhash": key(f"block {parent}"),
        }

    def getBlocks(self, start: int, end: int, how: dict[str, Any]) -> list[int]:
        if start < 0:
            raise _Refused({"code": -32602, "message": "Invalid params: invalid value: integer `-1`, expected u64"})
        return [slot for slot in range(start, min(end, self.head) + 1) if slot not in self.skipped]

    def getMultipleAccounts(self, names: list[str], how: dict[str, Any]) -> dict[str, Any]:
        if len(names) > 100:
            raise _Refused({"code": -32602, "message": f"Too many inputs provided; max 100, got {len(names)}"})
        for name in names:
            _checked(name)
        return self._told([self._account(name, how) for name in names], how)

    def getProgramAccounts(self, program: str, how: dict[str, Any]) -> dict[str, Any]:
        if not self.tells_programs:
            raise _Refused({"code": -32601, "message": "Method not found"})
        (named,) = how["filters"]
        start, wanted = named["memcmp"]["offset"], base58.decode(_checked(named["memcmp"]["bytes"]))
        found = [
            {"pubkey": name, "account": self._account(name, how)}
            for name, (_, owner, data) in self.accounts.items()
            if owner == program and data[start : start + len(wanted)] == wanted
        ]
        return self._told(found, how)

    def getTokenAccountsByOwner(self, owner: str, which: dict[str, str], how: dict[str, Any]) -> Any:
        mint = self.accounts.get(which["mint"])
        if mint is None or mint[1] not in layout.TOKEN_PROGRAMS:
            raise _Refused({"code": -32602, "message": "Invalid param: could not find mint"})
        wanted = base58.decode(which["mint"]) + base58.decode(_checked(owner))
        found = [
            {"pubkey": name, "account": self._account(name, how)}
            for name, (_, program, data) in self.accounts.items()
            if program == mint[1] and len(data) >= 165 and data[:64] == wanted
        ]
        return self._told(found, how)

    def getSignaturesForAddress(self, address: str, how: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {
                "signature": base58.encode(hashlib.sha512(f"{address} {slot}".encode()).digest()),
                "slot": slot,
                "err": None,
                "memo": None,
                "blockTime": moment(slot),
                "confirmationStatus": "finalized",
            }
            for slot in self.touched.get(address, [])[: how["limit"]]
        ]

    # --- how they are written ---
    def _told(self, value: Any, how: dict[str, Any]) -> dict[str, Any]:
        if self.head < how.get("minContextSlot", 0):
            why = {"code": -32016, "message": "Minimum context slot has not been reached"}
            raise _Refused(why | {"data": {"contextSlot": self.head}})
        return {"context": {"apiVersion": "3.0.10", "slot": self.head}, "value": value}

    def _account(self, name: str, how: dict[str, Any]) -> dict[str, Any] | None:
        found = self.accounts.get(name)
        if name == layout.CLOCK:
            found = (1_169_280, layout.SYSVAR, little(self.head) + b"\xee" * 24 + little(moment(self.head)))
        if found is None:
            return None
        lamports, owner, data = found
        part = how.get("dataSlice", {"offset": 0, "length": len(data)})
        sliced = data[part["offset"] :][: part["length"]]
        return {
            "data": [b64encode(sliced).decode(), "base64"],
            "executable": False,
            "lamports": lamports,
            "owner": owner,
            "rentEpoch": 18446744073709551615,
            "space": len(data),
        }


class _Refused(Exception):
    pass


def moment(slot: int) -> int:
    """A slot takes 0.4 seconds."""
    return TIME - (SNAPSHOT - slot) * 2 // 5


def _checked(name: str) -> str:
    if len(base58.decode(name)) != 32:
        raise _Refused({"code": -32602, "message": "Invalid param: WrongSize"})
    return name
