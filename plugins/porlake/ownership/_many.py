"""Many rows at once: lanes for the plain ones, `judge` for the others, the slow schemes apart."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from porlake.model import Evidence
from porlake.ownership import _columns, _lanes, _message
from porlake.ownership._judgement import Judgement

KEPT = 200_000
"""Judgements that are remembered by the hash of their evidence; about 400 bytes each."""

NAMES = tuple(column.name for column in fields(Evidence))

Judge = Callable[[Evidence], tuple[Judgement, str]]
Later = Future[tuple[Judgement, str]]


@dataclass(frozen=True, slots=True)
class Judged:
    """Verdicts of a batch by column, in the order of its rows; `account` is the canonical address."""

    verdict: list[str]
    reason: list[str]
    flags: list[tuple[str, ...]]
    signer: list[str | None]
    binds: list[tuple[str, ...]]
    account: list[str]


@dataclass(slots=True)
class Waiting:
    """A batch of which some rows are judged apart; `finish` waits for them."""

    found: _lanes.Found
    binds: list[tuple[str, ...]]
    apart: list[tuple[int, Later]]

    def finish(self) -> Judged:
        found = self.found
        for row, later in self.apart:
            judgement, account = later.result()
            found.add(row, judgement.verdict, judgement.reason, judgement.flags, judgement.signer, account)
        order = np.argsort(np.array(found.rows, np.intp), kind="stable").tolist()
        return Judged(
            [found.verdicts[at] for at in order],
            [found.reasons[at] for at in order],
            [found.flags[at] for at in order],
            [found.signers[at] for at in order],
            self.binds,
            [found.accounts[at] for at in order],
        )


class Judges:
    """Judges batches of evidence: each signature is recovered once, and equal evidence judged once. Several threads may
    ask.

    `judge` gives a row's judgement and canonical address; rows of the schemes in `slow` go to `apart`.
    """

    def __init__(
        self,
        judge: Judge,
        account: Callable[[str | None, str], str],
        apart: Callable[[Evidence], Later],
        slow: frozenset[str],
    ) -> None:
        self._judge, self._account, self._apart, self._slow = judge, account, apart, slow
        self._memory = _lanes.Memory()
        self._known: dict[bytes, tuple[Judgement, str]] = {}
        self._later: dict[bytes, Later] = {}
        self._lock = threading.Lock()

    def __call__(self, batch: pa.RecordBatch, refused: Mapping[int, str] | None = None) -> Waiting:
        """`refused`: reasons, by source_row, of rows whose cells could not be told apart: nothing of them is looked
        at.
        """
        found, rows = _lanes.Found(), np.arange(batch.num_rows)
        binds = _binds(batch)
        if refused:
            reasons = [refused.get(row) for row in batch.column("source_row").to_pylist()]
            self._refuse(batch, reasons, found)
            rows = np.array([at for at, reason in enumerate(reasons) if reason is None], np.intp)
            batch = batch.take(pa.array(rows))
        done = np.zeros(batch.num_rows, np.bool_)
        columns, judged = _lanes.Columns(batch), _lanes.Found()
        for lane in (_lanes.accounts, _lanes.keys, _lanes.scripts):
            done[lane(columns, self._memory, judged)] = True
        apart = self._others(batch, np.flatnonzero(~done), judged)
        judged.rows = rows[judged.rows].tolist()
        found.extend(judged)
        return Waiting(found, binds, [(int(rows[at]), later) for at, later in apart])

    def _refuse(self, batch: pa.RecordBatch, reasons: list[str | None], found: _lanes.Found) -> None:
        networks, texts = (batch.column(name).to_pylist() for name in ("network", "address_published"))
        for at, reason in enumerate(reasons):
            if reason is not None:
                found.add(at, "malformed", reason, (), None, self._account(networks[at], texts[at]))

    def _others(
        self, batch: pa.RecordBatch, rows: npt.NDArray[np.intp], found: _lanes.Found
    ) -> list[tuple[int, Later]]:
        """Judges the rows that no lane took; those of slow schemes come later."""
        apart = []
        for at, row in zip(rows.tolist(), evidence(batch.take(pa.array(rows))), strict=True):
            if row.scheme in self._slow and any(row.signatures):
                apart.append((at, self._slowly(row)))
                continue
            identity = _identity(row)
            answer = self._known.get(identity) or self._judge(row)
            if len(self._known) >= KEPT:
                self._known.clear()
            self._known[identity] = answer
            judgement, account = answer
            found.add(at, judgement.verdict, judgement.reason, judgement.flags, judgement.signer, account)
        return apart

    def _slowly(self, row: Evidence) -> Later:
        identity = _identity(row)
        with self._lock:
            if len(self._later) >= KEPT:
                self._later = {known: later for known, later in self._later.items() if not later.done()}
            if identity not in self._later:
                self._later[identity] = self._apart(row)
            return self._later[identity]


def evidence(batch: pa.RecordBatch) -> Iterator[Evidence]:
    """The rows of a batch of evidence."""
    columns = [batch.column(name) for name in NAMES]
    return map(
        Evidence,
        *(
            column.to_numpy(zero_copy_only=False).tolist() if pa.types.is_string(column.type) else column.to_pylist()
            for column in columns
        ),
    )


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
    texts = (row.exchange, row.network or "", row.holding, row.scheme, row.address_published, row.message, row.key_or_script,
             str(len(row.signatures)), *row.signatures, str(len(row.owners)), *row.owners, str(row.network is None), *labels)  # fmt: skip
    text = f"{','.join([str(len(part)) for part in texts])};{''.join(texts)}"  # the lengths tell where each text ends
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=16).digest()
