"""What proof formats share that is text: canonical decimals, hex, labels."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from porlake.encoding.strict_json import Number
from porlake.liabilities import _amounts


@pytest.mark.parametrize(
    ("text", "places", "units"),
    [
        ("0", 8, 0),
        ("1", 8, 10**8),
        ("0.00005", 8, 5000),
        ("0.00000000", 8, 0),
        ("1.42045977", 8, 142045977),
        ("0.000000001", 8, None),
        ("12", 0, 12),
        ("12.0", 0, None),
        ("9" * 100, 0, int("9" * 100)),
        ("9" * 101, 0, None),
        ("9" * 5000, 0, None),
        *((text, 8, None) for text in ("", ".5", "5.", "05", "00", "+1", " 1", "1 ", "1e3", "1E3", "1,000", "NaN")),
        *((text, 8, None) for text in ("-1", "\u0661", "1\n", "0x1", "Infinity", "1_000", "--1")),
        *((value, 8, None) for value in (None, 1, 1.0, True, b"1", ["1"], Decimal(1))),
    ],
)  # fmt: skip
def test_a_canonical_amount_is_whole_units_and_all_else_is_none(text: object, places: int, units: int | None) -> None:
    assert _amounts.canonical(text, places) == units


@pytest.mark.parametrize(("text", "units"), [("-1", -100), ("-0", None), ("-0.00", None), ("-0.01", -1), ("1", 100)])
def test_a_sign_is_taken_where_it_may_stand_and_never_before_zero(text: str, units: int | None) -> None:
    assert _amounts.canonical(text, 2, signed=True) == units


def test_a_number_of_json_is_as_good_as_a_text() -> None:
    assert _amounts.canonical(Number("1.5"), 1) == 15


@given(st.integers(-(10**50), 10**50), st.integers(0, 18))
def test_an_amount_goes_to_text_and_back(units: int, places: int) -> None:
    for text in (_amounts.text(units, places), _amounts.fixed(units, places)):
        assert _amounts.canonical(text, places, signed=True) == units
        assert Decimal(text) * 10**places == units if abs(units) < 10**25 else True
    assert len(_amounts.text(units, places)) <= len(_amounts.fixed(units, places))


@pytest.mark.parametrize(
    ("units", "places", "short", "whole"),
    [
        (0, 8, "0", "0.00000000"),
        (100, 0, "100", "100"),
        (100, 2, "1", "1.00"),
        (-5, 2, "-0.05", "-0.05"),
        (1050, 2, "10.5", "10.50"),
    ],
)
def test_the_short_text_has_no_zeros_at_its_end(units: int, places: int, short: str, whole: str) -> None:
    assert (_amounts.text(units, places), _amounts.fixed(units, places)) == (short, whole)


@pytest.mark.parametrize(
    ("text", "size", "found"),
    [
        ("ab" * 32, 32, b"\xab" * 32),
        ("ab" * 31, 32, None),
        ("ab" * 33, 32, None),
        ("AB" * 32, 32, None),
        ("0x" + "ab" * 31, 32, None),
        ("", 0, b""),
        ("zz", 1, None),
        (" a", 1, None),
        ("a\n", 1, None),
        (b"ab", 1, None),
        (None, 1, None),
    ],
)
def test_hex_is_of_its_length_and_in_lower_case(text: object, size: int, found: bytes | None) -> None:
    assert _amounts.hex_of(text, size) == found


@pytest.mark.parametrize(
    ("exchange", "label", "asset"),
    [("okx", "BTC", "BTC"), ("", "USDT", "USDT"), ("bybit", "eth", "ETH"), ("okx", "", ""), ("", "FOO", "")],
)
def test_a_label_is_an_asset_of_the_registry_or_none(exchange: str, label: str, asset: str) -> None:
    assert _amounts.asset_of(exchange, label) == asset
