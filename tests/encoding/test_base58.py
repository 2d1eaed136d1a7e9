"""Base58 and base58check, held to the base58 package and to btclib."""

from __future__ import annotations

import base58 as oracle
import pytest
from btclib.base58 import decode as btclib_decode
from btclib.exceptions import BTClibValueError
from hypothesis import given
from hypothesis import strategies as st

from porlake.encoding import base58
from porlake.errors import InvalidAddress

TEXTS = st.text(alphabet=base58.BITCOIN + "0OIl", max_size=60)


@given(st.binary(max_size=80))
def test_the_package_writes_and_reads_the_same(data: bytes) -> None:
    text = base58.encode(data)
    assert text.encode() == oracle.b58encode(data)
    assert base58.decode(text) == oracle.b58decode(text) == data
    assert base58.encode(data, base58.RIPPLE).encode() == oracle.b58encode(data, alphabet=oracle.RIPPLE_ALPHABET)
    if data:
        assert base58.encode_check(data).encode() == oracle.b58encode_check(data)
        assert base58.decode_check(base58.encode_check(data, base58.RIPPLE), base58.RIPPLE) == data


@given(TEXTS)
def test_the_package_takes_and_refuses_the_same_texts(text: str) -> None:
    try:
        found = base58.decode(text)
    except InvalidAddress:
        with pytest.raises(ValueError, match="Invalid character"):
            oracle.b58decode(text)
    else:
        assert found == oracle.b58decode(text)


@given(st.binary(min_size=1, max_size=40), st.integers(0, 60), st.sampled_from(base58.BITCOIN))
def test_btclib_takes_and_refuses_the_same_checksums(payload: bytes, at: int, letter: str) -> None:
    text = base58.encode_check(payload)
    text = text[: at % len(text)] + letter + text[at % len(text) + 1 :]
    try:
        found = base58.decode_check(text)
    except InvalidAddress:
        with pytest.raises(BTClibValueError):
            btclib_decode(text)
    else:
        assert found == btclib_decode(text)


@pytest.mark.parametrize(("size", "code"), [(3, "bad_length"), (4, "bad_length"), (5, "bad_checksum")])
def test_a_payload_has_at_least_a_byte_before_its_checksum(size: int, code: str) -> None:
    with pytest.raises(InvalidAddress) as caught:
        base58.decode_check(base58.encode(b"\1" * size))
    assert caught.value.code == code
