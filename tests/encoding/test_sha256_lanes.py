"""SHA-256 in lanes against hashlib, at every length around the ends of blocks."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porlake.encoding import sha256_lanes as lanes

STRIDE = 512


def hashed(messages: list[bytes]) -> list[bytes]:
    data, sizes = np.full(lanes.LANES * STRIDE, 0xAA, dtype=np.uint8), np.zeros(lanes.LANES, dtype=np.int64)
    for lane, message in enumerate(messages):
        data[lane * STRIDE : lane * STRIDE + len(message)] = np.frombuffer(message, dtype=np.uint8)
        sizes[lane] = len(message)
    out = np.empty(32 * lanes.LANES, dtype=np.uint8)
    state, block = np.empty(lanes.STATE, dtype=np.uint32), np.empty(lanes.BLOCK, dtype=np.uint32)
    lanes.digests(data, STRIDE, sizes, state, block, out)
    return [out[32 * lane : 32 * lane + 32].tobytes() for lane in range(lanes.LANES)]


@pytest.mark.parametrize("size", [0, 1, 3, 55, 56, 57, 63, 64, 65, 80, 119, 120, 128, 183, 184, 192, 256, 400])
def test_messages_of_one_length(size: int) -> None:
    messages = [bytes([lane]) * size for lane in range(lanes.LANES)]
    assert hashed(messages) == [hashlib.sha256(message).digest() for message in messages]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(max_size=STRIDE - lanes.PADDING), min_size=lanes.LANES, max_size=lanes.LANES))
def test_messages_of_any_lengths_side_by_side(messages: list[bytes]) -> None:
    assert hashed(messages) == [hashlib.sha256(message).digest() for message in messages]
