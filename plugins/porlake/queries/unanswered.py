"""What endpoints left open in some reports."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from porlake.model import ReportFile, Unobserved
from porlake.pipeline import Session

#: Reasons of `unobserved` that another endpoint, or the same one later, may mend.
OF_ENDPOINTS = frozenset(
    {"endpoint_failed", "refused_by_server", "endpoints_disagree", "block_not_shown", "no_history"}
)


def unanswered(session: Session, reports: Iterable[str]) -> list[str]:
    """What endpoints left open in some reports, by failing, refusing or contradicting each other: a line for each
    network and reason.
    """
    holdings, spoken = Counter[tuple[str, str]](), defaultdict[tuple[str, str], set[str]](set)
    for report in reports:
        file: ReportFile = session.lake.report(report)
        for row in session.lake.rows(Unobserved, exchange=file.exchange, report=report):
            if row.reason in OF_ENDPOINTS:
                holdings[row.network, row.reason] += 1
                spoken[row.network, row.reason].add(file.attestation)
    return [
        f"{network}: {count:,} holdings of {', '.join(sorted(spoken[network, reason])[:3])}"
        + (f" and {len(spoken[network, reason]) - 3} more" if len(spoken[network, reason]) > 3 else "")
        + f" ({reason})"
        for (network, reason), count in sorted(holdings.items())
    ]
