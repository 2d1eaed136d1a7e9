"""Keccak-256 of eight public keys side by side, one in each lane of a vector. FIPS 202, with the padding that Ethereum
uses (see `keccak`).

For loops compiled by `native`: a state is 200 words of uint64 (word w of lane l at 8 * w + l).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from porlake.encoding.native import compiled, load64, store64

LANES = 8
STATE = 25 * LANES
KEY, ACCOUNT = 64, 20
"""Bytes of a point, and of the account that is the end of its hash."""

_ROUNDS = 24


def _turns() -> list[int]:
    """By how many bits rho turns each word: FIPS 202 section 3.2.2."""
    found, x, y = [0] * 25, 1, 0
    for t in range(24):
        found[x + 5 * y] = (t + 1) * (t + 2) // 2 % 64
        x, y = y, (2 * x + 3 * y) % 5
    return found


def _constants() -> list[int]:
    """What iota adds in each round: FIPS 202 section 3.2.5."""
    found, register = [], 1
    for _ in range(_ROUNDS):
        constant = 0
        for j in range(7):
            if register & 1:
                constant |= 1 << ((1 << j) - 1)
            register = register << 1 ^ (0x171 if register & 0x80 else 0)
        found.append(constant)
    return found


_TURNS = _turns()
_CONSTANTS = np.array(_constants(), np.uint64)
_FIRST_PAD, _LAST_PAD, _HALF = np.uint64(1), np.uint64(1 << 63), np.uint64(32)


@intrinsic
def _round(typing: Any, state: Any, constant: Any) -> Any:
    """One round over the states of all lanes, changed in place."""

    def made(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        word, lanes = ir.IntType(64), ir.VectorType(ir.IntType(64), LANES)
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        start = builder.bitcast(array.data, lanes.as_pointer())
        places = [builder.gep(start, [ir.Constant(word, index)]) for index in range(25)]

        def every(number: int) -> Any:
            return ir.Constant(lanes, [number] * LANES)

        def turned(value: Any, bits: int) -> Any:
            if not bits:
                return value
            return builder.or_(builder.shl(value, every(bits)), builder.lshr(value, every(64 - bits)))

        a = [builder.load(place, align=8) for place in places]
        c = []
        for x in range(5):
            column = a[x]
            for y in range(1, 5):
                column = builder.xor(column, a[x + 5 * y])
            c.append(column)
        d = [builder.xor(c[(x + 4) % 5], turned(c[(x + 1) % 5], 1)) for x in range(5)]
        b: list[Any] = [None] * 25
        for x in range(5):
            for y in range(5):
                b[y + 5 * ((2 * x + 3 * y) % 5)] = turned(builder.xor(a[x + 5 * y], d[x]), _TURNS[x + 5 * y])
        for y in range(5):
            for x in range(5):
                others = builder.and_(builder.not_(b[(x + 1) % 5 + 5 * y]), b[(x + 2) % 5 + 5 * y])
                a[x + 5 * y] = builder.xor(b[x + 5 * y], others)
        spread = ir.Constant(lanes, ir.Undefined)
        for lane in range(LANES):
            spread = builder.insert_element(spread, arguments[1], ir.Constant(ir.IntType(32), lane))
        a[0] = builder.xor(a[0], spread)
        for value, place in zip(a, places, strict=True):
            builder.store(value, place, align=8)
        return context.get_dummy_value()

    return types.none(state, types.uint64), made


@compiled
def accounts(keys, first, count, state, out):  # type: ignore[no-untyped-def]
    """The accounts (ACCOUNT bytes of `out` each) of at most eight keys (KEY bytes of `keys` each) from the `first`."""
    for i in range(25 * LANES):
        state[i] = np.uint64(0)
    for lane in range(count):
        for i in range(8):
            state[i * LANES + lane] = load64(keys, KEY * (first + lane) + 8 * i)
        state[8 * LANES + lane] = _FIRST_PAD
        state[16 * LANES + lane] = _LAST_PAD
    for number in range(_ROUNDS):
        _round(state, _CONSTANTS[number])
    for lane in range(count):
        place = ACCOUNT * (first + lane)
        half = state[LANES + lane] >> _HALF
        for i in range(4):
            out[place + i] = np.uint8(half >> np.uint64(8 * i))
        store64(out, place + 4, state[2 * LANES + lane])
        store64(out, place + 12, state[3 * LANES + lane])
