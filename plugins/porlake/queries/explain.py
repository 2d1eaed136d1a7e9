"""How one row came to its verdict, step by step."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow.compute as pc

from porlake import ownership, registry, reports
from porlake.errors import ConfigurationError
from porlake.model import Balance, Evidence, Rejection, ReportFile, Unchanged, Unobserved
from porlake.pipeline import Session


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a row came to its verdict.

    `name`: of the file in which it stands; `evidence`: the row as published; `account`: its canonical address;
    `refused`: why parse did not use it; `judgement` and `steps`: what the signatures say; `module`: of
    porlake.ownership, with its `rule` in words; `signers`: lines of rows that sign for this one.
    """

    file: ReportFile
    name: str
    evidence: Evidence
    account: str
    refused: Rejection | None
    judgement: ownership.Judgement
    steps: list[ownership.Step]
    scheme: registry.SchemeRow
    rule: str
    signers: tuple[int, ...]


def named(file: ReportFile, member: int) -> str:
    """The name of a report's file of that number."""
    listed = [text.split("  ", 2) for text in file.members]
    return next(
        (name for number, (_, role, name) in enumerate(listed) if number == member and role != "-"),
        f"{file.file_name} (member {member})",
    )


def explain(session: Session, report: str, row: int, member: int = 0) -> Explanation:
    """The reasoning behind the verdict on line `row` of a published file, of several that numbered `member`.

    Raises ConfigurationError where no row stands there.
    """
    file: ReportFile = session.lake.report(report)
    only = {"exchange": file.exchange, "report": file.report}
    found, signers = None, []
    first = last = 0
    for whole in session.lake.batches(Evidence, **only):
        batch = whole.filter(pc.equal(whole.column("member"), member))
        if not batch.num_rows:
            continue
        lines = batch.column("source_row")
        first, last = first or lines[0].as_py(), lines[-1].as_py()
        here = batch.filter(pc.equal(lines, row))
        if here.num_rows:
            found = Evidence(*(column[0].as_py() for column in here.columns))
        signers += batch.filter(pc.equal(batch.column("for_row"), row)).column("source_row").to_pylist()
    if found is None:
        held = f"its address block has lines {first} to {last}" if last else "it has no address block"
        raise ConfigurationError(f"{named(file, member)}: no row of an address stands on line {row}; {held}")
    refused = next(
        (
            rejection
            for rejection in session.lake.rows(Rejection, **only)
            if (rejection.member, rejection.source_row) == (member, row)
        ),
        None,
    )
    judgement, steps = ownership.explain(found)
    if refused is not None and refused.reason in reports.UNREADABLE:
        judgement, steps = ownership.Judgement("malformed", refused.reason, (), None, judgement.binds), []
    scheme = registry.load().schemes[found.scheme]
    return Explanation(
        file, named(file, member), found, ownership.account(found.network, found.address_published), refused, judgement,
        steps,
        scheme, ownership.rule(found.scheme),
        tuple(signers),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seen:
    """What the chain showed of a row's account: its balance by components, the total last, or why there is none;
    `unchanged`: the evidence where a later block was read.
    """

    balances: tuple[Balance, ...]
    unchanged: Unchanged | None
    unobserved: Unobserved | None


def seen(session: Session, told: Explanation) -> Seen:
    """What lies in a lake in which the row's report was observed. Raises MissingPartition where the report is not
    there.
    """
    row, file = told.evidence, session.lake.report(told.file.report)
    if row.network is None or row.asset is None:
        return Seen((), None, None)
    only = {
        "exchange": file.exchange, "report": file.report, "network": row.network, "asset": row.asset,
        "address": told.account,
    }  # fmt: skip
    balances = sorted(session.lake.rows(Balance, **only), key=lambda one: (one.component == "total", one.component))
    shown, missing = session.lake.rows(Unchanged, **only), session.lake.rows(Unobserved, **only)
    return Seen(tuple(balances), next(shown, None), next(missing, None))
