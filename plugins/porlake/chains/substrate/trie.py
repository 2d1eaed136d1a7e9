"""Proofs of Substrate's state: a radix tree of 16 branches, its nodes named by BLAKE2b-256.
https://spec.polkadot.network/chap-state#sect-state-storage-trie-structure

A node's first byte says what it is and how long its part of the key: 01 a leaf; 10 a branch, 11 one with a value; 001 a
leaf and 0001 a branch whose value, being 33 bytes or more, stands by its hash (state version 1); 0 nothing. A child of
fewer than 32 bytes stands within its parent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from porlake.chains.substrate.storage import compact
from porlake.encoding.hashes import blake2b
from porlake.errors import BadAnswer, ProofFails

LONGEST_KEY = 1_024  # nibbles of a part of a key; the longest keys of a state have a few hundred


@dataclass(frozen=True, slots=True)
class Node:
    """`path`: its part of the key, a digit a byte. `value` is that itself or, `hashed`, its hash; None where it has
    none. `children`: 16 of a branch, none of a leaf; each a hash of 32 bytes, a shorter node itself, or empty.
    """

    path: bytes
    value: bytes | None
    hashed: bool
    children: tuple[bytes, ...]


def value_at(root: bytes, key: bytes, nodes: Mapping[bytes, bytes]) -> bytes | None:
    """The value of a key in the state of a root; None where the proof shows that there is none.

    `nodes`: those of a proof, by `named`. Raises ProofFails where they do not lead from the root to an answer.
    """
    rest, node = _digits(key), _decoded(_by_hash(root, nodes))
    while node is not None:
        if not rest.startswith(node.path):
            return None
        rest = rest[len(node.path) :]
        if not rest:
            if node.value is None or not node.hashed:
                return node.value
            return _by_hash(node.value, nodes)
        if not node.children or not (child := node.children[rest[0]]):
            return None
        rest = rest[1:]
        node = _decoded(_by_hash(child, nodes) if len(child) == 32 else child)
    return None


def named(proof: Iterable[bytes]) -> dict[bytes, bytes]:
    """What stands in a proof, by its hash."""
    return {blake2b(item, 32): item for item in proof}


def _by_hash(name: bytes, nodes: Mapping[bytes, bytes]) -> bytes:
    try:
        return nodes[name]
    except KeyError:
        raise ProofFails(f"no node of the proof has the hash {name.hex()}") from None


def _digits(key: bytes) -> bytes:
    return bytes(digit for byte in key for digit in (byte >> 4, byte & 15))


def _decoded(data: bytes) -> Node | None:
    """None is the empty tree. Raises ProofFails."""
    try:
        return _node(data)
    except BadAnswer as error:
        raise ProofFails(str(error)) from error


def _node(data: bytes) -> Node | None:
    if data == b"\0":
        return None
    first = data[0] if data else 0
    kinds = ((2, 0b01, False, True), (2, 0b10, True, False), (2, 0b11, True, True), (3, 0b001, False, True))
    for bits, mark, is_branch, has_value in (*kinds, (4, 0b0001, True, True)):
        if first >> (8 - bits) == mark:
            return _read(data, bits, is_branch=is_branch, has_value=has_value, hashed=bits > 2)
    raise BadAnswer("a node of no kind that is known")


def _read(data: bytes, bits: int, *, is_branch: bool, has_value: bool, hashed: bool) -> Node:
    length, at = _length(data, 255 >> bits)
    packed = _digits(_taken(data, at, (length + 1) // 2))
    at += (length + 1) // 2
    if length % 2 and packed[0]:
        raise BadAnswer("a part of a key of an odd length that does not begin with 0")
    path, present, value = packed[length % 2 :], 0, None
    if is_branch:
        present = int.from_bytes(_taken(data, at, 2), "little")
        at += 2
    if has_value:
        size, at = (32, at) if hashed else compact(data, at, "a node's value")
        value, at = _taken(data, at, size), at + size
    children = [b""] * 16 if is_branch else []
    for place in range(len(children)):
        if present >> place & 1:
            size, at = compact(data, at, "a node's child")
            if not 1 <= size <= 32:
                raise BadAnswer(f"a child of {size:,} bytes")
            children[place], at = _taken(data, at, size), at + size
    if at != len(data):
        raise BadAnswer("a node with more bytes than it tells of")
    return Node(path, value, hashed, tuple(children))


def _length(data: bytes, most: int) -> tuple[int, int]:
    """(digits of a node's part of the key, the place behind that number): bytes follow as long as nothing but ones
    stood before.
    """
    length, at = data[0] & most, 1
    more = 255 if length == most else 0
    while more == 255:
        more = _taken(data, at, 1)[0]
        length, at = length + more, at + 1
        if length > LONGEST_KEY:
            raise BadAnswer("a node with too long a part of a key")
    return length, at


def _taken(data: bytes, at: int, size: int) -> bytes:
    if at + size > len(data):
        raise BadAnswer("a node that ends too early")
    return data[at : at + size]
