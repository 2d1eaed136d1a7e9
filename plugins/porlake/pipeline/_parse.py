"""parse: rows as published to claims, evidence, totals, liabilities and rejections."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pyarrow as pa

from porlake import reports
from porlake.errors import BadStructure, InvalidAddress, InvalidAmount
from porlake.model import (
    Claim,
    Dataset,
    Evidence,
    Liability,
    LiabilityProof,
    PublishedTotal,
    Rejection,
    ReportFile,
    StatedTransfer,
    TrackerFigure,
)
from porlake.pipeline import _columns
from porlake.pipeline._claims import claim_of, evidence_of, rejection_of
from porlake.pipeline._lists import parse_list
from porlake.pipeline._proofs import PROOF, archived
from porlake.pipeline._session import Session
from porlake.pipeline._settings import TELL_EVERY
from porlake.pipeline._totals import figure_of, liability_of, total_of, transfer_of

PARSED: tuple[type[Dataset], ...] = (
    Claim,
    Evidence,
    PublishedTotal,
    Liability,
    TrackerFigure,
    StatedTransfer,
    Rejection,
)


def is_parsed(session: Session, report: str) -> bool:
    """Whether the rows of a report are in the lake; of a proof of liabilities, its verdict."""
    file = session.lake.report(report)
    written: tuple[type[Dataset], ...] = (LiabilityProof,) if file.content == PROOF else PARSED
    return any(session.lake.pointers(row_class, exchange=file.exchange, report=report) for row_class in written)


def parse(session: Session, report: str) -> str:
    """Rows as published to claims, evidence, totals, liabilities and rejections; a proof of liabilities has none
    (`prove`). Raises BadStructure and writes nothing then.

    Every row of the address block becomes exactly one of a claim, a signer row or a rejection; the count is checked.
    """
    lake = session.lake
    file: ReportFile = lake.report(report)
    if file.content == reports.observed_list.NAME:
        return parse_list(session, file)
    if file.content == PROOF:
        return file.report
    partition = {"exchange": file.exchange, "report": file.report}
    with (
        ExitStack() as files,
        _seldom_collected(),
        lake.writing(*((row_class, partition) for row_class in PARSED)) as writers,
        ItemWriter(
            file,
            dict(zip(PARSED, (one.add for one in writers), strict=True)),
            dict(zip(PARSED, (one.add_columns for one in writers), strict=True)),
        ) as writer,  # nothing is being written any more when the writers are closed
    ):
        for item in _items(reports.format_of(file.format), archived(lake, files, file)):
            if isinstance(item, reports.Rows):
                writer.write_columns(item)
            else:
                writer.write(item)
                if writer.rows % TELL_EVERY:
                    continue
            session.progress(f"parse {file.attestation}", writer.rows, None)
        writer.check()
    return file.report


def _items(form: reports.Format, bundle: reports.Bundle) -> Iterator[reports.Item | reports.Rows]:
    """What a report holds, by column where its format can; while a part is written, the next is read."""
    if not isinstance(form, reports.ColumnFormat):
        yield from form.parse(bundle)
        return
    parts = _parts(form.runs(bundle))
    with ThreadPoolExecutor(max_workers=1) as pool:
        coming = pool.submit(next, parts, None)
        while (part := coming.result()) is not None:
            coming = pool.submit(next, parts, None)
            yield from part


def _parts(items: Iterator[reports.Item | reports.Rows]) -> Iterator[list[reports.Item | reports.Rows]]:
    """The same in lists that are worth a turn of another thread."""
    part: list[reports.Item | reports.Rows] = []
    for item in items:
        part.append(item)
        if isinstance(item, reports.Rows) or len(part) == TOGETHER:
            yield part
            part = []
    if part:
        yield part


TOGETHER = 1_000
"""Items that one thread reads while another writes those before."""


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Rows hold no cycles: the collector would look through half a million of them for nothing, which costs a tenth of
    the stage.
    """
    before = gc.get_threshold()
    gc.set_threshold(100_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)


class ItemWriter:
    """Writes what a format yields as rows of the datasets, and counts that none is lost. `rows`: of the address block.

    `out`: what takes a row of each of `PARSED`; `out_columns`: what takes a record batch of them.
    """

    def __init__(
        self,
        file: ReportFile,
        out: Mapping[type[Dataset], Callable[[object], None]],
        out_columns: Mapping[type[Dataset], Callable[[pa.RecordBatch], None]] | None = None,
    ) -> None:
        self._file, self._out, self._out_columns = file, out, out_columns or {}
        self._pens, self._under_way = ThreadPoolExecutor(max_workers=2), list[Future[None]]()
        self.rows = self._claims = self._signers = self._rejections = 0

    def __enter__(self) -> ItemWriter:
        return self

    def __exit__(self, *raised: object) -> None:
        self._pens.shutdown()

    def write(self, item: reports.Item) -> None:
        if self._under_way:
            self.settle()
        self._write(item)

    def _write(self, item: reports.Item) -> None:
        if isinstance(item, reports.Summary | reports.Figure | reports.Transfer):
            self._write_beside(item)
            return
        in_rows = isinstance(item, reports.Published) or item.block == "rows"
        if in_rows:
            self.rows += 1
            self._out[Evidence](evidence_of(self._file, item))
        if isinstance(item, reports.Published):
            self._write_published(item)
        else:
            self._reject(item, item.block, item.reason, item.expected)

    def write_columns(self, rows: reports.Rows) -> None:
        """The rows of a run, by column as far as they are beyond doubt."""
        found = _columns.made(self._file, rows)
        self.rows += found.claims.num_rows
        self._claims += found.claims.num_rows
        single: dict[type[Dataset], list[object]] = {Claim: [], Evidence: []}
        if found.others:
            out = self._out
            self._out = {**out, **{row_class: kept.append for row_class, kept in single.items()}}
            for item in found.others:
                self._write(item)
            self._out = out
        self.settle()
        for row_class, batch in ((Claim, found.claims), (Evidence, found.evidence)):
            # Parquet lets the interpreter go: the next run is made meanwhile
            self._under_way.append(self._pens.submit(self._write_batch, row_class, batch, single[row_class]))

    def _write_batch(self, row_class: type[Dataset], batch: pa.RecordBatch, single: list[object]) -> None:
        self._out_columns[row_class](_columns.merged(row_class, batch, single))

    def settle(self) -> None:
        """Wait for what is being written. Raises what went wrong with it."""
        while self._under_way:
            self._under_way.pop().result()

    def check(self) -> None:
        """Every row of the address block is in the lake once. Raises BadStructure."""
        self.settle()
        if self.rows != self._claims + self._signers + self._rejections:
            kept = f"{self._claims} claims, {self._signers} signer rows and {self._rejections} rejections"
            raise BadStructure(self._file.file_name, 0, f"{self.rows} rows of the address block became {kept}")

    def _write_published(self, row: reports.Published) -> None:
        try:
            claim = claim_of(self._file, row)
        except (InvalidAddress, InvalidAmount) as error:
            self._reject(row, "rows", error.code, error.why)
            return
        if row.for_row is not None:
            self._signers += 1
            return
        self._claims += 1
        self._out[Claim](claim)

    def _write_beside(self, row: reports.Summary | reports.Figure | reports.Transfer) -> None:
        """What stands beside the address block, or without one."""
        try:
            if isinstance(row, reports.Figure):
                found: tuple[Dataset | None, ...] = (figure_of(self._file, row),)
            elif isinstance(row, reports.Transfer):
                found = (transfer_of(self._file, row),)
            else:
                found = (total_of(self._file, row), liability_of(self._file, row))
        except (InvalidAddress, InvalidAmount) as error:
            self._reject(row, "summary", error.code, error.why)
            return
        for written in found:
            if written:
                self._out[type(written)](written)

    def _reject(self, row: reports.Item, block: str, reason: str, expected: str) -> None:
        self._rejections += block == "rows"
        self._out[Rejection](rejection_of(self._file, row, block, reason, expected))
