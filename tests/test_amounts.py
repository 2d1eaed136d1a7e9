"""Published decimal text to whole base units and back."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porlake import amounts
from porlake.errors import InvalidAmount


@pytest.mark.parametrize(
    ("text", "scale", "base"),
    [("0", 8, 0), ("6983.70", 8, 698_370_000_000), (".5", 18, 5 * 10**17), ("5.", 6, 5_000_000), ("007", 0, 7),
     ("0.00000001", 8, 1), ("1.10000000000000000000000000", 1, 11),
     ("360522032584187.00", 18, 360522032584187 * 10**18)],
)  # fmt: skip
def test_a_plain_decimal_is_scaled_exactly(text: str, scale: int, base: int) -> None:
    assert amounts.base_units(text, scale) == base


@pytest.mark.parametrize(
    ("text", "code"),
    [("1e400", "not_a_number"), ("NaN", "not_a_number"), ("-5", "not_a_number"), ("+5", "not_a_number"),
     ("1,234.5", "not_a_number"),
     ("", "not_a_number"), (".", "not_a_number"), (" " "5", "not_a_number"), ("٣", "not_a_number"),
     ("0x10", "not_a_number"),
     ("=1+1", "not_a_number"), ("1.2.3", "not_a_number"), ("9" * 10_000_000, "not_a_number"),
     ("0.000000001", "too_fine"), ("9" * 60, "too_large"), ("1" + "0" * 30, "too_large")],
)  # fmt: skip
def test_everything_else_is_refused_with_its_code(text: str, code: str) -> None:
    with pytest.raises(InvalidAmount) as caught:
        amounts.base_units(text, 8)
    assert caught.value.code == code
    assert len(str(caught.value)) < 200


@given(st.integers(0, 10**38 - 1), st.integers(0, 24))
def test_back_and_forth_is_the_same_number(base: int, scale: int) -> None:
    assert amounts.base_units(f"{amounts.units(base, scale):f}", scale) == base


@given(st.integers(0, 10**20), st.integers(0, 18), st.integers(0, 6))
def test_a_token_of_fewer_decimals_keeps_its_worth(raw: int, decimals: int, finer: int) -> None:
    scaled = amounts.rescale(raw, decimals, decimals + finer)
    assert amounts.units(scaled, decimals + finer) == amounts.units(raw, decimals)


def test_a_token_finer_than_its_asset_is_refused() -> None:
    with pytest.raises(InvalidAmount):
        amounts.rescale(1, 18, 6)


def test_a_balance_over_38_digits_is_refused() -> None:
    with pytest.raises(InvalidAmount) as caught:
        amounts.rescale(2**255, 18, 18)
    assert caught.value.code == "too_large"


def test_printed_decimals_counts_zeros_that_are_printed() -> None:
    assert [amounts.printed_decimals(text) for text in ("6983.70", "5", "5.", "0.100")] == [2, 0, 0, 3]


def test_a_printed_ratio_stays_as_printed() -> None:
    assert amounts.decimal("1.0002990000000000", 20, 12) == Decimal("1.000299")
    with pytest.raises(InvalidAmount):
        amounts.decimal("123456789.1", 20, 12)


@settings(deadline=None)
@given(st.lists(st.integers(0, 10**38 - 1), max_size=20), st.integers(0, 24), st.integers(0, 24))
def test_a_column_is_scaled_as_its_amounts_are(raws: list[int], decimals: int, scale: int) -> None:
    column = pa.array([Decimal(raw) for raw in raws], pa.decimal128(38, 0))
    if decimals > scale:
        with pytest.raises(InvalidAmount):
            amounts.rescale_column(column, decimals, scale)
        return
    found = amounts.rescale_column(column, decimals, scale)
    assert found.type == column.type
    for raw, amount in zip(raws, found.to_pylist(), strict=True):
        if raw * 10 ** (scale - decimals) < 10**38:
            assert int(amount) == amounts.rescale(raw, decimals, scale)
        else:
            assert amount is None


# --- borders ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "scale", "fits"),
    [("9" * 37, 0, True), ("9" * 38, 0, True), ("9" * 39, 0, False), ("9" * 29 + ".5", 8, True),
     ("0" + "9" * 30, 8, True),
     ("1" + "0" * 30, 8, False), (".12345678", 8, True), (".123456780", 8, True), (".123456781", 8, False)],
)  # fmt: skip
def test_38_digits_in_base_units_and_no_digit_below_one(text: str, scale: int, fits: bool) -> None:
    if fits:
        assert amounts.units(amounts.base_units(text, scale), scale) == Decimal(text)
        assert amounts.printed(text, scale) == (amounts.base_units(text, scale), amounts.printed_decimals(text))
    else:
        with pytest.raises(InvalidAmount):
            amounts.base_units(text, scale)


@pytest.mark.parametrize(("length", "fits"), [(119, True), (120, True), (121, False)])
def test_a_text_of_120_characters_is_read_and_none_longer(length: int, fits: bool) -> None:
    text = "0" * (length - 1) + "7"
    if fits:
        assert amounts.base_units(text, 0) == 7
    else:
        with pytest.raises(InvalidAmount, match="is not a plain decimal number"):
            amounts.base_units(text, 0)


@pytest.mark.parametrize(("length", "shown"), [(59, "x" * 59), (60, "x" * 60), (61, "x" * 60 + "…")])
def test_an_error_shows_60_characters_of_the_text(length: int, shown: str) -> None:
    with pytest.raises(InvalidAmount, match=f"^'{shown}' is not"):
        amounts.base_units("x" * length, 0)


@pytest.mark.parametrize(
    ("text", "places", "down", "up"),
    [("1.239", 2, "1.23", "1.24"), ("9.999", 2, "9.99", "10.00"), (".5", 0, "0.0", "1.0"), ("7.01", 1, "7.0", "7.1"),
     ("1" + "0" * 60 + ".0000000001", 2, "1" + "0" * 60 + ".00", "1" + "0" * 60 + ".01")],
)  # fmt: skip
def test_what_is_cut_off_is_lost_or_rounded_up_and_said(text: str, places: int, down: str, up: str) -> None:
    assert amounts.cut(text, places) == amounts.cut(text, places, up=False) == (down, True)
    assert amounts.cut(text, places, up=True) == (up, True)


@pytest.mark.parametrize("text", ["1", "1.2", "1.23", "1.230", "1.2300", "5.", ".5"])
def test_nothing_is_cut_where_nothing_is_lost(text: str) -> None:
    assert amounts.cut(text, 2) == amounts.cut(text, 2, up=True) == (text, False)


@pytest.mark.parametrize(
    ("raw", "decimals", "scale", "units"),
    [(10**38 - 2, 0, 0, 10**38 - 2), (10**38 - 1, 0, 0, 10**38 - 1), (10**38, 0, 0, None), (10**38 + 1, 0, 0, None),
     (1, 6, 6, 1), (0, 6, 18, 0),
     (-1, 6, 6, None), (-1, 6, 18, None), (10**26 - 1, 6, 18, 10**38 - 10**12), (10**26, 6, 18, None), (7, 6, 8, 700)],
)  # fmt: skip
def test_a_balance_fits_from_nothing_to_38_digits(raw: int, decimals: int, scale: int, units: int | None) -> None:
    if units is None:
        with pytest.raises(InvalidAmount) as caught:
            amounts.rescale(raw, decimals, scale)
        assert caught.value.code == "too_large"
    else:
        assert amounts.rescale(raw, decimals, scale) == units


@pytest.mark.parametrize(
    ("decimals", "scale", "most"), [(6, 18, 10**26 - 1), (0, 1, 10**37 - 1), (17, 18, 10**37 - 1), (18, 18, 10**38 - 1)]
)
def test_the_border_of_a_column_is_that_of_its_amounts(decimals: int, scale: int, most: int) -> None:
    raws = [0, 1, most - 1, most, *([most + 1, most + 2] if most < 10**38 - 1 else [])]
    found = amounts.rescale_column(pa.array(map(Decimal, raws), pa.decimal128(38, 0)), decimals, scale).to_pylist()
    assert [None if amount is None else int(amount) for amount in found] == [
        raw * 10 ** (scale - decimals) if raw <= most else None for raw in raws
    ]


def test_a_column_of_a_token_finer_than_its_asset_is_refused() -> None:
    with pytest.raises(InvalidAmount) as caught:
        amounts.rescale_column(pa.array([], pa.decimal128(38, 0)), 7, 6)
    assert caught.value.code == "too_fine"


@pytest.mark.parametrize(
    "base", [0, 1, -1, 10**28 - 1, 10**28, 10**28 + 1, 10**29 - 7, 10**38 - 1, -(10**28) - 1, 1 - 10**38]
)
@pytest.mark.parametrize("scale", [0, 1, 18])
def test_units_are_exact_whatever_their_digits(base: int, scale: int) -> None:
    assert Fraction(amounts.units(base, scale)) == Fraction(base, 10**scale)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("9999999.999", "9999999.999"),
        ("10000000", None),
        ("09999999.", "9999999"),
        ("1.9999", None),
        ("1.99900", "1.999"),
        (".5", "0.5"),
        ("0", "0"),
    ],
)
def test_a_decimal_has_its_digits_and_its_places(text: str, value: str | None) -> None:
    if value is None:
        with pytest.raises(InvalidAmount):
            amounts.decimal(text, 10, 3)
    else:
        assert amounts.decimal(text, 10, 3) == Decimal(value)
