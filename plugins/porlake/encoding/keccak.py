"""Keccak-256 with the original padding, as Ethereum uses it; not the SHA3-256 of FIPS 202."""

from __future__ import annotations

import sha3


def keccak256(data: bytes) -> bytes:
    return bytes(sha3.keccak_256(data).digest())
