"""BLAKE-256, the finalist of the SHA-3 competition with 14 rounds; Decred hashes with it.
https://www.aumasson.jp/blake/blake.pdf
"""

from __future__ import annotations

import struct

_START = (0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A, 0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19)
_PI = (
    0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344, 0xA4093822, 0x299F31D0, 0x082EFA98, 0xEC4E6C89,
    0x452821E6, 0x38D01377, 0xBE5466CF, 0x34E90C6C, 0xC0AC29B7, 0xC97C50DD, 0x3F84D5B5, 0xB5470917,
)  # fmt: skip
_SIGMA = tuple(
    tuple(int(digit, 16) for digit in row)
    for row in ("0123456789abcdef", "ea489fd61c02b753", "b8c052fdae367194", "7931dcbe265a40f8", "905724afe1bc683d",
                "2c6a0b834d75fe19", "c51fed4a0763928b", "db7ec13950f4862a", "6fe9b308c2d714a5", "a2847615fb9e3cd0")
)  # fmt: skip
_LANES = (
    (0, 4, 8, 12),
    (1, 5, 9, 13),
    (2, 6, 10, 14),
    (3, 7, 11, 15),
    (0, 5, 10, 15),
    (1, 6, 11, 12),
    (2, 7, 8, 13),
    (3, 4, 9, 14),
)
_MASK = 0xFFFFFFFF


def blake256(data: bytes) -> bytes:
    bits = len(data) * 8
    padded = data + b"\x80" + bytes((55 - len(data)) % 64)
    padded = padded[:-1] + bytes([padded[-1] | 1]) + struct.pack(">Q", bits)
    state = list(_START)
    for at in range(0, len(padded), 64):
        counted = min((at + 64) * 8, bits)
        state = _compress(state, struct.unpack(">16I", padded[at : at + 64]), 0 if at * 8 >= bits else counted)
    return struct.pack(">8I", *state)


def _compress(state: list[int], block: tuple[int, ...], counted: int) -> list[int]:
    low, high = counted & _MASK, counted >> 32
    v = [*state, *_PI[:4], _PI[4] ^ low, _PI[5] ^ low, _PI[6] ^ high, _PI[7] ^ high]
    for step in range(14):
        sigma = _SIGMA[step % 10]
        for lane, (a, b, c, d) in enumerate(_LANES):
            i, j = sigma[2 * lane], sigma[2 * lane + 1]
            v[a] = (v[a] + v[b] + (block[i] ^ _PI[j])) & _MASK
            v[d] = _right(v[d] ^ v[a], 16)
            v[c] = (v[c] + v[d]) & _MASK
            v[b] = _right(v[b] ^ v[c], 12)
            v[a] = (v[a] + v[b] + (block[j] ^ _PI[i])) & _MASK
            v[d] = _right(v[d] ^ v[a], 8)
            v[c] = (v[c] + v[d]) & _MASK
            v[b] = _right(v[b] ^ v[c], 7)
    return [state[i] ^ v[i] ^ v[i + 8] for i in range(8)]


def _right(word: int, bits: int) -> int:
    return ((word >> bits) | (word << (32 - bits))) & _MASK
