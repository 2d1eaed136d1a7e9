"""Loops over the bytes of a UTXO set, compiled by numba and run without the GIL. Imported only where a set is read.

A loop gets bytes that `walk` has checked, and arrays of its own. Nothing here allocates by what a file says.
"""

from __future__ import annotations

import numpy as np

from porlake.encoding.native import compiled, load64, store64, swapped

PADDING = 64
"""Bytes behind the filled part of a buffer that a loop may look at."""

LONGEST_SCRIPT = 10_000
"""Scripts over this size can never be spent and are not in the set. Bitcoin Core, script.h, MAX_SCRIPT_SIZE."""

TOO_MUCH = np.uint64(0xFFFFFFFFFFFFFFFF)

# State between two chunks of a file.
COINS_LEFT, GROUP_LEFT, LAST_VOUT, HIGHEST, BIG_VOUT, NO_TXID = range(6)
STATE = 6

# What is wrong with a file; 0 is nothing.
WRONG = {
    1: "a count of coins that is 0 or over what the header leaves",
    2: "a CompactSize that is not the shortest",
    3: "a VarInt that does not fit its number",
    4: f"a script over {LONGEST_SCRIPT:,} bytes",
    5: "transactions that are not in ascending order: a coin may stand in it twice",
    6: "outputs of a transaction that are not in the order of the set: a coin may stand in it twice",
    7: "an output number over 2^32",
}


# --- reading coins ----------------------------------------------------------------------------------------------------
@compiled
def _varint(data, at, limit):  # type: ignore[no-untyped-def]
    """(number, place behind it, 1 where it is over `limit`): base 128, most significant group first. Bitcoin Core,
    serialize.h.
    """
    number = np.uint64(0)
    while True:
        byte = np.uint64(data[at])
        at += 1
        if number > (limit >> np.uint64(7)):
            return number, at, 1
        number = (number << np.uint64(7)) | (byte & np.uint64(0x7F))
        if byte < np.uint64(0x80):
            return number, at, 0 if number <= limit else 1
        if number >= limit:
            return number, at, 1
        number += np.uint64(1)


@compiled
def _compact(data, at):  # type: ignore[no-untyped-def]
    """(number, place behind it, 1 where a shorter form exists)."""
    mark = data[at]
    if mark < 0xFD:
        return np.uint64(mark), at + 1, 0
    word = load64(data, at + 1)
    if mark == 0xFD:
        number = word & np.uint64(0xFFFF)
        return number, at + 3, 1 if number < np.uint64(0xFD) else 0
    if mark == 0xFE:
        number = word & np.uint64(0xFFFFFFFF)
        return number, at + 5, 1 if number < np.uint64(0x10000) else 0
    return word, at + 9, 1 if word < np.uint64(0x100000000) else 0


@compiled
def _key_order(vout):  # type: ignore[no-untyped-def]
    """A number that grows as the database keys of outputs do: the bytes of the VarInt, read from the left."""
    if vout < 0x80:
        return vout << 32
    if vout < 0x4080:
        vout -= 0x80
        return ((vout >> 7 | 0x80) << 32) | ((vout & 0x7F) << 24)
    if vout < 0x204080:
        vout -= 0x4080
        return ((vout >> 14 | 0x80) << 32) | ((vout >> 7 & 0x7F | 0x80) << 24) | ((vout & 0x7F) << 16)
    if vout < 0x10204080:
        vout -= 0x204080
        return (
            ((vout >> 21 | 0x80) << 32)
            | ((vout >> 14 & 0x7F | 0x80) << 24)
            | ((vout >> 7 & 0x7F | 0x80) << 16)
            | ((vout & 0x7F) << 8)
        )
    vout -= 0x10204080
    return (
        ((vout >> 28 | 0x80) << 32)
        | ((vout >> 21 & 0x7F | 0x80) << 24)
        | ((vout >> 14 & 0x7F | 0x80) << 16)
        | ((vout >> 7 & 0x7F | 0x80) << 8)
        | (vout & 0x7F)
    )


@compiled
def _txid_order(data, at, last):  # type: ignore[no-untyped-def]
    """-1, 0 or 1: the transaction at a place against the last one, compared byte by byte."""
    for i in range(0, 32, 8):
        mine, other = swapped(load64(data, at + i)), swapped(load64(last, i))
        if mine != other:
            return -1 if mine < other else 1
    return 0


@compiled
def walk(data, filled, grouped, height_bits, state, txid, starts, scripts, groups):  # type: ignore[no-untyped-def]
    """Check whole coins from the start of a buffer: (bytes used, coins, what is wrong or 0).

    For each coin: where it starts, where its script starts, and where its transaction's id stands (-1: in `txid`, from
    an earlier chunk). `txid` holds the transaction of the chunk's first coin; the caller keeps `data` until it has read
    the last one.
    """
    left, group = state[COINS_LEFT], state[GROUP_LEFT]
    last_vout, highest = state[LAST_VOUT], state[HIGHEST]
    at, used, coins, wrong, place = 0, 0, 0, 0, -1
    most, height_mask = np.uint64(0xFFFFFFFF), (np.int64(1) << height_bits) - 1
    last = txid.copy()
    first = state[NO_TXID] == 1
    while left > 0 and coins < starts.size:
        at = used
        if group == 0 and grouped:
            if at + 33 > filled:
                break
            count, behind, bad = _compact(data, at + 32)
            if behind > filled:
                break
            if bad or count == np.uint64(0) or count > np.uint64(left):
                wrong = 2 if bad else 1
                break
            if not first and _txid_order(data, at, last) <= 0:
                wrong = 5
                break
            for i in range(32):
                last[i] = data[at + i]
            first = False
            place, group, last_vout = at, np.int64(count), np.int64(-1)
            at = used = behind
        start = at
        if grouped:
            number, at, bad = _compact(data, at)
            if at > filled:
                break
            if bad or number > most:
                wrong = 2 if bad else 7
                break
            vout = np.int64(number)
        else:
            if at + 36 > filled:
                break
            order = 1 if first else _txid_order(data, at, last)
            if order < 0:
                wrong = 5
                break
            vout = np.int64(load64(data, at + 32) & most)
            if order > 0:
                last_vout = np.int64(-1)
            at += 36
        code, at, over = _varint(data, at, most)
        if at > filled:
            break
        if over:
            wrong = 3
            break
        _, at, over = _varint(data, at, np.uint64(0xFFFFFFFFFFFFFFFF))
        if at > filled:
            break
        if over:
            wrong = 3
            break
        script = at
        kind, at, over = _varint(data, at, np.uint64(0xFFFFFFFF))
        if at > filled:
            break
        if over or kind > np.uint64(LONGEST_SCRIPT + 6):
            wrong = 4
            break
        at += 20 if kind < np.uint64(2) else 32 if kind < np.uint64(6) else np.int64(kind) - 6
        if at > filled:
            break
        key = _key_order(vout)
        if key <= last_vout:
            wrong = 6
            break
        if not grouped:
            place = start
            if first or order > 0:
                for i in range(32):
                    last[i] = data[start + i]
            first = False
        last_vout = key
        if vout > 16511:
            state[BIG_VOUT] = 1
        height = np.int64(code >> np.uint64(1)) & height_mask
        if height > highest:
            highest = height
        starts[coins], scripts[coins], groups[coins] = start, script, place
        coins += 1
        left -= 1
        if grouped:
            group -= 1
        used = at
    state[COINS_LEFT], state[GROUP_LEFT], state[LAST_VOUT], state[HIGHEST] = left, group, last_vout, highest
    state[NO_TXID] = 1 if first else 0
    return used, coins, wrong, last


@compiled
def _amount(code):  # type: ignore[no-untyped-def]
    """Base units behind an amount's code, TOO_MUCH where they do not fit. Bitcoin Core, compressor.cpp,
    DecompressAmount.
    """
    if code == np.uint64(0):
        return np.uint64(0)
    code -= np.uint64(1)
    power = code % np.uint64(10)
    code //= np.uint64(10)
    if power < np.uint64(9):
        digit = code % np.uint64(9) + np.uint64(1)
        number = (code // np.uint64(9)) * np.uint64(10) + digit
    else:
        number = code + np.uint64(1)
    for _ in range(power):
        if number > TOO_MUCH // np.uint64(10):
            return TOO_MUCH
        number *= np.uint64(10)
    return number


@compiled
def _coin(data, start, grouped):  # type: ignore[no-untyped-def]
    """(output number, height and coinbase code, amount) of a coin that `walk` has checked."""
    if grouped:
        vout, at, _ = _compact(data, start)
    else:
        vout, at = load64(data, start + 32) & np.uint64(0xFFFFFFFF), start + 36
    code, at, _ = _varint(data, at, np.uint64(0xFFFFFFFF))
    amount, at, _ = _varint(data, at, np.uint64(0xFFFFFFFFFFFFFFFF))
    return vout, code, _amount(amount)


# --- watching scripts -------------------------------------------------------------------------------------------------
WIDTH = 48
"""Bytes kept for a watched script; the longest that an address can name has 42, and its size before it."""

FILTER_BITS = 24


@compiled
def _mix(data, at, size, seeds):  # type: ignore[no-untyped-def]
    """A hash of 16 to 43 bytes: no sender of coins can plan collisions, whose seeds are drawn anew for each run. No
    branch depends on the size.

    The last two words overlap the first three; those bytes of the third that lie behind the end are cut off.
    """
    short = np.uint64(8 * (24 - size)) if size < 24 else np.uint64(0)
    third = load64(data, at + 16) << short
    mixed = (load64(data, at) + np.uint64(size)) * seeds[0] + load64(data, at + 8) * seeds[1] + third * seeds[2]
    mixed += load64(data, at + size - 8) * seeds[3] + load64(data, at + size - 16) * seeds[4]
    mixed = (mixed ^ (mixed >> np.uint64(32))) * seeds[5]
    return mixed ^ (mixed >> np.uint64(32))


@compiled
def _mix_short(data, at, size, seeds):  # type: ignore[no-untyped-def]
    """The same for less than 16 bytes."""
    mixed = np.uint64(size)
    for i in range(size):
        mixed = (mixed ^ np.uint64(data[at + i])) * seeds[i % 5]
        mixed ^= mixed >> np.uint64(32)
    return mixed


@compiled
def index(keys, sizes, seeds, sieve, table):  # type: ignore[no-untyped-def]
    """Fill the filter and the table (-1 is empty) with the watched scripts, one a row of `keys`."""
    flat, mask = keys.reshape(-1), np.uint64(table.size - 1)
    for row in range(sizes.size):
        size = np.int64(sizes[row])
        mixed = _mix(flat, row * WIDTH, size, seeds) if size >= 16 else _mix_short(flat, row * WIDTH, size, seeds)
        bit = mixed & np.uint64((1 << FILTER_BITS) - 1)
        sieve[bit >> np.uint64(3)] |= np.uint8(1) << np.uint8(bit & np.uint64(7))
        slot = (mixed >> np.uint64(FILTER_BITS)) & mask
        while table[slot] >= 0:
            slot = (slot + np.uint64(1)) & mask
        table[slot] = row


@compiled
def scan(data, coins, grouped, starts, scripts, groups, watch, sums, picked, slots, bare, hits, keep):  # type: ignore[no-untyped-def]
    """Add the coins of watched scripts to `sums`: (hits, bare keys, 1 where a sum does not fit).

    `hits` gets (script, output, code, amount, place of the transaction's id), `bare` the coins paid to a public key.
    First the filter over all coins without a branch that chance decides, then the table over those that it lets
    through.
    """
    keys, sizes, seeds, sieve, table = watch
    flat, mask = keys.reshape(-1), np.uint64(table.size - 1)
    let, plain, found = 0, 0, 0
    for coin in range(coins):
        at = np.int64(scripts[coin])
        kind = np.int64(data[at])
        size = 21 if kind < 2 else 33 if kind < 6 else kind - 5
        if size < 16 or size > WIDTH - 5:
            if size > WIDTH - 5:
                continue
            mixed = _mix_short(data, at, size, seeds)
        else:
            mixed = _mix(data, at, size, seeds)
        bit = mixed & np.uint64((1 << FILTER_BITS) - 1)
        picked[let], slots[let] = coin, (mixed >> np.uint64(FILTER_BITS)) & mask
        let += np.int64((sieve[bit >> np.uint64(3)] >> np.uint8(bit & np.uint64(7))) & np.uint8(1))
        bare[plain] = coin
        plain += np.int64(kind >= 2) & np.int64(kind < 6)
    for i in range(let):
        coin, slot = picked[i], np.uint64(slots[i])
        at = np.int64(scripts[coin])
        kind = np.int64(data[at])
        size = 21 if kind < 2 else 33 if kind < 6 else kind - 5
        while table[slot] >= 0:
            row = np.int64(table[slot])
            same = sizes[row] == size
            for j in range(size if same else 0):
                if flat[row * WIDTH + j] != data[at + j]:
                    same = False
                    break
            if same:
                vout, code, amount = _coin(data, np.int64(starts[coin]), grouped)
                sums[row] += amount
                if sums[row] < amount or amount == TOO_MUCH:
                    return found, plain, 1
                if keep:
                    hits[found, 0], hits[found, 1], hits[found, 2] = np.uint64(row), vout, code
                    hits[found, 3], hits[found, 4] = amount, np.uint64(np.int64(groups[coin]))
                found += 1
                break
            slot = (slot + np.uint64(1)) & mask
    return found, plain, 0


@compiled
def coins_at(data, picked, count, grouped, starts, groups, out):  # type: ignore[no-untyped-def]
    """(coin, output, code, amount, place of the transaction's id) of some coins of a chunk."""
    for i in range(count):
        coin = picked[i]
        vout, code, amount = _coin(data, np.int64(starts[coin]), grouped)
        out[i, 0], out[i, 1], out[i, 2], out[i, 3], out[i, 4] = (
            np.uint64(coin),
            vout,
            code,
            amount,
            np.uint64(np.int64(groups[coin])),
        )


# --- hashing the set --------------------------------------------------------------------------------------------------
@compiled
def _copy(out, at, data, place, size):  # type: ignore[no-untyped-def]
    """By eight bytes at a time; what it writes behind the end is written over next."""
    for i in range(0, size, 8):
        store64(out, at + i, load64(data, place + i))


@compiled
def uncompressed(data, coins, scripts, picked):  # type: ignore[no-untyped-def]
    """The coins whose script holds an uncompressed key of which the set keeps x alone."""
    count = 0
    for coin in range(coins):
        kind = data[scripts[coin]]
        if kind == 4 or kind == 5:
            picked[count] = coin
            count += 1
    return count


@compiled
def serialize(data, begin, coins, grouped, txid, starts, scripts, groups, points, out, ends):  # type: ignore[no-untyped-def]
    """The coins as the set's hash takes them, until `out` is full: (next coin, bytes, points used, their amounts' sum).

    txid, output (4), height and coinbase (4), amount (8), script behind its CompactSize. Bitcoin Core,
    kernel/coinstats.cpp, TxOutSer.
    """
    size, used, total = 0, 0, np.uint64(0)
    coin = begin
    while coin < coins:
        at = np.int64(scripts[coin])
        kind, body, _ = _varint(data, at, np.uint64(0xFFFFFFFF))
        if size + 60 + np.int64(kind) + 70 > out.size:
            break
        vout, code, amount = _coin(data, np.int64(starts[coin]), grouped)
        total += amount
        place = groups[coin]
        if place < 0:
            _copy(out, size, txid, 0, 32)
        else:
            _copy(out, size, data, np.int64(place), 32)
        store64(out, size + 32, vout | code << np.uint64(32))
        store64(out, size + 40, amount)
        size += 48
        if kind == 0:
            out[size], out[size + 1], out[size + 2], out[size + 3] = 25, 0x76, 0xA9, 20
            _copy(out, size + 4, data, body, 20)
            out[size + 24], out[size + 25] = 0x88, 0xAC
            size += 26
        elif kind == 1:
            out[size], out[size + 1], out[size + 2] = 23, 0xA9, 20
            _copy(out, size + 3, data, body, 20)
            out[size + 23] = 0x87
            size += 24
        elif kind < 4:
            out[size], out[size + 1], out[size + 2] = 35, 33, np.uint8(kind)
            _copy(out, size + 3, data, body, 32)
            out[size + 35] = 0xAC
            size += 36
        elif kind < 6:
            out[size], out[size + 1] = 67, 65
            for i in range(65):
                out[size + 2 + i] = points[used, i]
            out[size + 67] = 0xAC
            size += 68
            used += 1
        else:
            length = kind - np.uint64(6)
            if length < np.uint64(0xFD):
                out[size] = np.uint8(length)
                size += 1
            else:
                out[size] = 0xFD
                store64(out, size + 1, length)
                size += 3
            _copy(out, size, data, body, np.int64(length))
            size += np.int64(length)
        ends[coin] = size
        coin += 1
    return coin, size, used, total
