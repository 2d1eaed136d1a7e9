"""Points of BN254 (alt_bn128) as EIP-196, EIP-197 and gnark write them, and their arithmetic by a library.

A point of G1 is 64 bytes (x, y), of G2 128 (x and y, each the imaginary part first), big-endian; 64 zero bytes are the
point at infinity. gnark's compressed form sets the two upper bits of x: 10 for the smaller y, 11 for the larger one
(github.com/consensys/gnark-crypto, ecc/bn254/marshal.go).

Arithmetic is revm's precompiled contracts (pyrevm) where it installs, else py_ecc, some fifty times slower.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import cache
from typing import Any, Protocol

from porlake.errors import InvalidEncoding

FIELD = 21888242871839275222246405745257275088696311157297823662689037894645226208583
ORDER = 21888242871839275222246405745257275088548364400416034343698204186575808495617
G1_BYTES, G2_BYTES = 64, 128
INFINITY = bytes(G1_BYTES)
GENERATOR = (1).to_bytes(32, "big") + (2).to_bytes(32, "big")

Fp2 = tuple[int, int]
"""Real part, imaginary part; the square of the unit is -1."""
_LOWER = 2**254 - 1


def g1(data: bytes) -> bytes:
    """The point of 64 bytes, or of 32 compressed, as 64 bytes: canonical, on the curve, not infinity. G1 is the whole
    curve. Raises InvalidEncoding (`bn254_form`, `bn254_not_canonical`, `bn254_not_on_curve`, `bn254_infinity`).
    """
    mode, (x, *rest) = _numbers(data, 32)
    square = (x**3 + 3) % FIELD
    if mode:
        y = pow(square, (FIELD + 1) // 4, FIELD)
        rest = [FIELD - y if (y > FIELD // 2) != (mode == 3) else y]
    if rest[0] ** 2 % FIELD != square:
        raise InvalidEncoding("bn254_not_on_curve", "a point that is not on the curve BN254")
    return x.to_bytes(32, "big") + rest[0].to_bytes(32, "big")


def g2(data: bytes) -> bytes:
    """The point of 128 bytes, or of 64 compressed, as 128 bytes: canonical, on the twist, not infinity. Whether it is
    in the subgroup is checked with the pairing, or by `in_subgroup`. Raises InvalidEncoding as `g1` does.
    """
    mode, (x1, x0, *rest) = _numbers(data, 64)
    square = _plus(_times(_times((x0, x1), (x0, x1)), (x0, x1)), _TWIST)
    if mode:
        y = _root(square)
        is_larger = (y[1] or y[0]) > FIELD // 2
        if is_larger != (mode == 3):
            y = -y[0] % FIELD, -y[1] % FIELD
        rest = [y[1], y[0]]
    if _times((rest[1], rest[0]), (rest[1], rest[0])) != square:
        raise InvalidEncoding("bn254_not_on_curve", "a point that is not on the twist of BN254")
    return b"".join(number.to_bytes(32, "big") for number in (x1, x0, *rest))


def negated(point: bytes) -> bytes:
    """The negative of a point of G1."""
    y = int.from_bytes(point[32:], "big")
    return point[:32] + (-y % FIELD).to_bytes(32, "big")


def _numbers(data: bytes, compressed: int) -> tuple[int, list[int]]:
    """0 or gnark's two bits, and the coordinates, each below FIELD."""
    if len(data) not in (compressed, 2 * compressed):
        raise InvalidEncoding("bn254_form", f"a point of {len(data)} bytes, not {compressed} or {2 * compressed}")
    mode = data[0] >> 6
    if mode == 1 or not any(data):
        raise InvalidEncoding("bn254_infinity", "the point at infinity, which no honest key or proof holds")
    if (mode != 0) != (len(data) == compressed):
        raise InvalidEncoding("bn254_form", "a point whose upper bits and length do not agree")
    numbers = [int.from_bytes(data[at : at + 32], "big") for at in range(0, len(data), 32)]
    numbers[0] &= _LOWER
    if max(numbers) >= FIELD:
        raise InvalidEncoding("bn254_not_canonical", "a coordinate that is not below the field's modulus")
    return mode, numbers


def _times(a: Fp2, b: Fp2) -> Fp2:
    return (a[0] * b[0] - a[1] * b[1]) % FIELD, (a[0] * b[1] + a[1] * b[0]) % FIELD


def _plus(a: Fp2, b: Fp2) -> Fp2:
    return (a[0] + b[0]) % FIELD, (a[1] + b[1]) % FIELD


_82 = pow(82, -1, FIELD)
#: 3 / (9 + u), the constant of the twist.
_TWIST: Fp2 = (27 * _82 % FIELD, -3 * _82 % FIELD)


def _root(square: Fp2) -> Fp2:
    """A root of a square; of another element any element. The complex method, for a modulus of 3 modulo 4."""
    half = (FIELD + 1) // 2
    norm = pow(square[0] ** 2 + square[1] ** 2, (FIELD + 1) // 4, FIELD)
    for sign in (1, -1):
        part = (square[0] + sign * norm) * half % FIELD
        real = pow(part, (FIELD + 1) // 4, FIELD)
        if real and real * real % FIELD == part:
            return real, square[1] * half * pow(real, -1, FIELD) % FIELD
    return 0, pow(-square[0], (FIELD + 1) // 4, FIELD)


# --- arithmetic by a library ------------------------------------------------------------------------------------------


class Arithmetic(Protocol):
    """Over points as `g1` and `g2` give them, and INFINITY."""

    @property
    def name(self) -> str:
        """The library, as it is shown to users."""

    def added(self, a: bytes, b: bytes) -> bytes: ...

    def times(self, point: bytes, factor: int) -> bytes: ...

    def pairs_to_one(self, pairs: Sequence[tuple[bytes, bytes]]) -> bool:
        """Whether the product of the pairings e(G1, G2) is one. Raises InvalidEncoding (`bn254_not_in_subgroup`) for a
        point of the twist outside the subgroup of order ORDER.
        """


def in_subgroup(point: bytes, arithmetic: Arithmetic) -> bool:
    """Whether a point that `g2` gave is in the subgroup of order ORDER."""
    try:
        arithmetic.pairs_to_one([(GENERATOR, point)])
    except InvalidEncoding:
        return False
    return True


@cache
def arithmetic(name: str = "") -> Arithmetic:
    """pyrevm where it is installed, else py_ecc; or the one of that name. Raises ImportError for one that is absent."""
    if name != "py_ecc":
        try:
            return _Revm()
        except ImportError:
            if name:
                raise
    return _PyEcc()


class _Revm:
    """The precompiled contracts 6, 7 and 8 (EIP-196, EIP-197), which check each point that they are given."""

    name = "pyrevm"

    def __init__(self) -> None:
        import pyrevm  # it has no wheel for later Pythons

        self._machine: Any = pyrevm.EVM(gas_limit=2**62)

    def _asked(self, contract: int, data: bytes) -> bytes:
        return bytes(self._machine.message_call("0x" + "00" * 20, f"0x{contract:040x}", calldata=data))

    def added(self, a: bytes, b: bytes) -> bytes:
        return self._asked(6, a + b)

    def times(self, point: bytes, factor: int) -> bytes:
        return self._asked(7, point + factor.to_bytes(32, "big"))

    def pairs_to_one(self, pairs: Sequence[tuple[bytes, bytes]]) -> bool:
        try:
            return self._asked(8, b"".join(a + b for a, b in pairs))[-1] == 1
        except RuntimeError as error:  # all else that the contract refuses was refused where the points were read
            raise InvalidEncoding("bn254_not_in_subgroup", "a point outside the subgroup of the twist") from error


class _PyEcc:
    name = "py_ecc"

    def __init__(self) -> None:
        limit = sys.getrecursionlimit()
        from py_ecc import optimized_bn128  # it lifts the limit of recursion, and is slow to load

        self._curve: Any = optimized_bn128
        sys.setrecursionlimit(limit)  # which py_ecc raises far beyond a thread's stack

    def _g1(self, point: bytes) -> Any:
        curve = self._curve
        if point == INFINITY:
            return curve.Z1
        return curve.FQ(int.from_bytes(point[:32], "big")), curve.FQ(int.from_bytes(point[32:], "big")), curve.FQ(1)

    def _g2(self, point: bytes) -> Any:
        curve = self._curve
        x1, x0, y1, y0 = (int.from_bytes(point[at : at + 32], "big") for at in range(0, 128, 32))
        return curve.FQ2([x0, x1]), curve.FQ2([y0, y1]), curve.FQ2([1, 0])

    def _bytes(self, point: Any) -> bytes:
        if self._curve.is_inf(point):
            return INFINITY
        x, y = self._curve.normalize(point)
        return int(x).to_bytes(32, "big") + int(y).to_bytes(32, "big")

    def added(self, a: bytes, b: bytes) -> bytes:
        return self._bytes(self._curve.add(self._g1(a), self._g1(b)))

    def times(self, point: bytes, factor: int) -> bytes:
        return self._bytes(self._curve.multiply(self._g1(point), factor % ORDER))

    def pairs_to_one(self, pairs: Sequence[tuple[bytes, bytes]]) -> bool:
        curve = self._curve
        product = curve.FQ12.one()
        for left, right in pairs:
            point = self._g2(right)
            if not curve.is_inf(curve.multiply(point, ORDER)):
                raise InvalidEncoding("bn254_not_in_subgroup", "a point outside the subgroup of the twist")
            product *= curve.pairing(point, self._g1(left), final_exponentiate=False)
        return bool(curve.final_exponentiate(product) == curve.FQ12.one())
