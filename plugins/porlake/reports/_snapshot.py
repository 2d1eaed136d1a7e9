"""The moment that a published file speaks of: how names of files and cells write it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from porlake.stamps import DAY, day_of, stamp

_DAY_IN = re.compile(rf"(?<!\d){DAY.pattern}(?!\d)", re.ASCII)
_WHOLE = {"day": "", "month": "-01"}  # what makes a whole date of a text of that precision


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
