"""Numbers from outside: over all JSON values a reader gives a number of its kind in its range, or BadAnswer that says
what it was meant to be.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porlake import numbers
from porlake.errors import BadAnswer

WHAT = "node.example: getbalance: amount"

ODD = ["", "0", "-0", "-1", "+1", "007", " 5", "5 ", "1_000", "1,000", "٣", "３", "3.7", "1e3", "1e999999", "NaN",
"Infinity", "0x",
       "0x10", "0X10", "0x-1", "-0x1", "0x_1", "0xg", "ff", "9" * 38, "1" + "0" * 38, "9" * 5000, "true", "null", "1.",
       ".5", "0.00000001",
       "\n5", "5\n", "5\x00", None, True, False, 0, 1, -1, 10**38 - 1, 10**38, 10**4000, 2**53, 2**63, 2**64, 3.7,
       1e308, float("nan"),
       float("inf"), -0.0, [], {}, [1], {"a": 1}, *map(Decimal, ("3.7", "3.0", "-0", "-0.00", "1e999999", "1e-999999",
       "NaN", "sNaN", "Infinity",
       "0.00000001", "0.000000001", "1E+2", "9" * 10_000, "0." + "9" * 10_000))]  # fmt: skip

READERS: dict[str, Callable[..., Any]] = {
    "whole": numbers.whole,
    "height": numbers.height,
    "moment": numbers.moment,
    "decimal": numbers.decimal,
    "base_units": lambda value, *, what: numbers.base_units(value, what=what, scale=8),
    "quantity": numbers.quantity,
    "data": numbers.data,
}

#: All that JSON can say, as `transport` reads it, and floats on top: a parser that makes them must not get them
#: through.
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals()
    | st.floats()
    | st.text()
    | st.integers().map(str)
    | st.decimals().map(str)
    | st.sampled_from(ODD),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


def plain(value: object) -> Decimal | None:
    """What a person reads in a JSON value as one exact number, by the text of it; None where it is none."""
    text = (
        value
        if type(value) is str
        else format(value, "f")
        if type(value) is Decimal and value.is_finite() and abs(value.adjusted()) < 200
        else value
    )
    text = json.dumps(text) if type(text) is int and abs(text) < 10**200 else text
    if type(text) is not str or not text.isascii() or len(text) > 400:
        return None
    digits = text.removeprefix("-").replace(".", "", 1)
    shaped = digits.isdigit() and text[0] != "." and text[-1] != "." and text.count("-") == text.startswith("-")
    return (
        Decimal(text)
        if shaped and not (len(text.partition(".")[0].removeprefix("-")) > 1 and text.removeprefix("-")[0] == "0")
        else None
    )


@settings(max_examples=300, deadline=None)
@given(JSON, st.sampled_from(sorted(READERS)))
def test_every_json_value_is_the_number_that_it_says_or_a_bad_answer(value: Any, name: str) -> None:
    begin = time.perf_counter()
    try:
        found = READERS[name](value, what=WHAT)
    except BadAnswer as error:
        assert str(error).startswith(WHAT + ": ")
        assert len(str(error)) < 200
        return
    finally:
        assert time.perf_counter() - begin < 1
    assert type(value) in {int, str, Decimal}, "never a bool, a float or a thing"
    if name == "whole":
        assert type(found) is int
        assert 0 <= found < 10**38
        assert plain(value) == found
        assert type(value) is not Decimal
    elif name == "height":
        assert 0 <= found < 2**53
        assert plain(value) == found
    elif name == "moment":
        assert found.tzinfo is UTC
        assert int(found.timestamp()) == plain(value)
    elif name == "decimal":
        assert type(found) is Decimal
        assert found.is_finite()
        assert 0 <= found < 10**38
        assert plain(value) == found
    elif name == "base_units":
        assert type(found) is int
        assert 0 <= found < 10**38
        assert Decimal(found).scaleb(-8) == plain(value)
    elif name == "quantity":
        assert type(value) is str
        assert value[:2].lower() == "0x"
        assert found == int(value, 16) < 2**256
    else:
        assert "0x" + found.hex() == str(value).lower()


@pytest.mark.parametrize("name", sorted(READERS))
@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        3.0,
        float("nan"),
        {},
        [],
        "",
        " ",
        "1e999999",
        Decimal("1e999999"),
        Decimal("NaN"),
        -1,
        "-1",
        "-0",
    ],
)
def test_what_is_no_number_of_any_kind(name: str, value: Any) -> None:
    with pytest.raises(BadAnswer, match=WHAT):
        READERS[name](value, what=WHAT)


@pytest.mark.parametrize(
    ("value", "good"),
    [(-2, False), (-1, True), (0, True), (7, True), (8, False), ("-1", True), ("7", True), ("8", False)],
)
def test_the_borders_of_a_range(value: Any, good: bool) -> None:
    if good:
        assert numbers.whole(value, what=WHAT, least=-1, most=7) == int(value)
    else:
        with pytest.raises(BadAnswer, match="is not between -1 and 7"):
            numbers.whole(value, what=WHAT, least=-1, most=7)


def test_times_up_to_the_end_of_the_calendar() -> None:
    assert numbers.moment(1_711_324_800, what=WHAT) == datetime(2024, 3, 25, tzinfo=UTC)
    assert numbers.moment("1711324800123", what=WHAT, per_second=1000) == datetime(
        2024, 3, 25, 0, 0, 0, 123_000, tzinfo=UTC
    )
    assert numbers.moment(numbers.LAST_SECOND, what=WHAT).year == 9999
    for late in (numbers.LAST_SECOND + 1, 2**63, 10**30):
        with pytest.raises(BadAnswer):
            numbers.moment(late, what=WHAT)


@pytest.mark.parametrize(
    ("value", "base"),
    [
        (Decimal("20999999.97690000"), 2_099_999_997_690_000),
        (21, 2_100_000_000),
        ("0.5", 50_000_000),
        (Decimal("1E-8"), 1),
        (Decimal("1E+3"), 10**11),
    ],
)
def test_units_are_scaled_exactly(value: Any, base: int) -> None:
    assert numbers.base_units(value, what=WHAT, scale=8) == base


def test_what_is_finer_than_a_base_unit_is_not_rounded() -> None:
    with pytest.raises(BadAnswer, match="more than 8 digits"):
        numbers.base_units(Decimal("0.123456789"), what=WHAT, scale=8)


def test_bytes_of_a_length() -> None:
    assert numbers.data("0xAb01", what=WHAT, size=2) == b"\xab\x01"
    assert numbers.data("ab01", what=WHAT, prefix="") == b"\xab\x01"
    for text, size in (("0xab01", 3), ("0xab0", None), ("0xab 01", None), ("ab01", None), ("0xab\n", None)):
        with pytest.raises(BadAnswer, match=WHAT):
            numbers.data(text, what=WHAT, size=size)
    for prefix, told in (("0x", "is no hexadecimal text behind 0x$"), ("", "is no hexadecimal text$")):
        with pytest.raises(BadAnswer, match=told):
            numbers.data("xy", what=WHAT, prefix=prefix)


# --- borders ----------------------------------------------------------------------------------------------------------
WIDE: dict[str, Any] = {"what": WHAT, "most": 10**200}


@pytest.mark.parametrize(
    ("read", "value", "found"),
    [
        (numbers.whole, -1, None), (numbers.whole, 0, 0), (numbers.whole, 1, 1),
        (numbers.whole, 10**38 - 2, 10**38 - 2), (numbers.whole, 10**38 - 1, 10**38 - 1), (numbers.whole, 10**38, None),
        (numbers.height, -1, None), (numbers.height, 0, 0), (numbers.height, 2**53 - 1, 2**53 - 1),
        (numbers.height, 2**53, None),
        (numbers.quantity, "0x" + "f" * 64, 2**256 - 1), (numbers.quantity, "0x" + "f" * 63 + "e", 2**256 - 2),
        (numbers.quantity, "0x1" + "0" * 64, None),
        (numbers.decimal, -1, None), (numbers.decimal, 0, 0), (numbers.decimal, Decimal("-0.1"), None),
        (numbers.decimal, 10**38 - 1, 10**38 - 1), (numbers.decimal, 10**38, None),
        (numbers.decimal, Decimal(10**38) - Decimal("0.5"), None),
        (numbers.moment, -1, None), (numbers.moment, 0, datetime(1970, 1, 1, tzinfo=UTC)),
        (numbers.moment, 253_402_300_798, datetime(9999, 12, 31, 23, 59, 58, tzinfo=UTC)),
        (numbers.moment, 253_402_300_799, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (numbers.moment, 253_402_300_800, None),
    ],
)  # fmt: skip
def test_the_first_and_the_last_number_of_a_range(read: Callable[..., Any], value: object, found: object) -> None:
    if found is None:
        with pytest.raises(BadAnswer):
            read(value, what=WHAT)
    else:
        assert read(value, what=WHAT) == found


@pytest.mark.parametrize(
    ("ticks", "micro"),
    [(0, 0), (1, 1_000), (999, 999_000), (1_000, 1_000_000), (1_700_000_000_123, 1_700_000_000_123_000)],
)
def test_thousandths_are_told_to_the_thousandth(ticks: int, micro: int) -> None:
    assert numbers.moment(ticks, what=WHAT, per_second=1_000) == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(
        microseconds=micro
    )
    with pytest.raises(BadAnswer):
        numbers.moment(253_402_300_799_001, what=WHAT, per_second=1_000)


@pytest.mark.parametrize(
    ("value", "fits"),
    [("9" * 99, True), ("9" * 100, True), ("9" * 101, False), (10**100 - 1, True), (10**100, False),
     (10**100 + 1, False), (-(10**100), False),
     (Decimal("1e99"), True), (Decimal("1e100"), True), (Decimal("1e101"), False), (Decimal("1e-99"), True),
     (Decimal("1e-100"), True),
     (Decimal("1e-101"), False), ("0." + "1" * 99, True), ("0." + "1" * 100, False)],
)  # fmt: skip
def test_a_number_of_a_hundred_digits_is_looked_at_and_none_longer(value: Any, fits: bool) -> None:
    if fits:
        assert numbers.decimal(value, **WIDE) == Decimal(value)
    else:
        with pytest.raises(BadAnswer):
            numbers.decimal(value, **WIDE)


@pytest.mark.parametrize(
    ("value", "scale", "found"),
    [("0.1", 0, None), ("1", 0, 1), ("0.12345678", 8, 12_345_678), ("0.123456780", 8, 12_345_678),
     ("0.123456785", 8, None),
     ("9" * 30, 8, int("9" * 30 + "0" * 8)), ("1" + "0" * 30, 8, None), (Decimal("9" * 30), 8, int("9" * 30 + "0" * 8)),
     (0, 8, 0)],
)  # fmt: skip
def test_units_become_base_units_or_nothing(value: Any, scale: int, found: int | None) -> None:
    if found is None:
        with pytest.raises(BadAnswer):
            numbers.base_units(value, what=WHAT, scale=scale)
    else:
        assert numbers.base_units(value, what=WHAT, scale=scale) == found


@pytest.mark.parametrize(("size", "fits"), [(None, True), (2, False), (3, True), (4, False)])
def test_bytes_have_the_size_that_is_asked_for(size: int | None, fits: bool) -> None:
    if fits:
        assert numbers.data("0x010203", what=WHAT, size=size) == b"\x01\x02\x03"
    else:
        with pytest.raises(BadAnswer, match=f"3 bytes, not {size}"):
            numbers.data("0x010203", what=WHAT, size=size)


@pytest.mark.parametrize(
    ("value", "text"),
    [(2**400 - 1, str(2**400 - 1)[:40] + "…"), (2**400, "a number of 401 bits"), (10**43, "1" + "0" * 43),
     (10**44, "1" + "0" * 39 + "…"),
     ("x" * 41, "'" + "x" * 41 + "'"), ("x" * 42, "'" + "x" * 41 + "'"), (None, "null"), (True, "true"),
     (False, "false"), ([1], "a list"), ({}, "an object")],
)  # fmt: skip
def test_a_value_is_shown_short_and_in_words_of_json(value: object, text: str) -> None:
    assert numbers.shown(value) == text


@pytest.mark.parametrize(
    ("text", "micro"),
    [
        ("2026-10-01T16:00:00Z", 0), ("2026-10-01T16:00:00.1Z", 100_000), ("2026-10-01T16:00:00.123456Z", 123_456),
        ("2026-10-01T16:00:00.123456789Z", 123_456), ("2026-10-01T16:00:00.000000999Z", 0),
    ],
)  # fmt: skip
def test_times_of_rfc_3339_to_the_microsecond(text: str, micro: int) -> None:
    assert numbers.instant(text, what=WHAT) == datetime(2026, 10, 1, 16, 0, 0, micro, UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2026-10-01", "2026-10-01T16:00:00", "2026-10-01T16:00:00+00:00", "2026-10-01 16:00:00Z",
        "2026-10-01T24:00:01Z",
        "2026-13-01T16:00:00Z", "2026-02-29T16:00:00Z", "0000-01-01T00:00:00Z", "2026-10-01T16:00:00.Z",
        "2026-10-01T16:00:00.1234567890Z", "2026-10-01T16:00:00z", " 2026-10-01T16:00:00Z", "２026-10-01T16:00:00Z",
        *ODD,
    ],
)  # fmt: skip
def test_what_is_no_time_of_rfc_3339(value: Any) -> None:
    with pytest.raises(BadAnswer, match="is no time in UTC"):
        numbers.instant(value, what=WHAT)
