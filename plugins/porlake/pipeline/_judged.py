"""Verdicts that an earlier attestation has already: signatures that stand there to the letter are not checked twice.

From month to month most of an exchange's rows are the same. A verdict is taken over where all of the row's evidence is
equal, under the same rules (`ownership.rules`); it is then the one that judging the row again would give.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator, Mapping
from itertools import groupby, repeat
from operator import add

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from porlake.lake import Lake
from porlake.model import Evidence, Ownership, Rejection, ReportFile

MOST_ROWS = 1_500_000
"""Signed rows of earlier reports that are held; about 200 bytes each."""

TAKEN = ("address", "verdict", "reason", "flags", "signer", "binds")
"""What of a verdict is taken over: the rest of its row is the evidence's own."""

_TEXTS = (
    "exchange", "network", "asset", "label", "network_label", "holding", "scheme", "address_published", "message",
    "key_or_script",
)  # fmt: skip
_LISTS = ("signatures", "owners")
_BETWEEN, _WITHIN, _NOTHING = "\x1f", "\x1e", "\x1d"  # between cells, between the texts of a list, no cell at all
_DIGEST = pa.binary(16)


class Judged:
    """Verdicts by the hash of their evidence."""

    def __init__(self, evidence: pa.FixedSizeBinaryArray, verdicts: pa.Table) -> None:
        self._hashes, self._verdicts = _matrix(evidence), verdicts
        starts = _starts(self._hashes)
        self._order = np.argsort(starts, kind="stable")
        self._starts = starts[self._order]

    def places(self, batch: pa.RecordBatch) -> pa.Int32Array:
        """Where the verdict of each row of evidence stands; null where there is none."""
        hashes = keys(batch)
        wanted = _matrix(hashes)
        at = np.minimum(np.searchsorted(self._starts, _starts(wanted)), max(len(self._starts) - 1, 0))
        places = self._order[at]
        # of two hashes that begin alike, which nobody has seen, the second is judged anew
        differs = (self._hashes[places] != wanted).any(axis=1) | hashes.is_null().to_numpy(zero_copy_only=False)
        return pa.array(places.astype(np.int32), mask=differs)

    def verdicts(self, places: pa.Int32Array) -> dict[str, pa.Array]:
        """The columns `TAKEN` of the verdicts at those places."""
        found = self._verdicts.take(places)
        return {name: found.column(name).combine_chunks() for name in TAKEN}


def made_of(store: Lake, partition: Mapping[str, str], rules: str) -> str:
    """A hash of all that the verdicts of a report are made of: its evidence, its refused rows and the rules."""
    parts = [rules]
    for row_class in (Evidence, Rejection):
        parts += [pointer.content for pointer in store.pointers(row_class, **partition)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def earlier(store: Lake, file: ReportFile, rules: str) -> Judged | None:
    """The verdicts of the signed rows of the exchange's attestation before, or of another report of the same one, under
    the same rules; None where there are none.
    """
    for reports in _reports_before(store, file):
        evidence, verdicts, rows = list[pa.Array](), list[pa.Table](), 0
        for report in reports:
            partition = {"exchange": file.exchange, "report": report}
            judged = store.pointers(Ownership, **partition)
            if [pointer.made_of for pointer in judged] != [made_of(store, partition, rules)]:
                continue
            for hashes, answers in _judged_rows(store, partition):
                evidence.append(hashes)
                verdicts.append(answers)
                rows += len(hashes)
                if rows >= MOST_ROWS:
                    break
        if rows:
            return Judged(pa.concat_arrays(evidence), pa.concat_tables(verdicts))
    return None


def _reports_before(store: Lake, file: ReportFile) -> Iterator[list[str]]:
    """The exchange's other reports of no later moment, those of one moment together, the latest first."""
    if file.snapshot_at is None:
        return
    moments = {
        (other.snapshot_at, other.report)
        for other in store.rows(ReportFile, exchange=file.exchange)
        if other.report != file.report and other.snapshot_at is not None and other.snapshot_at <= file.snapshot_at
    }
    for _, same in groupby(sorted(moments, reverse=True), key=lambda pair: pair[0]):
        yield [report for _, report in same]


def _judged_rows(store: Lake, partition: Mapping[str, str]) -> Iterator[tuple[pa.Array, pa.Table]]:
    """(hashes of the evidence, verdicts) of signed rows: both datasets have the same rows in the same order."""
    answers = (batch for batch in store.columns(Ownership, TAKEN, **partition))
    held = pa.table({name: pa.array([], kind) for name, kind in _KINDS.items()})
    for batch in store.columns(Evidence, (*_TEXTS, *_LISTS), **partition):
        while held.num_rows < batch.num_rows:
            more = next(answers, None)
            if more is None:
                return
            held = pa.concat_tables([held, pa.Table.from_batches([more]).cast(held.schema)])
        hashes = keys(batch)
        signed = hashes.is_valid()
        if pc.any(signed).as_py():
            yield hashes.filter(signed), held.slice(0, batch.num_rows).filter(signed)
        held = held.slice(batch.num_rows)


_KINDS = {name: pa.list_(pa.string()) if name in ("flags", "binds") else pa.string() for name in TAKEN}


def keys(batch: pa.RecordBatch) -> pa.FixedSizeBinaryArray:
    """A hash of all evidence of each row; null where nobody signed, which costs nothing to judge, and where a cell
    holds a character that tells cells apart here.
    """
    nothing = within = pa.repeat(pa.scalar(0, pa.int32()), batch.num_rows)
    cells = []
    for name in _TEXTS:
        column = batch.column(name)
        if column.null_count:
            nothing = pc.add(nothing, column.is_null().cast(pa.int32()))
            column = pc.fill_null(column, _NOTHING)
        cells.append(column)
    for name in _LISTS:
        column = batch.column(name)
        length = pc.list_value_length(column)
        within = pc.add(within, pc.max_element_wise(pc.subtract(length, 1), 0))
        cells += [length.cast(pa.string()), pc.binary_join(column, _WITHIN)]
    texts = pc.binary_join_element_wise(*cells, _BETWEEN)
    told = pc.greater(pc.binary_length(pc.binary_join(batch.column("signatures"), "")), 0)
    between = pa.repeat(pa.scalar(len(cells) - 1, pa.int32()), batch.num_rows)
    for mark, count in ((_BETWEEN, between), (_WITHIN, within), (_NOTHING, nothing)):
        # a cell that holds one of the characters between cells could be taken for several
        if _count(texts, mark) != int(count.to_numpy(zero_copy_only=False).sum()):
            told = pc.and_(told, pc.equal(pc.count_substring(texts, mark), count))
    is_told = pc.fill_null(told, False).to_numpy(zero_copy_only=False)
    hashes = np.zeros((batch.num_rows, _DIGEST.byte_width), np.uint8)
    signed = texts.filter(told).cast(pa.binary()).to_pylist()
    hashes[is_told] = _digests(signed)
    valid = pa.py_buffer(np.packbits(is_told, bitorder="little").tobytes())
    return pa.FixedSizeBinaryArray.from_buffers(_DIGEST, len(hashes), [valid, pa.py_buffer(hashes)])


def _digests(texts: list[bytes]) -> npt.NDArray[np.uint8]:
    """16 bytes of each: twice the interpreter's own hash, SipHash under a secret of this process, at which no file can
    aim. It costs a fifth of SHA-256, which takes its place where PYTHONHASHSEED leaves hashes without a secret.
    """
    if sys.flags.hash_randomization:
        made = np.empty((len(texts), 2), np.int64)
        made[:, 0] = np.fromiter(map(hash, texts), np.int64, len(texts))
        made[:, 1] = np.fromiter(map(hash, map(add, texts, repeat(b"\0"))), np.int64, len(texts))
        return made.view(np.uint8)
    digests = b"".join([hashlib.sha256(text).digest()[:16] for text in texts])
    return np.frombuffer(digests, np.uint8).reshape(-1, _DIGEST.byte_width)


def _count(texts: pa.StringArray, mark: str) -> int:
    """How often a character of one byte stands in all of them: a tenth of what asking each costs."""
    _, ends, data = texts.buffers()
    if data is None:
        return 0
    first, last = np.frombuffer(ends, np.int32)[[texts.offset, texts.offset + len(texts)]].tolist()
    return int(np.count_nonzero(np.frombuffer(data, np.uint8)[first:last] == ord(mark)))


def _matrix(hashes: pa.FixedSizeBinaryArray) -> npt.NDArray[np.uint8]:
    """A row each; of a null whatever stands there."""
    width = _DIGEST.byte_width
    data = np.frombuffer(hashes.buffers()[1], np.uint8)
    return data[hashes.offset * width : (hashes.offset + len(hashes)) * width].reshape(-1, width)


def _starts(hashes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    """The first eight bytes of each, as a number."""
    return np.ascontiguousarray(hashes[:, :8]).view(np.uint64).ravel()
