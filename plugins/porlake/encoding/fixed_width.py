"""Texts of one length, a matrix row of bytes each: hex digits and base58check of a whole column at once."""

from __future__ import annotations

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
"""Base58 digits that are decoded, seven limbs of five; no address of 25 bytes has more."""


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
_BASE58 = _digit_values(base58.BITCOIN)


def base58check(letters: Bytes) -> tuple[Bytes, Mask]:
    """(PAYLOAD bytes each, which of them are base58check of as many) of texts of at most MOST_DIGITS letters."""
    digits = np.pad(_BASE58[letters].astype(np.uint64), ((0, 0), (MOST_DIGITS - letters.shape[1], 0)))
    good = (digits < 58).all(axis=1)
    limbs = np.zeros((7, len(letters)), np.uint64)  # 32 bits each, the lowest first
    fives = digits.reshape(len(letters), 7, 5) @ np.array([58**4, 58**3, 58**2, 58, 1], np.uint64)
    for five in range(7):
        carry = fives[:, five]
        for limb in range(7):
            carry = limbs[limb] * np.uint64(58**5) + carry
            limbs[limb], carry = carry & np.uint64(0xFFFFFFFF), carry >> np.uint64(32)
    number = np.ascontiguousarray(limbs[::-1].T).astype(">u4").view(np.uint8)
    made = np.ascontiguousarray(number[:, 3:])
    ones = np.cumprod(letters == ord("1"), axis=1).sum(axis=1)
    zeros = np.cumprod(made == 0, axis=1).sum(axis=1)
    good &= (number[:, :3] == 0).all(axis=1) & (ones == zeros)
    for at, data in zip(np.flatnonzero(good).tolist(), split(made[good].tobytes(), PAYLOAD), strict=True):
        good[at] = hashes.sha256d(data[:21])[:4] == data[21:]
    return made, good
