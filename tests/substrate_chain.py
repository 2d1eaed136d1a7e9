"""A Substrate chain in memory for tests: a state as a whole trie, its root and its proofs, headers that hash to their
block's hash, and the answers of a node about them. By the Polkadot specification, chapters State and Host.

Written apart from the client: no code of `porlake.chains.substrate` stands below it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from porlake.addresses import ss58


def blake2(data: bytes, size: int = 32) -> bytes:
    return hashlib.blake2b(data, digest_size=size).digest()


def compact(number: int) -> bytes:
    if number < 64:
        return bytes([number << 2])
    if number < 2**14:
        return (number << 2 | 1).to_bytes(2, "little")
    if number < 2**30:
        return (number << 2 | 2).to_bytes(4, "little")
    size = max(4, -(-number.bit_length() // 8))
    return bytes([(size - 4) << 2 | 3]) + number.to_bytes(size, "little")


# --- the trie ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Trie:
    """`values`: by storage key. `version`: in state version 1 a value of 33 bytes or more stands by its hash."""

    values: Mapping[bytes, bytes]
    version: int = 1

    @cached_property
    def _built(self) -> tuple[bytes, dict[bytes, bytes]]:
        """(the root's node, all that is named by a hash)."""
        named: dict[bytes, bytes] = {}
        digits = {"".join(f"{byte:02x}" for byte in key): value for key, value in self.values.items()}
        root = self._node(sorted(digits), digits, 0, named) if digits else b"\0"
        named[blake2(root)] = root
        return root, named

    @property
    def root(self) -> bytes:
        return blake2(self._built[0])

    def proof(self, keys: Sequence[bytes]) -> list[bytes]:
        """Every node and value that lies on the way to a key: more than a real node would send, and each needed."""
        found: dict[bytes, None] = {self._built[0]: None}
        for key in keys:
            self._walk(self._built[0], key.hex(), found)
        return list(found)

    def _walk(self, node: bytes, rest: str, found: dict[bytes, None]) -> None:
        if node == b"\0":  # the empty trie
            return
        path, value, hashed, children = decoded(node)
        if not rest.startswith(path):
            return
        rest = rest[len(path) :]
        if not rest:
            if hashed and value is not None:
                found[self._built[1][value]] = None
            return
        if child := children.get(rest[0]):
            below = self._built[1][child] if len(child) == 32 else child
            if len(child) == 32:
                found[below] = None
            self._walk(below, rest[1:], found)

    def _node(self, keys: list[str], values: Mapping[str, bytes], at: int, named: dict[bytes, bytes]) -> bytes:
        first, last = keys[0], keys[-1]
        shared = at
        while shared < min(len(first), len(last)) and first[shared] == last[shared]:
            shared += 1
        own = values.get(first[:shared]) if len(first) == shared else None
        below = [key for key in keys if len(key) > shared]
        hashed = own is not None and self.version == 1 and len(own) > 32
        body = b""
        if own is not None:
            if hashed:
                named[blake2(own)] = own
            body = blake2(own) if hashed else compact(len(own)) + own
        if not below:
            return header(first[at:shared], 3 if hashed else 2, 1) + body
        present, children = 0, b""
        for digit in "0123456789abcdef":
            some = [key for key in below if key[shared] == digit]
            if some:
                child = self._node(some, values, shared + 1, named)
                if len(child) >= 32:
                    named[blake2(child)] = child
                    child = blake2(child)
                present |= 1 << int(digit, 16)
                children += compact(len(child)) + child
        kind = (4, 0b0001) if hashed else (2, 0b11 if own is not None else 0b10)
        return header(first[at:shared], *kind) + present.to_bytes(2, "little") + body + children


def header(path: str, bits: int, mark: int) -> bytes:
    most, length = 2 ** (8 - bits) - 1, len(path)
    if length < most:
        size = bytes([mark << (8 - bits) | length])
    else:
        left, size = length - most, bytes([mark << (8 - bits) | most])
        while left >= 255:
            left, size = left - 255, size + b"\xff"
        size += bytes([left])
    return size + bytes.fromhex(path if len(path) % 2 == 0 else "0" + path)


def decoded(node: bytes) -> tuple[str, bytes | None, bool, dict[str, bytes]]:
    """(path, value or its hash, which of them, children by their digit) of a node that `Trie` wrote."""
    kinds = ((0b01 << 6, 6, False, True), (0b10 << 6, 6, True, False), (0b11 << 6, 6, True, True),
             (0b001 << 5, 5, False, True), (0b0001 << 4, 4, True, True))  # fmt: skip
    _, low, is_branch, has_value = next(kind for kind in kinds if node[0] >> kind[1] == kind[0] >> kind[1])
    length, at = node[0] & (2**low - 1), 1
    if length == 2**low - 1:
        while node[at] == 255:
            length, at = length + 255, at + 1
        length, at = length + node[at], at + 1
    size = -(-length // 2)
    path, at, hashed, value = node[at : at + size].hex()[length % 2 :], at + size, low < 6, None
    present = 0
    if is_branch:
        present, at = int.from_bytes(node[at : at + 2], "little"), at + 2
    if has_value:
        count, at = (32, at) if hashed else _compact_at(node, at)
        value, at = node[at : at + count], at + count
    children = {}
    for place in range(16):
        if present >> place & 1:
            count, at = _compact_at(node, at)
            children[f"{place:x}"], at = node[at : at + count], at + count
    return path, value, hashed, children


def _compact_at(data: bytes, at: int) -> tuple[int, int]:
    mode = data[at] & 3
    if mode < 2:
        return (data[at] >> 2, at + 1) if mode == 0 else (int.from_bytes(data[at : at + 2], "little") >> 2, at + 2)
    return int.from_bytes(data[at : at + 4], "little") >> 2, at + 4


# --- what stands in a state -------------------------------------------------------------------------------------------
def key_of(address: str) -> bytes:
    return ss58.decode(address)[1]


def concat(data: bytes) -> bytes:
    return blake2(data, 16) + data


PREFIXES = {
    "account": "26aa394eea5630e07c48ae0c9558cef7b99d880ec681799c0cf30e8886371da9",
    "now": "f0c365c3cf59d671eb72da0e7a4113c49f1f0515f462cdcf84e0f1d6045dfcbb",
    "asset": "682a59d51ab9e48a8c8cc418ff9708d2b99d880ec681799c0cf30e8886371da9",
    "metadata": "682a59d51ab9e48a8c8cc418ff9708d2b5f3822e35ca2f31ce3526eab1363fd2",
    "head": "cd710b30bd2eab0352ddcc26417aa1941b3c252fcb29d88eff4f3de5de4476c3b6ff6f7d467b87a9e8030000",
}
PREFIX = {name: bytes.fromhex(text) for name, text in PREFIXES.items()}


def place_of_account(address: str) -> bytes:
    return PREFIX["account"] + concat(key_of(address))


def place_of_asset(number: int, address: str) -> bytes:
    return PREFIX["asset"] + concat(number.to_bytes(4, "little")) + concat(key_of(address))


def place_of_metadata(number: int) -> bytes:
    return PREFIX["metadata"] + concat(number.to_bytes(4, "little"))


def account(free: int, reserved: int = 0, frozen: int = 0, flags: int = 1 << 127) -> bytes:
    """AccountInfo"""
    counters = b"".join(number.to_bytes(4, "little") for number in (3, 0, 1, 0))
    return counters + b"".join(number.to_bytes(16, "little") for number in (free, reserved, frozen, flags))


def asset(balance: int) -> bytes:
    """AssetAccount: balance, status Liquid, reason Consumer, no more."""
    return balance.to_bytes(16, "little") + b"\0\0"


def metadata(symbol: bytes, decimals: int) -> bytes:
    """AssetMetadata"""
    return (10**10).to_bytes(16, "little") + 2 * (compact(len(symbol)) + symbol) + bytes([decimals, 0])


# --- the chain --------------------------------------------------------------------------------------------------------
@dataclass
class Block:
    height: int
    parent: bytes
    seconds: int
    values: Mapping[bytes, bytes]
    logs: tuple[str, ...] = ("0x0642414245340201000000ef55a50f00000000", "0x05424142450101" + "7e" * 64)

    @cached_property
    def trie(self) -> Trie:
        now = {PREFIX["now"]: (self.seconds * 1000).to_bytes(8, "little")} if self.height else {}
        return Trie({**self.values, **now})

    @cached_property
    def encoded(self) -> bytes:
        logs = b"".join(bytes.fromhex(log[2:]) for log in self.logs)
        return b"".join(
            (self.parent, compact(self.height), self.trie.root, blake2(b"extrinsics"), compact(len(self.logs)), logs)
        )

    @property
    def hash(self) -> str:
        return "0x" + blake2(self.encoded).hex()

    def header(self) -> dict[str, Any]:
        return {
            "parentHash": "0x" + self.parent.hex(),
            "number": hex(self.height),
            "stateRoot": "0x" + self.trie.root.hex(),
            "extrinsicsRoot": "0x" + blake2(b"extrinsics").hex(),
            "digest": {"logs": list(self.logs)},
        }


@dataclass
class Node:
    """Answers as a node of polkadot-sdk does. `states`: the values of a state, by height, which holds until the next
    one; `kept`: from which height the node still has states.
    """

    genesis: str
    states: Mapping[int, Mapping[bytes, bytes]]
    head: int
    begin: int = 1_500_000_000
    spacing: int = 6
    kept: int = 0
    asked: list[tuple[str, list[Any]]] = field(default_factory=list)
    _blocks: dict[int, Block] = field(default_factory=dict)

    def block(self, height: int) -> Block:
        if height not in self._blocks:
            state = self.states[max(from_ for from_ in self.states if from_ <= height)]
            parent = blake2(f"{self.genesis} {height}".encode())
            self._blocks[height] = Block(height, parent, self.begin + self.spacing * height, state)
        return self._blocks[height]

    def name(self, height: int) -> str:
        return self.genesis if height == 0 else self.block(height).hash

    def find(self, name: str) -> Block | None:
        if name == self.genesis:
            return self.block(0)
        return next((block for block in self._blocks.values() if block.hash == name), None)

    def result(self, method: str, params: list[Any]) -> Any:
        """The `result`; a KeyError's text is the error's."""
        self.asked.append((method, params))
        if method == "chain_getBlockHash":
            return self.name(params[0]) if params[0] <= self.head else None
        if method == "chain_getFinalizedHead":
            return self.name(self.head)
        block = self.find(params[-1])
        if method == "chain_getHeader":
            return None if block is None else block.header()
        if block is None or block.height < self.kept:
            raise KeyError(f"Client error: UnknownBlock: State already discarded for {params[-1]}")
        values = block.trie.values
        if method == "state_getStorage":
            return _hex(values.get(bytes.fromhex(params[0][2:])))
        keys = [bytes.fromhex(key[2:]) for key in params[0]]
        if method == "state_queryStorageAt":
            changes = [[key, _hex(values.get(raw))] for key, raw in zip(params[0], keys, strict=True)]
            return [{"block": params[-1], "changes": changes}]
        if method == "state_getReadProof":
            return {"at": params[-1], "proof": [_hex(item) for item in block.trie.proof(keys)]}
        raise KeyError("Method not found")

    def reply(self, question: dict[str, Any]) -> dict[str, Any]:
        """A JSON-RPC answer to a JSON-RPC question."""
        try:
            result = self.result(question["method"], question["params"])
        except KeyError as error:
            code = -32601 if error.args[0] == "Method not found" else 4003
            return {"jsonrpc": "2.0", "id": question["id"], "error": {"code": code, "message": error.args[0]}}
        return {"jsonrpc": "2.0", "id": question["id"], "result": result}


def _hex(value: bytes | None) -> str | None:
    return None if value is None else "0x" + value.hex()
