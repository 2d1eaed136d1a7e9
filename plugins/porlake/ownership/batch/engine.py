"""Batches of evidence to verdicts: by column where a row has the plain form of its scheme, else row by row; rows of
slow schemes in threads of their own.

Each signature is recovered once, and equal evidence judged once. Threads are enough for the slow schemes: the pairing
of BLS and the curve of Starknet let the interpreter go, and child processes took two to five times the processor time
for the same rows (bench/ownership_other_curves.py).
"""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from porlake import registry
from porlake.model import Evidence
from porlake.ownership import _columns, _dispatch, _message
from porlake.ownership._judgement import Judgement
from porlake.ownership.batch import ed25519, evm_tron, unsigned, utxo
from porlake.ownership.batch.columns import EvidenceColumns, Verdicts, evidence
from porlake.ownership.batch.recovery import RecoveryCache

WORKERS = 2
ROWS = 512
"""Rows that `judge_many` gives a thread at once."""

BATCHES_UNDER_WAY = 64
"""Batches that may be under way: rows of slow schemes hold up no other before so many are."""

KEPT = 200_000
"""Judgements that are remembered by the hash of their evidence; about 400 bytes each."""

#: Vectorised schemes: each adds verdicts of rows of its plain form and gives their numbers.
VECTORISED = (unsigned.judge, evm_tron.judge, utxo.judge_p2pkh, utxo.judge_multisig, ed25519.judge)

Answer = tuple[Judgement, str]
"""A row's judgement and its canonical address."""


@dataclass(frozen=True, slots=True)
class BatchJudgement:
    """Verdicts of a batch by column, in the order of its rows; `account` is the canonical address."""

    verdict: list[str]
    reason: list[str]
    flags: list[tuple[str, ...]]
    signer: list[str | None]
    binds: list[tuple[str, ...]]
    account: list[str]


@dataclass(slots=True)
class PendingBatch:
    """A batch of which some rows are judged in other threads; `finish` waits for them."""

    found: Verdicts
    binds: list[tuple[str, ...]]
    slow: list[tuple[int, Future[Answer]]]

    def finish(self) -> BatchJudgement:
        found = self.found
        for row, later in self.slow:
            judgement, account = later.result()
            found.add(row, judgement.verdict, judgement.reason, judgement.flags, judgement.signer, account)
        rows = np.array(found.rows, np.intp)
        if (rows[1:] > rows[:-1]).all():
            return BatchJudgement(found.verdicts, found.reasons, found.flags, found.signers, self.binds, found.accounts)
        order = np.argsort(rows, kind="stable").tolist()
        return BatchJudgement(
            [found.verdicts[at] for at in order],
            [found.reasons[at] for at in order],
            [found.flags[at] for at in order],
            [found.signers[at] for at in order],
            self.binds,
            [found.accounts[at] for at in order],
        )


class BatchJudge:
    """Judges batches of evidence; several threads may ask. `judge` gives a row's answer; rows of the schemes in `slow`
    go to `submit`. `rows`: how many may come.
    """

    def __init__(
        self,
        submit: Callable[[Evidence], Future[Answer]],
        slow: frozenset[str],
        judge: Callable[[Evidence], Answer] = _dispatch.judge_with_account,
        rows: int = 0,
    ) -> None:
        self._judge, self._submit, self._slow = judge, submit, slow
        self._cache = RecoveryCache(rows=rows)
        self._known: dict[bytes, Answer] = {}
        self._later: dict[bytes, Future[Answer]] = {}
        self._lock = threading.Lock()

    def __call__(self, batch: pa.RecordBatch, refused: Mapping[int, str] | None = None) -> PendingBatch:
        """`refused`: reasons, by source_row, of rows whose cells could not be told apart: nothing of them is looked
        at.
        """
        found, rows = Verdicts(), np.arange(batch.num_rows)
        binds = _binds(batch)
        if refused:
            reasons = [refused.get(row) for row in batch.column("source_row").to_pylist()]
            _refuse(batch, reasons, found)
            rows = np.array([at for at, reason in enumerate(reasons) if reason is None], np.intp)
            batch = batch.take(pa.array(rows))
        done = np.zeros(batch.num_rows, np.bool_)
        columns, judged = EvidenceColumns(batch), Verdicts()
        for judge_columns in VECTORISED:
            done[judge_columns(columns, self._cache, judged)] = True
        slow = self._by_row(batch, np.flatnonzero(~done), judged)
        judged.rows = rows[judged.rows].tolist()
        found.extend(judged)
        return PendingBatch(found, binds, [(int(rows[at]), later) for at, later in slow])

    def _by_row(
        self, batch: pa.RecordBatch, rows: npt.NDArray[np.intp], found: Verdicts
    ) -> list[tuple[int, Future[Answer]]]:
        """Judges the rows that are of no plain form; those of slow schemes come later."""
        slow = []
        for at, row in zip(rows.tolist(), evidence(batch.take(pa.array(rows))), strict=True):
            if row.scheme in self._slow and any(row.signatures):
                slow.append((at, self._submitted(row)))
                continue
            identity = _identity(row)
            answer = self._known.get(identity) or self._judge(row)
            if len(self._known) >= KEPT:
                self._known.clear()
            self._known[identity] = answer
            judgement, account = answer
            found.add(at, judgement.verdict, judgement.reason, judgement.flags, judgement.signer, account)
        return slow

    def _submitted(self, row: Evidence) -> Future[Answer]:
        identity = _identity(row)
        with self._lock:
            if len(self._later) >= KEPT:
                self._later = {known: later for known, later in self._later.items() if not later.done()}
            if identity not in self._later:
                self._later[identity] = self._submit(row)
            return self._later[identity]


def judge_many(rows: Iterable[Evidence]) -> Iterator[Judgement]:
    """The judgements of many rows, in their order. Threads: libsecp256k1's binding lets the interpreter go while it
    works.
    """
    source = iter(rows)
    chunks = iter(lambda: list(islice(source, ROWS)), [])
    for _, judgements in _in_order(chunks, lambda chunk: [_dispatch.judge(row) for row in chunk], WORKERS * 2):
        yield from judgements


def judge_batches(
    batches: Iterable[tuple[pa.RecordBatch, Mapping[int, str]]], rows: int = 0
) -> Iterator[tuple[pa.RecordBatch, BatchJudgement]]:
    """Record batches of evidence, in their order, each with its verdicts. What is held in memory does not grow with
    their number.

    With each batch come the reasons, by source_row, of rows whose cells could not be told apart: those are malformed,
    whatever they hold. `rows`: how many may come, as far as it is known.
    """
    slow = frozenset(scheme.scheme for scheme in registry.load().schemes.values() if scheme.module in _dispatch.SLOW)
    pool = ThreadPoolExecutor(max_workers=WORKERS, thread_name_prefix="porlake-slow-scheme")
    try:
        judge = BatchJudge(lambda row: pool.submit(_dispatch.judge_with_account, row), slow, rows=rows)
        for (batch, _), pending in _in_order(batches, lambda given: judge(*given), BATCHES_UNDER_WAY):
            yield batch, pending.finish()
    finally:
        pool.shutdown(cancel_futures=True)


Given = TypeVar("Given")
Made = TypeVar("Made")


def _in_order(source: Iterable[Given], work: Callable[[Given], Made], window: int) -> Iterator[tuple[Given, Made]]:
    """What `work` makes of each, in order; at most `window` are under way."""
    pool, under_way, left = ThreadPoolExecutor(max_workers=WORKERS), deque[tuple[Given, Future[Made]]](), iter(source)
    try:
        under_way.extend((given, pool.submit(work, given)) for given in islice(left, window))
        while under_way:
            given, later = under_way.popleft()
            made = later.result()
            under_way.extend((more, pool.submit(work, more)) for more in islice(left, 1))
            yield given, made
    finally:
        pool.shutdown(cancel_futures=True)


def _refuse(batch: pa.RecordBatch, reasons: list[str | None], found: Verdicts) -> None:
    networks, texts = (batch.column(name).to_pylist() for name in ("network", "address_published"))
    for at, reason in enumerate(reasons):
        if reason is not None:
            found.add(at, "malformed", reason, (), None, _dispatch.account(networks[at], texts[at]))


def _binds(batch: pa.RecordBatch) -> list[tuple[str, ...]]:
    """As `_message.binds`, for each row."""
    messages, addresses = batch.column("message").unique(), batch.column("address_published")
    if len(messages) == 1 and batch.num_rows:
        named = _message.named(batch.column("exchange")[0].as_py(), messages[0].as_py())
        if pc.min(pc.binary_length(addresses)).as_py() > named.longest and pc.all(pc.ascii_is_alnum(addresses)).as_py():
            return [named.names] * batch.num_rows  # one word each, and the message has none as long
    columns = (
        batch.column(name).to_numpy(zero_copy_only=False).tolist()
        for name in ("exchange", "message", "address_published")
    )
    return [
        _message.named(exchange, message).with_address(address)
        for exchange, message, address in zip(*columns, strict=True)
    ]


def _identity(row: Evidence) -> bytes:
    """A hash of all that a judgement depends on, but for what the message binds.

    Where the network is known, the labels count by what they say against each other alone; where it is not, they decide
    what is lacking. The type of holding says who signs for a validator.
    """
    labels = (row.label, row.network_label or "") if row.network is None else _columns.remarks(row)
    texts = (
        row.exchange, row.network or "", row.holding, row.scheme, row.address_published, row.message, row.key_or_script,
        str(len(row.signatures)), *row.signatures, str(len(row.owners)), *row.owners, str(row.network is None), *labels,
    )  # fmt: skip
    text = f"{','.join([str(len(part)) for part in texts])};{''.join(texts)}"  # the lengths tell where each text ends
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()
