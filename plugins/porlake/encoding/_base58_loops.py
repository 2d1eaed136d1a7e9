"""Base58 and its checksum for many texts of one length, compiled: see `fixed_width`, which alone uses them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from porlake.encoding.native import compiled
from porlake.encoding.sha256_lanes import BLOCK, LANES, PADDING, STATE, digests

_LOW, _HALF, _FIVE, _BASE = np.uint64(0xFFFFFFFF), np.uint64(32), np.uint64(58**5), np.uint64(58)
_DIGEST, _CHECKSUM = 32, 4


def decode(
    letters: npt.NDArray[np.uint8], size: int, values: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """(`size` bytes each, which texts are base58 of as many); `values`: of each byte as a digit, 58 or more where it is
    none.
    """
    made, good = np.zeros((len(letters), size), np.uint8), np.zeros(len(letters), np.bool_)
    _decode(np.ascontiguousarray(letters), values, np.uint8(np.flatnonzero(values == 0)[0]), made, good)
    return made, good


def check(made: npt.NDArray[np.uint8], good: npt.NDArray[np.bool_]) -> None:
    """Unset `good` where the last four bytes are not those of SHA-256 twice over the bytes before."""
    stride = -(-(max(made.shape[1], _DIGEST) + PADDING) // 64) * 64
    scratch, hashed = np.zeros(LANES * stride, np.uint8), np.zeros(LANES * _DIGEST, np.uint8)
    _check(made, good, stride, scratch, hashed, np.zeros(STATE, np.uint32), np.zeros(BLOCK, np.uint32))


@compiled
def _decode(letters, values, zero, made, good):  # type: ignore[no-untyped-def]
    rows, width = letters.shape
    size = made.shape[1]
    words = (size + 3) // 4
    limbs = np.zeros(words, np.uint64)  # the lowest first
    for row in range(rows):
        for limb in range(words):
            limbs[limb] = np.uint64(0)
        fits, at = True, 0
        group = (width - 1) % 5 + 1
        while at < width:
            carry = np.uint64(0)
            for i in range(at, at + group):
                value = values[letters[row, i]]
                fits &= value < 58
                carry = carry * _BASE + np.uint64(value)
            at += group
            group = 5
            for limb in range(words):
                carry = limbs[limb] * _FIVE + carry
                limbs[limb] = carry & _LOW
                carry >>= _HALF
            fits &= carry == 0
        ones = 0
        while ones < width and letters[row, ones] == zero:
            ones += 1
        for i in range(size):
            made[row, size - 1 - i] = np.uint8(limbs[i // 4] >> np.uint64(8 * (i % 4)))
        for i in range(size, 4 * words):
            fits &= np.uint8(limbs[i // 4] >> np.uint64(8 * (i % 4))) == 0
        zeros = 0
        while zeros < size and made[row, zeros] == 0:
            zeros += 1
        good[row] = fits and ones == zeros


@compiled
def _check(made, good, stride, scratch, hashed, state, block):  # type: ignore[no-untyped-def]
    rows, size = made.shape
    sizes = np.zeros(LANES, np.int64)
    for first in range(0, rows, LANES):
        lanes = min(LANES, rows - first)
        for lane in range(LANES):
            sizes[lane] = size - _CHECKSUM if lane < lanes else 0
            for i in range(sizes[lane]):
                scratch[lane * stride + i] = made[first + lane, i]
        digests(scratch, stride, sizes, state, block, hashed)
        for lane in range(LANES):
            sizes[lane] = _DIGEST
            for i in range(_DIGEST):
                scratch[lane * stride + i] = hashed[lane * _DIGEST + i]
        digests(scratch, stride, sizes, state, block, hashed)
        for lane in range(lanes):
            for i in range(_CHECKSUM):
                good[first + lane] &= hashed[lane * _DIGEST + i] == made[first + lane, size - _CHECKSUM + i]
