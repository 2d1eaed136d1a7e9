"""The verdicts of a report: counts, the rows that failed, a file of all, and claims that stand twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pyarrow as pa
import pyarrow.compute as pc

from porlake import lake
from porlake.model import (
    Address,
    Asset,
    Claim,
    Column,
    ForRow,
    Member,
    Message,
    Network,
    Ownership,
    Reason,
    Rejection,
    ReportFile,
    Scheme,
    Signer,
    SourceRow,
    Verdict,
)
from porlake.ownership import MEANINGS
from porlake.pipeline import Session

__all__ = ["MEANINGS", "Repeated", "VerdictLine", "Verdicts", "counts", "export", "repeated"]

FAILED = ("invalid", "malformed")


@dataclass(frozen=True, slots=True)
class VerdictLine:
    """A row of a file's address block and its verdict, as `verify --out` writes it; flags, and what the message names,
    are separated by blanks.
    """

    member: Member
    source_row: SourceRow
    for_row: ForRow | None
    network: Network | None
    asset: Asset | None
    address: Address
    scheme: Scheme
    verdict: Verdict
    reason: Reason
    signer: Signer | None
    flags: Annotated[str, Column("remarks that do not change the verdict")]
    message: Message
    binds: Annotated[str, Column("what the signed message names: exchange, date, address")]
    rejected: (
        Annotated[str, Column("why the row makes no claim, whatever its verdict; empty where it makes one")] | None
    )


def export(session: Session, reports: list[str], path: Path) -> None:
    """The verdicts of verified reports, a line for each row, as one .parquet or .csv file. Raises
    ConfigurationError.
    """
    made = lake.schema(VerdictLine)
    lake.export_batches(path, made, (lines for report in reports for lines in _lines(session, report, made)))


def _lines(session: Session, report: str, made: pa.Schema) -> Iterator[pa.RecordBatch]:
    rejected = _rejected(session, report)
    for batch in _verdicts(session, report):
        yield _line_batch(batch, made, rejected)


def _line_batch(batch: pa.RecordBatch, made: pa.Schema, rejected: Mapping[Row, str]) -> pa.RecordBatch:
    told = {
        "flags": pc.binary_join(batch.column("flags"), " "),
        "binds": pc.binary_join(batch.column("binds"), " "),
        "rejected": pa.array([rejected.get(row) for row in _rows_of(batch)], pa.string()),
    }
    return pa.RecordBatch.from_arrays(
        [told[name] if name in told else batch.column(name) for name in made.names], schema=made
    )


def _told(lines: pa.RecordBatch) -> Iterator[VerdictLine]:
    return (VerdictLine(*values) for values in zip(*(column.to_pylist() for column in lines.columns), strict=True))


Row = tuple[int, ...]
"""What tells a row of a report's address blocks from the others."""

ROW = ("member", "source_row")


def _rows_of(batch: pa.RecordBatch) -> Iterator[Row]:
    return zip(*(batch.column(name).to_pylist() for name in ROW), strict=True)


def _rejected(session: Session, report: str) -> dict[Row, str]:
    """The reasons of the rows of the address block that make no claim."""
    file: ReportFile = session.lake.report(report)
    found: dict[Row, str] = {}
    for batch in session.lake.columns(Rejection, (*ROW, "block", "reason"), exchange=file.exchange, report=file.report):
        rows = batch.filter(pc.equal(batch.column("block"), "rows"))
        found.update(zip(_rows_of(rows), rows.column("reason").to_pylist(), strict=True))
    return found


def _verdicts(session: Session, report: str) -> Iterator[pa.RecordBatch]:
    file: ReportFile = session.lake.report(report)
    return session.lake.batches(Ownership, exchange=file.exchange, report=file.report)


# --- a whole report ---------------------------------------------------------------------------------------------------
@dataclass(slots=True)
class Verdicts:
    """Rows by (network, verdict, reason); the first rows that failed; rows that make no claim, by (why they make none,
    verdict).
    """

    counts: Counter[tuple[str, str, str]]
    failed: list[VerdictLine]
    rejected: Counter[tuple[str, str]]


def counts(session: Session, reports: list[str], shown: int) -> Verdicts:
    """The verdicts of verified reports together, with the first `shown` rows that failed."""
    found = Verdicts(Counter(), [], Counter())
    made = lake.schema(VerdictLine)
    for report in reports:
        rejected = _rejected(session, report)
        for batch in _verdicts(session, report):
            keys = (
                pa.Table.from_batches([batch]).group_by(["network", "verdict", "reason"]).aggregate([([], "count_all")])
            )
            for network, verdict, reason, count in zip(
                *(keys.column(n).to_pylist() for n in ("network", "verdict", "reason", "count_all")), strict=True
            ):
                found.counts[network or "-", verdict, reason] += count
            if len(found.failed) < shown:
                failed = batch.filter(pc.is_in(batch.column("verdict"), pa.array(FAILED))).slice(
                    0, shown - len(found.failed)
                )
                found.failed += _told(_line_batch(failed, made, rejected))
            if rejected:
                told = zip(_rows_of(batch), batch.column("verdict").to_pylist(), strict=True)
                found.rejected.update((rejected[row], verdict) for row, verdict in told if row in rejected)
    return found


@dataclass(frozen=True, slots=True)
class Repeated:
    """A claim that stands in more than one row: one account and asset of a network. `amounts` are those that differ,
    smallest first.
    """

    network: str
    asset: str
    address: str
    rows: int
    first_member: int
    first_row: int
    amounts: tuple[int, ...]


def repeated(session: Session, report: str) -> list[Repeated]:
    """The claims of a report that stand twice, by decoded account; the marts count each once, with the smallest
    amount.
    """
    file: ReportFile = session.lake.report(report)
    pointers = session.lake.pointers(Claim, exchange=file.exchange, report=file.report)
    paths = [str(path) for pointer in pointers if pointer.rows for path in pointer.paths]
    if not paths:
        return []
    import duckdb

    sql = """select network, asset, address, count(*), min((member, source_row)) as first, first[1], first[2],
                list(distinct amount order by amount) filter (amount is not null)
             from read_parquet($paths, hive_partitioning = false)
             group by network, asset, address having count(*) > 1 order by first"""
    with duckdb.connect(
        config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    ) as connection:
        rows = connection.execute(sql, {"paths": paths}).fetchall()
    return [
        Repeated(network, asset, address, count, member, row, tuple(map(int, amounts or ())))
        for network, asset, address, count, _, member, row, amounts in rows
    ]
