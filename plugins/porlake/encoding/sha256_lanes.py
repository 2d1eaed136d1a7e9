"""SHA-256 of eight messages side by side, one in each lane of a vector. FIPS 180-4.

For loops compiled by `native`: hashlib takes longer to be called than to hash a node of a tree, and holds the
interpreter's lock while it does. A state is 64 words of uint32 (word w of lane l at 8 * w + l), a block 128 of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from porlake.encoding.native import compiled, load64, store64, swapped

LANES = 8
STATE, BLOCK = 8 * LANES, 16 * LANES
PADDING = 72
"""Bytes behind a message that `digests` may write."""


def _primes(count: int) -> list[int]:
    found = list[int]()
    number = 2
    while len(found) < count:
        if all(number % prime for prime in found):
            found.append(number)
        number += 1
    return found


def _root_bits(number: int, power: int) -> int:
    """The first 32 bits of the fraction of a number's square or cube root."""
    wide, low, high = number << (32 * power), 0, 1 << 40
    while low < high - 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**power <= wide else (low, middle)
    return low & 0xFFFFFFFF


_CONSTANTS = [_root_bits(prime, 3) for prime in _primes(64)]
_INITIAL = np.array([_root_bits(prime, 2) for prime in _primes(8)], dtype=np.uint32)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


@intrinsic
def _rounds(typing: Any, state: Any, block: Any) -> Any:
    """The 64 rounds over a block of each lane; the state is changed in place."""

    def made(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        word, lanes = ir.IntType(32), ir.VectorType(ir.IntType(32), LANES)

        def place(argument: int, index: int) -> Any:
            array = context.make_array(signature.args[argument])(context, builder, arguments[argument])
            return builder.gep(builder.bitcast(array.data, lanes.as_pointer()), [ir.Constant(word, index)])

        def load(argument: int, index: int) -> Any:
            value = builder.load(place(argument, index))
            value.align = 4
            return value

        def turned(value: Any, bits: int) -> Any:
            right, left = (ir.Constant(lanes, [amount] * LANES) for amount in (bits, 32 - bits))
            return builder.or_(builder.lshr(value, right), builder.shl(value, left))

        def shifted(value: Any, bits: int) -> Any:
            return builder.lshr(value, ir.Constant(lanes, [bits] * LANES))

        def mixed(one: Any, two: Any, three: Any) -> Any:
            return builder.xor(builder.xor(one, two), three)

        w = [load(1, i) for i in range(16)]
        start = [load(0, i) for i in range(8)]
        a, b, c, d, e, f, g, h = start
        for i in range(64):
            if i >= 16:
                x, y = w[(i + 1) % 16], w[(i + 14) % 16]
                older = mixed(turned(x, 7), turned(x, 18), shifted(x, 3))
                newer = mixed(turned(y, 17), turned(y, 19), shifted(y, 10))
                w[i % 16] = builder.add(builder.add(w[i % 16], older), builder.add(w[(i + 9) % 16], newer))
            chosen = builder.xor(g, builder.and_(e, builder.xor(f, g)))
            most = builder.or_(builder.and_(a, b), builder.and_(c, builder.or_(a, b)))
            known = builder.add(w[i % 16], ir.Constant(lanes, [_CONSTANTS[i]] * LANES))
            one = builder.add(
                builder.add(h, known), builder.add(chosen, mixed(turned(e, 6), turned(e, 11), turned(e, 25)))
            )
            two = builder.add(most, mixed(turned(a, 2), turned(a, 13), turned(a, 22)))
            h, g, f, e, d, c, b, a = g, f, e, builder.add(d, one), c, b, a, builder.add(one, two)
        for i, (old, new) in enumerate(zip(start, (a, b, c, d, e, f, g, h), strict=True)):
            builder.store(builder.add(old, new), place(0, i), align=4)
        return context.get_dummy_value()

    return types.none(state, block), made


@compiled
def begin(state):  # type: ignore[no-untyped-def]
    """The state before the first block."""
    for i in range(8 * LANES):
        state[i] = _INITIAL[i // LANES]


@compiled
def compress(state, block):  # type: ignore[no-untyped-def]
    """A block of each lane into the state."""
    _rounds(state, block)


@compiled
def load_block(data, stride, at, block):  # type: ignore[no-untyped-def]
    """64 bytes of each lane's message, which begins at lane * stride, from `at`."""
    for lane in range(LANES):
        place = lane * stride + at
        for i in range(8):
            word = swapped(load64(data, place + 8 * i))
            block[2 * i * LANES + lane] = np.uint32(word >> _HALF)
            block[(2 * i + 1) * LANES + lane] = np.uint32(word & _LOW)


@compiled
def digests(data, stride, sizes, state, block, out):  # type: ignore[no-untyped-def]
    """The hashes of eight messages, in 32 bytes of `out` each. Message `lane` is sizes[lane] bytes of `data` from lane
    * stride, with room for PADDING behind it.
    """
    most = 0
    for lane in range(LANES):
        start, size = lane * stride, sizes[lane]
        end = start + ((size + 72) >> 6 << 6)
        data[start + size] = np.uint8(0x80)
        for i in range(start + size + 1, end - 8):
            data[i] = np.uint8(0)
        store64(data, end - 8, swapped(np.uint64(size << 3)))
        most = max(most, (size + 72) >> 6)
    begin(state)
    for number in range(most):
        load_block(data, stride, 64 * number, block)
        compress(state, block)
        for lane in range(LANES):
            if (sizes[lane] + 72) >> 6 == number + 1:
                for i in range(4):
                    word = np.uint64(state[2 * i * LANES + lane]) << _HALF
                    word |= np.uint64(state[(2 * i + 1) * LANES + lane])
                    store64(out, 32 * lane + 8 * i, swapped(word))
