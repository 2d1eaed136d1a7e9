"""Amounts of issued currencies: up to 16 digits and an exponent, written plainly or as `1234e10`.
https://xrpl.org/docs/references/protocol/data-types/currency-formats
"""

from __future__ import annotations

import re
from decimal import Context, Decimal

from porlake import numbers
from porlake.errors import BadAnswer

#: With an exponent the digits are all 16 and whole: xrpld, STAmount::getText.
_TEXT = re.compile(r"-?(?:(?:0|[1-9][0-9]{0,39})(?:\.[0-9]{1,96})?|[1-9][0-9]{15}e-?[0-9]{1,2})")
_EXACT = Context(prec=300)


def in_base_units(value: object, decimals: int, *, what: str) -> int | None:
    """Whole base units of 10^-`decimals`, below zero where the account owes them; None where the amount is finer.
    Raises BadAnswer.
    """
    if type(value) is not str or not _TEXT.fullmatch(value):
        raise BadAnswer(f"{what}: {numbers.shown(value)} is no amount of an issued currency")
    base = Decimal(value).scaleb(decimals, _EXACT)
    return int(base) if base == base.to_integral_value(context=_EXACT) else None
