"""The inbox: published files that somebody put there for a scheduled run."""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePath

from dateutil.relativedelta import relativedelta

from porlake import registry, reports
from porlake.pipeline._session import Session

SHOWN = 10


def inbox(session: Session, exchange: str) -> str:
    """Where a scheduled run looks for files that were put there: a folder, or a URL of the lake's object store."""
    return session.lake.inbox(exchange)


def waiting(session: Session, exchange: str, moment: datetime) -> list[str]:
    """The files of the inbox whose snapshot lies in the month that ends at `moment`; a backfill finds each month's
    own.
    """
    begins, publisher = moment - relativedelta(months=1), registry.load().exchanges[exchange]
    found = []
    for place in session.lake.waiting(exchange):
        snapshot = reports.snapshot_of(PurePath(place).name)
        if snapshot is not None and snapshot.at is not None and begins < publisher.in_utc(snapshot.at) <= moment:
            found.append(place)
    return found


def undated(session: Session, exchange: str) -> str:
    """What waits in the inbox and will be taken by no run, for its name says no day, and what to do about it; '' where
    there is none.
    """
    names = [PurePath(place).name for place in session.lake.waiting(exchange)]
    names = [name for name in names if reports.snapshot_of(name) is None]
    if not names:
        return ""
    shown = ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
    return (
        f"{shown} in {inbox(session, exchange)}: waits, for the name says no day. Put the snapshot's day into it as "
        f"the exchange does "
        f"(huobi_por_20240701.csv, okx_por_2024032500.csv), or start a run that names the file and its snapshot"
    )
