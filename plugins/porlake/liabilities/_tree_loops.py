"""Loops over the lines and nodes of whole trees, compiled: see `_whole_tree`, which alone uses them, and the formats.

Rows are nodes in the order of their lines: `hashes` uint8[rows, 32], `owed` int64[rows, assets] in whole units of the
format, `heights` int64[rows]. A loop over lines gets whole lines, each with its line end, and some bytes behind them.
"""

from __future__ import annotations

import numpy as np

from porlake.encoding.native import compiled, load64, store64, swapped
from porlake.encoding.sha256_lanes import BLOCK, LANES, STATE, begin, compress, digests

#: Bytes behind the last line that a loop may look at.
PADDING = 64

# What is wrong with a line; 0 is nothing.
HASH, HEIGHT, SHAPE, AMOUNT, RANGE = 1, 2, 3, 4, 5

# What a loop over pairs tells: sums that differ, the first pair and asset, hashes that differ, the first pair.
SUMS, SUM_PAIR, SUM_ASSET, HASHES, HASH_PAIR = range(5)
TOLD = 5

_NO_DIGIT = 0xFF
_VALUE = np.full(256, _NO_DIGIT, dtype=np.uint8)
for _digit, _character in enumerate(b"0123456789abcdef"):
    _VALUE[_character] = _digit
_HEX = np.frombuffer(b"0123456789abcdef", dtype=np.uint8).copy()
_BTC, _ETH, _USDT = (np.uint64(int.from_bytes(text, "little")) for text in (b'{"BTC":"', b'","ETH":', b'","USDT"'))
_PLACES = 8
_ONE, _TEN, _ZERO = np.uint64(10**_PLACES), np.uint64(10), np.uint64(0)
_TIMES = np.array([10 ** (_PLACES - places) for places in range(_PLACES + 1)], dtype=np.uint64)
_MOST = np.uint64(2**63 - 1)
_HALF, _LOW = np.uint64(32), np.uint64(0xFFFFFFFF)
_COMMA, _QUOTE, _COLON, _MINUS, _POINT, _BRACE, _LINE_END = (np.uint8(ord(sign)) for sign in ',":-.}\n')


# --- lines ------------------------------------------------------------------------------------------------------------
@compiled
def _read_hash(data, at, hashes, row):  # type: ignore[no-untyped-def]
    """Whether 64 characters are lower-case hex; they go to a row."""
    seen = np.uint8(0)
    for i in range(32):
        high, low = _VALUE[data[at + 2 * i]], _VALUE[data[at + 2 * i + 1]]
        seen |= high | low
        hashes[row, i] = np.uint8(high << 4 | low & 0x0F)
    return seen < 16


@compiled
def _digits(data, at):  # type: ignore[no-untyped-def]
    """(number, place behind it, what is wrong) of canonical digits: no sign, no leading zero, at most 19."""
    start, number = at, _ZERO
    while _VALUE[data[at]] < 10:
        if at - start == 19:
            return number, at, RANGE
        number = number * _TEN + np.uint64(_VALUE[data[at]])
        at += 1
    if at == start or (at > start + 1 and data[start] == 48):
        return number, at, AMOUNT
    return number, at, 0


@compiled
def _decimal(data, at):  # type: ignore[no-untyped-def]
    """(units, place behind it, what is wrong) of a canonical decimal of at most eight digits behind the point, none of
    them a zero at the end; a minus may stand before what is not zero.
    """
    is_negative = data[at] == _MINUS
    whole, at, wrong = _digits(data, at + 1 if is_negative else at)
    if wrong:
        return np.int64(0), at, wrong
    if whole > _MOST // _ONE:
        return np.int64(0), at, RANGE
    units = whole * _ONE
    if data[at] == _POINT:
        at += 1
        start, fraction = at, _ZERO
        while _VALUE[data[at]] < 10 and at - start <= _PLACES:
            fraction = fraction * _TEN + np.uint64(_VALUE[data[at]])
            at += 1
        if at == start or at - start > _PLACES or data[at - 1] == 48:
            return np.int64(0), at, AMOUNT
        units += fraction * _TIMES[at - start]
    if units > _MOST:
        return np.int64(0), at, RANGE
    if is_negative:
        return -np.int64(units), at, AMOUNT if units == _ZERO else 0
    return np.int64(units), at, 0


@compiled
def read_texts(data, filled, first, hashes, owed, heights):  # type: ignore[no-untyped-def]
    """Lines `hash,height,{"BTC":"..","ETH":"..","USDT":".."}` to rows from `first`: (row behind the last, where the
    line that is wrong begins, what is wrong or 0).
    """
    at, row = 0, first
    while at < filled:
        line = at
        if not _read_hash(data, at, hashes, row):
            return row, line, HASH
        if data[at + 64] != _COMMA:
            return row, line, SHAPE
        height, at, wrong = _digits(data, at + 65)
        if wrong or height == _ZERO or height > np.uint64(64):
            return row, line, HEIGHT
        if data[at] != _COMMA or load64(data, at + 1) != _BTC:
            return row, line, SHAPE
        heights[row] = np.int64(height)
        owed[row, 0], at, wrong = _decimal(data, at + 9)
        if wrong:
            return row, line, wrong
        if load64(data, at) != _ETH or data[at + 8] != _QUOTE:
            return row, line, SHAPE
        owed[row, 1], at, wrong = _decimal(data, at + 9)
        if wrong:
            return row, line, wrong
        if load64(data, at) != _USDT or data[at + 8] != _COLON or data[at + 9] != _QUOTE:
            return row, line, SHAPE
        owed[row, 2], at, wrong = _decimal(data, at + 10)
        if wrong:
            return row, line, wrong
        if data[at] != _QUOTE or data[at + 1] != _BRACE or data[at + 2] != _LINE_END:
            return row, line, SHAPE
        at += 3
        row += 1
    return row, at, 0


@compiled
def read_values(data, filled, first, hashes, owed, heights):  # type: ignore[no-untyped-def]
    """Lines `hash,value` to rows, as `read_texts`; they have no heights."""
    at, row = 0, first
    while at < filled:
        line = at
        if not _read_hash(data, at, hashes, row):
            return row, line, HASH
        if data[at + 64] != _COMMA:
            return row, line, SHAPE
        is_negative = data[at + 65] == _MINUS
        value, at, wrong = _digits(data, at + 66 if is_negative else at + 65)
        if wrong:
            return row, line, wrong
        if value > _MOST:
            return row, line, RANGE
        if is_negative and value == _ZERO:
            return row, line, AMOUNT
        if data[at] != _LINE_END:
            return row, line, SHAPE
        owed[row, 0] = -np.int64(value) if is_negative else np.int64(value)
        at += 1
        row += 1
    return row, at, 0


# --- nodes ------------------------------------------------------------------------------------------------------------
@compiled
def _check_sums(owed, one, other, parents_owed, parent, pair, told):  # type: ignore[no-untyped-def]
    """What two nodes owe against their parent; a sum that does not fit 64 bits is none of a parent."""
    for asset in range(owed.shape[1]):
        a, b = owed[one, asset], owed[other, asset]
        total = a + b
        if total != parents_owed[parent, asset] or ((a < 0) == (b < 0) and (total < 0) != (a < 0)):
            if told[SUMS] == 0:
                told[SUM_PAIR], told[SUM_ASSET] = pair, asset
            told[SUMS] += 1
            return


@compiled
def _check_hash(parents, parent, out, lane, pair, told):  # type: ignore[no-untyped-def]
    for i in range(32):
        if parents[parent, i] != out[32 * lane + i]:
            if told[HASHES] == 0:
                told[HASH_PAIR] = pair
            told[HASHES] += 1
            return


@compiled
def _write_digits(number, data, at):  # type: ignore[no-untyped-def]
    """The place behind a number's digits."""
    left, size = number // _TEN, 1
    while left > _ZERO:
        left //= _TEN
        size += 1
    for i in range(size):
        data[at + size - 1 - i] = np.uint8(np.uint64(48) + number % _TEN)
        number //= _TEN
    return at + size


@compiled
def _write_decimal(units, data, at):  # type: ignore[no-untyped-def]
    """The place behind the canonical text of units of 10**-8."""
    number = np.uint64(units)
    if units < 0:
        data[at] = _MINUS
        at += 1
        number = np.uint64(-units)
    at = _write_digits(number // _ONE, data, at)
    fraction = number % _ONE
    if fraction > _ZERO:
        data[at] = _POINT
        places = _PLACES
        while fraction % _TEN == _ZERO:
            fraction //= _TEN
            places -= 1
        for i in range(places):
            data[at + places - i] = np.uint8(np.uint64(48) + fraction % _TEN)
            fraction //= _TEN
        at += places + 1
    return at


@compiled
def _write_hex(hashes, row, data, at):  # type: ignore[no-untyped-def]
    for i in range(32):
        byte = hashes[row, i]
        data[at + 2 * i] = _HEX[byte >> 4]
        data[at + 2 * i + 1] = _HEX[byte & 0x0F]


@compiled
def check_texts(hashes, owed, pairs, parents, parents_owed, first, height, told):  # type: ignore[no-untyped-def]
    """Pairs of nodes, the right one first, against their parents from `first`, whose height is given: sums, and
    SHA-256 of the text left hash, right hash, the parent's amounts, height. Adds up in `told`.
    """
    data, sizes = np.zeros(LANES * 320, dtype=np.uint8), np.zeros(LANES, dtype=np.int64)
    state, block = np.empty(STATE, dtype=np.uint32), np.empty(BLOCK, dtype=np.uint32)
    out = np.empty(LANES * 32, dtype=np.uint8)
    for group in range(0, pairs, LANES):
        lanes = min(LANES, pairs - group)
        for lane in range(lanes):
            pair, start = group + lane, lane * 320
            _check_sums(owed, 2 * pair, 2 * pair + 1, parents_owed, first + pair, pair, told)
            _write_hex(hashes, 2 * pair + 1, data, start)
            _write_hex(hashes, 2 * pair, data, start + 64)
            at = start + 128
            for asset in range(owed.shape[1]):
                at = _write_decimal(parents_owed[first + pair, asset], data, at)
            sizes[lane] = _write_digits(np.uint64(height), data, at) - start
        digests(data, 320, sizes, state, block, out)
        for lane in range(lanes):
            _check_hash(parents, first + group + lane, out, lane, group + lane, told)


@compiled
def check_values(hashes, owed, pairs, parents, parents_owed, first, height, told):  # type: ignore[no-untyped-def]
    """Pairs of nodes, the left one first, as `check_texts`: SHA-256 of left hash, left value, right hash, right value,
    values as 64 bits with the lowest byte first.
    """
    data, sizes = np.zeros(LANES * 192, dtype=np.uint8), np.full(LANES, 80, dtype=np.int64)
    state, block = np.empty(STATE, dtype=np.uint32), np.empty(BLOCK, dtype=np.uint32)
    out = np.empty(LANES * 32, dtype=np.uint8)
    for group in range(0, pairs, LANES):
        lanes = min(LANES, pairs - group)
        for lane in range(lanes):
            pair = group + lane
            _check_sums(owed, 2 * pair, 2 * pair + 1, parents_owed, first + pair, pair, told)
            for side in range(2):
                at, row = lane * 192 + 40 * side, 2 * pair + side
                for i in range(32):
                    data[at + i] = hashes[row, i]
                store64(data, at + 32, np.uint64(owed[row, 0]))
        digests(data, 192, sizes, state, block, out)
        for lane in range(lanes):
            _check_hash(parents, first + group + lane, out, lane, group + lane, told)


# --- leaves -----------------------------------------------------------------------------------------------------------
@compiled
def _keyed(key, mask, state, block):  # type: ignore[no-untyped-def]
    """The state behind the block of HMAC's key, the same in each lane."""
    begin(state)
    for i in range(16):
        word = np.uint32(0)
        for k in range(4):
            word = np.uint32(word << np.uint32(8)) | np.uint32(key[4 * i + k] ^ mask)
        for lane in range(LANES):
            block[i * LANES + lane] = word
    compress(state, block)


@compiled
def leaves_of(key, hashes, owed, found):  # type: ignore[no-untyped-def]
    """How many leaves are HMAC-SHA-256, RFC 2104, of value and number under a key of 64 bytes (zeros behind its own);
    their numbers go to `found`.
    """
    inner, outer = np.empty(STATE, dtype=np.uint32), np.empty(STATE, dtype=np.uint32)
    state = np.empty(STATE, dtype=np.uint32)
    block, ending = np.zeros(BLOCK, dtype=np.uint32), np.zeros(BLOCK, dtype=np.uint32)
    _keyed(key, np.uint8(0x36), inner, block)
    _keyed(key, np.uint8(0x5C), outer, block)
    block[:] = np.uint32(0)
    for lane in range(LANES):
        block[4 * LANES + lane] = np.uint32(0x80000000)
        block[15 * LANES + lane] = np.uint32(8 * (64 + 16))
        ending[8 * LANES + lane] = np.uint32(0x80000000)
        ending[15 * LANES + lane] = np.uint32(8 * (64 + 32))
    rows, count = hashes.shape[0], 0
    for group in range(0, rows, LANES):
        lanes = min(LANES, rows - group)
        for lane in range(lanes):
            value, number = swapped(np.uint64(owed[group + lane, 0])), swapped(np.uint64(group + lane))
            block[lane], block[LANES + lane] = np.uint32(value >> _HALF), np.uint32(value & _LOW)
            block[2 * LANES + lane], block[3 * LANES + lane] = np.uint32(number >> _HALF), np.uint32(number & _LOW)
        state[:] = inner
        compress(state, block)
        ending[:STATE] = state
        state[:] = outer
        compress(state, ending)
        for lane in range(lanes):
            is_own = True
            for i in range(8):
                word = np.uint32(0)
                for k in range(4):
                    word = np.uint32(word << np.uint32(8)) | np.uint32(hashes[group + lane, 4 * i + k])
                is_own &= word == state[i * LANES + lane]
            if is_own:
                found[count] = group + lane
                count += 1
    return count
