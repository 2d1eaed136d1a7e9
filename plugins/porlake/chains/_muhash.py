"""MuHash3072 of coins, compiled by numba: a product modulo 2^3072 - 1103717 in which the order of the coins does not matter.

https://github.com/bitcoin/bitcoin/blob/master/src/crypto/muhash.h, ChaCha20 of RFC 8439, SHA-256 of FIPS 180-4.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from porlake.chains._kernels import compiled

LIMBS = 48
PRIME = 2**3072 - 1103717
_LESS = np.uint64(1103717)


@intrinsic
def _product(typing: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    """(lower, upper) 64 bits of a * b + c + d, which always fits 128."""

    def made(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        wide, narrow = ir.IntType(128), ir.IntType(64)
        x, y, z, w = (builder.zext(value, wide) for value in arguments)
        number = builder.add(builder.add(builder.mul(x, y), z), w)
        lower, upper = builder.trunc(number, narrow), builder.trunc(builder.lshr(number, ir.Constant(wide, 64)), narrow)
        return context.make_tuple(builder, signature.return_type, (lower, upper))

    return types.UniTuple(types.uint64, 2)(types.uint64, types.uint64, types.uint64, types.uint64), made


@compiled
def _multiply(product, number, wide):  # type: ignore[no-untyped-def]
    """product := product * number, below 2^3072 and equal modulo the prime."""
    zero = np.uint64(0)
    for i in range(LIMBS):
        wide[i] = zero
    for i in range(LIMBS):
        carry, factor = zero, product[i]
        for j in range(LIMBS):
            lower, carry = _product(factor, number[j], wide[i + j], carry)
            wide[i + j] = lower
        wide[i + LIMBS] = carry
    carry = zero
    for i in range(LIMBS):
        lower, carry = _product(wide[i + LIMBS], _LESS, wide[i], carry)
        product[i] = lower
    while carry != zero:
        over, carry = carry * _LESS, zero
        for i in range(LIMBS):
            lower = product[i] + over
            over = np.uint64(1) if lower < over else zero
            product[i] = lower
            if over == zero:
                break
        carry = over


@compiled
def _turned(word, bits):  # type: ignore[no-untyped-def]
    # numba widens sums of 32-bit numbers to 64 bits: what is turned is cut first.
    word = np.uint32(word)
    return np.uint32(word << np.uint32(bits)) | np.uint32(word >> np.uint32(32 - bits))


@compiled
def _sha256(data, at, size, constants, block, state):  # type: ignore[no-untyped-def]
    """The hash's eight words in `state`."""
    for i in range(8):
        state[i] = constants[64 + i]
    done = 0
    while True:
        for i in range(16):
            word = np.uint32(0)
            for k in range(4):
                place = done + 4 * i + k
                byte = np.uint32(data[at + place]) if place < size else np.uint32(0x80 if place == size else 0)
                word = (word << np.uint32(8)) | byte
            block[i] = word
        last = size - done < 56
        if last:
            block[14], block[15] = np.uint32(size >> 29), np.uint32(size << 3)
        for i in range(16, 64):
            x, y = block[i - 15], block[i - 2]
            block[i] = (
                block[i - 16]
                + block[i - 7]
                + (_turned(x, 25) ^ _turned(x, 14) ^ (x >> np.uint32(3)))
                + (_turned(y, 15) ^ _turned(y, 13) ^ (y >> np.uint32(10)))
            )
        a, b, c, d, e, f, g, h = state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]
        for i in range(64):
            one = h + (_turned(e, 26) ^ _turned(e, 21) ^ _turned(e, 7)) + ((e & f) ^ (~e & g)) + constants[i] + block[i]
            two = (_turned(a, 30) ^ _turned(a, 19) ^ _turned(a, 10)) + ((a & b) ^ (a & c) ^ (b & c))
            h, g, f, e, d, c, b, a = g, f, e, np.uint32(d + one), c, b, a, np.uint32(one + two)
        state[0] += a
        state[1] += b
        state[2] += c
        state[3] += d
        state[4] += e
        state[5] += f
        state[6] += g
        state[7] += h
        done += 64
        if last:
            break


@compiled
def _quarter(x, a, b, c, d):  # type: ignore[no-untyped-def]
    for lane in range(6):
        x[a, lane] += x[b, lane]
        x[d, lane] = _turned(x[d, lane] ^ x[a, lane], 16)
        x[c, lane] += x[d, lane]
        x[b, lane] = _turned(x[b, lane] ^ x[c, lane], 12)
        x[a, lane] += x[b, lane]
        x[d, lane] = _turned(x[d, lane] ^ x[a, lane], 8)
        x[c, lane] += x[d, lane]
        x[b, lane] = _turned(x[b, lane] ^ x[c, lane], 7)


@compiled
def _number(key, x, number):  # type: ignore[no-untyped-def]
    """384 bytes of ChaCha20 under the key, nonce and counter 0, as 48 words; the six blocks are made side by side."""
    for lane in range(6):
        x[0, lane], x[1, lane], x[2, lane], x[3, lane] = 0x61707865, 0x3320646E, 0x79622D32, 0x6B206574
        for i in range(8):
            x[4 + i, lane] = key[i]
        x[12, lane] = lane
        x[13, lane] = x[14, lane] = x[15, lane] = 0
    for _ in range(10):
        _quarter(x, 0, 4, 8, 12)
        _quarter(x, 1, 5, 9, 13)
        _quarter(x, 2, 6, 10, 14)
        _quarter(x, 3, 7, 11, 15)
        _quarter(x, 0, 5, 10, 15)
        _quarter(x, 1, 6, 11, 12)
        _quarter(x, 2, 7, 8, 13)
        _quarter(x, 3, 4, 9, 14)
    for lane in range(6):
        x[0, lane] += np.uint32(0x61707865)
        x[1, lane] += np.uint32(0x3320646E)
        x[2, lane] += np.uint32(0x79622D32)
        x[3, lane] += np.uint32(0x6B206574)
        for i in range(8):
            x[4 + i, lane] += key[i]
        x[12, lane] += np.uint32(lane)
        for i in range(8):
            number[8 * lane + i] = np.uint64(x[2 * i, lane]) | (np.uint64(x[2 * i + 1, lane]) << np.uint64(32))


@compiled
def multiply(data, begin, coins, ends, constants, product):  # type: ignore[no-untyped-def]
    """Take the serialized coins from `begin` on into the product."""
    block, state = np.empty(64, np.uint32), np.empty(8, np.uint32)
    x, number, wide = np.empty((16, 8), np.uint32), np.empty(LIMBS, np.uint64), np.empty(2 * LIMBS, np.uint64)
    at = 0
    for coin in range(begin, coins):
        _sha256(data, at, ends[coin] - at, constants, block, state)
        for i in range(8):
            word = state[i]  # the digest's bytes are the key, and ChaCha20 reads them from the other end
            state[i] = (
                (word >> np.uint32(24))
                | ((word >> np.uint32(8)) & np.uint32(0xFF00))
                | ((word << np.uint32(8)) & np.uint32(0xFF0000))
                | (word << np.uint32(24))
            )
        _number(state, x, number)
        _multiply(product, number, wide)
        at = ends[coin]


def constants() -> Any:
    """The 64 round constants of SHA-256 and its 8 first words: the fractions of roots of the first primes."""
    primes = [n for n in range(2, 312) if all(n % d for d in range(2, n))]
    return np.array([_root(p, 3) for p in primes[:64]] + [_root(p, 2) for p in primes[:8]], np.uint32)


def _root(prime: int, power: int) -> int:
    """The first 32 bits behind the point of a root."""
    wanted, low, high = prime << (32 * power), 0, prime << 32
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**power <= wanted else (low, middle)
    return low & 0xFFFFFFFF


def empty() -> Any:
    """The product of no coins."""
    product = np.zeros(LIMBS, np.uint64)
    product[0] = 1
    return product


def digest(products: list[Any]) -> str:
    """The hash, as a node shows it, of coins whose products are given."""
    number = 1
    for product in products:
        number = number * int.from_bytes(product.astype("<u8").tobytes(), "little") % PRIME
    return hashlib.sha256(number.to_bytes(384, "little")).digest()[::-1].hex()
