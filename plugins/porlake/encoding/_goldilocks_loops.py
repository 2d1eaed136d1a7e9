"""Poseidon over Goldilocks in numba: see `goldilocks`. Arrays of uint64; elements below the modulus in and out.

A product of 128 bits is reduced by 2^64 = 2^32 - 1 and 2^96 = -1; between, a number is any of 64 bits.
"""

from __future__ import annotations

import numpy as np

from porlake.encoding.native import compiled, product

_MODULUS = np.uint64(2**64 - 2**32 + 1)
_EPSILON = np.uint64(2**32 - 1)
_HALF = np.uint64(32)
_WIDTH, _RATE = 12, 8
_FULL, _PARTIAL = 4, 22
_CIRCULANT = np.array((17, 15, 41, 16, 2, 28, 13, 13, 39, 18, 34, 20), dtype=np.uint64)
_DIAGONAL = np.uint64(8)


@compiled
def _reduced(lower, upper):  # type: ignore[no-untyped-def]
    """Of 64 bits, and equal to lower + upper * 2^64."""
    top = upper >> _HALF
    value = lower - top
    if lower < top:
        value -= _EPSILON
    more = (upper & _EPSILON) * _EPSILON
    total = value + more
    if total < more:
        total += _EPSILON
    return total


@compiled
def _times(a, b):  # type: ignore[no-untyped-def]
    upper, lower = product(a, b, np.uint64(0), np.uint64(0))
    return _reduced(lower, upper)


@compiled
def _seventh(a):  # type: ignore[no-untyped-def]
    square = _times(a, a)
    return _times(_times(square, square), _times(square, a))


@compiled
def _mixed(state, mixed):  # type: ignore[no-untyped-def]
    """The linear layer, by halves of 32 bits: their sums stay below 2^41."""
    for row in range(_WIDTH):
        low, high = np.uint64(0), np.uint64(0)
        for column in range(_WIDTH):
            value = state[(row + column) % _WIDTH]
            low += (value & _EPSILON) * _CIRCULANT[column]
            high += (value >> _HALF) * _CIRCULANT[column]
        if row == 0:
            low += (state[0] & _EPSILON) * _DIAGONAL
            high += (state[0] >> _HALF) * _DIAGONAL
        high += low >> _HALF
        mixed[row] = _reduced((high << _HALF) | (low & _EPSILON), high >> _HALF)
    for row in range(_WIDTH):
        state[row] = mixed[row]


@compiled
def _plus(a, b):  # type: ignore[no-untyped-def]
    """b is below the modulus."""
    total = a + b
    if total < b:
        total += _EPSILON
    return total


@compiled
def _permute(state, constants, mixed):  # type: ignore[no-untyped-def]
    for turn in range(2 * _FULL + _PARTIAL):
        for i in range(_WIDTH):
            state[i] = _plus(state[i], constants[turn * _WIDTH + i])
        if _FULL <= turn < _FULL + _PARTIAL:
            state[0] = _seventh(state[0])
        else:
            for i in range(_WIDTH):
                state[i] = _seventh(state[i])
        _mixed(state, mixed)
    for i in range(_WIDTH):
        if state[i] >= _MODULUS:
            state[i] -= _MODULUS


@compiled
def permuted(state, constants):  # type: ignore[no-untyped-def]
    new = state.copy()
    _permute(new, constants, np.empty(_WIDTH, np.uint64))
    return new


@compiled
def hashed(values, constants):  # type: ignore[no-untyped-def]
    state, mixed = np.zeros(_WIDTH, np.uint64), np.empty(_WIDTH, np.uint64)
    for first in range(0, len(values), _RATE):
        for i in range(first, min(first + _RATE, len(values))):
            state[i - first] = values[i]
        _permute(state, constants, mixed)
    return state[0], state[1], state[2], state[3]


@compiled
def climbed(leaf, place, siblings, constants):  # type: ignore[no-untyped-def]
    state, mixed, node = np.empty(_WIDTH, np.uint64), np.empty(_WIDTH, np.uint64), leaf.copy()
    for level in range(len(siblings)):
        first = 4 * (place >> level & 1)
        for i in range(4):
            state[first + i] = node[i]
            state[4 - first + i] = siblings[level, i]
            state[_RATE + i] = np.uint64(0)
        _permute(state, constants, mixed)
        for i in range(4):
            node[i] = state[i]
    return node[0], node[1], node[2], node[3]
