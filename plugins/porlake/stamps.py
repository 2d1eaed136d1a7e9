"""Days and moments as names of files write them, for those who find files and those who read them."""

from __future__ import annotations

import re
from datetime import date, datetime

DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
CENTURY = 20


def day_of(text: str) -> date:
    """A day as YYYY-MM-DD in ASCII digits; ISO 8601 has other spellings. Raises ValueError, for a year of another
    century than this one too.
    """
    if not DAY.fullmatch(text):
        raise ValueError(f"{text!r} is not YYYY-MM-DD")
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no day: {error}") from error
    if day.year // 100 != CENTURY:
        raise ValueError(f"{text!r} is of no year in which an exchange published")
    return day


def stamp(digits: str) -> datetime:
    """YYYYMMDD, YYYYMMDDHH or YYYYMMDDHHMM, as a clock shows it that the text does not name. Raises ValueError."""
    day = day_of(f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}")
    return datetime(day.year, day.month, day.day, int(digits[8:10] or 0), int(digits[10:12] or 0))
