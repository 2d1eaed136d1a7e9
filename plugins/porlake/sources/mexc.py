"""MEXC: a list of dates, each of which is put as it stands into the question for its totals.

Whether a date is in thousandths of a second or a day as text is not established: both are read.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from porlake.errors import BadAnswer
from porlake.sources._answers import at, json_of, shown_at
from porlake.sources._publications import Look, Member, Publications
from porlake.transport import Reply, Web

NAME = "mexc"
HOSTS = ("www.mexc.com",)
API = "https://www.mexc.com/api/assetbussiness/asset/merkle/stock_info"
DATES = f"{API}/snapshot_date"
HOURS = 8  # of its clock ahead of UTC: a snapshot of 2026-09 was at 16:00Z


def find(web: Web, since: date | None) -> Publications:
    """The dates of the list."""
    look = Look(NAME, web, since)
    with look.part("which dates there are"):
        reply = look.get(DATES)
        dates = at(json_of(reply), "data", list, reply.host)
        if not dates:
            raise BadAnswer(f"{reply.host}: the list of dates is empty")
        for entry in dates:
            with look.part("one entry of the list of dates"):
                _snapshot(look, entry, reply)
    return look.done()


def _snapshot(look: Look, entry: Any, reply: Reply) -> None:
    told = str(entry) if type(entry) is int else entry
    if not isinstance(told, str) or not 1 <= len(told) <= 40 or not told.isprintable():
        raise BadAnswer(f"{reply.host}: a date that is neither a number nor a text")
    if told.isascii() and told.isdigit() and len(told) >= 12:
        moment, precision = shown_at(int(told), HOURS, f"{reply.host}: a date"), "moment"
    else:
        moment, precision = _day(told, reply.host), "day"
    member = Member("totals", f"mexc_stock_info_{moment:%Y%m%d}.json", f"{API}?snapshotDate={quote(told)}", "json")
    look.add(moment, precision, [member], reply)


def _day(told: str, host: str) -> datetime:
    try:
        return datetime.strptime(told[:10], "%Y-%m-%d")
    except ValueError as error:
        raise BadAnswer(f"{host}: the date {told!r} is neither milliseconds nor YYYY-MM-DD") from error
