"""Hex and base58check of whole columns, held to the functions for one text."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from porlake.encoding import base58, fixed_width
from porlake.errors import InvalidAddress


def letters(texts: list[str]) -> fixed_width.Bytes:
    return fixed_width.matrix(pa.array(texts), len(texts[0]))


def alone(text: str) -> bytes | None:
    """The 25 bytes of a base58check text, None for any other."""
    try:
        payload = base58.decode_check(text)
    except InvalidAddress:
        return None
    return base58.decode(text) if len(payload) == 21 else None


@pytest.fixture(autouse=True, params=[0, fixed_width.MANY], ids=["compiled", "by numpy"])
def many(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fixed_width, "MANY", request.param)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(min_size=21, max_size=21), min_size=1, max_size=20), st.integers(0, 2**32))
def test_base58check_is_that_of_each_text(payloads: list[bytes], seed: int) -> None:
    chance = random.Random(seed)
    texts = [base58.encode_check(payload) for payload in payloads] + [base58.encode_check(bytes(21))]
    texts += [
        text[:at] + chance.choice(base58.BITCOIN + "0") + text[at + 1 :] for text in texts for at in (0, len(text) // 2)
    ]
    for width in {len(text) for text in texts}:
        some = [text for text in texts if len(text) == width]
        made, good = fixed_width.base58check(letters(some))
        for row, text in enumerate(some):
            known = alone(text)
            assert bool(good[row]) == (known is not None), text
            if known is not None:
                assert made[row].tobytes() == known


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(base58.BITCOIN + "0Il", min_size=1, max_size=60), st.integers(1, 48))
def test_base58_of_a_size_is_that_of_each_text(text: str, size: int) -> None:
    made, good = fixed_width.base58_of(letters([text]), size)
    try:
        known = base58.decode(text)
    except InvalidAddress:
        known = b""
    assert bool(good[0]) == (len(known) == size)
    if good[0]:
        assert made[0].tobytes() == known


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(min_size=1, max_size=48))
def test_base58_of_bytes_is_known_for_their_own_size_alone(data: bytes) -> None:
    text = base58.encode(data, base58.RIPPLE)
    for size in (len(data) - 1, len(data), len(data) + 1):
        if size:
            _, good = fixed_width.base58_of(letters([text]), size, base58.RIPPLE)
            assert bool(good[0]) == (size == len(data))
    assert fixed_width.base58_of(letters([text]), len(data), base58.RIPPLE)[0].tobytes() == data


@pytest.mark.parametrize("size", [23, 24, 25])
def test_a_payload_of_another_size_is_none(size: int) -> None:
    text = base58.encode_check(b"\7" * (size - 4))
    assert bool(fixed_width.base58check(letters([text]))[1][0]) == (size == 25)


@pytest.mark.parametrize("size", [25, 26])
def test_leading_ones_are_leading_zeros_and_no_more(size: int) -> None:
    text = base58.encode_check(bytes(size - 4 - 20) + b"\7" * 20)
    assert bool(fixed_width.base58check(letters([text]))[1][0]) == (size == 25)


def test_hex_digits_have_their_values_and_nothing_else_has() -> None:
    for code in range(256):
        value = int(chr(code), 16) if chr(code) in "0123456789abcdefABCDEF" else fixed_width.NO_DIGIT
        assert fixed_width.HEX[code] == value


def test_nibbles_are_joined_high_first() -> None:
    digits = np.array([[0, 1, 15, 0], [10, 11, 12, 13]], np.uint8)
    assert fixed_width.joined_nibbles(digits).tobytes() == bytes.fromhex("01f0abcd")


def test_a_matrix_of_a_slice_and_of_nothing() -> None:
    column = pa.array(["xx", "ab", "cd", "yy"]).slice(1, 2)
    assert fixed_width.texts_of(fixed_width.matrix(column, 2)) == ["ab", "cd"]
    assert fixed_width.matrix(pa.array([], pa.string()), 2).shape == (0, 2)
    assert fixed_width.split(b"abcdef", 2) == [b"ab", b"cd", b"ef"]
