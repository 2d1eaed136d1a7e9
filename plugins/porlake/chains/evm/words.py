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

from porlake.chains._columns import LIMIT, Words, at_least, equal_to, words_of
from porlake.chains.evm.programs import FAILED, LARGE, NOT_SHOWN, REFUSED, SHORT

Accounts = npt.NDArray[np.uint8]  # (n, 20)

#: Reasons by their code; 0 is a balance that was read.
REASONS = (
    "", "token_call_failed", "token_returns_no_word", "balance_too_large", "refused_by_server", "block_not_shown",
)  # fmt: skip
TOO_LARGE = REASONS.index("balance_too_large")
_OF_WORD = {
    FAILED: "token_call_failed", SHORT: "token_returns_no_word", REFUSED: "refused_by_server",
    NOT_SHOWN: "block_not_shown",
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


def words_from(numbers: Sequence[int]) -> Words:
    """Words of whole numbers; what has no place in 128 bits is LARGE."""
    return words_of(
        b"".join(
            (number if number < LARGE else max(LARGE, min(number, FAILED))).to_bytes(16, "big") for number in numbers
        )
    )


def reasons_of(words: Words) -> npt.NDArray[np.uint8]:
    """Why a word is no balance, by its place in REASONS; 0 where it is one."""
    reasons = np.where(at_least(words, LIMIT), np.uint8(TOO_LARGE), np.uint8(0))
    if reasons.any():
        for word, reason in _OF_WORD.items():
            reasons[equal_to(words, word)] = REASONS.index(reason)
    return reasons


class AddressBytes:
    """The form of account columns: 20 bytes an account, in order."""

    in_order = True

    def of(self, addresses: pa.StringArray) -> tuple[Accounts, npt.NDArray[np.bool_]]:
        return accounts_of(addresses)

    def texts(self, accounts: Accounts) -> pa.StringArray:
        return addresses_of(accounts)

    def distinct(self, accounts: Accounts) -> npt.NDArray[np.intp]:
        return distinct(accounts)

    def numbers(self, accounts: Accounts) -> npt.NDArray[np.uint64]:
        return np.ascontiguousarray(accounts[:, 12:]).view(">u8").ravel().astype(np.uint64)


ACCOUNTS = AddressBytes()
