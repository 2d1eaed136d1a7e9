"""The moment that a published file speaks of: how names of files and cells write it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DAY_IN = re.compile(rf"(?<!\d){_DAY.pattern}(?!\d)", re.ASCII)
_WHOLE = {"day": "", "month": "-01"}  # what makes a whole date of a text of that precision
CENTURY = 20


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The moment a file speaks of, as the publisher's clock shows it: a date and time without a zone, the start of a
    day or month.

    `precision`: moment, day, month or unknown; `revision`: the V-number in the name; `report_no`: the number that the
    exchange itself gives the edition. `in_utc`: the clock is not the publisher's but UTC's: nobody publishes what we
    observe.
    """

    at: datetime | None
    precision: str
    revision: int | None = None
    report_no: str | None = None
    in_utc: bool = False

    def __str__(self) -> str:
        """As it stands in an attestation's id: the day, the month where no more is known, or `undated`."""
        if self.at is None or self.precision == "unknown":
            return "undated"
        return f"{self.at:%Y-%m}" if self.precision == "month" else f"{self.at:%Y-%m-%d}"


def day_of(text: str) -> date:
    """A day as YYYY-MM-DD in ASCII digits; ISO 8601 has other spellings. Raises ValueError, for a year of another
    century than this one too.
    """
    if not _DAY.fullmatch(text):
        raise ValueError(f"{text!r} is not YYYY-MM-DD")
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no day: {error}") from error
    if day.year // 100 != CENTURY:
        raise ValueError(f"{text!r} is of no year in which an exchange published")
    return day


def stamp(digits: str) -> datetime:
    """YYYYMMDD, YYYYMMDDHH or YYYYMMDDHHMM as names of files have it. Raises ValueError."""
    day = day_of(f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}")
    return datetime(day.year, day.month, day.day, int(digits[8:10] or 0), int(digits[10:12] or 0))


def named(digits: str | None, precision: str) -> Snapshot | None:
    """The snapshot that a stamp in a name says; None where the name has none, or one that is no moment."""
    try:
        return Snapshot(stamp(digits), precision) if digits else None
    except ValueError:
        return None


def day_in(name: str) -> Snapshot | None:
    """The day in a name of ours: addresses_2026-11-20.csv. None where it has none."""
    match = _DAY_IN.search(name)
    return named(match and match[0].replace("-", ""), "day")


def start_of(text: str, precision: str) -> datetime:
    """The start of what a cell names, a `day` as YYYY-MM-DD or a `month` as YYYY-MM. Raises ValueError."""
    try:
        day = day_of(text + _WHOLE[precision])
    except (KeyError, ValueError) as error:
        raise ValueError(
            f"{text!r} of precision {precision!r}: a day is YYYY-MM-DD, a month YYYY-MM, of this century"
        ) from error
    return datetime(day.year, day.month, day.day)


def first_stated(stated: Iterable[Snapshot | None]) -> Snapshot | None:
    """The first of what several names state; where it has no revision, that of another name which states the same
    moment.
    """
    said = [snapshot for snapshot in stated if snapshot is not None]
    if not said:
        return None
    revision = next((other.revision for other in said if other.revision and other.at == said[0].at), None)
    return replace(said[0], revision=revision)
