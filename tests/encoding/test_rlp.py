"""RLP: the rlp package writes and reads the same, and refuses what ours refuses."""

from __future__ import annotations

import pytest
import rlp as oracle
from hypothesis import given
from hypothesis import strategies as st

from porlake.encoding import rlp
from porlake.errors import InvalidEncoding

ITEMS = st.recursive(st.binary(max_size=70), lambda inner: st.lists(inner, max_size=5), max_leaves=12)


def depth(item: object) -> int:
    return 1 + max(map(depth, item), default=0) if isinstance(item, list | tuple) else 0


@given(ITEMS)
def test_the_package_writes_and_reads_the_same(item: rlp.Item) -> None:
    raw = rlp.encode(item)
    assert raw == oracle.encode(item)
    if depth(item) <= rlp.DEEPEST:
        assert rlp.decode(raw) == item


def lists(item: object) -> object:
    return [lists(part) for part in item] if isinstance(item, list | tuple) else item


@given(st.binary(max_size=60) | ITEMS.map(rlp.encode), st.integers(0, 200), st.binary(min_size=1, max_size=2))
def test_the_package_takes_and_refuses_the_same_bytes(raw: bytes, at: int, put: bytes) -> None:
    changed = raw[: at % (len(raw) + 1)] + put + raw[at % (len(raw) + 1) + 1 :]
    for data in (raw, changed):
        try:
            found = rlp.decode(data)
        except InvalidEncoding:
            try:
                other = oracle.decode(data, strict=True)
            except oracle.exceptions.DecodingError:
                continue
            assert depth(lists(other)) > rlp.DEEPEST
        else:
            assert found == lists(oracle.decode(data, strict=True))


@pytest.mark.parametrize(("deep", "is_good"), [(7, True), (8, True), (9, False)])
def test_lists_are_eight_deep_at_most(deep: int, is_good: bool) -> None:
    item: rlp.Item = b""
    for _ in range(deep):
        item = [item]
    if is_good:
        assert rlp.decode(rlp.encode(item)) == item
    else:
        with pytest.raises(InvalidEncoding):
            rlp.decode(rlp.encode(item))


@pytest.mark.parametrize("size", [0, 1, 2, 54, 55, 56, 57, 255, 256, 257, 65_535, 65_536])
def test_lengths_at_the_borders_of_their_forms(size: int) -> None:
    for item in (b"\x80" * size, [b"\1"] * size):
        assert rlp.encode(item) == oracle.encode(item)
        assert rlp.decode(rlp.encode(item)) == item


@pytest.mark.parametrize("byte", [0x00, 0x7F, 0x80, 0x81])
def test_a_byte_stands_for_itself_below_128(byte: int) -> None:
    assert rlp.encode(bytes([byte])) == oracle.encode(bytes([byte]))
    if byte < 0x80:
        with pytest.raises(InvalidEncoding):
            rlp.decode(b"\x81" + bytes([byte]))
    else:
        assert rlp.decode(b"\x81" + bytes([byte])) == bytes([byte])


def test_numbers_have_no_leading_zeros() -> None:
    assert rlp.number(rlp.whole(0)) == 0
    assert rlp.number(rlp.whole(256)) == 256
    for bad in (b"\0", b"\0\1", []):
        with pytest.raises(InvalidEncoding):
            rlp.number(bad)
