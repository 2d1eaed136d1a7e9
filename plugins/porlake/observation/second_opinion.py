"""Balances read again at another operator's endpoint: what it confirms is marked, and where it contradicts no value
stands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np

from porlake import chains
from porlake.chains import Rows, Words, at_least, total
from porlake.errors import ChainError, TransportError
from porlake.observation.columns import Columns, Flags
from porlake.observation.endpoints import Endpoints

DISAGREE = "endpoints_disagree"


@dataclass(slots=True)
class SecondOpinion:
    """What another operator's endpoint says of holdings that were read at a block. `claims`: what the report claims of
    them; `sample`, `above`: the shares `check_sample` and `check_above` of a run.

    `asked`: of which it was asked, `known`: of which it said a balance of the same block, `words`; `against`: how often
    it contradicted.
    """

    client: Endpoints
    holdings: chains.Holdings
    at: chains.BlockRef
    claims: Words
    read: Columns
    sample: Decimal
    above: Decimal
    report: Callable[[str], None]
    words: Words = field(init=False)
    asked: Flags = field(init=False)
    known: Flags = field(init=False)
    against: int = 0

    def __post_init__(self) -> None:
        count = len(self.holdings)
        self.words = np.zeros((count, 2), np.uint64)
        self.asked, self.known = np.zeros(count, np.bool_), np.zeros(count, np.bool_)

    def confirm(self) -> None:
        """A sample and the large accounts are asked about; where too many are contradicted, the whole asset, and
        nothing stands that is not confirmed.
        """
        self._confirm_empty()
        balances = self._comparable()
        if not balances.any():
            return
        witnesses = self._witnesses()
        if not witnesses:
            return
        try:
            while len(rows := np.flatnonzero(self._doubtful(balances) & balances & ~self.asked)):
                self._compare(witnesses, rows)
                if contradicted(self.against, asked := int((self.asked & balances).sum())):
                    self.report(
                        f"{self.against:,} of {asked:,} accounts of {self.holdings.asset} are "
                        f"contradicted: all are asked for again"
                    )
                    open_ = balances & ~self.asked
                    self.read.reasons[open_] = self.read.codes.reason(DISAGREE)
                    self._compare(witnesses, np.flatnonzero(open_))
                    break
        except (TransportError, ChainError) as error:
            left = int((balances & ~self.asked).sum())
            self.report(f"no second endpoint confirms {left:,} accounts of {self.holdings.asset}: {error}")
        if self.against:
            self.report(
                f"endpoints disagree about {self.against:,} of {int(self.asked.sum()):,} accounts of "
                f"{self.holdings.asset}"
            )

    def _confirm_empty(self) -> None:
        """A claimed holding of zero that no history stands behind may be a source that has lost it, or never had it:
        without somebody else's word it is no zero.
        """
        read = self.read
        rows = np.flatnonzero((read.reasons == 0) & read.no_history & (self.claims != 0).any(axis=1))
        if not len(rows):
            return
        second = Columns(read.codes, len(rows))
        witnesses = self._witnesses()
        if witnesses:
            try:
                for answer in self.client.again(witnesses, self.holdings.taken(rows), self.at):
                    second.take(answer)
            except (TransportError, ChainError) as error:
                self.report(f"the second endpoint: {error}")
                second = Columns(read.codes, len(rows))
        answered = second.answered & (second.reasons == 0)
        empty = ~second.words.any(axis=1)
        read.reasons[rows[~answered]] = read.codes.reason("no_history") if (~answered).any() else 0
        if (answered & ~empty).any():
            read.reasons[rows[answered & ~empty]] = read.codes.reason(DISAGREE)
        good = answered & empty
        read.confirmed[rows[good]] = second.sources[good]
        self.asked[rows] = True

    def _comparable(self) -> Flags:
        """Balances of the block itself: what two endpoints have now may differ without a fault."""
        read = self.read
        exact = (read.reasons == 0) & (read.as_of == read.codes.as_of.index("exact"))
        same = [code for code, block in enumerate(read.codes.blocks) if block.hash == self.at.hash]
        found: Flags = exact & (np.isin(read.blocks, same) if len(read.codes.blocks) > len(same) else True)
        return found & ~self.asked

    def _witnesses(self) -> Sequence[Any]:
        sources = (self.read.codes.sources[code] or "" for code in np.unique(self.read.sources).tolist())
        return self.client.others(sorted({*sources} - {""}))

    def _compare(self, witnesses: Sequence[Any], rows: Rows) -> None:
        read, codes = self.read, self.read.codes
        for answer in self.client.again(witnesses, self.holdings.taken(rows), self.at):
            here = rows[answer.rows]
            self.asked[here] = True
            if isinstance(answer, chains.Readings):
                if answer.component != chains.TOTAL or answer.as_of != "exact" or answer.block.hash != self.at.hash:
                    continue
                self.words[here], self.known[here] = answer.words, True
                differ = (read.words[here] != answer.words).any(axis=1)
                read.confirmed[here] = np.where(differ, 0, codes.source(answer.source))
            elif isinstance(answer, chains.Unreadable) and answer.answered:
                differ = np.ones(len(here), np.bool_)
                read.confirmed[here] = 0
            else:
                continue
            read.reasons[here] = np.where(differ, codes.reason(DISAGREE) if differ.any() else 0, 0)
            self.against += int(differ.sum())
        self.asked[rows] = True

    def _doubtful(self, balances: Flags) -> Flags:
        """Accounts to be asked for again: at first a sample, and always each account with a large part of the asset: of
        what is claimed, of what was read, and of what the other endpoint has said so far, so that a suspect hides none
        behind what it makes up.
        """
        doubtful = (
            drawn(self.holdings, self.at, self.read.words, self.sample)
            if not self.asked[balances].any()
            else np.zeros(len(self.holdings), np.bool_)
        )
        read = np.where((self.read.reasons == 0)[:, None] | self.asked[:, None], self.read.words, np.uint64(0))
        better = np.where(self.known[:, None], self.words, read)
        for words in (read, better, self.claims):
            fits = ~at_least(words, chains.LIMIT)
            doubtful = doubtful | (fits & at_least(words, max(1, int(self.above * total(words[fits])))))
        return doubtful


def contradicted(against: int, asked: int) -> bool:
    """Whether so many contradictions among accounts asked about twice discredit the whole first endpoint."""
    return against >= 3 or against * 1_000 > asked


def drawn(holdings: chains.Holdings, at: chains.BlockRef, words: Words, share: Decimal) -> Flags:
    """A sample of the accounts, drawn by the block's hash and by all that was answered: who answers cannot know it
    before.
    """
    digest = hashlib.sha256(at.hash.encode() + words.tobytes()).digest()
    seed = np.uint64(int.from_bytes(digest[:8], "big") | 1)
    places = holdings.form.numbers(holdings.accounts) * seed
    below: Flags = places < np.uint64(min(int(share * 2**64), 2**64 - 1))
    return below if share < 1 else np.ones(len(places), np.bool_)
