"""A list of addresses that lost more than a tenth of them since the exchange's report before."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from porlake.model import Evidence, ReportFile
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
    """How many different addresses a report names, those of rows that were refused among them: they are not gone."""
    seen = pa.array([], pa.string())
    only = {"exchange": file.exchange, "report": file.report}
    for batch in session.lake.columns(Evidence, ["address_published", "for_row"], **only):
        named = batch.column("address_published").filter(pc.is_null(batch.column("for_row"))).cast(pa.string())
        # an account of the EVM is written in either case
        folded = pc.if_else(pc.starts_with(named, "0x"), pc.utf8_lower(named), named)
        seen = pc.unique(pa.chunked_array([seen, pc.unique(folded.filter(pc.not_equal(folded, "")))]))
    return len(seen)
