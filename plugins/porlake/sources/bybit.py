"""Bybit: no list; a file a month, whose name is the month, is there or not.

https://api2.bybit.com/common-static/por/bybit_por_YYYYMM.csv. The bucket says 403 (`Server: AmazonS3`) for a name that
is not there; any other 403 is a refusal of ours. So "not there" is believed only of a host that gave another month's
file in the same look. The day of a snapshot stands in no name: the file's heights say it.
"""

from __future__ import annotations

from datetime import date, datetime

from porlake.errors import BadAnswer, TransportError, Unavailable
from porlake.sources._answers import http_date
from porlake.sources._files import HEAD_BYTES, wrong_beginning
from porlake.sources._publications import Look, Member, Publications
from porlake.transport import Reply, Web

NAME = "bybit"
HOSTS = ("api2.bybit.com", "static.bycustody.com")
MONTHS = 12  # as far back as is looked without a day, and for a file that shows that the host answers
OLD = {datetime(2022, 12, 1): "https://static.bycustody.com/download/app/"}
PLACE = "https://api2.bybit.com/common-static/por/"


def find(web: Web, since: date | None) -> Publications:
    """The months whose file is there."""
    look = Look(NAME, web, since.replace(day=1) if since else None)
    today, absent, there = web.now(), list[datetime](), set[datetime]()
    newest = datetime(today.year, today.month, 1)
    for number in range(10_000):
        month = _before(newest, number)
        is_wanted = look.is_wanted(month) if since else number <= MONTHS
        if not is_wanted and (there or number > MONTHS):
            break  # of months that nobody asked for, one is needed: it shows that the host answers
        with look.part(f"the file of {month:%Y-%m}" if is_wanted else f"whether the host answers (by {month:%Y-%m})"):
            reply = look.get(PLACE + _name(month), first=HEAD_BYTES)
            if _is_there(reply, month):
                there.add(month)
                _add(look, month, PLACE, reply)
            elif is_wanted:
                absent.append(month)
    if absent and there:
        look.note("the host says that it has no file of " + ", ".join(f"{month:%Y-%m}" for month in absent))
    for month in absent if not there else ():
        look.not_known(
            f"the file of {month:%Y-%m}", "api2.bybit.com gives no month's file at all: refused, moved, or not there"
        )
    for month, place in OLD.items():
        if look.is_wanted(month) and month not in there:
            with look.part(f"the file of {month:%Y-%m}"):
                reply = look.get(place + _name(month), first=HEAD_BYTES)
                if not _is_there(reply, month):
                    raise Unavailable(f"{reply.host}: HTTP {reply.status} for a file that was there in 2022")
                _add(look, month, place, reply)
    return look.done()


def _before(month: datetime, months: int) -> datetime:
    year, number = divmod(month.year * 12 + month.month - 1 - months, 12)
    return datetime(year, number + 1, 1)


def _name(month: datetime) -> str:
    return f"bybit_por_{month:%Y%m}.csv"


def _member(month: datetime, place: str) -> Member:
    return Member("wallets", _name(month), place + _name(month), "csv", begins=b"Coin,")


def _is_there(reply: Reply, month: datetime) -> bool:
    """Whether a probe got a file; False where the bucket says that it has none. Raises TransportError for all else."""
    if reply.status in (200, 206):
        if why := wrong_beginning(_member(month, PLACE), reply.body):
            raise BadAnswer(f"{reply.host}: HTTP {reply.status}, but {why}")
        return True
    if reply.status == 403 and reply.headers.get("server", "") == "AmazonS3":
        return False
    raise TransportError(f"{reply.host}: HTTP {reply.status}, not by the bucket that holds the files")


def _add(look: Look, month: datetime, place: str, reply: Reply) -> None:
    look.add(month, "month", [_member(month, place)], reply, published_at=http_date(reply))
