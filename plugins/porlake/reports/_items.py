"""What a parser yields: rows as published, texts untouched but for blanks around them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import BinaryIO

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
CENTURY = 20


@dataclass(frozen=True, slots=True)
class Source:
    """A published file: its name, and the exchange whose labels it uses."""

    file_name: str
    exchange: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The moment a file speaks of, as the publisher's clock shows it: a date and time without a zone, the start of a
    day or month.

    `precision`: moment, day, month or unknown; `revision`: the V-number in the name.
    """

    at: datetime | None
    precision: str
    revision: int | None = None
    report_no: str | None = None


def day_of(text: str) -> date:
    """A day as YYYY-MM-DD in ASCII digits; ISO 8601 has other spellings. Raises ValueError, for a year of another
    century than this one too.
    """
    if not _DAY.fullmatch(text):
        raise ValueError(f"{text!r} is not YYYY-MM-DD")
    day = date.fromisoformat(text)
    if day.year // 100 != CENTURY:
        raise ValueError(f"{text!r} is of no year in which an exchange published")
    return day


def stamp(digits: str) -> datetime:
    """YYYYMMDD, YYYYMMDDHH or YYYYMMDDHHMM as names of files have it. Raises ValueError."""
    day = day_of(f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}")
    return datetime(day.year, day.month, day.day, int(digits[8:10] or 0), int(digits[10:12] or 0))


@dataclass(frozen=True, slots=True)
class Member:
    """A published file: its name without folders, and what it is to the format that reads it ('' where nobody does)."""

    name: str
    role: str
    content: BinaryIO


@dataclass(frozen=True, slots=True)
class Part:
    """What a file of many attestations says of one of them, as a canonical file of its own.

    `snapshot` is None where the file does not tell it; `source` is who says it, '' where that is the exchange itself.
    """

    exchange: str
    snapshot: Snapshot | None
    content: BinaryIO
    source: str = ""


@dataclass(frozen=True, slots=True)
class Published:
    """A row of the address block. `amount` is in units of the coin, in base units, or nobody knows: `unit` is coin,
    base or unknown.
    """

    source_row: int
    for_row: int | None
    label: str
    network_label: str
    network: str
    asset: str
    scheme: str
    holding: str
    remark: str
    height: int | None
    address: str
    amount: str | None
    unit: str
    message: str
    signatures: list[str]
    key_or_script: str
    owners: list[str]
    custodian: str | None
    raw: str
    source: str | None = None
    deposit_address: str = ""
    withdrawal_address: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """A line without an address: a total, a liability, or both. Amounts are texts in units of the asset, '' where
    nothing is printed.
    """

    source_row: int
    label: str
    level: str
    network: str
    asset: str
    holding: str
    height: int | None
    amount: str
    own_amount: str
    custody_amount: str
    owed: str
    printed_ratio: str
    usd: str
    scope: str | None
    source: str
    note: str | None
    raw: str
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that is not used. What it holds of evidence is kept, so that its verdict can name the reason."""

    source_row: int
    block: str
    reason: str
    expected: str
    raw: str
    label: str = ""
    network_label: str = ""
    network: str = ""
    asset: str = ""
    scheme: str = ""
    holding: str = "wallet"
    address: str = ""
    message: str = ""
    signatures: tuple[str, ...] = ()
    key_or_script: str = ""
    owners: tuple[str, ...] = ()


Item = Published | Summary | Refused
