"""Groth16 over BN254 as gnark writes it: verifying keys, proofs, and whether proofs hold.

github.com/consensys/gnark, backend/groth16/bn254 (marshal.go, verify.go): a key is alpha1, beta1, beta2, gamma2,
delta1, delta2, a count and K; from 0.8 on lists of the public inputs that are committed to, and a Pedersen key (G,
-sigma G) for each commitment. A proof is A, B, C; from 0.8 on a count, the commitments and one proof of knowledge. Raw
or compressed, as the first point says.

More than one commitment is refused: gnark's scheme was unsound with more (GO-2024-3122).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from porlake.encoding import bn254
from porlake.encoding.bn254 import INFINITY, ORDER, Arithmetic
from porlake.errors import InvalidEncoding

#: Proofs that are checked at once. One of them that fails is found by halving.
BATCH = 64
#: More public inputs than any circuit that is verified here has.
_MOST_INPUTS = 1_000
_DOMAIN = b"bsb22-commitment"


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """`k`: one point more than public inputs and commitments; `committed`: which public inputs, from 1 on, go into the
    commitment's hash; `pedersen`: (G, -sigma G), None where the circuit has no commitment; `sha256`: of the file.
    """

    alpha: bytes
    beta: bytes
    gamma: bytes
    delta: bytes
    k: tuple[bytes, ...]
    committed: tuple[int, ...]
    pedersen: tuple[bytes, bytes] | None
    sha256: str

    @property
    def inputs(self) -> int:
        """How many public inputs a proof has."""
        return len(self.k) - 1 - (self.pedersen is not None)


@dataclass(frozen=True, slots=True)
class Proof:
    """`commitment` and its proof of knowledge are empty where there is none."""

    a: bytes
    b: bytes
    c: bytes
    commitment: bytes = b""
    knowledge: bytes = b""


class _Reader:
    def __init__(self, data: bytes, what: str) -> None:
        self._data, self._at, self._what = data, 0, what
        self._compressed = bool(data) and data[0] >> 6 != 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def take(self, count: int) -> bytes:
        if self.left < count:
            raise InvalidEncoding("groth16_length", f"{self._what} ends after {len(self._data):,} bytes")
        self._at += count
        return self._data[self._at - count : self._at]

    def count(self, most: int, bytes_each: int = 4) -> int:
        number = int.from_bytes(self.take(bytes_each), "big")
        if number > most:
            raise InvalidEncoding("groth16_count", f"{self._what} counts {number:,} where at most {most:,} can be")
        return number

    @property
    def g2_bytes(self) -> int:
        return 64 if self._compressed else 128

    def g1(self) -> bytes:
        return bn254.g1(self.take(32 if self._compressed else 64))

    def g2(self) -> bytes:
        return bn254.g2(self.take(self.g2_bytes))

    def end(self) -> None:
        if self.left:
            raise InvalidEncoding("groth16_length", f"{self.left:,} bytes behind the end of {self._what}")


def verifying_key(data: bytes, arithmetic: Arithmetic) -> VerifyingKey:
    """A key as gnark's WriteTo and WriteRawTo write it. Every point is canonical, on its curve, in its group, and not
    infinity. Raises InvalidEncoding.
    """
    reader = _Reader(data, "the verifying key")
    alpha, _, beta, gamma, _, delta = (
        reader.g1(),
        reader.g1(),
        reader.g2(),
        reader.g2(),
        reader.g1(),
        reader.g2(),
    )
    k = tuple(reader.g1() for _ in range(reader.count(_MOST_INPUTS)))
    committed: tuple[int, ...] = ()
    pedersen = None
    if reader.left:
        lists = reader.count(1)
        for _ in range(lists):
            committed = tuple(reader.count(len(k), 8) for _ in range(reader.count(_MOST_INPUTS)))
        keys = lists if reader.left == 2 * reader.g2_bytes else reader.count(1)  # gnark 0.8 wrote no count
        if keys != lists:
            raise InvalidEncoding("groth16_count", f"a verifying key of {lists} commitments with {keys} keys for them")
        pedersen = (reader.g2(), reader.g2()) if keys else None
    reader.end()
    inputs = len(k) - 1 - (pedersen is not None)
    if inputs < 0 or not all(1 <= at <= inputs for at in committed):
        raise InvalidEncoding("groth16_count", f"a verifying key of {len(k)} points for its public inputs")
    for point in (beta, gamma, delta, *(pedersen or ())):
        if not bn254.in_subgroup(point, arithmetic):
            raise InvalidEncoding("bn254_not_in_subgroup", "a verifying key with a point outside the subgroup")
    return VerifyingKey(alpha, beta, gamma, delta, k, committed, pedersen, hashlib.sha256(data).hexdigest())


def proof(data: bytes) -> Proof:
    """A proof as gnark's WriteTo and WriteRawTo write it; that B is in the subgroup is left to `first_refused`. Raises
    InvalidEncoding.
    """
    reader = _Reader(data, "the proof")
    a, b, c = reader.g1(), reader.g2(), reader.g1()
    if not reader.left:
        return Proof(a, b, c)
    if reader.count(1):
        found = Proof(a, b, c, reader.g1(), reader.g1())
    else:
        found = Proof(a, b, c)
        knowledge = reader.take(reader.left)
        if len(knowledge) not in (32, 64) or knowledge.strip(b"\0") not in (b"", b"@"):
            raise InvalidEncoding("groth16_count", "a proof of knowledge of no commitment")
    reader.end()
    return found


def first_refused(
    key: VerifyingKey, proofs: Sequence[tuple[Proof, Sequence[int]]], arithmetic: Arithmetic
) -> tuple[int, str] | None:
    """The position of the first proof that does not hold for its public inputs, and why; None where all do.

    Proofs are weighted with hashes of all of them, so that what is wrong in one cannot be undone by another; the same
    proofs get the same weights.
    """
    for position, (one, inputs) in enumerate(proofs):
        if len(inputs) != key.inputs or not all(0 <= value < ORDER for value in inputs):
            return position, "the public inputs are not those of the key, or not below the field's modulus"
        if bool(one.commitment) != (key.pedersen is not None):
            return position, "the key and the proof do not have the same number of commitments"
    for start in range(0, len(proofs), BATCH):
        some = proofs[start : start + BATCH]
        if why := _wrong(key, some, arithmetic):
            first = 0
            while len(some) > 1:
                half = len(some) // 2
                if left := _wrong(key, some[:half], arithmetic):
                    some, why = some[:half], left
                else:
                    some, first = some[half:], first + half
                    why = _wrong(key, some, arithmetic) or why
            return start + first, why
    return None


def _wrong(key: VerifyingKey, proofs: Sequence[tuple[Proof, Sequence[int]]], arithmetic: Arithmetic) -> str:
    """'' where all hold, by one product of pairings."""
    seed = hashlib.sha256(key.sha256.encode())
    for one, inputs in proofs:
        seed.update(one.a + one.b + one.c + one.commitment + one.knowledge)
        seed.update(b"".join(value.to_bytes(32, "big") for value in inputs))
    factors = [0] * len(key.k)
    pairs = []
    c = commitments = knowledge = sums = INFINITY
    for number, (one, inputs) in enumerate(proofs):
        weight = _weight(seed.digest(), b"A", number) if len(proofs) > 1 else 1
        values = [1, *inputs]
        if one.commitment:
            values.append(_challenge(key, one, inputs))
            other = _weight(seed.digest(), b"D", number)
            commitments = arithmetic.added(commitments, arithmetic.times(one.commitment, other))
            knowledge = arithmetic.added(knowledge, arithmetic.times(one.knowledge, other))
            sums = arithmetic.added(sums, arithmetic.times(one.commitment, weight))
        factors = [(factor + weight * value) % ORDER for factor, value in zip(factors, values, strict=True)]
        pairs.append((arithmetic.times(one.a, weight), one.b))
        c = arithmetic.added(c, arithmetic.times(one.c, weight))
    for point, factor in zip(key.k, factors, strict=True):
        sums = arithmetic.added(sums, arithmetic.times(point, factor))
    pairs.append((arithmetic.times(bn254.negated(key.alpha), factors[0]), key.beta))
    pairs.append((_negated(sums), key.gamma))
    pairs.append((_negated(c), key.delta))
    if key.pedersen:
        pairs += [(commitments, key.pedersen[1]), (knowledge, key.pedersen[0])]
    try:
        return "" if arithmetic.pairs_to_one(pairs) else "the pairings do not multiply to one"
    except InvalidEncoding as error:
        return str(error)


def _negated(point: bytes) -> bytes:
    return point if point == INFINITY else bn254.negated(point)


def _weight(seed: bytes, role: bytes, number: int) -> int:
    """Of 128 bits, never 0."""
    return int.from_bytes(hashlib.sha256(seed + role + number.to_bytes(4, "big")).digest()[:16], "big") | 1


def _challenge(key: VerifyingKey, one: Proof, inputs: Sequence[int]) -> int:
    """The commitment hashed to the field (RFC 9380, expand_message_xmd with SHA-256, 48 bytes)."""
    message = one.commitment + b"".join(inputs[at - 1].to_bytes(32, "big") for at in key.committed)
    domain = _DOMAIN + bytes([len(_DOMAIN)])
    first = hashlib.sha256(bytes(64) + message + (48).to_bytes(2, "big") + b"\0" + domain).digest()
    blocks = [hashlib.sha256(first + b"\1" + domain).digest()]
    blocks.append(hashlib.sha256(bytes(a ^ b for a, b in zip(first, blocks[0], strict=True)) + b"\2" + domain).digest())
    return int.from_bytes(b"".join(blocks)[:48], "big") % ORDER
