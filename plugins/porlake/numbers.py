"""Numbers from outside, typed once: what a server says is a number of its kind and in its range, or BadAnswer names
what it was meant to be.

from porlake import numbers
held = numbers.whole(row["value"], what=f"{host}: listunspent: value", most=MOST_SATOSHI)
at = numbers.moment(block["timestamp"], what=f"{host}: block time")

`what` begins with the endpoint's host. Python's own `int` and `Decimal` take `True`, 3.7, " 5", "1_000" and "٣" for
numbers, and minutes over 1e999999: no client calls them on an answer. A reader takes a JSON value (`transport` reads
numbers with a point as Decimal) or its text.
"""

from __future__ import annotations

import re
from binascii import unhexlify
from datetime import UTC, datetime, timedelta
from decimal import Decimal, localcontext

from porlake.errors import BadAnswer

#: The largest amount in base units that a lake holds: DECIMAL(38,0).
MOST = 10**38 - 1
#: No chain is at a higher block, slot, version or checkpoint; JSON numbers are exact up to here.
HIGHEST = 2**53 - 1
#: The last second of the year 9999, where calendars of Python, Parquet and DuckDB still agree.
LAST_SECOND = 253_402_300_799
WORD = 2**256 - 1

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,99})")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,99})(?:\.[0-9]{1,99})?")
_INSTANT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?Z")
_HEX = re.compile(r"0[xX][0-9a-fA-F]{1,64}")
#: Digits before and behind the point of the longest number that is looked at: beyond it arithmetic takes minutes.
_REACH = 100


def whole(value: object, *, what: str, least: int = 0, most: int = MOST) -> int:
    """A whole number from `least` to `most`: a JSON number without point and exponent, or its decimal digits as text.
    Raises BadAnswer.
    """
    if type(value) is str and _WHOLE.fullmatch(value) and value != "-0":
        value = int(value)
    if type(value) is not int:
        raise BadAnswer(f"{what}: {shown(value)} is no whole number")
    if not least <= value <= most:
        raise BadAnswer(f"{what}: {shown(value)} is not between {least:,} and {most:,}")
    return value


def height(value: object, *, what: str, least: int = 0) -> int:
    """A block's height, a slot, a version, a checkpoint. Raises BadAnswer."""
    return whole(value, what=what, least=least, most=HIGHEST)


def moment(value: object, *, what: str, per_second: int = 1) -> datetime:
    """A time in UTC from seconds since 1970, or from thousandths (`per_second` 1000). Raises BadAnswer for what is
    after the year 9999.
    """
    ticks = whole(value, what=what, most=LAST_SECOND * per_second)
    return _EPOCH + timedelta(microseconds=ticks * 1_000_000 // per_second)


def instant(value: object, *, what: str) -> datetime:
    """A time in UTC as RFC 3339 writes it, with Z and up to nine digits behind the second, of which six are kept.
    Raises BadAnswer.
    """
    match = _INSTANT.fullmatch(value) if type(value) is str else None
    try:
        if match is None:
            raise ValueError
        return datetime.fromisoformat(f"{match[1]}.{(match[2] or '')[:6]:0<6}+00:00")
    except ValueError as error:
        raise BadAnswer(f"{what}: {shown(value)} is no time in UTC") from error


def decimal(value: object, *, what: str, least: Decimal | int = 0, most: Decimal | int = MOST) -> Decimal:
    """An exact number from `least` to `most`: a JSON number (int or Decimal, never a float), or plain decimal text.
    Raises BadAnswer.
    """
    if type(value) is str and _DECIMAL.fullmatch(value):
        value = Decimal(value)
    if type(value) is int and abs(value) < 10**_REACH:
        value = Decimal(value)
    if (
        type(value) is not Decimal
        or not value.is_finite()
        or not _within_reach(value)
        or (value.is_signed() and not value)
    ):
        raise BadAnswer(f"{what}: {shown(value)} is no number")
    if not least <= value <= most:
        raise BadAnswer(f"{what}: {shown(value)} is not between {shown(least)} and {shown(most)}")
    return value


def base_units(value: object, *, what: str, scale: int, most: int = MOST) -> int:
    """An amount that is told in units, as whole base units of 10^-`scale`, at most `most`. Never rounded: a finer one
    is BadAnswer too.
    """
    units = decimal(value, what=what)
    with localcontext(prec=3 * _REACH):
        base = units.scaleb(scale)
        if base != base.to_integral_value():
            raise BadAnswer(f"{what}: {shown(value)} has more than {scale} digits behind the point")
    return whole(int(base), what=what, most=most)


def quantity(value: object, *, what: str, most: int = WORD) -> int:
    """A number as EVM nodes write it: 0x and up to 64 hexadecimal digits. Raises BadAnswer."""
    if type(value) is not str or not _HEX.fullmatch(value):
        raise BadAnswer(f"{what}: {shown(value)} is no hexadecimal number")
    return whole(int(value, 16), what=what, most=most)


def data(value: object, *, what: str, size: int | None = None, prefix: str = "0x") -> bytes:
    """Bytes written as hexadecimal digits behind `prefix`, `size` of them where it is given. Raises BadAnswer."""
    try:
        if type(value) is not str or not value.startswith(prefix):
            raise ValueError
        found = unhexlify(value[len(prefix) :])  # takes digits alone, where bytes.fromhex takes blanks too
    except ValueError as error:
        raise BadAnswer(
            f"{what}: {shown(value)} is no hexadecimal text" + (f" behind {prefix}" if prefix else "")
        ) from error
    if size is not None and len(found) != size:
        raise BadAnswer(f"{what}: {len(found):,} bytes, not {size:,}")
    return found


def shown(value: object) -> str:
    """A JSON value in an error's text: short, in JSON's words, whatever it is."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    if isinstance(value, int) and value.bit_length() > 400:
        return f"a number of {value.bit_length():,} bits"
    text = repr(value[:41]) if isinstance(value, str) else str(value)
    return text if len(text) <= 44 else text[:40] + "…"


def _within_reach(value: Decimal) -> bool:
    exponent = value.as_tuple().exponent if value.adjusted() <= _REACH else "over"
    return isinstance(exponent, int) and exponent >= -_REACH
