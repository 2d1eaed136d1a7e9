"""secp256k1 keys: both forms, held to the ecdsa package; no other bytes pass."""

from __future__ import annotations

import pytest
from ecdsa import SECP256k1, SigningKey
from hypothesis import given, settings
from hypothesis import strategies as st

from porlake.encoding import keys
from porlake.errors import InvalidAddress


@settings(max_examples=25, deadline=None)
@given(st.integers(1, SECP256k1.order - 1))
def test_both_forms_are_those_of_another_library(secret: int) -> None:
    other = SigningKey.from_secret_exponent(secret, SECP256k1).verifying_key
    assert other is not None
    short, long = other.to_string("compressed"), other.to_string("uncompressed")
    assert keys.compressed(long) == keys.compressed(short) == short
    assert keys.uncompressed(short) == keys.uncompressed(long) == long


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\2",
        b"\2" + bytes(32),
        b"\5" + b"\1" * 32,
        b"\2" + bytes(31) + b"\5",
        b"\4" + b"\1" * 64,
        b"\2" + b"\xff" * 32,
    ],
)
def test_what_is_no_point_is_no_key(raw: bytes) -> None:
    for read in (keys.compressed, keys.uncompressed):
        with pytest.raises(InvalidAddress) as caught:
            read(raw)
        assert caught.value.code == "bad_key"
