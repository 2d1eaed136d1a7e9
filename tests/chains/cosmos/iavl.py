"""The trees of a Cosmos chain's state, built: IAVL of a module, and the tree of all modules; proofs as nodes give them.
https://github.com/cosmos/iavl (node.go: writeHashBytes), https://github.com/cosmos/ics23
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from porlake.chains.cosmos.header import root_of, varint
from porlake.encoding.hashes import sha256

VERSION = 1_000_003


def field(place: int, data: bytes) -> bytes:
    return varint(place << 3 | 2) + varint(len(data)) + data


def number(place: int, value: int) -> bytes:
    return varint(place << 3) + varint(value)


def with_length(data: bytes) -> bytes:
    return varint(len(data)) + data


def zigzag(*values: int) -> bytes:
    return b"".join(varint(2 * value) for value in values)


def leaf_op(prefix: bytes) -> bytes:
    return number(1, 1) + number(3, 1) + number(4, 1) + field(5, prefix)


@dataclass
class Node:
    """`least`: the smallest key below."""

    hash: bytes
    height: int
    size: int
    least: bytes
    left: Node | None = None
    right: Node | None = None

    @property
    def before(self) -> bytes:
        return zigzag(self.height, self.size, VERSION)


class Tree:
    """An IAVL tree of some keys, as balanced as it can be."""

    def __init__(self, held: Mapping[bytes, bytes]) -> None:
        self.held = dict(sorted(held.items()))
        self.root = self._built(list(self.held))

    def _built(self, keys: list[bytes]) -> Node:
        if len(keys) == 1:
            (key,) = keys
            data = zigzag(0, 1, VERSION) + with_length(key) + with_length(sha256(self.held[key]))
            return Node(sha256(data), 0, 1, key)
        half = (len(keys) + 1) // 2
        left, right = self._built(keys[:half]), self._built(keys[half:])
        node = Node(b"", 1 + max(left.height, right.height), len(keys), left.least, left, right)
        node.hash = sha256(node.before + with_length(left.hash) + with_length(right.hash))
        return node

    def existence(self, key: bytes) -> bytes:
        """An ExistenceProof of a key that is there."""
        path, node = list[bytes](), self.root
        while node.left is not None and node.right is not None:
            if key < node.right.least:
                path.append(number(1, 1) + field(2, node.before + b" ") + field(3, with_length(node.right.hash)))
                node = node.left
            else:
                path.append(number(1, 1) + field(2, node.before + with_length(node.left.hash) + b" "))
                node = node.right
        steps = b"".join(field(4, step) for step in reversed(path))
        return field(1, key) + field(2, self.held[key]) + field(3, leaf_op(zigzag(0, 1, VERSION))) + steps

    def proof(self, key: bytes) -> bytes:
        """A CommitmentProof that a key is there, or that it is not."""
        if key in self.held:
            return field(1, self.existence(key))
        left = max((one for one in self.held if one < key), default=None)
        right = min((one for one in self.held if one > key), default=None)
        sides = [field(place, self.existence(one)) for place, one in ((2, left), (3, right)) if one is not None]
        return field(2, field(1, key) + b"".join(sides))


MODULES = ("acc", "bank", "distribution", "gov", "staking")


def state(bank: Tree) -> tuple[bytes, bytes]:
    """(the hash of a state, the proof that the bank's root stands in it)."""
    roots = {name: bank.root.hash if name == "bank" else sha256(name.encode()) for name in MODULES}
    leaves = [with_length(name.encode()) + with_length(sha256(root)) for name, root in roots.items()]

    def path(some: list[bytes], place: int) -> list[bytes]:
        if len(some) == 1:
            return []
        half = 1 << (len(some) - 1).bit_length() - 1
        left, right = some[:half], some[half:]
        if place < half:
            return [*path(left, place), number(1, 1) + field(2, b"\x01") + field(3, root_of(right))]
        return [*path(right, place - half), number(1, 1) + field(2, b"\x01" + root_of(left))]

    steps = b"".join(field(4, step) for step in path(leaves, MODULES.index("bank")))
    proved = field(1, b"bank") + field(2, bank.root.hash) + field(3, leaf_op(b"\x00")) + steps
    return root_of(leaves), field(1, proved)


def coded(data: bytes) -> str:
    return base64.b64encode(data).decode()
