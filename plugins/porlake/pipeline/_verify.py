"""verify: what the signatures of every row say by themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from porlake import lake, ownership, reports
from porlake.lake import Lake
from porlake.model import Evidence, Ownership, Rejection, ReportFile
from porlake.pipeline._session import Session

BATCH_ROWS = 2_048
"""Rows that are judged together; larger batches were slower."""

GATHERED = 8
"""Batches that are written together."""


def verify(session: Session, report: str) -> str:
    """What the signatures of every row of the address block say by themselves."""
    store = session.lake
    file: ReportFile = store.report(report)
    partition = {"exchange": file.exchange, "report": file.report}
    total, done = sum(pointer.rows for pointer in store.pointers(Evidence, **partition)), 0
    with store.writing((Ownership, partition)) as (writer,):
        for batch in _gathered(verdicts(store, partition)):
            writer.add_batch(batch)
            done += batch.num_rows
            session.progress(f"verify {file.attestation}", done, total)
    return file.report


def verdicts(store: Lake, partition: Mapping[str, str]) -> Iterator[pa.RecordBatch]:
    """The `ownership` rows of a parsed report, one for each row of its address block, in order.

    The verdict is the signature's alone: a row whose amount, coin or type rejects its claim is judged like any other.
    Only a row whose cells cannot be told apart is malformed for that reason.
    """
    for batch, judged in ownership.judge_batches(_with_refusals(store, partition)):
        yield _rows(batch, judged)


def _rows(batch: pa.RecordBatch, judged: ownership.BatchJudgement) -> pa.RecordBatch:
    schema = lake.schema(Ownership)
    made = {"address": judged.account, "verdict": judged.verdict, "reason": judged.reason, "signer": judged.signer,
            "flags": _repeated(judged.flags), "binds": _repeated(judged.binds)}  # fmt: skip
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
    few = {value: place for place, value in enumerate(dict.fromkeys(values))}
    return pa.array([list(value) for value in few], pa.list_(pa.string())).take(
        pa.array([few[value] for value in values], pa.int32())
    )


def _with_refusals(store: Lake, partition: Mapping[str, str]) -> Iterator[tuple[pa.RecordBatch, dict[int, str]]]:
    """The evidence in small batches of one member each, with the reasons, by source_row, of rows of it that could not
    be read.
    """
    refused = _refusals(store, partition)
    ahead = next(refused, None)
    for large in store.batches(Evidence, **partition):
        for batch in _by_member(large):
            reasons = {}
            last = _place(batch, batch.num_rows - 1)
            while ahead is not None and ahead[0] <= last:
                reasons[ahead[0][1]] = ahead[1]
                ahead = next(refused, None)
            yield batch, reasons


def _by_member(large: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    start = 0
    # rows come in the order of their members
    for count in pc.value_counts(large.column("member")).field("counts").to_pylist():
        for at in range(start, start + count, BATCH_ROWS):
            yield large.slice(at, min(BATCH_ROWS, start + count - at))
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
