"""The sponge of `poseidon_bn254` over many rows, compiled by numba. Imported only where there are many. An element is
four limbs of 64 bits, the lowest first, in Montgomery's form while it is computed with.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from porlake.encoding.native import compiled, product
from porlake.encoding.poseidon_bn254 import MODULUS, RATE, parameters


def digests(rows: Sequence[Sequence[int]]) -> list[int]:
    """The digest of each row; all rows have the same length, at least one."""
    length = len(rows[0])
    packed = b"".join(value.to_bytes(32, "little") for row in rows for value in row)
    values = np.frombuffer(packed, np.uint64).reshape(len(rows), length, 4)
    last = (length - 1) % RATE + 1
    found: Any = _digests(values, *_limbs(RATE + 1 if length > RATE else last + 1), *_limbs(last + 1), _R2)
    raw = found.tobytes()
    return [int.from_bytes(raw[at : at + 32], "little") for at in range(0, len(raw), 32)]


_Q0, _Q1, _Q2, _Q3 = (np.uint64(MODULUS >> 64 * at & 2**64 - 1) for at in range(4))
_NEGATED = np.uint64(-pow(MODULUS, -1, 2**64) % 2**64)


def _as_limbs(values: Sequence[int]) -> Any:
    return np.frombuffer(b"".join(value.to_bytes(32, "little") for value in values), np.uint64).reshape(-1, 4)


_R2 = _as_limbs([2**512 % MODULUS])[0]


@cache
def _limbs(width: int) -> tuple[Any, Any]:
    """The parameters of a width in Montgomery's form."""
    constants, matrix = parameters(width)
    there = 2**256 % MODULUS
    return (
        _as_limbs([value * there % MODULUS for value in constants]),
        _as_limbs([value * there % MODULUS for row in matrix for value in row]).reshape(width, width, 4),
    )


@compiled
def _times(a, b):  # type: ignore[no-untyped-def]
    """Montgomery's product of two elements of four limbs (CIOS; the modulus leaves the upper bits free)."""
    zero = np.uint64(0)
    t0 = t1 = t2 = t3 = zero
    for at in range(4):
        word = b[at]
        up, t0 = product(a[0], word, t0, zero)
        m = t0 * _NEGATED
        over, _ = product(m, _Q0, t0, zero)
        up, t1 = product(a[1], word, t1, up)
        over, t0 = product(m, _Q1, t1, over)
        up, t2 = product(a[2], word, t2, up)
        over, t1 = product(m, _Q2, t2, over)
        up, t3 = product(a[3], word, t3, up)
        over, t2 = product(m, _Q3, t3, over)
        t3 = over + up
    return _reduced(t0, t1, t2, t3)


@compiled
def _reduced(t0, t1, t2, t3):  # type: ignore[no-untyped-def]
    if t3 < _Q3 or (t3 == _Q3 and (t2 < _Q2 or (t2 == _Q2 and (t1 < _Q1 or (t1 == _Q1 and t0 < _Q0))))):
        return t0, t1, t2, t3
    one, zero = np.uint64(1), np.uint64(0)
    borrow = one if t0 < _Q0 else zero
    u0 = t0 - _Q0
    u1 = t1 - _Q1 - borrow
    borrow = one if t1 < _Q1 or (t1 == _Q1 and borrow == one) else zero
    u2 = t2 - _Q2 - borrow
    borrow = one if t2 < _Q2 or (t2 == _Q2 and borrow == one) else zero
    return u0, u1, u2, t3 - _Q3 - borrow


@compiled
def _plus(a, b):  # type: ignore[no-untyped-def]
    one, zero = np.uint64(1), np.uint64(0)
    up, t0 = product(b[0], one, a[0], zero)
    up, t1 = product(b[1], one, a[1], up)
    up, t2 = product(b[2], one, a[2], up)
    up, t3 = product(b[3], one, a[3], up)
    return _reduced(t0, t1, t2, t3)


@compiled
def _permute(state, mixed, constants, matrix):  # type: ignore[no-untyped-def]
    width = len(matrix)
    rounds = len(constants) // width
    for turn in range(rounds):
        is_full = turn < 4 or turn >= rounds - 4
        for at in range(width):
            value = _plus(state[at], constants[turn * width + at])
            if is_full or at == 0:
                square = _times(value, value)
                value = _times(_times(square, square), value)
            state[at, 0], state[at, 1], state[at, 2], state[at, 3] = value
        for row in range(width):
            total = _times(matrix[row, 0], state[0])
            for at in range(1, width):
                total = _plus(total, _times(matrix[row, at], state[at]))
            mixed[row, 0], mixed[row, 1], mixed[row, 2], mixed[row, 3] = total
        state[:width] = mixed[:width]


@compiled
def _digests(values, wide_c, wide_m, last_c, last_m, r2):  # type: ignore[no-untyped-def]
    one = (np.uint64(1), np.uint64(0), np.uint64(0), np.uint64(0))
    found = np.empty((len(values), 4), np.uint64)
    state = np.zeros((13, 4), np.uint64)
    mixed = np.zeros((13, 4), np.uint64)
    length = values.shape[1]
    for row in range(len(values)):
        state[:] = 0
        for start in range(0, length, 12):
            count = min(12, length - start)
            for at in range(count):
                value = _times(values[row, start + at], r2)
                for limb in range(4):
                    state[at + 1, limb] = value[limb]
            if start + 12 < length:
                _permute(state, mixed, wide_c, wide_m)
            else:
                _permute(state, mixed, last_c, last_m)
        value = _times(state[1], one)
        for limb in range(4):
            found[row, limb] = value[limb]
    return found
