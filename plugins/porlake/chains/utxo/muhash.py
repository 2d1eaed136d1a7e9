"""MuHash3072 of coins, compiled by numba: a product modulo 2^3072 - 1103717 in which the order of the coins does not
matter.

https://github.com/bitcoin/bitcoin/blob/master/src/crypto/muhash.h, ChaCha20 of RFC 8439, SHA-256 of FIPS 180-4.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from porlake.encoding.native import compiled
from porlake.encoding.native import product as wide_product

LIMBS = 48
PRIME = 2**3072 - 1103717
_LESS = np.uint64(1103717)


@compiled
def _multiply(product, number, wide):  # type: ignore[no-untyped-def]
    """product := product * number, below 2^3072 and equal modulo the prime. Four rows at once: their carries do not
    wait for each other.
    """
    zero = np.uint64(0)
    for i in range(2 * LIMBS + 4):
        wide[i] = zero
    for i in range(0, LIMBS, 4):
        c0, c1, c2, c3 = zero, zero, zero, zero
        f0, f1, f2, f3 = product[i], product[i + 1], product[i + 2], product[i + 3]
        n1, n2, n3 = zero, zero, zero
        for j in range(LIMBS):
            n0 = number[j]
            c0, lower = wide_product(f0, n0, wide[i + j], c0)
            c1, lower = wide_product(f1, n1, lower, c1)
            c2, lower = wide_product(f2, n2, lower, c2)
            c3, lower = wide_product(f3, n3, lower, c3)
            wide[i + j] = lower
            n1, n2, n3 = n0, n1, n2
        top = i + LIMBS
        c1, lower = wide_product(f1, n1, c0, c1)
        c2, lower = wide_product(f2, n2, lower, c2)
        c3, wide[top] = wide_product(f3, n3, lower, c3)
        c2, lower = wide_product(f2, n1, c1, c2)
        c3, wide[top + 1] = wide_product(f3, n2, lower, c3)
        c3, wide[top + 2] = wide_product(f3, n1, c2, c3)
        wide[top + 3] = c3
    carry = zero
    for i in range(LIMBS):
        carry, lower = wide_product(wide[i + LIMBS], _LESS, wide[i], carry)
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


@intrinsic
def _chacha(typing: Any, key: Any, number: Any) -> Any:
    """Fill `number` with 384 bytes of ChaCha20 under the key's eight words, nonce and counter 0: six blocks, side by
    side in vectors of eight.
    """

    def made(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        word, lanes = ir.IntType(32), ir.VectorType(ir.IntType(32), 8)

        def pointer(argument: int) -> Any:
            array = context.make_array(signature.args[argument])(context, builder, arguments[argument])
            return builder.bitcast(array.data, word.as_pointer())

        def everywhere(value: Any) -> Any:
            one = builder.insert_element(ir.Constant(lanes, ir.Undefined), value, ir.Constant(word, 0))
            return builder.shuffle_vector(
                one, ir.Constant(lanes, ir.Undefined), ir.Constant(ir.VectorType(word, 8), [0] * 8)
            )

        def turned(value: Any, bits: int) -> Any:
            left, right = (ir.Constant(lanes, [amount] * 8) for amount in (bits, 32 - bits))
            return builder.or_(builder.shl(value, left), builder.lshr(value, right))

        source, target = pointer(0), pointer(1)
        start = [ir.Constant(lanes, [number] * 8) for number in _SIGMA]
        start += [everywhere(builder.load(builder.gep(source, [ir.Constant(word, i)]))) for i in range(8)]
        start += [ir.Constant(lanes, list(range(8))), *[ir.Constant(lanes, [0] * 8)] * 3]

        entry = builder.block
        rounds, done = builder.append_basic_block("rounds"), builder.append_basic_block("done")
        builder.branch(rounds)
        builder.position_at_end(rounds)
        counter = builder.phi(word)
        counter.add_incoming(ir.Constant(word, 0), entry)
        x = [builder.phi(lanes) for _ in range(16)]
        for phi, value in zip(x, start, strict=True):
            phi.add_incoming(value, entry)
        y: list[Any] = list(x)
        for a, b, c, d in _QUARTERS:
            for to, other, turn, bits in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                y[to] = builder.add(y[to], y[other])
                y[turn] = turned(builder.xor(y[turn], y[to]), bits)
        for phi, value in zip(x, y, strict=True):
            phi.add_incoming(value, rounds)
        following = builder.add(counter, ir.Constant(word, 1))
        counter.add_incoming(following, rounds)
        builder.cbranch(builder.icmp_unsigned("<", following, ir.Constant(word, 10)), rounds, done)
        builder.position_at_end(done)
        for row in range(16):
            final = builder.add(y[row], start[row])
            for lane in range(6):
                value = builder.extract_element(final, ir.Constant(word, lane))
                builder.store(value, builder.gep(target, [ir.Constant(word, 16 * lane + row)]))
        return context.get_dummy_value()

    return types.none(key, number), made


_SIGMA = (0x61707865, 0x3320646E, 0x79622D32, 0x6B206574)
_QUARTERS = (
    (0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
    (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14),
)  # fmt: skip


@compiled
def multiply(data, begin, coins, ends, constants, product):  # type: ignore[no-untyped-def]
    """Take the serialized coins from `begin` on into the product."""
    block, state = np.empty(64, np.uint32), np.empty(8, np.uint32)
    number, wide = np.empty(LIMBS, np.uint64), np.empty(2 * LIMBS + 4, np.uint64)
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
        _chacha(state, number)
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
