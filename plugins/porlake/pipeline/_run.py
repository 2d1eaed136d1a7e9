"""All stages for some published files, one after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from porlake.errors import ChainError, TransportError
from porlake.model import Balance, ReportFile, Unobserved
from porlake.pipeline._archive import archive_all
from porlake.pipeline._build import build, publish
from porlake.pipeline._lists import archive_list
from porlake.pipeline._observe import has_addresses, networks, observe
from porlake.pipeline._parse import parse
from porlake.pipeline._price import attestations, price
from porlake.pipeline._prove import is_proof, prove
from porlake.pipeline._session import Session
from porlake.pipeline._shrunk import shrunk
from porlake.pipeline._sweep import sweep_list, swept_now
from porlake.pipeline._verify import verify


def run(session: Session, exchange: str, sources: Iterable[str], snapshot: str | None = None) -> list[str]:
    """All stages for some published files; the reports' ids.

    A network or price source that does not answer leaves its part unobserved, with the reason in the tables.
    """
    return run_archived(session, archive_all(session, exchange, sources, snapshot))


def run_archived(session: Session, found: list[str]) -> list[str]:
    """The stages behind archive, for reports that are in the lake; their ids."""
    for report in found:
        parse(session, report)
    for warning in filter(None, (shrunk(session, report) for report in found)):
        session.progress(warning, 0, 0)
    for report in found:
        if has_addresses(session, report):
            verify(session, report)
            _observe_all(session, report)
        if is_proof(session, report):
            prove(session, report)
    _to_marts(session, found)
    return found


def run_list(session: Session, exchange: str, at: datetime, listed: str | None = None) -> str:
    """All stages for a list of an exchange's addresses, observed at a moment; the observation's id. `listed` as in
    `archive_list`, which says what is raised.

    On networks that keep no past the balances are swept now, where now is the moment: else they are unobserved.
    """
    report = archive_list(session, exchange, at, listed)
    parse(session, report)
    for network in swept_now(session, report):
        try:
            sweep_list(session, report, network)
        except (TransportError, ChainError) as error:
            session.progress(f"sweep {network}: {error}", 0, 0)
    _observe_all(session, report)
    _to_marts(session, [report])
    return report


def _observe_all(session: Session, report: str) -> None:
    # networks answer independently, and one that hangs holds up no other
    with ThreadPoolExecutor(max_workers=8) as pool:
        list(
            pool.map(lambda network: observe(session, report, network, give_up=True), networks(session, report)),
        )


def _to_marts(session: Session, found: list[str]) -> None:
    price(session, attestations(session, found), give_up=True)
    build(session)
    publish(session)


def unread(session: Session, report: str, network: str) -> Counter[str] | None:
    """Where nothing at all of what a report claims on a network was read: how many holdings for which reason. None
    where something was.
    """
    only = _only(session, report, network)
    if any(pointer.rows for pointer in session.lake.pointers(Balance, **only)):
        return None
    return unobserved(session, report, network) or None


def unobserved(session: Session, report: str, network: str) -> Counter[str]:
    """How many holdings of a report on a network were not read, by reason."""
    return Counter(row.reason for row in session.lake.rows(Unobserved, **_only(session, report, network)))


def _only(session: Session, report: str, network: str) -> dict[str, str]:
    file: ReportFile = session.lake.report(report)
    return {"exchange": file.exchange, "report": file.report, "network": network}
