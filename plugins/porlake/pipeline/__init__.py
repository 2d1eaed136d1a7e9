"""The stages, and what comes after what. The one place where the rooms meet; settings are read here, once.

    archive -> parse -> verify, observe (one per network), price -> build -> publish
    sweep, at the moment of a snapshot, of what was claimed last; observe takes it when the report is there

Every stage reads what earlier stages wrote and replaces its own partition; running one again gives the same bytes.
Stages hand each other a report's id (or an attestation's); rows travel in the lake.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

from dateutil.relativedelta import relativedelta

from porlake import registry, reports, warehouse
from porlake.errors import Damaged, MissingPartition
from porlake.lake import csv_writer, export, forget, writable
from porlake.model import Balance, ReportFile, Unobserved
from porlake.pipeline._archive import archive
from porlake.pipeline._files import files_at
from porlake.pipeline._observe import OBSERVED, has_addresses, networks, observe
from porlake.pipeline._parse import PARSED, parse
from porlake.pipeline._price import attestations, price
from porlake.pipeline._session import Session, session, with_dump
from porlake.pipeline._settings import moment
from porlake.pipeline._sweep import is_claimed, sweep, swept_networks
from porlake.pipeline._upgrade import NUMBER, Step, plan, upgrade
from porlake.pipeline._verify import verdicts, verify

__all__ = [
    "NUMBER",
    "OBSERVED",
    "PARSED",
    "Session",
    "Step",
    "archive",
    "attestations",
    "build",
    "csv_writer",
    "export",
    "files_at",
    "forget",
    "has_addresses",
    "inbox",
    "is_claimed",
    "is_published",
    "moment",
    "networks",
    "observe",
    "parse",
    "plan",
    "price",
    "publish",
    "published",
    "run",
    "session",
    "sweep",
    "swept_networks",
    "undated",
    "unread",
    "upgrade",
    "verdicts",
    "verify",
    "waiting",
    "with_dump",
    "writable",
]


# --- build, publish ---------------------------------------------------------------------------------------------------
def build(session: Session) -> str:
    """All marts in a fresh DuckDB file that then takes the old one's place; the build's id. Raises BuildError and
    changes nothing.
    """
    return warehouse.build(session.lake).build_id


def publish(session: Session) -> str:
    """The marts of the last build as Parquet, shown all at once; the build's id."""
    return str(warehouse.publish(session.lake)["build_id"])


def published(session: Session) -> Mapping[str, Any]:
    """What is published now: `build_id`, and `marts` with the rows of each. Raises MissingPartition before the first
    time.
    """
    return warehouse.manifest_of(session.lake)


def is_published(session: Session) -> bool:
    """Whether the marts as published are those of the lake as it is now, so that building them again would change
    nothing.
    """
    try:
        return bool(published(session)["build_id"] == warehouse.identity(session.lake))
    except (MissingPartition, Damaged):
        return False


def unread(session: Session, report: str, network: str) -> Counter[str] | None:
    """Where nothing at all of what a report claims on a network was read: how many holdings for which reason. None
    where something was.
    """
    file: ReportFile = session.lake.report(report)
    only = {"exchange": file.exchange, "report": file.report, "network": network}
    if any(pointer.rows for pointer in session.lake.pointers(Balance, **only)):
        return None
    reasons = Counter(row.reason for row in session.lake.rows(Unobserved, **only))
    return reasons or None


# --- all of it --------------------------------------------------------------------------------------------------------
def run(session: Session, exchange: str, sources: Iterable[str], snapshot: str | None = None) -> list[str]:
    """All stages for some published files; the reports' ids.

    A network or price source that does not answer leaves its part unobserved, with the reason in the tables.
    """
    found = list(dict.fromkeys(report for source in sources for report in archive(session, exchange, source, snapshot)))
    for report in found:
        parse(session, report)
    with_rows = [report for report in found if has_addresses(session, report)]
    for report in with_rows:
        verify(session, report)
        # networks answer independently, and one that hangs holds up no other
        with ThreadPoolExecutor(max_workers=8) as pool:
            list(
                pool.map(
                    lambda network, report=report: observe(session, report, network, give_up=True),
                    networks(session, report),
                )
            )
    price(session, attestations(session, found), give_up=True)
    build(session)
    publish(session)
    return found


SHOWN = 10
Settings, settings = Session, session  # their names until now


def inbox(session: Session, exchange: str) -> Path:
    """Where a scheduled run looks for files that were put there."""
    return Path(session.lake.inbox(exchange))


def waiting(session: Session, exchange: str, moment: datetime) -> list[str]:
    """The files of the inbox whose snapshot lies in the month that ends at `moment`; a backfill finds each month's
    own.
    """
    begins, publisher = moment - relativedelta(months=1), registry.load().exchanges[exchange]
    found = []
    for path in session.lake.waiting(exchange):
        snapshot = reports.snapshot_of(path.name)
        if snapshot is not None and snapshot.at is not None and begins < publisher.in_utc(snapshot.at) <= moment:
            found.append(str(path))
    return found


def undated(session: Session, exchange: str) -> str:
    """What waits in the inbox and will be taken by no run, for its name says no day, and what to do about it; '' where
    there is none.
    """
    names = [path.name for path in session.lake.waiting(exchange) if reports.snapshot_of(path.name) is None]
    if not names:
        return ""
    shown = ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
    return (
        f"{shown} in {inbox(session, exchange)}: waits, for the name says no day. Put the snapshot's day into it as "
        f"the exchange does "
        f"(huobi_por_20240701.csv, okx_por_2024032500.csv), or start a run that names the file and its snapshot"
    )
