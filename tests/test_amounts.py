"""Published decimal text to whole base units and back."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porlake import amounts
from porlake.errors import InvalidAmount


@pytest.mark.parametrize(
    ("text", "scale", "base"),
    [("0", 8, 0), ("6983.70", 8, 698_370_000_000), (".5", 18, 5 * 10**17), ("5.", 6, 5_000_000), ("007", 0, 7),
     ("0.00000001", 8, 1), ("1.10000000000000000000000000", 1, 11), ("360522032584187.00", 18, 360522032584187 * 10**18)],
)  # fmt: skip
def test_a_plain_decimal_is_scaled_exactly(text: str, scale: int, base: int) -> None:
    assert amounts.base_units(text, scale) == base


@pytest.mark.parametrize(
    ("text", "code"),
    [("1e400", "not_a_number"), ("NaN", "not_a_number"), ("-5", "not_a_number"), ("+5", "not_a_number"), ("1,234.5", "not_a_number"),
     ("", "not_a_number"), (".", "not_a_number"), (" " "5", "not_a_number"), ("٣", "not_a_number"), ("0x10", "not_a_number"),
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
