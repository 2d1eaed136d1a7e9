"""Merkle-Patricia proofs: what stands under a key of a trie whose root is known, or that nothing does.

https://ethereum.org/en/developers/docs/data-structures-and-encoding/patricia-merkle-trie/

Every node of a proof is found by its Keccak-256, from the root down, so that no byte of it can be another's. The tries
of state and storage have keys of 32 bytes (the hash of the address or slot): no value stands inside a branch, and a
path has 64 digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from porlake import numbers
from porlake.encoding import rlp
from porlake.encoding.keccak import keccak256
from porlake.errors import BadAnswer, InvalidEncoding, ProofFails

EMPTY_ROOT = keccak256(b"\x80")
DIGITS = 64

CACHED_LEVELS = 5
CACHED_NODES = 16_384
"""The levels near the root are the same for all accounts of a block; 16,384 nodes of them are about 40 MB."""

Known = dict[bytes, tuple[str, list[rlp.Item]]]


@dataclass(frozen=True, slots=True)
class Account:
    """The leaf of an account in the state trie. Avalanche's has a fifth item: whether the account holds other coins in
    its storage.
    """

    nonce: int
    balance: int
    storage_root: bytes
    code_hash: bytes


def account_at(root: bytes, address: bytes, proof: Sequence[Any], known: Known) -> Account | None:
    """The account in the state of that root; None where the proof shows that there is none. Raises ProofFails."""
    leaf = value_at(root, keccak256(address), proof, known)
    if leaf is None:
        return None
    try:
        nonce, balance, storage_root, code_hash, *more = rlp.decode_list(leaf)
        if more not in ([], [b""], [b"\x01"]):
            raise ProofFails("the leaf is no account")
        found = Account(rlp.number(nonce), rlp.number(balance), _hash(storage_root), _hash(code_hash))
    except (InvalidEncoding, ValueError) as error:
        raise ProofFails("the leaf is no account") from error
    return found


def number_at(root: bytes, slot: bytes, proof: Sequence[Any], known: Known) -> int:
    """The number in a storage slot; zero where the proof shows that nothing stands there. Raises ProofFails."""
    leaf = value_at(root, keccak256(slot), proof, known)
    if leaf is None:
        return 0
    try:
        found = rlp.decode(leaf)
        value = rlp.number(found)
    except InvalidEncoding as error:
        raise ProofFails("the leaf of a slot is no number") from error
    if not value or len(found) > 32:
        raise ProofFails("the leaf of a slot is no number of 1 to 32 bytes")
    return value


def value_at(root: bytes, key: bytes, proof: Sequence[Any], known: Known) -> bytes | None:
    """What stands under a hashed key; None where the proof shows that nothing does. `proof`: nodes in hex, from the
    root down.

    Raises ProofFails. Every step uses up digits of the path, so that no proof is walked for ever.
    """
    if root == EMPTY_ROOT and list(proof) in ([], ["0x80"]):
        return None
    digits, at, expected = key.hex(), 0, root
    for depth, text in enumerate(proof):
        below, at = _step(_node(text, expected, depth, known), digits, at)
        while isinstance(below, list):  # a node shorter than a hash stands inside the one above it
            below, at = _step(below, digits, at)
        if at <= DIGITS and below is not None:
            if len(below) != 32:
                raise ProofFails("a reference that is no hash")
            expected = below
            continue
        if depth + 1 != len(proof):
            raise ProofFails("nodes after the end of the path")
        return below
    raise ProofFails("the proof breaks off before the end of the path")


def _node(text: Any, expected: bytes, depth: int, known: Known) -> list[rlp.Item]:
    """The node of that hash. Raises ProofFails."""
    if depth < CACHED_LEVELS and (seen := known.get(expected)) and seen[0] == text:
        return seen[1]
    try:
        raw = numbers.data(text, what=f"node {depth}")
        if keccak256(raw) != expected:
            raise ProofFails(f"node {depth} has not the hash that leads to it")
        node = rlp.decode_list(raw)
    except BadAnswer as error:
        raise ProofFails(f"node {depth} is no hex") from error
    except InvalidEncoding as error:
        raise ProofFails(f"node {depth}: {error}") from error
    if depth < CACHED_LEVELS and len(known) < CACHED_NODES:
        known[expected] = (text, node)
    return node


def _step(node: list[rlp.Item], digits: str, at: int) -> tuple[rlp.Item | None, int]:
    """(what is next, digits used): a reference to a node, or the value with more digits than there are; None where the
    key is absent.
    """
    if len(node) == 17:
        if at >= DIGITS or node[16]:
            raise ProofFails("a branch with a value, or one where the path ends")
        return node[int(digits[at], 16)] or None, at + 1
    if len(node) != 2 or not isinstance(node[0], bytes) or not node[0] or not node[1]:
        raise ProofFails("a node that is neither branch, extension nor leaf")
    part = node[0].hex()
    path = part[1:] if part[0] in "13" else part[2:]
    if part[0] not in "0123" or (part[0] in "02" and part[1] != "0"):
        raise ProofFails("a path that is not in compact form")
    end = at + len(path)
    if part[0] in "23":
        if end != DIGITS or not isinstance(node[1], bytes):
            raise ProofFails("a leaf where the path does not end, or without a value")
        return (node[1] if digits.startswith(path, at) else None), DIGITS + 1
    if not path or end >= DIGITS:
        raise ProofFails("an extension by nothing, or beyond the path")
    return (node[1] if digits.startswith(path, at) else None), end


def _hash(data: rlp.Item) -> bytes:
    if not isinstance(data, bytes) or len(data) != 32:
        raise ProofFails("the leaf is no account")
    return data
