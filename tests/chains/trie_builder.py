"""A small Merkle-Patricia trie for the tests, by the Yellow Paper's appendix D: whole trie in memory, root and
proofs.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from porlake.encoding.keccak import keccak256
from porlake.encoding.rlp import encode

Node = bytes | list["Node"]


def compact(path: str, leaf: bool) -> bytes:
    flag = (2 if leaf else 0) + len(path) % 2
    return bytes.fromhex(f"{flag:x}{path}" if len(path) % 2 else f"{flag:x}0{path}")


class Trie:
    """`content`: hashed keys to values, none of them empty."""

    def __init__(self, content: Mapping[bytes, bytes]) -> None:
        self.content = {key.hex(): value for key, value in content.items()}

    @cached_property
    def _root(self) -> Node:
        return self._build(sorted(self.content), 0) if self.content else b""

    @property
    def root(self) -> bytes:
        return keccak256(encode(self._root))

    def _build(self, keys: list[str], at: int) -> Node:
        if len(keys) == 1:
            return [compact(keys[0][at:], leaf=True), self.content[keys[0]]]
        shared = at
        while len({key[shared] for key in keys}) == 1:
            shared += 1
        if shared > at:
            return [compact(keys[0][at:shared], leaf=False), self._reference(self._build(keys, shared))]
        branch: list[Node] = [b""] * 17
        for digit in sorted({key[at] for key in keys}):
            branch[int(digit, 16)] = self._reference(self._build([key for key in keys if key[at] == digit], at + 1))
        return branch

    def _reference(self, node: Node) -> Node:
        raw = encode(node)
        if len(raw) < 32:
            return node
        self._nodes[keccak256(raw)] = node
        return keccak256(raw)

    @cached_property
    def _nodes(self) -> dict[bytes, Node]:
        return {}

    def proof(self, key: bytes) -> list[str]:
        """The nodes on the way to a hashed key, as a node serves them; shorter than its path where the key is
        absent.
        """
        if not self.content:
            return []
        digits, at, node = key.hex(), 0, self._root
        nodes = ["0x" + encode(node).hex()]
        while True:
            if len(node) == 17:
                child, at = node[int(digits[at], 16)], at + 1
            else:
                part = node[0].hex()  # type: ignore[union-attr]
                path = part[1:] if part[0] in "13" else part[2:]
                if part[0] in "23" or not digits.startswith(path, at):
                    return nodes
                child, at = node[1], at + len(path)
            if child == b"":
                return nodes
            if isinstance(child, bytes):
                child = self._nodes[child]
                nodes.append("0x" + encode(child).hex())
            node = child
