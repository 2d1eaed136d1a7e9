"""Published decimal text to whole base units and back. The only place that scales.

An amount is an unsigned decimal number as a person prints it: ASCII digits, at most one point, no sign, no exponent, no
grouping. Everything else is refused: `1,234.5` may mean two things, and `1e400` or `NaN` mean nothing that can be held.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal

import pyarrow as pa
import pyarrow.compute as pc

from porlake.errors import InvalidAmount

#: Digits of DECIMAL(38,0), the widest exact number that DuckDB and Parquet agree on.
DIGITS = 38
LIMIT = 10**DIGITS

_WIDE = Context(prec=200)
_PLAIN = re.compile(r"(?a:(\d+)(?:\.(\d*))?|\.(\d+))")


def base_units(text: str, scale: int) -> int:
    """`text`, in units of the asset, as whole base units of 10**-scale.

    Raises InvalidAmount with code `not_a_number`, `too_fine` (a digit that is not zero below the base unit; nothing is
    ever rounded) or `too_large` (over 38 digits).
    """
    return printed(text, scale)[0]


def printed(text: str, scale: int) -> tuple[int, int]:
    """(`base_units`, `printed_decimals`) of a text that is read once."""
    whole, fraction = _parts(text)
    digits = fraction.rstrip("0")
    if len(digits) > scale:
        raise InvalidAmount(
            "too_fine", f"{_shown(text)} has {len(digits)} digits behind the point, the base unit only {scale}"
        )
    whole = whole.lstrip("0")
    if len(whole) + scale > DIGITS:
        raise InvalidAmount("too_large", f"{_shown(text)} has more than {DIGITS} digits in base units of 10^-{scale}")
    return int((whole + digits.ljust(scale, "0")) or "0"), len(fraction)


def printed_column(texts: pa.StringArray, scale: int) -> tuple[pa.Decimal128Array, pa.Int64Array, pa.BooleanArray]:
    """(base units, printed decimals, for which texts they are sure) of a column without nulls. Where they are sure they
    are what `printed` gives; the others are for it, which says what is wrong with them.
    """
    places = max(scale, _USUAL)
    sure = pc.match_substring_regex(texts, rf"^[0-9]{{1,{DIGITS - places}}}(\.[0-9]{{1,{places}}})?$")
    plain = pc.if_else(sure, texts, "0")
    wide = plain.cast(pa.decimal128(DIGITS, places))
    if places > scale:
        narrow = wide.cast(pa.decimal128(DIGITS, scale), safe=False)
        sure = pc.and_(sure, pc.equal(narrow.cast(wide.type), wide))
        wide = narrow
    # the same digits read at scale zero are base units
    units = pa.Decimal128Array.from_buffers(
        pa.decimal128(DIGITS, 0), len(wide), [None, wide.buffers()[1]], 0, wide.offset
    )
    point = pc.find_substring(plain, ".")
    behind = pc.subtract(pc.subtract(pc.binary_length(plain), point), 1)
    decimals = pc.if_else(pc.less(point, 0), 0, behind).cast(pa.int64())
    return units, decimals, sure


_USUAL = 18
"""Digits behind the point that a file prints at most, as a rule."""


def cut(text: str, places: int, *, up: bool = False) -> tuple[str, bool]:
    """`text` with at most `places` digits behind the point, and whether that took something off; what is cut off is
    lost, or rounded up.

    For figures that a publisher prints beside its rows. Raises InvalidAmount with code `not_a_number`.
    """
    whole, fraction = _parts(text)
    if not fraction[places:].strip("0"):
        return text, False
    kept = Decimal(f"{whole or 0}.{fraction[:places] or 0}")
    return f"{_WIDE.add(kept, Decimal(1).scaleb(-places)) if up else kept:f}", True


def printed_decimals(text: str) -> int:
    """Digits behind the point in `text` as printed, zeros included."""
    return len(_parts(text)[1])


def with_point(text: str, decimals: int) -> str:
    """Whole units of a publisher's own, 10**-decimals of an asset, as a decimal text; '' for none.

    Raises InvalidAmount with code `not_a_number` for a text that is no whole number.
    """
    whole, fraction = _parts(text) if text else ("", "")
    if fraction or "." in text:
        raise InvalidAmount("not_a_number", f"{_shown(text)} is no whole number of units")
    digits = whole.rjust(decimals + 1, "0")
    point = len(digits) - decimals
    return f"{digits[:point]}.{digits[point:]}" if decimals and text else whole


def rescale(raw: int, decimals: int, scale: int) -> int:
    """`raw` of a token with `decimals` as base units of its asset, whose `scale` is at least as fine."""
    if decimals > scale:
        raise InvalidAmount("too_fine", f"a token of {decimals} decimals does not fit an asset of scale {scale}")
    units = int(raw * 10 ** (scale - decimals))
    if not 0 <= units < LIMIT:
        raise InvalidAmount(
            "too_large", f"{raw} of {decimals} decimals does not fit {DIGITS} digits in base units of 10^-{scale}"
        )
    return units


def rescale_column(raw: pa.Decimal128Array, decimals: int, scale: int) -> pa.Decimal128Array:
    """As `rescale`, for a column of DECIMAL(38,0); null where the amount does not fit 38 digits."""
    if decimals > scale:
        raise InvalidAmount("too_fine", f"a token of {decimals} decimals does not fit an asset of scale {scale}")
    if decimals == scale:
        return raw
    fits = pc.less(raw, pa.scalar(Decimal(10) ** (DIGITS - scale + decimals), pa.decimal128(DIGITS, 0)))
    kept = pc.if_else(fits, raw, pa.scalar(None, raw.type))
    # The same digits read at a negative scale are the amount times a power of ten.
    return pa.Decimal128Array.from_buffers(pa.decimal128(DIGITS, decimals - scale), len(kept), kept.buffers()).cast(
        raw.type
    )


def units(base: int, scale: int) -> Decimal:
    """Whole base units as an exact decimal number of units."""
    return (
        Decimal(base).scaleb(-scale)
        if abs(base) < 10**28
        else Decimal((base < 0, tuple(map(int, str(abs(base)))), -scale))
    )


def decimal(text: str, digits: int, places: int) -> Decimal:
    """`text` as an exact decimal of at most `digits` digits, `places` of them behind the point: printed ratios, USD
    values.
    """
    whole, fraction = _parts(text)
    whole, fraction = whole.lstrip("0"), fraction.rstrip("0")
    if len(fraction) > places:
        raise InvalidAmount("too_fine", f"{_shown(text)} has more than {places} digits behind the point")
    if len(whole) > digits - places:
        raise InvalidAmount("too_large", f"{_shown(text)} has more than {digits - places} digits before the point")
    return Decimal(f"{whole or 0}.{fraction or 0}")


def _parts(text: str) -> tuple[str, str]:
    match = _PLAIN.fullmatch(text) if len(text) <= 120 else None
    if match is None:
        raise InvalidAmount("not_a_number", f"{_shown(text)} is not a plain decimal number")
    whole, fraction, bare = match.groups()
    return whole or "", fraction or bare or ""


def _shown(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:60] + "…")
