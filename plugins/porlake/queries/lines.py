"""Lines of a published file's address block, some at a time: among them a person picks the one to be explained."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import pyarrow.compute as pc

from porlake.model import Claim, Ownership
from porlake.pipeline import Session

MOST = 50


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a report: where it stands, what it is of, what its signatures say. `amount`: as published, None where
    the row makes no claim or the layout has no amounts. `for_row`: the line of the row that it only signs for.
    """

    member: int
    source_row: int
    for_row: int | None
    network: str | None
    asset: str | None
    address: str
    amount: str | None
    verdict: str
    reason: str


def lines(
    session: Session, report: str, *, member: int = 0, first: int = 1, address: str = "", verdict: str = ""
) -> list[Line]:
    """The first `MOST` rows of a verified report from line `first` on, of its file numbered `member`, in their order:
    all, or those of one account (in its canonical spelling, or another that only differs by capitals), or of one
    verdict. Raises MissingPartition for a report that is not there.
    """
    file = session.lake.report(report)
    only = {"exchange": file.exchange, "report": file.report}
    where = (pc.field("member") == member) & (pc.field("source_row") >= first)
    if address:
        where &= pc.field("address").isin([address, address.lower()])
    if verdict:
        where &= pc.field("verdict") == verdict
    rows: Iterator[Ownership] = session.lake.rows(Ownership, where=where, **only)
    found = list(islice(rows, MOST))
    amounts: dict[int, str | None] = {}
    if found:
        low, high = found[0].source_row, found[-1].source_row
        of_these = pc.field("source_row").isin([row.source_row for row in found])
        among = (pc.field("member") == member) & (pc.field("source_row") >= low) & (pc.field("source_row") <= high)
        columns = ["source_row", "amount_published"]
        for batch in session.lake.columns(Claim, columns, where=among & of_these, **only):
            amounts |= dict(zip(*(column.to_pylist() for column in batch.columns), strict=True))
    return [
        Line(member, row.source_row, row.for_row, row.network, row.asset, row.address, amounts.get(row.source_row),
             row.verdict, row.reason)
        for row in found
    ]  # fmt: skip
