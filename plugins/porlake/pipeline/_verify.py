"""verify: what the signatures of every row say by themselves."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from porlake import lake, ownership, reports
from porlake.lake import Lake
from porlake.model import Evidence, Ownership, Rejection, ReportFile
from porlake.pipeline import _columns, _judged
from porlake.pipeline._judged import Judged
from porlake.pipeline._session import Session

BATCH_ROWS = 2_048
"""Rows that are judged together; larger batches were slower."""

GATHERED = 8
"""Batches that are written together."""


def verify(session: Session, report: str) -> str:
    """What the signatures of every row of the address block say by themselves. Verdicts on evidence that stands in the
    attestation before to the letter are taken over from there.
    """
    store, rules = session.lake, ownership.rules()
    file: ReportFile = store.report(report)
    partition = {"exchange": file.exchange, "report": file.report}
    total, done = sum(pointer.rows for pointer in store.pointers(Evidence, **partition)), 0
    made_of, known = _judged.made_of(store, partition, rules), _judged.earlier(store, file, rules)
    with store.writing((Ownership, partition)) as (writer,):
        writer.made_of = made_of
        for batch in _gathered(verdicts(store, partition, known, total)):
            writer.add_batch(batch)
            done += batch.num_rows
            session.progress(f"verify {file.attestation}", done, total)
    return file.report


def verdicts(
    store: Lake, partition: Mapping[str, str], known: Judged | None = None, rows: int = 0
) -> Iterator[pa.RecordBatch]:
    """The `ownership` rows of a parsed report, one for each row of its address block, in order.

    The verdict is the signature's alone: a row whose amount, coin or type rejects its claim is judged like any other.
    Only a row whose cells cannot be told apart is malformed for that reason. `known`: verdicts that are taken over;
    `rows`: how many there are, as far as it is known.
    """
    under_way = deque[tuple[pa.RecordBatch, pa.Int32Array, int]]()

    def unknown() -> Iterator[tuple[pa.RecordBatch, dict[int, str]]]:
        for part, reasons, places in _with_refusals(store, partition, known):
            if reasons:
                refused = pc.is_in(part.column("source_row"), pa.array(list(reasons), pa.int64()))
                places = pc.if_else(refused, None, places)
            rest = part.filter(places.is_null()) if places.null_count < len(places) else part
            batches = _sliced(rest) or [rest]  # who gathers the verdicts waits for one batch of each part
            under_way.append((part, places, len(batches)))
            yield from ((batch, reasons) for batch in batches)

    done = list[pa.RecordBatch]()
    for batch, judged in ownership.judge_batches(unknown(), rows):
        done.append(_rows(batch, judged))
        part, places, count = under_way[0]
        if len(done) == count:
            under_way.popleft()
            yield from done if known is None else _sliced(_with_known(part, places, done, known))
            done = []


def _sliced(batch: pa.RecordBatch) -> list[pa.RecordBatch]:
    return [batch.slice(at, BATCH_ROWS) for at in range(0, batch.num_rows, BATCH_ROWS)]


def _with_known(
    part: pa.RecordBatch, places: pa.Int32Array, judged: list[pa.RecordBatch], known: Judged
) -> pa.RecordBatch:
    """The verdicts on a part's rows, of which those with a place have one already and the others were judged."""
    if places.null_count == len(places):
        return pa.concat_batches(judged)
    taken = places.is_valid()
    whole = pa.concat_batches([_filled(part.filter(taken), known.verdicts(places.filter(taken))), *judged])
    is_taken = taken.to_numpy(zero_copy_only=False)
    return whole.take(pa.array(_columns.back([np.flatnonzero(is_taken), np.flatnonzero(~is_taken)])))


def _rows(batch: pa.RecordBatch, judged: ownership.BatchJudgement) -> pa.RecordBatch:
    made = {"address": judged.account, "verdict": judged.verdict, "reason": judged.reason, "signer": judged.signer,
            "flags": _repeated(judged.flags), "binds": _repeated(judged.binds)}  # fmt: skip
    return _filled(batch, made)


def _filled(batch: pa.RecordBatch, made: Mapping[str, Any]) -> pa.RecordBatch:
    """Verdicts of rows of evidence, of whose columns some are given."""
    schema = lake.schema(Ownership)
    arrays = [made[column.name] if column.name in made else batch.column(column.name) for column in schema]
    return pa.RecordBatch.from_arrays(
        [
            values if isinstance(values, pa.Array) else pa.array(values, column.type)
            for values, column in zip(arrays, schema, strict=True)
        ],
        schema=schema,
    )


def _repeated(values: list[tuple[str, ...]]) -> pa.Array:
    """A column of lists of which most are the same few."""
    if values and values.count(values[0]) == len(values):
        return pa.repeat(pa.scalar(list(values[0]), pa.list_(pa.string())), len(values))
    few = {value: place for place, value in enumerate(dict.fromkeys(values))}
    return pa.array([list(value) for value in few], pa.list_(pa.string())).take(
        pa.array([few[value] for value in values], pa.int32())
    )


def _with_refusals(
    store: Lake, partition: Mapping[str, str], known: Judged | None
) -> Iterator[tuple[pa.RecordBatch, dict[int, str], pa.Int32Array]]:
    """The evidence in parts of one member each; the reasons, by source_row, of rows of it that could not be read; and
    where verdicts on it stand among those that are known.
    """
    refused = _refusals(store, partition)
    ahead = next(refused, None)
    for large in store.batches(Evidence, **partition):
        places = known.places(large) if known else pa.nulls(large.num_rows, pa.int32())
        for start, part in _by_member(large):
            reasons = {}
            last = _place(part, part.num_rows - 1)
            while ahead is not None and ahead[0] <= last:
                reasons[ahead[0][1]] = ahead[1]
                ahead = next(refused, None)
            yield part, reasons, places.slice(start, part.num_rows)


def _by_member(large: pa.RecordBatch) -> Iterator[tuple[int, pa.RecordBatch]]:
    start = 0
    # rows come in the order of their members
    for count in pc.value_counts(large.column("member")).field("counts").to_pylist():
        yield start, large.slice(start, count)
        start += count


def _place(batch: pa.RecordBatch, at: int) -> tuple[int, int]:
    return batch.column("member")[at].as_py(), batch.column("source_row")[at].as_py()


def _refusals(store: Lake, partition: Mapping[str, str]) -> Iterator[tuple[tuple[int, int], str]]:
    for batch in store.batches(Rejection, **partition):
        columns = (batch.column(name).to_pylist() for name in ("member", "source_row", "block", "reason"))
        for member, row, block, reason in zip(*columns, strict=True):
            if block == "rows" and reason in reports.UNREADABLE:
                yield (member, row), reason


def _gathered(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same rows in batches of a size that is good to write."""
    pending: list[pa.RecordBatch] = []
    for batch in batches:
        pending.append(batch)
        if len(pending) == GATHERED:
            yield pa.concat_batches(pending)
            pending = []
    if pending:
        yield pa.concat_batches(pending)
