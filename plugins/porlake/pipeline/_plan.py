"""What is worth a task of its own: small reports are parsed together, large observations are read in shares."""

from __future__ import annotations

from collections.abc import Iterable

from porlake import observation
from porlake.pipeline._observe import TRANSFERS, networks
from porlake.pipeline._session import Session

TOGETHER_BYTES = 50_000_000
"""Of published files that one task parses: some ten seconds, where a task of Airflow takes five by itself."""


def together(session: Session, reports: Iterable[str]) -> list[list[str]]:
    """Reports in groups, in their order: each but the last of a group leaves room for the next."""
    groups, room = list[list[str]](), 0
    for report in reports:
        size = session.lake.report(report).size_bytes
        if not groups or size > room:
            groups.append([])
            room = TOGETHER_BYTES
        groups[-1].append(report)
        room -= size
    return groups


def shares(session: Session, report: str) -> list[tuple[str, int, int]]:
    """(network, number, of) of each share in which a report is worth observing; nothing of networks that one worker
    observes as a whole.
    """
    file = session.lake.report(report)
    if file.content == TRANSFERS:
        return []
    counts = {network: observation.share_count(session.run, file, network) for network in networks(session, report)}
    return [(network, number, of) for network, of in counts.items() if of > 1 for number in range(of)]


def observe_share(session: Session, report: str, network: str, number: int, of: int) -> str:
    """Ask for a share of what a report claims on a network; `observe` then asks for the rest alone, and the bytes are
    those of one worker. Raises TransportError, ChainError.
    """
    file = session.lake.report(report)
    observation.observe_share(session.run, file, network, observation.Share(number, of))
    return file.report
