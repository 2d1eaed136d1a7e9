"""What proof formats share that is text: canonical decimals as whole units, hex of a fixed length, labels.

An amount of a leaf enters a hash as the text in which it stands, so two spellings of one number are two leaves: what is
not canonical is refused. Amounts are whole 10**-places units, exact and of any sign; `porlake.amounts` scales to base
units, in the pipeline.
"""

from __future__ import annotations

import re

from porlake import registry
from porlake.registry import UnknownLabel

#: Digits before the point, and behind it: the largest number of any scheme is a field element of 77 digits, and int()
#: refuses texts of more than 4,300.
MOST_DIGITS = 100

_DECIMAL = re.compile(rf"(-?)(0|[1-9][0-9]{{0,{MOST_DIGITS - 1}}})(?:\.([0-9]{{1,{MOST_DIGITS}}}))?")


def canonical(text: object, places: int, signed: bool = False) -> int | None:
    """Whole 10**-places units of a canonical decimal text; None for anything else.

    Canonical: ASCII digits, no exponent, no plus, no leading zeros, a digit on each side of the point, at most `places`
    digits behind it (zeros at the end may stand there: whether they must or must not is the format's to say, by `text`
    or `fixed`); a minus only where `signed`, and never before zero.
    """
    match = _DECIMAL.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    sign, whole, fraction = match[1], match[2], match[3] or ""
    if len(fraction) > places:
        return None
    units = int(whole + fraction.ljust(places, "0"))
    if sign and not (signed and units):
        return None
    return -units if sign else units


def text(units: int, places: int) -> str:
    """The shortest canonical text of whole 10**-places units: no zeros behind the last digit of a fraction, no point
    behind a whole number.
    """
    shown = fixed(units, places)
    return shown.rstrip("0").rstrip(".") if places else shown


def fixed(units: int, places: int) -> str:
    """The canonical text of whole 10**-places units with exactly `places` digits behind the point."""
    sign, digits = "-" if units < 0 else "", str(abs(units)).rjust(places + 1, "0")
    point = len(digits) - places
    return f"{sign}{digits[:point]}.{digits[point:]}" if places else f"{sign}{digits}"


def hex_of(text: object, size: int) -> bytes | None:
    """The bytes of a text of exactly `size` bytes in lower-case hex; None for anything else."""
    if not isinstance(text, str) or len(text) != 2 * size or not re.fullmatch("[0-9a-f]*", text):
        return None
    return bytes.fromhex(text)


def asset_of(exchange: str, label: str) -> str:
    """The id of the asset that a label of an exchange names, '' where the registry does not tell it. A label that
    porlake knows of no exchange in particular is read as the asset of that name.
    """
    try:
        return registry.load().group(exchange, label).asset
    except UnknownLabel:
        return ""
