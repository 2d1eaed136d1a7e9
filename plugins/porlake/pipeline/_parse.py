"""parse: rows as published to claims, evidence, totals, liabilities and rejections."""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import groupby
from operator import itemgetter

import numpy as np
import pyarrow as pa

from porlake import reports
from porlake.errors import BadStructure, InvalidAddress, InvalidAmount
from porlake.lake import Lake, Writer
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
from porlake.observation import Share
from porlake.pipeline import _columns, _parse_shares
from porlake.pipeline._claims import claim_of, evidence_of, rejection_of
from porlake.pipeline._lists import parse_list
from porlake.pipeline._parse_shares import Finished, worth
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

_Told = reports.Item | _columns.Made


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
    partition, finished = {"exchange": file.exchange, "report": file.report}, Finished(lake, file, PARSED).look()
    with ExitStack() as files, _seldom_collected(), _written(lake, file, partition) as (writers, writer):
        form, bundle = reports.format_of(file.format), archived(lake, files, file)
        for part, items in groupby(_items(file, form, bundle, lambda part: part not in finished), key=itemgetter(0)):
            writer.settle()
            if part in finished:
                for one, pointer in zip(writers, finished[part], strict=True):
                    one.take(pointer)
                writer.take(finished[part][PARSED.index(Evidence)].rows)
            elif part:
                for one in writers:
                    one.cut()
            _write(session, file, writer, items)
        writer.check()
    finished.forget()
    return file.report


def parse_shares(session: Session, report: str) -> list[tuple[int, int]]:
    """(number, of) of each share in which a report is worth parsing; nothing where one worker parses it as a whole."""
    of = worth(session, session.lake.report(report))
    return [(number, of) for number in range(of)] if of > 1 else []


def parse_share(session: Session, report: str, number: int, of: int) -> str:
    """Parse a share of a report; `parse` then makes the rest alone, and the bytes are those of one worker. Raises
    BadStructure.
    """
    lake, share = session.lake, Share(number, of)
    file = lake.report(report)
    partition, finished = {"exchange": file.exchange, "report": file.report}, Finished(lake, file, PARSED).look()

    def is_mine(part: int) -> bool:
        return part not in finished and bool(share.has(np.array([part]))[0])

    with ExitStack() as files, _seldom_collected():
        form, bundle = reports.format_of(file.format), archived(lake, files, file)
        for part, items in groupby(_items(file, form, bundle, is_mine), key=itemgetter(0)):
            if is_mine(part):
                with _written(finished.lake_of(part), file, partition) as (_, writer):
                    _write(session, file, writer, items)
                    writer.check()
    return file.report


@contextmanager
def _written(lake: Lake, file: ReportFile, partition: Mapping[str, str]) -> Iterator[tuple[list[Writer], ItemWriter]]:
    """Writers of all datasets of a report, and the one that gives them their rows."""
    with (
        lake.writing(*((row_class, partition) for row_class in PARSED)) as writers,
        ItemWriter(
            file,
            dict(zip(PARSED, (one.add for one in writers), strict=True)),
            dict(zip(PARSED, (one.add_columns for one in writers), strict=True)),
        ) as writer,  # nothing is being written any more when the writers are closed
    ):
        yield writers, writer


def _write(session: Session, file: ReportFile, writer: ItemWriter, items: Iterable[tuple[int, _Told | None]]) -> None:
    for _, item in items:
        if item is None:
            continue
        if isinstance(item, _columns.Made):
            writer.write_columns(item)
        else:
            writer.write(item)
            if writer.rows % TELL_EVERY:
                continue
        session.progress(f"parse {file.attestation}", writer.rows, None)


def _items(
    file: ReportFile, form: reports.Format, bundle: reports.Bundle, wanted: Callable[[int], bool]
) -> Iterator[tuple[int, _Told | None]]:
    """(part, item) of what a report holds, by column where its format can; None in the place of what is of a part that
    is not wanted. While something is written, what follows is read.
    """
    if not isinstance(form, reports.ColumnFormat):
        yield from ((0, item) for item in form.parse(bundle))
        return
    parts = _together(form.runs(bundle))
    waiting, stretches, ahead = deque[tuple[int, Future[_columns.Made] | _Told | None]](), 0, 0
    with ThreadPoolExecutor(max_workers=1) as reader, ThreadPoolExecutor(max_workers=MAKERS) as makers:
        coming = reader.submit(next, parts, None)
        try:
            while (part := coming.result()) is not None:
                coming = reader.submit(next, parts, None)
                for item in part:
                    is_stretch = isinstance(item, reports.Stretch)
                    stretches += is_stretch
                    number = max(0, stretches - 1) // _parse_shares.STRETCHES
                    if not wanted(number):
                        waiting.append((number, None))
                    elif isinstance(item, reports.Stretch):
                        waiting.append((number, makers.submit(_made, file, item)))
                        ahead += 1
                    else:
                        waiting.append((number, item))
                while waiting and (ahead > AHEAD or not isinstance(waiting[0][1], Future)):
                    ahead -= isinstance(waiting[0][1], Future)
                    yield _told(waiting.popleft())
            while waiting:
                yield _told(waiting.popleft())
        finally:
            makers.shutdown(cancel_futures=True)


def _told(held: tuple[int, Future[_columns.Made] | _Told | None]) -> tuple[int, _Told | None]:
    part, item = held
    return part, item.result() if isinstance(item, Future) else item


def _made(file: ReportFile, stretch: reports.Stretch) -> _columns.Made:
    return _columns.made(file, stretch.rows())


def _together(items: Iterator[reports.Item | reports.Stretch]) -> Iterator[list[reports.Item | reports.Stretch]]:
    """The same in lists that are worth a turn of another thread."""
    part: list[reports.Item | reports.Stretch] = []
    for item in items:
        part.append(item)
        if isinstance(item, reports.Stretch) or len(part) == TOGETHER:
            yield part
            part = []
    if part:
        yield part


TOGETHER = 1_000
"""Items that one thread reads while another writes those before."""
MAKERS, AHEAD = 2, 3
"""Threads that make columns of stretches, and stretches that may be ahead of the one that is written."""


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
        self.rows = self._claims = self._signers = self._rejections = self._taken = 0

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

    def write_columns(self, found: _columns.Made) -> None:
        """The rows of a stretch, by column as far as they are beyond doubt."""
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

    def take(self, rows: int) -> None:
        """So many rows are in the lake already, checked by who wrote them."""
        self.rows += rows
        self._taken += rows

    def settle(self) -> None:
        """Wait for what is being written. Raises what went wrong with it."""
        while self._under_way:
            self._under_way.pop().result()

    def check(self) -> None:
        """Every row of the address block is in the lake once. Raises BadStructure."""
        self.settle()
        if self.rows != self._claims + self._signers + self._rejections + self._taken:
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
