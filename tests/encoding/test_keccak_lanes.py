"""Keccak-256 in lanes against the hash of one key."""

from __future__ import annotations

import random

import numpy as np
import pytest

from porlake.encoding import keccak_lanes as lanes
from porlake.encoding.keccak import keccak256


@pytest.mark.parametrize("count", [1, 7, 8])
def test_accounts_are_the_ends_of_the_hashes(count: int) -> None:
    keys = [random.Random(count).randbytes(lanes.KEY) for _ in range(10)]
    keys[1], keys[2] = bytes(lanes.KEY), b"\xff" * lanes.KEY
    out = np.zeros((10, lanes.ACCOUNT), np.uint8)
    state = np.full(lanes.STATE, 7, np.uint64)
    lanes.accounts(np.frombuffer(b"".join(keys), np.uint8), 1, count, state, out.reshape(-1))
    expected = [keccak256(key)[12:] for key in keys[1 : 1 + count]]
    nothing = bytes(lanes.ACCOUNT)
    assert [row.tobytes() for row in out] == [nothing, *expected, *[nothing] * (9 - count)]
