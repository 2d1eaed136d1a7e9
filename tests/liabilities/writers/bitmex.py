"""BitMEX's and River's whole tree, written slowly with hmac and struct, nothing of the package.

Sources: https://github.com/BitMEX/proof-of-reserves-liabilities, https://github.com/RiverFinancial/proof-of-reserves.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
from collections.abc import Sequence
from typing import TypeAlias

Node: TypeAlias = tuple[bytes, int]


def key_of(account_nonce: bytes, height: int, account: int) -> bytes:
    return hashlib.sha256(account_nonce + struct.pack("<QQ", height, account)).digest()


def river_nonce(account_key: bytes, email: str, account: int) -> bytes:
    return hashlib.sha256(account_key + email.encode() + struct.pack("<Q", account)).digest()


def uid_of(account: int) -> str:
    return base64.b32encode(account.to_bytes(8, "big").lstrip(b"\0") or b"\0").decode().rstrip("=")


def leaf(key: bytes, value: int, index: int) -> Node:
    return hmac.new(key, struct.pack("<QQ", value, index), hashlib.sha256).digest(), value


def parent(left: Node, right: Node) -> Node:
    packed = left[0] + struct.pack("<Q", left[1]) + right[0] + struct.pack("<Q", right[1])
    return hashlib.sha256(packed).digest(), left[1] + right[1]


def levels(owed: Sequence[tuple[bytes, int]]) -> list[list[Node]]:
    """From the leaves to the root. `owed`: key and value of each leaf, a power of two of them."""
    found = [[leaf(key, value, index) for index, (key, value) in enumerate(owed)]]
    while len(found[-1]) > 1:
        level = found[-1]
        found.append([parent(level[i], level[i + 1]) for i in range(0, len(level), 2)])
    return found


def file(height: int, made: Sequence[Sequence[Node]]) -> bytes:
    lines = [f"{node[0].hex()},{node[1]}" for level in reversed(made) for node in level]
    return "\n".join([f"block_height:{height}", *lines, ""]).encode()
