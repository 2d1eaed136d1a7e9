"""Poseidon over the scalar field of BN254, as Binance's and Gate's proofs of liabilities hash with it.

The permutation is that of Grassi et al. (eprint 2019/458): x^5, 8 full rounds, the partial rounds of circom's tables,
constants and matrix from the paper's Grain LFSR. The sponge is that of github.com/bnb-chain/gnark-crypto: twelve values
a time take the places 1 to 12 of the state, place 0 is carried on, a last short block goes through the narrower
permutation, nothing is padded, no length is mixed in, and what comes out is place 1. So rows of different length can
share a digest: whoever hashes fixes how many values there are.

Field elements are whole numbers below MODULUS.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from operator import mul

#: The order of the group of BN254, and so the field of its circuits.
MODULUS = 21888242871839275222246405745257275088548364400416034343698204186575808495617
RATE = 12
_FULL = 8
#: Partial rounds by width of the state, 2 to 13 (circomlib, poseidon.circom).
_PARTIAL = (56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65)
_BITS = 254
#: From how many permutations on compiled code is worth its start.
_MANY = 400


def digest(values: Sequence[int]) -> int:
    """The digest of at least one field element."""
    if len(values) > _MANY * RATE:
        return digests([values])[0]
    carried = 0
    state: list[int] = []
    for start in range(0, len(values), RATE):
        state = permuted([carried, *values[start : start + RATE]])
        carried = state[0]
    return state[1]


def digests(rows: Sequence[Sequence[int]]) -> list[int]:
    """The digest of each row; all rows have the same length, at least one."""
    if not rows:
        return []
    if len(rows) * -(-len(rows[0]) // RATE) < _MANY:
        return [digest(row) for row in rows]
    from porlake.encoding import _poseidon_bn254_loops  # loading it takes longer than some hundred permutations

    return _poseidon_bn254_loops.digests(rows)


def permuted(state: Sequence[int]) -> list[int]:
    """The state after the permutation of its width, 2 to 13 elements."""
    width = len(state)
    constants, matrix = parameters(width)
    found = list(state)
    half = _FULL // 2 * width
    for start in range(0, half, width):
        found = _full_round(found, constants[start : start + width], matrix)
    for rows, last in _leaps(width):
        for added, row in rows:
            value = sum(map(mul, row, found), added) % MODULUS
            found.append(pow(value, 5, MODULUS) - value)
        found = [sum(map(mul, row, found), added) % MODULUS for added, row in last]
    for start in range(len(constants) - half, len(constants), width):
        found = _full_round(found, constants[start : start + width], matrix)
    return found


def _full_round(state: Sequence[int], constants: Sequence[int], matrix: Sequence[Sequence[int]]) -> list[int]:
    powers = [pow(value + constant, 5, MODULUS) for value, constant in zip(state, constants, strict=True)]
    return [sum(map(mul, row, powers)) % MODULUS for row in matrix]


Row = tuple[int, tuple[int, ...]]
"""A constant and factors: a linear form."""


@cache
def _leaps(width: int) -> tuple[tuple[tuple[Row, ...], tuple[Row, ...]], ...]:
    """The partial rounds, some at a time. Each changes one element, by a fifth power less the value; all else is
    linear, so the value of each round is a linear form of the state before them all and of the changes before it, and
    so is the state behind them. For each leap: the forms of the values, and those of the state.
    """
    constants, matrix = parameters(width)
    first, most = _FULL // 2 * width, width + 2
    left = [constants[at : at + width] for at in range(first, len(constants) - first, width)]
    found = []
    while left:
        some, left = left[:most], left[most:]
        forms = [(0, tuple(int(at == place) for at in range(width))) for place in range(width)]
        values = []
        for added in some:
            forms = [(form[0] + more, form[1]) for form, more in zip(forms, added, strict=True)]
            values.append((forms[0][0] % MODULUS, forms[0][1]))
            changed = [(form[0], (*form[1], int(place == 0))) for place, form in enumerate(forms)]
            forms = [_combined(row, changed) for row in matrix]
        found.append((tuple(values), tuple(forms)))
    return tuple(found)


def _combined(factors: Sequence[int], forms: Sequence[Row]) -> Row:
    columns = zip(*(form[1] for form in forms), strict=True)
    constant = sum(factor * form[0] for factor, form in zip(factors, forms, strict=True)) % MODULUS
    return constant, tuple(sum(map(mul, factors, column)) % MODULUS for column in columns)


@cache
def parameters(width: int) -> tuple[tuple[int, ...], tuple[tuple[int, ...], ...]]:
    """Round constants, `width` a round, and the matrix by rows (the paper's generate_parameters_grain)."""
    partial = _PARTIAL[width - 2]
    numbers = _Grain(width, partial)
    constants: list[int] = []
    while len(constants) < (_FULL + partial) * width:
        if (number := numbers.next()) < MODULUS:
            constants.append(number)
    points = [numbers.next() % MODULUS for _ in range(2 * width)]
    if len(set(points)) < len(points):
        raise AssertionError("the paper draws again where two points of the Cauchy matrix are equal")
    columns, rows = points[:width], points[width:]
    return tuple(constants), tuple(tuple(pow(a + b, -1, MODULUS) for b in rows) for a in columns)


class _Grain:
    """The self-shrinking generator of the paper's appendix F; its bits as numbers of 254 bits, the highest first."""

    def __init__(self, width: int, partial: int) -> None:
        first = f"{1:02b}{0:04b}{_BITS:012b}{width:012b}{_FULL:010b}{partial:010b}{'1' * 30}"
        self._state = int(first[::-1], 2)  # bit i of the register is bit i of the number
        self._kept = ""
        self._raw(180)  # 160 are thrown away: ten blocks of 18 hold 20 that are used
        self._left = self._last[160:]

    def _raw(self, bits: int) -> None:
        """Eighteen at a time: the next bit depends on none of the last seventeen."""
        blocks = []
        for _ in range(bits // 18):
            s = self._state
            block = (s >> 62 ^ s >> 51 ^ s >> 38 ^ s >> 23 ^ s >> 13 ^ s) & 0x3FFFF
            self._state = (s | block << 80) >> 18
            blocks.append(f"{block:018b}"[::-1])
        self._last = "".join(blocks)

    def next(self) -> int:
        while len(self._kept) < _BITS:
            self._raw(18 * 32)
            raw = self._left + self._last
            self._left = ""  # an even number of bits: pairs never lie across
            self._kept += "".join(b for a, b in zip(raw[::2], raw[1::2], strict=True) if a == "1")
        number, self._kept = int(self._kept[:_BITS], 2), self._kept[_BITS:]
        return number
