"""Bitcoin's CompactSize, held to btclib's."""

from __future__ import annotations

import pytest
from btclib import var_int
from hypothesis import given
from hypothesis import strategies as st

from porlake.encoding import varint


@pytest.mark.parametrize(
    ("number", "wanted"),
    [
        (0, "00"), (252, "fc"), (253, "fdfd00"), (254, "fdfe00"), (65_535, "fdffff"), (65_536, "fe00000100"),
        (2**32 - 1, "feffffffff"), (2**32, "ff0000000001000000"),
    ],
)  # fmt: skip
def test_compact_sizes(number: int, wanted: str) -> None:
    assert varint.compact_size(number).hex() == wanted


@given(st.integers(0, 2**25))
def test_btclib_writes_the_same(number: int) -> None:
    assert varint.compact_size(number) == var_int.serialize(number)


@given(st.binary(max_size=600))
def test_data_stands_behind_its_length(data: bytes) -> None:
    assert varint.with_length(data) == var_int.serialize(len(data)) + data
