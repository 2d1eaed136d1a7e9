"""Evidence and verdicts by column: what the vectorised schemes read, and what they write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from porlake import registry
from porlake.encoding.fixed_width import Mask
from porlake.model import Evidence

Rows = npt.NDArray[Any]
"""Numbers of rows of a batch."""
Numbers = npt.NDArray[Any]

NAMES = tuple(column.name for column in fields(Evidence))


@dataclass(slots=True)
class Verdicts:
    """Verdicts of some rows of a batch, by column; `rows` are their numbers in it, `accounts` their canonical
    addresses.
    """

    rows: list[int] = field(default_factory=list)
    verdicts: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    flags: list[tuple[str, ...]] = field(default_factory=list)
    signers: list[str | None] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)

    def add(
        self, row: int, verdict: str, reason: str, flags: tuple[str, ...], signer: str | None, account: str
    ) -> None:
        self.rows.append(row)
        self.verdicts.append(verdict)
        self.reasons.append(reason)
        self.flags.append(flags)
        self.signers.append(signer)
        self.accounts.append(account)

    def fill(
        self,
        rows: Rows,
        verdict: str,
        reason: str,
        flags: tuple[str, ...],
        signers: list[str] | list[str | None],
        accounts: list[str],
    ) -> None:
        """As `add`, of rows of one verdict."""
        count = len(accounts)
        self.rows += rows.tolist()
        self.verdicts += [verdict] * count
        self.reasons += [reason] * count
        self.flags += [flags] * count
        self.signers += signers
        self.accounts += accounts

    def extend(self, other: Verdicts) -> None:
        self.rows += other.rows
        self.verdicts += other.verdicts
        self.reasons += other.reasons
        self.flags += other.flags
        self.signers += other.signers
        self.accounts += other.accounts


class EvidenceColumns:
    """A record batch of evidence, as the vectorised schemes ask for it."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        self.batch = batch
        self._few: dict[str, tuple[Numbers, list[Any]]] = {}

    def __getitem__(self, name: str) -> pa.Array:
        return self.batch.column(name)

    @cached_property
    def signatures(self) -> TextLists:
        return TextLists(self["signatures"])

    @cached_property
    def without_owners(self) -> Mask:
        """Rows that state no owner."""
        without: Mask = TextLists(self["owners"]).count == 0
        return without

    def among(self, name: str, wanted: set[str] | frozenset[str]) -> Mask:
        """Where a column that repeats a few values holds one of some."""
        codes, values = self._encoded(name)
        is_wanted: Mask = np.array([value in wanted for value in values] or [False])
        found: Mask = is_wanted[codes]
        return found

    def _encoded(self, name: str) -> tuple[Numbers, list[Any]]:
        """(which of the values each row has, the values) of a column that repeats a few."""
        if name not in self._few:
            encoded = self[name].dictionary_encode(null_encoding="encode")
            self._few[name] = encoded.indices.to_numpy(), encoded.dictionary.to_pylist()
        return self._few[name]

    def length(self, name: str) -> Numbers:
        """Length of each row's text, in bytes; 0 for null."""
        return _lengths(self[name])

    def taken(self, rows: Rows, *names: str) -> list[pa.Array]:
        """Some rows of some columns."""
        return [self[name].take(pa.array(rows)) for name in names]

    def groups(self, rows: Rows, places: Rows, *names: str) -> Iterator[tuple[Any, Rows]]:
        """(values of the columns `names`, the places that hold them): `places` are positions in `rows`."""
        columns, coded = [self._encoded(name) for name in names], np.zeros(len(places), np.int64)
        for codes, values in columns:
            coded = coded * len(values) + codes[rows[places]]
        few = np.unique(coded).tolist()
        for code in few:
            members, held = places if len(few) == 1 else places[coded == code], list[Any]()
            for _, values in reversed(columns):
                code, at = divmod(code, len(values))
                held.append(values[at])
            yield tuple(reversed(held)), members


class TextLists:
    """A column of lists of texts: `values` of all lists, `first` the place of each list's first, `count` of those that
    are not empty.
    """

    def __init__(self, column: pa.ListArray) -> None:
        ends = column.offsets.to_numpy()
        self.values = column.values.slice(ends[0], ends[-1] - ends[0])
        self.first, ends = (ends - ends[0])[:-1], ends - ends[0]
        self.length = np.append(_lengths(self.values), [0, 0])
        full = np.append(0, np.cumsum(self.length > 0))
        self.count = full[ends[1:]] - full[ends[:-1]]
        self._size = ends[1:] - ends[:-1]

    def width(self, column: int) -> Numbers:
        """Length of the text in each list's column, 0 where the list ends before it."""
        return np.where(self._size > column, self.length[np.minimum(self.first + column, len(self.length) - 1)], 0)

    def texts(self, rows: Rows, column: int) -> pa.Array:
        return self.values.take(pa.array(self.first[rows] + column))


def _lengths(column: pa.Array) -> Numbers:
    found: Numbers = pc.fill_null(pc.binary_length(column), 0).to_numpy(zero_copy_only=False)
    return found


def values_of(column: pa.Array) -> list[Any]:
    """A column as Python values; numpy is the faster way for texts and numbers."""
    if pa.types.is_list(column.type):
        return list(column.to_pylist())
    return list(column.to_numpy(zero_copy_only=False).tolist())


def evidence(batch: pa.RecordBatch) -> Iterator[Evidence]:
    """The rows of a batch of evidence."""
    columns = [batch.column(name) for name in NAMES]
    return map(
        Evidence,
        *(values_of(column) if pa.types.is_string(column.type) else column.to_pylist() for column in columns),
    )


@lru_cache
def networks(form: str) -> frozenset[str]:
    """The networks of an address form; one whose keys and messages are not hashed as Bitcoin's is left to `judge`."""
    facts = registry.load()
    usual = ("sha256", "sha256d")
    other = {row.network for row in facts.utxo_networks.values() if (row.key_hash, row.message_hash) != usual}
    return frozenset(row.network for row in facts.networks.values() if row.address_form == form) - other
