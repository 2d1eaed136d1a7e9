"""prove: whether a published proof of liabilities holds, and what it says is owed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from porlake import amounts, liabilities, registry
from porlake.errors import InvalidAmount
from porlake.model import LiabilityProof, LiabilityProofTotal, ReportFile
from porlake.pipeline._proofs import PROOF, archived, proof_format
from porlake.pipeline._session import Session


def is_proof(session: Session, report: str) -> bool:
    """Whether a report is a proof of liabilities: any other has nothing to prove."""
    return session.lake.report(report).content == PROOF


def prove(session: Session, report: str) -> str:
    """The verdict of its format on a proof of liabilities, and its totals in base units. Raises UnknownFormat for a
    proof of a format that is not known here, Damaged; nothing for what its files hold.
    """
    lake = session.lake
    file: ReportFile = lake.report(report)
    partition = {"exchange": file.exchange, "report": file.report}
    seen = lake.seen((LiabilityProof, partition), (LiabilityProofTotal, partition))
    with ExitStack() as files:
        bundle = archived(lake, files, file)
        proof = liabilities.verified(proof_format(file.format), bundle, session.progress, session.verifiers)
    with lake.writing((LiabilityProof, partition), (LiabilityProofTotal, partition), seen=seen) as (proofs, totals):
        proofs.add(_proof_row(file, proof))
        for row in _total_rows(file, proof):
            totals.add(row)
    return file.report


def _proof_row(file: ReportFile, proof: liabilities.Proof) -> LiabilityProof:
    def checks(passed: bool | None) -> list[str]:
        return [check.name for check in proof.checks if check.passed is passed]

    return LiabilityProof(
        exchange=file.exchange,
        report=file.report,
        proof_scheme=proof.scheme,
        proof_kind=proof.kind,
        proof_verdict=proof.verdict,
        reason=proof.reason,
        proof_detail=proof.detail,
        root=proof.root or None,
        leaves=proof.leaves,
        checks_passed=checks(True),
        checks_failed=checks(False),
        checks_unmade=checks(None),
        findings=[finding.code for finding in proof.findings],
        finding_details=[finding.detail for finding in proof.findings],
        not_shown=list(proof.not_shown),
        key_sha256=list(proof.key_sha256),
    )


def _total_rows(file: ReportFile, proof: liabilities.Proof) -> Iterator[LiabilityProofTotal]:
    for number, total in enumerate(proof.totals, 1):
        owed, remark = _base_units(total)
        yield LiabilityProofTotal(
            exchange=file.exchange,
            report=file.report,
            proof_scheme=proof.scheme,
            total_no=number,
            label=total.label,
            asset=total.asset or None,
            owed=owed,
            owed_published=total.owed,
            is_shown=total.is_shown,
            remark=remark or None,
        )


def _base_units(total: liabilities.Total) -> tuple[int | None, str]:
    """(amount in base units, remark): finer than can be kept is rounded up, as all that is owed is; None, and why,
    where there is no amount to compare.
    """
    if not total.asset:
        return None, "unknown_asset"
    if total.owed.startswith("-"):
        return None, "negative_total"
    scale = registry.load().assets[total.asset].scale
    try:
        text, is_cut = amounts.cut(total.owed, scale, up=True)
        return amounts.base_units(text, scale), "rounded_up" if is_cut else ""
    except InvalidAmount as error:
        return None, error.code
