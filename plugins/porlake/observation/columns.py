"""One asset of a report in columns: what is claimed of it, and what was read of that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from porlake import amounts, chains, registry
from porlake.chains import Accounts, Rows, Words
from porlake.lake import Lake
from porlake.model import Claim, ReportFile

NO_HEIGHT = -1
NAMES = ("asset", "address", "snapshot_height", "amount")
Flags = npt.NDArray[np.bool_]


class Codes:
    """Names and blocks by small numbers: columns hold the numbers. Reason 0 is a balance that was read, source 0 is
    nobody: a balance that no other operator confirmed; evidence 0 is none: the block itself was read.
    """

    def __init__(self) -> None:
        self.reasons, self.methods, self.as_of = [""], [""], ["exact", "head", "near"]
        self.sources: list[str | None] = [None]
        self.blocks: list[chains.BlockRef] = []
        self.evidence: list[chains.Evidence | None] = [None]
        self._places: dict[chains.BlockRef, int] = {}

    def reason(self, name: str) -> int:
        return _code(self.reasons, name)

    def method(self, name: str) -> int:
        return _code(self.methods, name)

    def source(self, name: str) -> int:
        return _code(self.sources, name)

    def block(self, block: chains.BlockRef) -> int:
        if block not in self._places:
            self._places[block] = len(self.blocks)
            self.blocks.append(block)
        return self._places[block]

    def shown(self, evidence: Sequence[chains.Evidence]) -> npt.NDArray[np.int32]:
        """Each account has its own."""
        first = len(self.evidence)
        self.evidence += evidence
        return np.arange(first, len(self.evidence), dtype=np.int32)


def _code(names: list[Any], name: str) -> int:
    if name not in names:
        names.append(name)
    return names.index(name)


@dataclass(slots=True)
class Part:
    """A component beside `total` of some holdings, all of one block and source; `rows`: their places."""

    rows: Rows
    words: Words
    component: str
    block: int
    as_of: int
    method: int
    source: int


class Columns:
    """What was read of some accounts of one asset, in the token's base units, by the numbers of `Codes`.

    `from_chain`: of a holding that has a reason, whether it is the chain's word; `answered`: whether anything is known
    of it.
    """

    def __init__(self, codes: Codes, count: int) -> None:
        self.codes = codes
        self.words = np.zeros((count, 2), np.uint64)
        self.methods, self.sources, self.reasons, self.confirmed, self.as_of = (
            np.zeros(count, np.uint16) for _ in range(5)
        )
        self.blocks, self.evidence = np.zeros(count, np.int32), np.zeros(count, np.int32)
        self.answered, self.from_chain, self.no_history = (np.zeros(count, np.bool_) for _ in range(3))
        self.parts: list[Part] = []

    def take(self, answer: chains.Answer, places: Rows | None = None) -> int:
        """Put an answer about the holdings at `places`; how many holdings it answers."""
        rows = answer.rows if places is None else places[answer.rows]
        if isinstance(answer, chains.Withdrawn):
            self.withdraw(rows)
            return -len(rows)
        if isinstance(answer, chains.Unreadable):
            self.reasons[rows], self.from_chain[rows], self.answered[rows] = (
                self.codes.reason(answer.reason),
                answer.answered,
                True,
            )
            return len(rows)
        codes = self.codes
        block, method, source = codes.block(answer.block), codes.method(answer.method), codes.source(answer.source)
        as_of = codes.as_of.index(answer.as_of)
        if answer.component != chains.TOTAL:
            self.parts.append(Part(rows, answer.words, answer.component, block, as_of, method, source))
            return 0
        self.words[rows], self.blocks[rows], self.as_of[rows] = answer.words, block, as_of
        self.methods[rows], self.sources[rows], self.reasons[rows], self.answered[rows] = method, source, 0, True
        self.evidence[rows] = 0 if answer.evidence is None else codes.shown(answer.evidence)
        if answer.no_history is not None:
            self.no_history[rows] = answer.no_history
        return len(rows)

    def withdraw(self, rows: Rows) -> None:
        """Nothing is known of these holdings any more."""
        self.answered[rows] = False
        gone = np.zeros(len(self.answered), np.bool_)
        gone[rows] = True
        for part in self.parts:
            stays = ~gone[part.rows]
            part.rows, part.words = part.rows[stays], part.words[stays]


@dataclass(slots=True)
class Claimed:
    """One asset: its accounts, at which height each is to be read (NO_HEIGHT: not named), what is claimed there (base
    units of the asset; zero where nothing is), and what was read.

    `amounts`: what was read in base units of the asset, once it is settled; `part_amounts` of each part.
    """

    asset: str
    form: chains.AccountForm
    accounts: Accounts
    heights: npt.NDArray[np.int64]
    claims: Words
    read: Columns
    amounts: pa.Decimal128Array | None = None
    part_amounts: list[pa.Decimal128Array] = field(default_factory=list)

    @property
    def readable(self) -> Flags:
        """Which holdings no reason stands against."""
        found: Flags = self.read.reasons == 0
        return found

    def unread(self, reason: str, where: Flags | Rows | None = None) -> None:
        code = self.read.codes.reason(reason)
        self.read.reasons[slice(None) if where is None else where] = code

    def without_head(self) -> None:
        """What stands for no moment but now is unread."""
        read = self.read
        now = (read.reasons == 0) & (read.as_of == read.codes.as_of.index("head"))
        if now.any():
            self.unread("no_history", now)

    def settle(self, token: registry.Token) -> None:
        """What was read as amounts of the asset; what 38 digits do not hold is unread."""
        scale, good = registry.load().assets[self.asset].scale, self.readable
        plain = self.read.words if good.all() else np.where(good[:, None], self.read.words, np.uint64(0))
        self.amounts = amounts.rescale_column(decimals_of(plain), token.decimals, scale)
        self.part_amounts = [
            amounts.rescale_column(decimals_of(part.words), token.decimals, scale) for part in self.read.parts
        ]
        too_large = _nulls(self.amounts) & good
        for part, column in zip(self.read.parts, self.part_amounts, strict=True):
            too_large[part.rows[_nulls(column)]] = True
        if too_large.any():
            self.unread("balance_too_large", too_large & good)


def _nulls(column: pa.Array) -> Flags:
    found: Flags = column.is_null().to_numpy(zero_copy_only=False)
    return found


# --- claims -----------------------------------------------------------------------------------------------------------
def claimed(
    lake: Lake, file: ReportFile, network: str, form: chains.AccountForm, codes: Codes
) -> tuple[list[Claimed], list[tuple[str, str]]]:
    """(every account that a report claims on a network, once for each asset, at the first height that the file names
    for it; asset and address of claims whose address is none of the network's form). No other network's claim is read.
    """
    parts: dict[str, list[_Rows]] = {}
    malformed: list[tuple[str, str]] = []
    for rows in lake.columns(Claim, NAMES, exchange=file.exchange, report=file.report, network=network):
        if not rows.num_rows:
            continue
        accounts, good = form.of(rows.column("address"))
        heights = rows.column("snapshot_height").fill_null(NO_HEIGHT).to_numpy(zero_copy_only=False)
        claims = units(rows.column("amount"))
        assets = rows.column("asset").dictionary_encode()
        places = assets.indices.to_numpy()
        for code, asset in enumerate(assets.dictionary.to_pylist()):
            if len(assets.dictionary) == 1 and good.all():
                parts.setdefault(asset, []).append((accounts, heights, claims))
            else:
                mine = places == code
                parts.setdefault(asset, []).append((accounts[mine[good]], heights[good & mine], claims[good & mine]))
        if not good.all():
            bad = rows.filter(pa.array(~good))
            malformed += zip(bad.column("asset").to_pylist(), bad.column("address").to_pylist(), strict=True)
    return [once(asset, form, codes, parts.pop(asset)) for asset in sorted(parts)], malformed


_Rows = tuple[Accounts, npt.NDArray[np.int64], Words]
"""Accounts, the height that is named for each, and what is claimed there."""


def once(asset: str, form: chains.AccountForm, codes: Codes, parts: Sequence[_Rows]) -> Claimed:
    """Accounts each once, at the first height that stands by it and with the most that is claimed of it."""
    accounts, heights, claims = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = form.distinct(accounts)
    count = len(order)
    mine, most = np.take(accounts, order, axis=0), claims[order]
    if count < len(accounts):
        again = np.setdiff1d(np.arange(len(accounts)), order)
        known, repeated = _keys(mine), _keys(accounts[again])
        sorter = np.argsort(known)
        places = sorter[np.searchsorted(known, repeated, sorter=sorter)]
        for place, row in zip(places.tolist(), again.tolist(), strict=True):
            most[place] = max(most[place].tolist(), claims[row].tolist())
    return Claimed(asset, form, mine, heights[order], most, Columns(codes, count))


def _keys(accounts: Accounts) -> npt.NDArray[Any]:
    if accounts.ndim == 1:
        return accounts
    return np.ascontiguousarray(accounts).view(f"S{accounts.shape[1]}").ravel()


def units(column: pa.Decimal128Array) -> Words:
    """DECIMAL(38,0) as pairs of 64-bit halves; null is zero, and what is below it."""
    whole = column.fill_null(Decimal(0)) if column.null_count else column
    little = np.frombuffer(whole.buffers()[1], np.uint64).reshape(-1, 2)
    found = np.ascontiguousarray(little[whole.offset : whole.offset + len(whole), ::-1])
    found[found[:, 0] >= np.uint64(2**63)] = 0
    return found


def decimals_of(words: Words) -> pa.Decimal128Array:
    """Amounts below 10^38 as DECIMAL(38,0)."""
    little = np.ascontiguousarray(words[:, ::-1])
    return pa.Decimal128Array.from_buffers(pa.decimal128(38, 0), len(words), [None, pa.py_buffer(little)])


def chosen(names: Iterable[str | None], codes: npt.NDArray[Any]) -> pa.Array:
    """A column of names by their codes."""
    values = pa.array(list(names), pa.string())
    if len(codes) and (codes == codes[0]).all():
        return pa.repeat(values[int(codes[0])], len(codes))
    return values.take(pa.array(codes))
