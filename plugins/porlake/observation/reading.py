"""Balances of a report's claims: one asset after the other, at the blocks that the file names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path

import numpy as np

from porlake import chains, registry
from porlake.chains import Words, largest
from porlake.errors import ChainError, TransportError
from porlake.lake import Below
from porlake.model import ReportFile
from porlake.observation import resume
from porlake.observation.columns import NO_HEIGHT, Claimed, Codes, Columns, Flags
from porlake.observation.endpoints import Endpoints, Run, moved_to
from porlake.observation.second_opinion import SecondOpinion
from porlake.observation.shares import Share

PLAIN_SAMPLE = 4  # accounts of each of three kinds

Known = Callable[[chains.Holdings, chains.BlockRef, Columns], None]
"""Puts what is known already of some holdings at a block."""

Blocks = Mapping[int, chains.BlockRef]


def blocks_of(
    client: Endpoints, file: ReportFile, network: str, readable: Iterable[Claimed]
) -> tuple[dict[int, chains.BlockRef], int | None]:
    """(the blocks at which claims are to be read, by height; the height that was found by the snapshot's moment).

    Claims for which there is no block are left unread; those without a height get the one of the moment. Raises
    ChainError, TransportError.
    """
    readable = list(readable)
    named = sorted({int(height) for some in readable for height in np.unique(some.heights) if height != NO_HEIGHT})
    blocks = dict[int, chains.BlockRef]()
    ends = bool(named) and isinstance(client.now, chains.Final)
    final = client.ask(lambda one: int(one.final())) if ends else None
    for height in named:
        if final is None or height <= final:
            blocks[height] = client.block(height)
    if len(blocks) < len(named):
        _check_not_behind(client, file, network)
    for some in readable:
        for height in np.unique(some.heights).tolist():
            if height != NO_HEIGHT and height not in blocks:
                some.unread("height_not_final", some.heights == height)
    if not any((some.heights == NO_HEIGHT).any() for some in readable):
        return blocks, None
    moment = file.snapshot_at if file.snapshot_precision == "moment" else None
    if moment is None or not isinstance(client.now, chains.ByMoment):
        for some in readable:
            some.unread("no_snapshot_height", some.heights == NO_HEIGHT)
        return blocks, None
    at: chains.BlockRef = client.ask(lambda one: one.block_at(moment))
    blocks[at.height] = at
    for some in readable:
        some.heights[some.heights == NO_HEIGHT] = at.height
    return blocks, at.height


def _check_not_behind(client: Endpoints, file: ReportFile, network: str) -> None:
    """Raises ChainError where the endpoint has not come as far as the snapshot: it is behind, and nothing is wrong with
    the heights.
    """
    head, at = client.head(), file.snapshot_at
    if at is not None and head.time < at:
        raise ChainError(
            f"{network}: the endpoint is behind: its head, {head.height:,}, is of {head.time:%Y-%m-%d %H:%M}, "
            f"the snapshot of {at}"
        )


@dataclass(slots=True)
class Reader:
    """Reads one asset after the other, with progress over all of them.

    `scratch`: where answers are kept, None for nowhere; `known`: what is known before anybody is asked; `near`: what
    stands in for balances of the head. `listed`: nobody claims anything; a token of which nothing was read is then not
    looked at more closely.
    """

    run: Run
    client: Endpoints
    network: str
    codes: Codes
    what: str
    scratch: Path | Below | None = None
    known: Known | None = None
    near: Known | None = None
    total: int = 0
    listed: bool = False
    done: int = 0
    _reported: set[str] = field(default_factory=set)

    def read(self, claimed: Claimed, token: registry.Token, blocks: Blocks) -> None:
        """Fill in one asset at the heights of its accounts, and settle it. Raises TransportError, ChainError."""
        if not self.listed:
            self._check_decimals(claimed, token, blocks)
        for height, at in blocks.items():
            self._read_height(claimed, token, at, (claimed.heights == height) & claimed.readable)
        if self.listed and claimed.read.words[claimed.readable].any():
            self._check_decimals(claimed, token, blocks)
        claimed.settle(token)
        self._report_lost()

    def read_share(self, claimed: Claimed, token: registry.Token, blocks: Blocks, share: Share) -> None:
        """Ask for a share of one asset's holdings and keep the answers for whoever reads all of them. Raises
        TransportError, ChainError.
        """
        for height, at in blocks.items():
            rows = np.flatnonzero((claimed.heights == height) & claimed.readable)
            holdings = chains.Holdings(claimed.asset, token, claimed.accounts[rows], claimed.form)
            found = Columns(self.codes, len(rows))
            if self.known is not None:
                self.known(holdings, at, found)
            self._read_missing(holdings, at, found, share)
        self._report_lost()

    def _check_decimals(self, claimed: Claimed, token: registry.Token, blocks: Blocks) -> None:
        if blocks and claimed.readable.any() and self._has_other_decimals(token, blocks[max(blocks)]):
            claimed.unread("token_decimals_differ", claimed.readable)

    def _read_height(self, claimed: Claimed, token: registry.Token, at: chains.BlockRef, where: Flags) -> None:
        rows = np.flatnonzero(where)
        if not len(rows):
            return
        whole = len(rows) == len(where)
        accounts = claimed.accounts if whole else claimed.accounts[rows]
        holdings = chains.Holdings(claimed.asset, token, accounts, claimed.form)
        claims = claimed.claims if whole else claimed.claims[rows]
        found = Columns(self.codes, len(rows))
        if self.known is not None:
            self.known(holdings, at, found)
        self._read_missing(holdings, at, found)
        self._take_near(holdings, at, found)
        if not self.listed or found.words.any():
            self._check_plain_calls(holdings, at, found, claims)
        if found.no_history.any() or self.client.others(()):
            settings = (self.run.check_sample, self.run.check_above, self._report)
            SecondOpinion(self.client, holdings, at, claims, found, *settings).confirm()
        _copy(claimed.read, found, rows)

    def _read_missing(
        self, holdings: chains.Holdings, at: chains.BlockRef, found: Columns, share: Share | None = None
    ) -> None:
        """What is not known yet: first what was kept of an observation that was stopped, then by asking; only about
        those of a share, where one is given.
        """
        worker, kept = share.name if share else "", None
        if self.scratch is not None:
            kept = resume.kept(self.scratch, self.network, holdings, at, worker)
        if kept is not None:
            answers = kept.answers()
            covered = resume.covered(answers, len(holdings)) & ~found.answered
            for answer in resume.complete(answers, covered):
                found.take(answer)
        self._report_progress(int(found.answered.sum()))
        left = np.flatnonzero(~found.answered)
        left = left[share.has(left)] if share else left
        if len(left):
            asked = holdings if len(left) == len(holdings) else holdings.taken(left)
            try:
                for answer in self.client.readings(asked, at):
                    self._report_progress(found.take(answer, left))
                    if kept is not None:
                        kept.keep(moved_to(answer, left))
            finally:
                if kept is not None:
                    kept.flush()
        if share is None and not found.answered.all():
            count = int((~found.answered).sum())
            raise ChainError(f"{self.network}: {count:,} holdings of {holdings.asset} were not answered at all")

    def _take_near(self, holdings: chains.Holdings, at: chains.BlockRef, found: Columns) -> None:
        """What a sweep saw near the block in place of what the chain says of now."""
        rows = np.flatnonzero((found.reasons == 0) & (found.as_of == self.codes.as_of.index("head")))
        if self.near is None or not len(rows):
            return
        seen = Columns(self.codes, len(rows))
        self.near(holdings.taken(rows), at, seen)
        found.withdraw(rows[seen.answered])
        _copy(found, seen, rows, seen.answered)

    def _report_progress(self, count: int) -> None:
        if count:
            self.done += count
            self.run.progress(self.what, self.done, self.total)

    def _has_other_decimals(self, token: registry.Token, at: chains.BlockRef) -> bool:
        """Whether a token says of itself that it has other decimals than the registry: its balances would be wrong by
        powers of ten.
        """
        if token.kind == "native" or not isinstance(self.client.now, chains.Decimals):
            return False
        stated: int | None = self.client.ask(lambda one: one.decimals(token, at))
        if stated is None or stated == token.decimals:
            return False
        self._report(f"{token.contract} has {stated} decimals and not {token.decimals}: its balances are withheld")
        return True

    def _check_plain_calls(self, holdings: chains.Holdings, at: chains.BlockRef, found: Columns, claims: Words) -> None:
        """What a token's balanceOf returns may depend on who calls it. Some accounts are read again by plain calls, of
        the zero address and of the account itself. Where those two agree with each other and not with what was read,
        the token is read by plain calls; where they differ, its balances are withheld.
        """
        if not isinstance(self.client.now, chains.PlainCalls) or holdings.token.kind == "native":
            return
        spread = np.linspace(0, len(holdings) - 1, PLAIN_SAMPLE).astype(np.int64)
        known = np.where((found.reasons == 0)[:, None], found.words, np.uint64(0))
        rows = np.unique(np.concatenate([largest(known, PLAIN_SAMPLE), largest(claims, PLAIN_SAMPLE), spread]))
        try:
            answers: tuple[Words, Words] | None = self.client.ask(lambda one: one.called(holdings.taken(rows), at))
        except (TransportError, ChainError) as error:
            self._report(f"whether {holdings.token.contract} tells everybody the same is not known: {error}")
            return
        if answers is None or not any(_differ(words, found, rows) for words in answers):
            return
        nobody, itself = (np.where(_is_amount(words)[:, None], words, np.uint64(0)) for words in answers)
        if (nobody != itself).any() or (_is_amount(answers[0]) != _is_amount(answers[1])).any():
            self._report(f"{holdings.token.contract} tells each caller another balance: its balances are withheld")
            found.reasons[found.reasons == 0] = self.codes.reason("balance_depends_on_caller")
            return
        self._report(
            f"{holdings.token.contract} tells a contract other balances than anybody else: it is read by plain calls"
        )
        for answer in self.client.readings(holdings, at, attrgetter("plain")):
            found.take(answer)
            self.run.progress(self.what, self.done, self.total)

    def _report_lost(self) -> None:
        """Say which endpoints failed, each once."""
        for error in map(str, self.client.lost):
            if error not in self._reported:
                self._reported.add(error)
                self._report(f"an endpoint is not asked any more: {error}")

    def _report(self, what: str) -> None:
        self.run.progress(f"{self.what}: {what}", 0, 0)


def _is_amount(words: Words) -> Flags:
    found: Flags = ~chains.at_least(words, chains.LIMIT)
    return found


def _differ(words: Words, found: Columns, rows: chains.Rows) -> bool:
    """Whether words of single calls contradict what was read; two that are no amounts do not, and who did not answer
    contradicts nobody.
    """
    is_amount, was_read = _is_amount(words), found.reasons[rows] == 0
    silent = ~was_read & ~found.from_chain[rows]
    other = (words != found.words[rows]).any(axis=1) & is_amount & was_read
    return bool(((other | (is_amount != was_read)) & ~silent).any())


def _copy(into: Columns, found: Columns, rows: chains.Rows, which: Flags | None = None) -> None:
    """Columns of some holdings, or of `which` of them, into those of all."""
    taken = np.ones(len(rows), np.bool_) if which is None else which
    for name in _COPIED:
        getattr(into, name)[rows[taken]] = getattr(found, name)[taken]
    for part in found.parts:
        part.rows = rows[part.rows]
        into.parts.append(part)


_COPIED = (
    "words", "methods", "sources", "reasons", "confirmed", "as_of", "blocks", "answered", "from_chain", "no_history",
    "evidence",
)  # fmt: skip
