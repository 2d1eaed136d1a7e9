"""A list of addresses that lost more than a tenth of them since the exchange's report before."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from porlake.model import Claim, ReportFile
from porlake.pipeline._session import Session

LOST = 10  # a warning is given where more than one in so many addresses is gone


def shrunk(session: Session, report: str) -> str:
    """A sentence with its figures where a report names fewer addresses by more than a tenth than the one before it of
    the same exchange, content and statement, both parsed; else ''.
    """
    file = session.lake.report(report)
    before = _before(session, file)
    if before is None:
        return ""
    had, has = _addresses(session, before), _addresses(session, file)
    if not had or (had - has) * LOST <= had:
        return ""
    tenths = (had - has) * 1000 // had
    return (
        f"{file.attestation}: {has:,} addresses, {had - has:,} fewer than the {had:,} of {before.attestation} "
        f"({tenths // 10}.{tenths % 10} % of them)"
    )


def _before(session: Session, file: ReportFile) -> ReportFile | None:
    """The newest report of the exchange that says the same kind of thing of an earlier moment."""
    if file.snapshot_at is None:
        return None
    earlier = [
        (row.snapshot_at, row.revision, row.report, row)
        for row in session.lake.rows(ReportFile, exchange=file.exchange)
        if (row.statement, row.content) == (file.statement, file.content)
        and row.snapshot_at is not None
        and row.snapshot_at < file.snapshot_at
        and row.report != file.report
    ]
    return max(earlier)[3] if earlier else None


def _addresses(session: Session, file: ReportFile) -> int:
    """How many different addresses a report names."""
    seen = pa.array([], pa.string())
    for batch in session.lake.columns(Claim, ["address"], exchange=file.exchange, report=file.report):
        found = pc.unique(batch.column("address")).cast(pa.string())
        seen = pc.unique(pa.chunked_array([seen, found])) if len(seen) else found
    return int(len(seen) - seen.null_count)
