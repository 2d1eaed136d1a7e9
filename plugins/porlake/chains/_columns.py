"""Columns of holdings and of what was read of them: the same for every family.

An account column has one row an account, in a form that its family chooses (`AccountForm`). A word is a whole number of
128 bits, kept as (high, low) in a matrix of two columns; an amount lies below LIMIT.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from porlake.chains._answers import BlockRef, Evidence, Reading, Unread, Wanted
from porlake.errors import ChainError, TransportError
from porlake.registry import Token

Accounts = npt.NDArray[Any]
Words = npt.NDArray[np.uint64]  # (n, 2): high, low
Rows = npt.NDArray[np.int64]

LIMIT = 10**38  # DECIMAL(38,0) ends there
TOTAL = "total"


#: Why an endpoint did not answer about one holding, where another endpoint may: all other reasons are the chain's.
UNANSWERED = frozenset({
    "bad_answer", "block_not_shown", "endpoint_failed", "json_rpc_shows_no_stakes", "refused_by_node",
    "refused_by_server", "server_failed", "stakes_not_told", "timed_out",
})  # fmt: skip


class AccountForm(Protocol):
    """How a family keeps a column of its addresses. `in_order`: whether `distinct` orders accounts by their text."""

    in_order: bool

    def of(self, addresses: pa.StringArray) -> tuple[Accounts, npt.NDArray[np.bool_]]:
        """(the accounts, which rows they are of): rows whose text is no canonical address are left out."""

    def texts(self, accounts: Accounts) -> pa.StringArray:
        """Canonical addresses."""

    def distinct(self, accounts: Accounts) -> npt.NDArray[np.intp]:
        """The places of the accounts, of equal ones the first that came; in the order in which they are asked for."""

    def numbers(self, accounts: Accounts) -> npt.NDArray[np.uint64]:
        """A number of each account that does not depend on the others, by which a sample is drawn."""


class Texts:
    """Addresses as they are written, in the order of the file."""

    in_order = False

    def of(self, addresses: pa.StringArray) -> tuple[Accounts, npt.NDArray[np.bool_]]:
        texts = [address.encode() for address in addresses.to_pylist()]
        return np.array(texts, np.bytes_) if texts else np.empty(0, "S1"), np.ones(len(texts), np.bool_)

    def texts(self, accounts: Accounts) -> pa.StringArray:
        return pa.array([account.decode() for account in accounts.tolist()], pa.string())

    def distinct(self, accounts: Accounts) -> npt.NDArray[np.intp]:
        return np.sort(np.unique(accounts, return_index=True)[1])

    def numbers(self, accounts: Accounts) -> npt.NDArray[np.uint64]:
        digests = b"".join(hashlib.blake2b(account, digest_size=8).digest() for account in accounts.tolist())
        return np.frombuffer(digests, ">u8").astype(np.uint64)


TEXT = Texts()


@dataclass(frozen=True, slots=True)
class Holdings:
    """One asset at some accounts, each once: what a client is asked for at one block."""

    asset: str
    token: Token
    accounts: Accounts
    form: AccountForm = TEXT

    def __len__(self) -> int:
        return len(self.accounts)

    def taken(self, rows: Rows) -> Holdings:
        return replace(self, accounts=self.accounts[rows])

    def wanted(self) -> list[Wanted]:
        return [Wanted(self.asset, self.token, address) for address in self.form.texts(self.accounts).to_pylist()]


@dataclass(frozen=True, slots=True)
class Readings:
    """What was read of some holdings, all of one component, block and source.

    `rows`: their places among the holdings asked for; `words`: amounts in the token's base units; the rest as in a
    Reading. `no_history`: of which the source knows nothing that ever happened; None is none of them. `evidence`: that
    of each row, where a later block counts as this one.
    """

    rows: Rows
    words: Words
    component: str
    block: BlockRef
    as_of: str
    method: str
    source: str
    no_history: npt.NDArray[np.bool_] | None = None
    evidence: Sequence[Evidence] | None = None

    def taken(self, which: npt.NDArray[np.bool_]) -> Readings:
        """Those of them that `which` names."""
        known, evidence = self.no_history, self.evidence
        return replace(
            self,
            rows=self.rows[which],
            words=self.words[which],
            no_history=None if known is None else known[which],
            evidence=None if evidence is None else [evidence[place] for place in np.flatnonzero(which).tolist()],
        )


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Holdings that could not be read, and why. `answered`: it is the chain's word, and not a failure to ask for it."""

    rows: Rows
    reason: str
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What was given for these holdings so far does not hold."""

    rows: Rows


Answer = Readings | Unreadable | Withdrawn


def in_columns(holdings: Holdings, answers: Iterable[Reading | Unread]) -> Iterator[Readings | Unreadable]:
    """Columns of the answers about single holdings, some hundred at a time or those of a second: what was read is shown
    and kept soon.

    Of a holding all components come together. An amount that 38 digits do not hold is unreadable: balance_too_large.
    Where the answers end by an error, those before it are given first, but for the last holding, which may lack parts.
    """
    row_of = {address: row for row, address in enumerate(holdings.form.texts(holdings.accounts).to_pylist())}
    waiting: list[tuple[int, Reading | Unread]] = []
    since = time.monotonic()
    try:
        for answer in answers:
            row = row_of[answer.address]
            full = len(waiting) >= TOGETHER or time.monotonic() - since >= SOON
            if waiting and full and waiting[-1][0] != row:
                yield from _grouped(waiting)
                waiting, since = [], time.monotonic()
            waiting.append((row, answer))
    except (TransportError, ChainError):
        yield from _grouped([said for said in waiting if said[0] != waiting[-1][0]])
        raise
    yield from _grouped(waiting)


SOON = 1.0  # seconds
TOGETHER = 512


def _grouped(answers: Sequence[tuple[int, Reading | Unread]]) -> Iterator[Readings | Unreadable]:
    too_large = {row for row, answer in answers if isinstance(answer, Reading) and answer.raw >= LIMIT}
    unread: dict[str, list[int]] = {"balance_too_large": sorted(too_large)} if too_large else {}
    read: dict[tuple[Any, ...], list[tuple[int, Reading]]] = {}
    for row, answer in answers:
        if isinstance(answer, Unread):
            unread.setdefault(answer.reason, []).append(row)
        elif row not in too_large:
            shown = answer.evidence is not None
            kind = (answer.component, answer.block, answer.as_of, answer.method, answer.source, shown)
            read.setdefault(kind, []).append((row, answer))
    # the total last: what was kept of a holding whose total is there is whole
    for kind, found in sorted(read.items(), key=lambda kind: kind[0][0] == TOTAL):
        rows, told = zip(*found, strict=True)
        unknown = [one.no_history for one in told]
        yield Readings(
            np.array(rows, np.int64),
            words_from(one.raw for one in told),
            *kind[:-1],
            no_history=np.array(unknown, np.bool_) if any(unknown) else None,
            evidence=[one.evidence for one in told] if kind[-1] else None,
        )
    for reason, refused in unread.items():
        yield Unreadable(np.array(refused, np.int64), reason)


class OneByOne:
    """The adapter: columns of a client that answers about single holdings."""

    def balances(self, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading | Unread]:
        """An answer for each holding wanted. Raises ChainError, TransportError."""
        raise NotImplementedError

    def readings(self, holdings: Holdings, at: BlockRef) -> Iterator[Answer]:
        """Raises ChainError, TransportError."""
        return in_columns(holdings, self.balances(holdings.wanted(), at))


# --- words ------------------------------------------------------------------------------------------------------------
def words_of(data: bytes) -> Words:
    """Words of 16 bytes, back to back."""
    return np.frombuffer(data, ">u8").reshape(-1, 2).astype(np.uint64)


def words_from(numbers: Iterable[int]) -> Words:
    """Words of whole numbers below 2^128."""
    return words_of(b"".join(number.to_bytes(16, "big") for number in numbers))


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


def holdings(asset: str, token: Token, addresses: Sequence[str], form: AccountForm) -> Holdings:
    """One asset at canonical addresses, each once, in their order."""
    accounts, _ = form.of(pa.array(addresses, pa.string()))
    return Holdings(asset, token, accounts, form)
