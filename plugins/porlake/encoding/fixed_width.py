"""Texts of one length, a matrix row of bytes each: hex digits, base58 and base58check of a whole column at once."""

from __future__ import annotations

import sys
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from porlake.encoding import base58, hashes

Bytes = npt.NDArray[Any]
Mask = npt.NDArray[Any]

Block = TypeVar("Block", bytes, str)

NO_DIGIT = 255
PAYLOAD = 25
"""Bytes of a base58check address: version, 20 bytes, checksum of 4."""
MOST_DIGITS = 35
"""Base58 digits of such an address at the most, zeros before it not counted."""
CHECKSUM = 4
MANY, MANY_WHERE_COMPILED = 400_000, 50_000
"""Texts from which compiled loops are loaded: that takes as long as decoding as many without them, and less in a
process that has what compiles them.
"""


def matrix(texts: pa.Array, width: int) -> Bytes:
    """The bytes of texts that are all `width` long: shape (texts, width)."""
    _, ends, data = texts.buffers()
    if data is None or not len(texts):
        return np.zeros((0, width), np.uint8)
    first = np.frombuffer(ends, np.int32)[texts.offset]
    return np.frombuffer(data, np.uint8)[first : first + len(texts) * width].reshape(len(texts), width)


def split(block: Block, width: int) -> list[Block]:
    """A block of equal parts as the list of them."""
    return [block[at : at + width] for at in range(0, len(block), width)]


def texts_of(letters: Bytes) -> list[str]:
    """The texts of a matrix of ASCII letters."""
    return split(letters.tobytes().decode("latin-1"), letters.shape[1])


def joined_nibbles(digits: Bytes) -> Bytes:
    """Bytes of values 0 to 15, two of them each."""
    return digits[:, ::2] << 4 | digits[:, 1::2]


def _digit_values(*alphabets: str) -> Bytes:
    """What each byte means as a digit, NO_DIGIT where it is none."""
    table = np.full(256, NO_DIGIT, np.uint8)
    for alphabet in alphabets:
        for value, letter in enumerate(alphabet):
            table[ord(letter)] = value
    return table


HEX = _digit_values("0123456789abcdef", "0123456789ABCDEF")
_DIGITS = {alphabet: _digit_values(alphabet) for alphabet in (base58.BITCOIN, base58.RIPPLE)}


def base58check(letters: Bytes, alphabet: str = base58.BITCOIN) -> tuple[Bytes, Mask]:
    """(PAYLOAD bytes each, which of them are base58check of as many)."""
    made, good = base58_of(letters, PAYLOAD, alphabet)
    if _are_many():
        from porlake.encoding import _base58_loops

        _base58_loops.check(made, good)
        return made, good
    payloads = split(np.ascontiguousarray(made[good, :-CHECKSUM]).tobytes(), PAYLOAD - CHECKSUM)
    hashed = np.frombuffer(b"".join(map(hashes.sha256d, payloads)), np.uint8).reshape(-1, 32)
    good[good] = (hashed[:, :CHECKSUM] == made[good, -CHECKSUM:]).all(axis=1)
    return made, good


def base58_of(letters: Bytes, size: int, alphabet: str = base58.BITCOIN) -> tuple[Bytes, Mask]:
    """(`size` bytes each, which of them are base58 of as many); the bytes of the others mean nothing."""
    _seen[0] += len(letters)
    if _are_many():
        from porlake.encoding import _base58_loops

        return _base58_loops.decode(letters, size, _DIGITS[alphabet])
    return _decoded(letters, size, alphabet)


_seen = [0]


def _are_many() -> bool:
    """Whether this process has decoded so many texts that compiled loops are worth loading."""
    return _seen[0] >= (MANY_WHERE_COMPILED if "numba" in sys.modules else MANY)


def _decoded(letters: Bytes, size: int, alphabet: str) -> tuple[Bytes, Mask]:
    fives = -(-letters.shape[1] // 5)
    words = -(-max(fives * 30, size * 8) // 32)  # 30 bits are more than five digits hold
    digits = np.pad(_DIGITS[alphabet][letters].astype(np.uint64), ((0, 0), (fives * 5 - letters.shape[1], 0)))
    good = (digits < 58).all(axis=1)
    limbs = np.zeros((words, len(letters)), np.uint64)  # 32 bits each, the lowest first
    groups = digits.reshape(len(letters), fives, 5) @ np.array([58**4, 58**3, 58**2, 58, 1], np.uint64)
    for five in range(fives):
        carry = groups[:, five]
        for limb in range(words):
            carry = limbs[limb] * np.uint64(58**5) + carry
            limbs[limb], carry = carry & np.uint64(0xFFFFFFFF), carry >> np.uint64(32)
    number = np.ascontiguousarray(limbs[::-1].T).astype(">u4").view(np.uint8)
    made = np.ascontiguousarray(number[:, -size:])
    ones = np.cumprod(letters == ord(alphabet[0]), axis=1).sum(axis=1)
    zeros = np.cumprod(made == 0, axis=1).sum(axis=1)
    good &= (number[:, :-size] == 0).all(axis=1) & (ones == zeros)
    return made, good
