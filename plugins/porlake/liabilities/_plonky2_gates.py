"""The gates of a plonky2 circuit: what must vanish at the point where all polynomials are opened.

https://github.com/okx/plonky2 (plonky2/src/gates), whose recursion interpolates with `LowDegreeInterpolationGate`.
A gate gets the openings of the wires of its row and of its constants, elements of the extension; what it says of
elements of the extension is said of pairs of openings: an algebra over it, by the same rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from porlake.encoding import goldilocks
from porlake.encoding.goldilocks import ONE, Digest, Extended, minus, plus, scaled, times

Values = Sequence[Extended]
_Pair = tuple[Extended, Extended]
_D = 2


class Gate(Protocol):
    """`wires`: how many of a row it looks at; `constants`: of how many constants; `count`: of what must vanish."""

    NAME: ClassVar[str]

    @property
    def wires(self) -> int: ...
    @property
    def constants(self) -> int: ...
    @property
    def count(self) -> int: ...
    def vanishing(self, wires: Values, constants: Values, inputs: Digest) -> list[Extended]:
        """`inputs`: the digest of the public inputs."""


def _pair(wires: Values, at: int) -> _Pair:
    return wires[at], wires[at + 1]


def _pair_times(a: _Pair, b: _Pair) -> _Pair:
    high = times(a[1], b[1])
    return plus(times(a[0], b[0]), scaled(high, goldilocks.NON_RESIDUE)), plus(times(a[0], b[1]), times(a[1], b[0]))


def _pair_scaled(a: _Pair, factor: Extended) -> _Pair:
    return times(a[0], factor), times(a[1], factor)


def _pair_plus(a: _Pair, b: _Pair) -> _Pair:
    return plus(a[0], b[0]), plus(a[1], b[1])


def _pair_minus(a: _Pair, b: _Pair) -> _Pair:
    return minus(a[0], b[0]), minus(a[1], b[1])


@dataclass(frozen=True, slots=True)
class Noop:
    NAME: ClassVar[str] = "NoopGate"
    wires: int = 0
    constants: int = 0
    count: int = 0

    def vanishing(self, wires: Values, constants: Values, inputs: Digest) -> list[Extended]:
        return []


@dataclass(frozen=True, slots=True)
class Constant:
    NAME: ClassVar[str] = "ConstantGate"
    number: int

    @property
    def wires(self) -> int:
        return self.number

    @property
    def constants(self) -> int:
        return self.number

    @property
    def count(self) -> int:
        return self.number

    def vanishing(self, wires: Values, constants: Values, inputs: Digest) -> list[Extended]:
        return [minus(constants[i], wires[i]) for i in range(self.number)]


@dataclass(frozen=True, slots=True)
class PublicInput:
    NAME: ClassVar[str] = "PublicInputGate"
    wires: int = 4
    constants: int = 0
    count: int = 4

    def vanishing(self, wires: Values, constants: Values, inputs: Digest) -> list[Extended]:
        return [minus(wires[i], (part, 0)) for i, part in enumerate(inputs)]


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """a * b * c0 + addend * c1, in the base field."""

    NAME: ClassVar[str] = "ArithmeticGate"
    number: int

    @property
    def wires(self) -> int:
        return 4 * self.number

    @property
    def constants(self) -> int:
        return 2

    @property
    def count(self) -> int:
        return self.number

    def vanishing(self, wires: Values, constants: Values, inputs: Digest) -> list[Extended]:
        found = []
        for i in range(0, 4 * self.number, 4):
            product = times(times(wires[i], wires[i + 1]), constants[0])
            found.append(minus(wires[i + 3], plus(product, times(wires[i + 2], constants[1]))))
        return found


@dataclass(frozen=True, slots=True)
class ArithmeticExtension:
    NAME: ClassVar[str] = "ArithmeticExtensionGate"
    number: int

    @property
    def wires(self) -> int:
        return 4 * _D * self.number

    @property
    def constants(self) -> int:
        return 2

    @property
    def count(self) -> int:
        return _D * self.number

    def vanishing(self, wires: Values, constants: Values, inputs: Digest) -> list[Extended]:
        found: list[Extended] = []
        for i in range(0, self.wires, 4 * _D):
            product = _pair_scaled(_pair_times(_pair(wires, i), _pair(wires, i + 2)), constants[0])
            computed = _pair_plus(product, _pair_scaled(_pair(wires, i + 4), constants[1]))
            found += _pair_minus(_pair(wires, i + 6), computed)
        return found


@dataclass(frozen=True, slots=True)
class MulExtension:
    NAME: ClassVar[str] = "MulExtensionGate"
    number: int

    @property
    def wires(self) -> int:
        return 3 * _D * self.number

    @property
    def constants(self) -> int:
        return 1

    @property
    def count(self) -> int:
        return _D * self.number

    def vanishing(self, wires: Values, constants: Values, inputs: Digest) -> list[Extended]:
        found: list[Extended] = []
        for i in range(0, self.wires, 3 * _D):
            product = _pair_scaled(_pair_times(_pair(wires, i), _pair(wires, i + 2)), constants[0])
            found += _pair_minus(_pair(wires, i + 4), product)
        return found


@dataclass(frozen=True, slots=True)
class BaseSum:
    """A number and its bits, the lowest first."""

    NAME: ClassVar[str] = "BaseSumGate<2>"
    number: int

    @property
    def wires(self) -> int:
        return 1 + self.number

    @property
    def constants(self) -> int:
        return 0

    @property
    def count(self) -> int:
        return 1 + self.number

    def vanishing(self, wires: Values, constants: Values, inputs: Digest) -> list[Extended]:
        bits = wires[1 : 1 + self.number]
        total: Extended = (0, 0)
        for bit in reversed(bits):
            total = plus(scaled(total, 2), bit)
        return [minus(total, wires[0]), *(times(bit, minus(bit, ONE)) for bit in bits)]


@dataclass(frozen=True, slots=True)
class Exponentiation:
    """A base to the power of a number whose bits are given, the lowest first."""

    NAME: ClassVar[str] = "ExponentiationGate"
    number: int

    @property
    def wires(self) -> int:
        return 2 + 2 * self.number

    @property
    def constants(self) -> int:
        return 0

    @property
    def count(self) -> int:
        return 1 + self.number

    def vanishing(self, wires: Values, constants: Values, inputs: Digest) -> list[Extended]:
        base, output, between = wires[0], wires[1 + self.number], wires[2 + self.number :]
        found, before = [], ONE
        for i in range(self.number):
            bit = wires[self.number - i]
            computed = times(before, plus(times(bit, base), minus(ONE, bit)))
            found.append(minus(computed, between[i]))
            before = times(between[i], between[i])
        return [*found, minus(output, between[self.number - 1])]


@dataclass(frozen=True, slots=True)
class RandomAccess:
    """One of 2^bits elements by its index, several times; wires that are left hold constants."""

    NAME: ClassVar[str] = "RandomAccessGate"
    bits: int
    copies: int
    extra: int

    @property
    def _routed(self) -> int:
        return (2 + (1 << self.bits)) * self.copies + self.extra

    @property
    def wires(self) -> int:
        return self._routed + self.bits * self.copies

    @property
    def constants(self) -> int:
        return self.extra

    @property
    def count(self) -> int:
        return self.copies * (self.bits + 2) + self.extra

    def vanishing(self, wires: Values, constants: Values, inputs: Digest) -> list[Extended]:
        found, size = [], 1 << self.bits
        for copy in range(self.copies):
            first = (2 + size) * copy
            bits = wires[self._routed + copy * self.bits :][: self.bits]
            found += [times(bit, minus(bit, ONE)) for bit in bits]
            index: Extended = (0, 0)
            for bit in reversed(bits):
                index = plus(scaled(index, 2), bit)
            found.append(minus(index, wires[first]))
            items = list(wires[first + 2 : first + 2 + size])
            for bit in bits:
                items = [plus(x, times(bit, minus(y, x))) for x, y in zip(items[::2], items[1::2], strict=True)]
            found.append(minus(items[0], wires[first + 1]))
        start = (2 + size) * self.copies
        return found + [minus(constants[i], wires[start + i]) for i in range(self.extra)]


@dataclass(frozen=True, slots=True)
class Reducing:
    """Horner's rule over coefficients of the base field."""

    NAME: ClassVar[str] = "ReducingGate"
    number: int
    _size: ClassVar[int] = 1

    @property
    def wires(self) -> int:
        return 3 * _D + self._size * self.number + _D * (self.number - 1)

    @property
    def constants(self) -> int:
        return 0

    @property
    def count(self) -> int:
        return _D * self.number

    def _coefficient(self, wires: Values, i: int) -> _Pair:
        return wires[3 * _D + i], (0, 0)

    def vanishing(self, wires: Values, constants: Values, inputs: Digest) -> list[Extended]:
        factor, before, start = _pair(wires, _D), _pair(wires, 2 * _D), 3 * _D + self._size * self.number
        found: list[Extended] = []
        for i in range(self.number):
            now = _pair(wires, 0 if i == self.number - 1 else start + _D * i)
            computed = _pair_plus(_pair_times(before, factor), self._coefficient(wires, i))
            found += _pair_minus(computed, now)
            before = now
        return found


@dataclass(frozen=True, slots=True)
class ReducingExtension(Reducing):
    """Horner's rule over coefficients of the extension."""

    NAME: ClassVar[str] = "ReducingExtensionGate"
    _size: ClassVar[int] = _D

    def _coefficient(self, wires: Values, i: int) -> _Pair:
        return _pair(wires, 3 * _D + _D * i)


@dataclass(frozen=True, slots=True)
class Interpolation:
    """A polynomial by its 2^bits values on a coset, and its value at one point more."""

    NAME: ClassVar[str] = "LowDegreeInterpolationGate"
    bits: int

    @property
    def _points(self) -> int:
        return 1 << self.bits

    @property
    def wires(self) -> int:
        return 1 + _D * (2 * self._points + 2) + (1 + _D) * (self._points - 2)

    @property
    def constants(self) -> int:
        return 0

    @property
    def count(self) -> int:
        return _D * self._points + _D + (1 + _D) * (self._points - 2)

    def vanishing(self, wires: Values, constants: Values, inputs: Digest) -> list[Extended]:
        number = self._points
        point_at = 1 + _D * number
        coefficients_at = point_at + 2 * _D
        shifts_at = coefficients_at + _D * number
        powers_at = shifts_at + number - 2
        coefficients = [_pair(wires, coefficients_at + _D * i) for i in range(number)]
        shifts = [ONE, wires[0], *wires[shifts_at : shifts_at + number - 2]]
        point = _pair(wires, point_at)
        powers = [point, *(_pair(wires, powers_at + _D * i) for i in range(number - 2))]

        found = [minus(times(shifts[i], shifts[1]), shifts[i + 1]) for i in range(1, number - 1)]
        shifted = [_pair_scaled(value, shift) for value, shift in zip(coefficients, shifts, strict=True)]
        root, at = goldilocks.root_of_unity(self.bits), 1
        for i in range(number):
            value: _Pair = ((0, 0), (0, 0))
            for coefficient in reversed(shifted):
                value = plus(scaled(value[0], at), coefficient[0]), plus(scaled(value[1], at), coefficient[1])
            found += _pair_minus(_pair(wires, 1 + _D * i), value)
            at = at * root % goldilocks.MODULUS
        for i in range(number - 2):
            found += _pair_minus(_pair_times(powers[i], point), powers[i + 1])
        computed = coefficients[0]
        for coefficient, power in zip(coefficients[1:], powers, strict=True):
            computed = _pair_plus(computed, _pair_times(coefficient, power))
        found += _pair_minus(_pair(wires, point_at + _D), computed)
        return found


@dataclass(frozen=True, slots=True)
class PoseidonMds:
    """The linear layer of Poseidon over elements of the extension."""

    NAME: ClassVar[str] = "PoseidonMdsGate"
    wires: int = 2 * _D * goldilocks.WIDTH
    constants: int = 0
    count: int = _D * goldilocks.WIDTH

    def vanishing(self, wires: Values, constants: Values, inputs: Digest) -> list[Extended]:
        width = goldilocks.WIDTH
        halves = [_mixed([wires[_D * i + half] for i in range(width)]) for half in range(_D)]
        return [minus(wires[_D * (width + i) + half], halves[half][i]) for i in range(width) for half in range(_D)]


@dataclass(frozen=True, slots=True)
class Poseidon:
    """A permutation, with two digests swapped before it where a wire says so.

    The optimised partial rounds of the prover give the same inputs to each x^7 as the plain ones.
    """

    NAME: ClassVar[str] = "PoseidonGate"
    wires: int = 135
    constants: int = 0
    count: int = 123

    def vanishing(self, wires: Values, constants: Values, inputs: Digest) -> list[Extended]:
        width, half = goldilocks.WIDTH, goldilocks.FULL_ROUNDS // 2
        swap = wires[2 * width]
        deltas = wires[2 * width + 1 : 2 * width + 5]
        found = [times(swap, minus(swap, ONE))]
        found += [minus(times(swap, minus(wires[i + 4], wires[i])), deltas[i]) for i in range(4)]
        state = [
            *(plus(wires[i], deltas[i]) for i in range(4)),
            *(minus(wires[i + 4], deltas[i]) for i in range(4)),
            *wires[8:width],
        ]
        at = 2 * width + 5
        round_constants = goldilocks.round_constants()
        for turn in range(goldilocks.FULL_ROUNDS + goldilocks.PARTIAL_ROUNDS):
            state = [
                ((a + round_constants[turn * width + i]) % goldilocks.MODULUS, b) for i, (a, b) in enumerate(state)
            ]
            boxes = 1 if half <= turn < half + goldilocks.PARTIAL_ROUNDS else width
            if turn:
                found += [minus(state[i], wires[at + i]) for i in range(boxes)]
                state[:boxes] = wires[at : at + boxes]
                at += boxes
            state[:boxes] = [_seventh(value) for value in state[:boxes]]
            state = _mixed(state)
        return found + [minus(state[i], wires[width + i]) for i in range(width)]


def _seventh(a: Extended) -> Extended:
    square = times(a, a)
    return times(times(square, square), times(square, a))


def _mixed(state: Values) -> list[Extended]:
    width = goldilocks.WIDTH
    mixed = []
    for row in range(width):
        extra = goldilocks.DIAGONAL if row == 0 else 0
        parts = [
            sum(state[(row + i) % width][half] * factor for i, factor in enumerate(goldilocks.CIRCULANT))
            + extra * state[row][half]
            for half in range(_D)
        ]
        mixed.append((parts[0] % goldilocks.MODULUS, parts[1] % goldilocks.MODULUS))
    return mixed


#: By the tag with which the fork writes them, what makes one of how many numbers. It has a CosetInterpolationGate (3)
#: and two for tables (6, 7) too, that no published circuit uses.
BY_TAG: Mapping[int, tuple[int, Callable[..., Gate]]] = {
    0: (1, Arithmetic),
    1: (1, ArithmeticExtension),
    2: (1, BaseSum),
    4: (1, Interpolation),
    5: (1, Exponentiation),
    8: (1, MulExtension),
    9: (0, Noop),
    10: (1, Constant),
    11: (0, PoseidonMds),
    12: (0, PublicInput),
    13: (0, Poseidon),
    14: (3, RandomAccess),
    15: (1, ReducingExtension),
    16: (1, Reducing),
}
