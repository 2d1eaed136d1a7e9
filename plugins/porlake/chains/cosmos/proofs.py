"""Balances of the bank module proved: ICS-23 proofs through the module's IAVL tree and the tree of all modules.
https://github.com/cosmos/ics23, https://github.com/cosmos/ibc/blob/main/spec/core/ics-023-vector-commitments

A proof of existence hashes key and value to a leaf and then goes up; what a node of such a tree looks like is laid down
(`Spec`), so that no other bytes pass for one. That a key is not there is shown by the two neighbours between which it
would stand.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from porlake import numbers
from porlake.chains.cosmos.header import varint
from porlake.encoding.hashes import sha256
from porlake.errors import BadAnswer, ProofFails

METHOD = "proved"
STORE = b"bank"
BALANCES = b"\x02"  # x/bank/types/keys.go: BalancesPrefix
SHA256, NO_HASH, VAR_PROTO = 1, 0, 1  # proto/cosmos/ics23/v1/proofs.proto
DEEPEST = 128


@dataclass(frozen=True, slots=True)
class Spec:
    """What nodes of a tree look like: how a leaf begins, and between which lengths what stands before a child lies."""

    leaf: bytes
    least: int
    most: int
    child: int  # bytes that a child takes, its length included
    is_iavl: bool


#: ics23: IavlSpec, TendermintSpec
IAVL = Spec(b"\x00", 4, 12, 33, True)
MODULES = Spec(b"\x00", 1, 1, 32, False)


@dataclass(frozen=True, slots=True)
class Inner:
    prefix: bytes
    suffix: bytes


@dataclass(frozen=True, slots=True)
class Existence:
    """`leaf`: what stands before the hashed key and value."""

    key: bytes
    value: bytes
    leaf: bytes
    path: tuple[Inner, ...]


@dataclass(frozen=True, slots=True)
class Absence:
    key: bytes
    left: Existence | None
    right: Existence | None


def balance_key(account: bytes, denom: str) -> bytes:
    """Where the bank keeps an account's coins of a denomination (cosmos-sdk 0.43 and later)."""
    return BALANCES + bytes((len(account),)) + account + denom.encode()


def balance(answer: Mapping[str, Any], key: bytes, denom: str, root: bytes, host: str) -> int:
    """Base units that the answer of an abci_query proves below the hash of a state. Raises ProofFails."""
    what = f"{host}: abci_query"
    try:
        operations = answer["proof_ops"]["ops"]
        store, modules = (proof(_decoded(operation["data"])) for operation in operations)
    except (LookupError, TypeError, ValueError) as error:
        raise ProofFails(f"{what}: no two proofs are in the answer") from error
    if not isinstance(modules, Existence) or modules.key != STORE:
        raise ProofFails(f"{what}: the second proof is not of the bank module")
    if root_by(modules, MODULES) != root:
        raise ProofFails(f"{what}: the proof leads to another state than the block's")
    value = _decoded(answer.get("value") or "")
    if isinstance(store, Existence):
        if store.key != key or store.value != value or root_by(store, IAVL) != modules.value:
            raise ProofFails(f"{what}: the proof is not of this balance")
        return _amount(value, denom, what)
    if value or store.key != key:
        raise ProofFails(f"{what}: the proof of absence is not of this balance")
    absent(store, IAVL, modules.value)
    return 0


def _amount(value: bytes, denom: str, what: str) -> int:
    """A balance as text, or as a coin (before cosmos-sdk 0.46)."""
    if value.isdigit():
        return _whole(value, what)
    coin = dict(fields(value))
    if coin.get(1) != denom.encode() or not isinstance(amount := coin.get(2), bytes):
        raise ProofFails(f"{what}: what is proved is no amount of {denom}")
    return _whole(amount, what)


def _whole(digits: bytes, what: str) -> int:
    try:
        return numbers.whole(digits.decode("ascii"), what=what)
    except (UnicodeDecodeError, BadAnswer) as error:
        raise ProofFails(f"{what}: what is proved is no amount") from error


def _decoded(text: Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError) as error:
        raise ProofFails("abci_query: bytes that are no base64") from error


# --- proofs -----------------------------------------------------------------------------------------------------------
def root_by(proved: Existence, spec: Spec) -> bytes:
    """The root to which a proof of existence leads. Raises ProofFails where a step is none of such a tree."""
    if not proved.key or not proved.value or len(proved.path) > DEEPEST:
        raise ProofFails("a proof without key or value, or too deep")
    if not proved.leaf.startswith(spec.leaf):
        raise ProofFails("a leaf that begins as no leaf does")
    if spec.is_iavl:
        _is_iavl(proved.leaf, 0, has_child=False)
    value = sha256(proved.value)
    node = sha256(proved.leaf + varint(len(proved.key)) + proved.key + varint(len(value)) + value)
    for height, step in enumerate(proved.path, 1):
        _checked(step, spec, height)
        node = sha256(step.prefix + node + step.suffix)
    return node


def _checked(step: Inner, spec: Spec, height: int) -> None:
    if step.prefix.startswith(spec.leaf):
        raise ProofFails("an inner node that begins as a leaf does")
    if not _is_left(step, spec) and not _is_right(step, spec):
        raise ProofFails("an inner node of another size")
    if spec.is_iavl:
        _is_iavl(step.prefix, height, has_child=True)


def _is_iavl(prefix: bytes, least: int, *, has_child: bool) -> None:
    """An IAVL node begins with its height, size and version as varints; then, before a right child, the left one."""
    at, found = 0, list[int]()
    for _ in range(3):
        number, at = _varint(prefix, at)
        found.append((number >> 1) ^ -(number & 1))
    left = len(prefix) - at
    if found[0] < least or min(found) < 0:
        raise ProofFails("an IAVL node that is lower than those below it")
    if left not in ((1, 34) if has_child else (0,)):
        raise ProofFails("an IAVL node of another size")


def absent(proved: Absence, spec: Spec, root: bytes) -> None:
    """Raises ProofFails where a key may stand in the tree."""
    left, right = proved.left, proved.right
    if left is None and right is None:
        raise ProofFails("a proof of absence without a neighbour")
    for side in (left, right):
        if side is not None and root_by(side, spec) != root:
            raise ProofFails("a neighbour leads to another root")
    if (left is not None and left.key >= proved.key) or (right is not None and right.key <= proved.key):
        raise ProofFails("the neighbours do not stand around the key")
    if left is None:
        ends = all(_is_left(step, spec) for step in right.path) if right else False
    elif right is None:
        ends = all(_is_right(step, spec) for step in left.path)
    else:
        ends = _adjoin(left.path, right.path, spec)
    if not ends:
        raise ProofFails("between the neighbours there may be others")


def _is_left(step: Inner, spec: Spec) -> bool:
    """Whether the child that was hashed is a node's left one: the other stands behind it."""
    return len(step.suffix) == spec.child and spec.least <= len(step.prefix) <= spec.most


def _is_right(step: Inner, spec: Spec) -> bool:
    return not step.suffix and spec.least <= len(step.prefix) - spec.child <= spec.most


def _adjoin(left: Sequence[Inner], right: Sequence[Inner], spec: Spec) -> bool:
    """Whether two leaves stand side by side: their ways part at one node, to its left and its right, and are the
    rightmost and the leftmost below it.
    """
    one, other = list(left), list(right)
    while one and other and one[-1] == other[-1]:
        one.pop()
        other.pop()
    if not one or not other:
        return False
    last, first = one.pop(), other.pop()
    return (
        _is_left(last, spec)
        and _is_right(first, spec)
        and all(_is_right(step, spec) for step in one)
        and all(_is_left(step, spec) for step in other)
    )


# --- protobuf ---------------------------------------------------------------------------------------------------------
def proof(data: bytes) -> Existence | Absence:
    """A CommitmentProof of one key. Raises ProofFails."""
    for place, value in fields(data):
        if isinstance(value, bytes) and place == 1:
            return _existence(value)
        if isinstance(value, bytes) and place == 2:
            return _absence(value)
    raise ProofFails("a proof of another kind than existence and absence")


def _absence(data: bytes) -> Absence:
    found: dict[int, bytes] = {place: value for place, value in fields(data) if isinstance(value, bytes)}
    sides = [_existence(found[place]) if place in found else None for place in (2, 3)]
    return Absence(found.get(1, b""), *sides)


def _existence(data: bytes) -> Existence:
    key = value = leaf = b""
    path: list[Inner] = []
    for place, told in fields(data):
        if not isinstance(told, bytes):
            raise ProofFails("a proof with a number where bytes belong")
        if place == 1:
            key = told
        elif place == 2:
            value = told
        elif place == 3:
            leaf = _leaf(told)
        elif place == 4:
            path.append(_inner(told))
    return Existence(key, value, leaf, tuple(path))


def _leaf(data: bytes) -> bytes:
    """What stands before a leaf's key: it is hashed by SHA-256, its value before that, both behind their lengths."""
    found = {1: NO_HASH, 2: NO_HASH, 3: NO_HASH, 4: 0, 5: b""} | dict(fields(data))
    if [found[place] for place in (1, 2, 3, 4)] != [SHA256, NO_HASH, SHA256, VAR_PROTO]:
        raise ProofFails("a leaf that is hashed otherwise")
    prefix = found[5]
    if not isinstance(prefix, bytes):
        raise ProofFails("a leaf without its beginning")
    return prefix


def _inner(data: bytes) -> Inner:
    found = {1: NO_HASH, 2: b"", 3: b""} | dict(fields(data))
    prefix, suffix = found[2], found[3]
    if found[1] != SHA256 or not isinstance(prefix, bytes) or not isinstance(suffix, bytes):
        raise ProofFails("an inner node that is hashed otherwise")
    return Inner(prefix, suffix)


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Fields of a message: their numbers, and what they hold. Raises ProofFails."""
    at = 0
    while at < len(data):
        mark, at = _varint(data, at)
        number, at = _varint(data, at)
        if mark & 7 == 0:
            yield mark >> 3, number
        elif mark & 7 == 2 and at + number <= len(data):
            yield mark >> 3, data[at : at + number]
            at += number
        else:
            raise ProofFails("bytes that are no protobuf message")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            break
        number |= (data[at] & 0x7F) << shift
        at += 1
        if not data[at - 1] & 0x80:
            return number, at
    raise ProofFails("a number that does not end")
