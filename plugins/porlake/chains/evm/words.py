"""Columns of the EVM: accounts as a matrix of bytes, balances as pairs of 64-bit halves. Nothing here looks at one row
at a time.

A word is a balance of 128 bits, big-endian on the wire, kept as (high, low) in a matrix of two columns; the highest
words are no balances but say why there is none (`_programs`).
"""

from __future__ import annotations

import binascii
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from porlake.chains.evm.programs import FAILED, LARGE, NOT_SHOWN, REFUSED, SHORT

Accounts = npt.NDArray[np.uint8]  # (n, 20)
Words = npt.NDArray[np.uint64]  # (n, 2): high, low

LIMIT = 10**38  # DECIMAL(38,0) ends there

#: Reasons by their code; 0 is a balance that was read.
REASONS = (
    "", "token_call_failed", "token_returns_no_word", "balance_too_large", "endpoints_disagree", "refused_by_server", "block_not_shown",
)  # fmt: skip
TOO_LARGE, DISAGREE, UNANSWERED = (
    REASONS.index(reason) for reason in ("balance_too_large", "endpoints_disagree", "refused_by_server")
)
_OF_WORD = {
    FAILED: "token_call_failed", SHORT: "token_returns_no_word", REFUSED: "refused_by_server", NOT_SHOWN: "block_not_shown",
}  # fmt: skip

_NIBBLE = np.full(256, 255, np.uint8)
_NIBBLE[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16, dtype=np.uint8)


def accounts_of(addresses: pa.StringArray) -> tuple[Accounts, npt.NDArray[np.bool_]]:
    """(the accounts, which rows they are of): rows that are no canonical EVM address (0x and 40 lower-case digits) are
    left out.
    """
    count = len(addresses)
    if not count:
        return np.empty((0, 20), np.uint8), np.empty(0, np.bool_)
    lengths = np.diff(np.frombuffer(addresses.buffers()[1], np.int32, count + 1, addresses.offset * 4))
    good: npt.NDArray[np.bool_] = np.asarray(lengths == 42)
    if not good.all():
        addresses = addresses.filter(pa.array(good))
    if not len(addresses):
        return np.empty((0, 20), np.uint8), good
    begin = int(np.frombuffer(addresses.buffers()[1], np.int32, 1, addresses.offset * 4)[0])
    text = np.frombuffer(addresses.buffers()[2], np.uint8, 42 * len(addresses), begin).reshape(-1, 42)
    prefixed = (text[:, 0] == 0x30) & (text[:, 1] == 0x78)
    if prefixed.all() and (accounts := _all_of(text[:, 2:])) is not None:
        return accounts, good
    nibbles: npt.NDArray[np.uint8] = _NIBBLE[text[:, 2:]]
    hexed = prefixed & (nibbles.max(axis=1) < 16)
    accounts = nibbles[:, ::2] * np.uint8(16) + nibbles[:, 1::2]
    good = good.copy()
    good[np.flatnonzero(good)[~hexed]] = False
    return accounts[hexed], good


def _all_of(text: npt.NDArray[np.uint8]) -> Accounts | None:
    """The accounts of rows of 40 digits; None where a row has something else, or a capital."""
    digits = text.tobytes()
    try:
        data = binascii.unhexlify(digits)
    except binascii.Error:
        return None
    return np.frombuffer(data, np.uint8).reshape(-1, 20) if binascii.hexlify(data) == digits else None


def accounts_from(addresses: Sequence[str]) -> Accounts:
    """The accounts of canonical addresses."""
    return np.frombuffer(bytes.fromhex("".join(address[2:] for address in addresses)), np.uint8).reshape(-1, 20)


def digits(accounts: Accounts) -> str:
    """40 hex digits for each account, back to back."""
    return accounts.tobytes().hex()


def addresses_of(accounts: Accounts) -> pa.StringArray:
    """Canonical addresses."""
    count = len(accounts)
    text = np.empty((count, 42), np.uint8)
    text[:, 0], text[:, 1] = 0x30, 0x78
    text[:, 2:] = np.frombuffer(binascii.hexlify(accounts.tobytes()), np.uint8).reshape(count, 40)
    offsets = np.arange(0, 42 * (count + 1), 42, dtype=np.int32)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(text))


def distinct(accounts: Accounts) -> npt.NDArray[np.intp]:
    """The places of the accounts in their order, of equal ones the first that came."""
    first = np.ascontiguousarray(accounts[:, :8]).view(">u8").ravel().astype(np.uint64)
    order = np.argsort(first)
    sorted_ = first[order]
    if not (sorted_[1:] == sorted_[:-1]).any():
        return order  # no two accounts begin alike
    middle = np.ascontiguousarray(accounts[:, 8:16]).view(">u8").ravel().astype(np.uint64)
    last = np.ascontiguousarray(accounts[:, 16:]).view(">u4").ravel().astype(np.uint32)
    order = np.lexsort((last, middle, first))
    ordered = accounts[order]
    return order[np.concatenate(([True], (ordered[1:] != ordered[:-1]).any(axis=1)))]


def words_of(data: bytes) -> Words:
    """Words of 16 bytes, back to back."""
    return np.frombuffer(data, ">u8").reshape(-1, 2).astype(np.uint64)


def words_from(numbers: Sequence[int]) -> Words:
    """Words of whole numbers; what has no place in 128 bits is LARGE."""
    return words_of(
        b"".join(
            (number if number < LARGE else max(LARGE, min(number, FAILED))).to_bytes(16, "big") for number in numbers
        )
    )


def number(words: Words, at: int) -> int:
    return int(words[at, 0]) << 64 | int(words[at, 1])


def total(words: Words) -> int:
    """The sum, exact: of 32 bits at a time, which 64 hold for four thousand million words."""
    low_half = np.uint64(2**32 - 1)
    halves = [
        int((words[:, place] >> np.uint64(shift) & low_half).sum())
        for place, shift in ((0, 32), (0, 0), (1, 32), (1, 0))
    ]
    return sum(half << shift for half, shift in zip(halves, (96, 64, 32, 0), strict=True))


def at_least(words: Words, number: int) -> npt.NDArray[np.bool_]:
    """Which words are `number` or more."""
    high, low = np.uint64(number >> 64), np.uint64(number & (2**64 - 1))
    found: npt.NDArray[np.bool_] = (words[:, 0] > high) | ((words[:, 0] == high) & (words[:, 1] >= low))
    return found


def equal_to(words: Words, number: int) -> npt.NDArray[np.bool_]:
    """Which words are that number."""
    found: npt.NDArray[np.bool_] = (words[:, 0] == np.uint64(number >> 64)) & (
        words[:, 1] == np.uint64(number & (2**64 - 1))
    )
    return found


def differing(one: Words, other: Words) -> npt.NDArray[np.bool_]:
    """Where two answers contradict each other. Two that are no balances do not, and who did not answer contradicts
    nobody.
    """
    none = at_least(one, LIMIT) & at_least(other, LIMIT)
    silent = equal_to(one, REFUSED) | equal_to(other, REFUSED) | equal_to(one, NOT_SHOWN) | equal_to(other, NOT_SHOWN)
    found: npt.NDArray[np.bool_] = (one != other).any(axis=1) & ~none & ~silent
    return found


def largest(words: Words, count: int) -> npt.NDArray[np.int64]:
    """The places of the `count` largest words, near enough: as doubles."""
    weights = words[:, 0].astype(np.float64) * 2.0**64 + words[:, 1].astype(np.float64)
    return (
        np.argpartition(weights, max(0, len(weights) - count))[-count:]
        if len(weights) > count
        else np.arange(len(weights))
    )


def all_of(number: int, count: int) -> Words:
    """`count` words of one number."""
    return words_of(number.to_bytes(16, "big") * count)


def reasons_of(words: Words) -> npt.NDArray[np.uint8]:
    """Why a word is no balance, by its place in REASONS; 0 where it is one."""
    reasons = np.where(at_least(words, LIMIT), np.uint8(TOO_LARGE), np.uint8(0))
    if reasons.any():
        for word, reason in _OF_WORD.items():
            reasons[equal_to(words, word)] = REASONS.index(reason)
    return reasons


def decimals_of(words: Words) -> pa.Decimal128Array:
    """Balances as DECIMAL(38,0); words that are none must be gone."""
    little = np.ascontiguousarray(words[:, ::-1])
    return pa.Decimal128Array.from_buffers(pa.decimal128(38, 0), len(words), [None, pa.py_buffer(little)])
