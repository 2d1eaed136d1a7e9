"""The hashes that addresses and signatures are made of."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

Hash = Callable[[bytes], bytes]


def _ripemd160_of_this_machine() -> Hash:
    """OpenSSL's where it has one (5 times as fast); OpenSSL 3 leaves RIPEMD-160 out unless its legacy provider is
    loaded.
    """
    try:
        nothing = hashlib.new("ripemd160", usedforsecurity=False)
    except ValueError:
        from Crypto.Hash import RIPEMD160

        return lambda data: RIPEMD160.new(data).digest()

    def hashed(data: bytes) -> bytes:
        made = nothing.copy()  # half the cost of asking OpenSSL for it by name
        made.update(data)
        return made.digest()

    return hashed


_ripemd160 = _ripemd160_of_this_machine()


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def sha256d(data: bytes) -> bytes:
    """SHA-256 twice."""
    return hashlib.sha256(hashlib.sha256(data).digest()).digest()


def ripemd160(data: bytes) -> bytes:
    return _ripemd160(data)


def hash160(data: bytes) -> bytes:
    """RIPEMD-160 of SHA-256."""
    return ripemd160(sha256(data))


def sha3_256(data: bytes) -> bytes:
    """SHA3-256 of FIPS 202."""
    return hashlib.sha3_256(data).digest()


def blake2b(data: bytes, size: int, person: bytes = b"") -> bytes:
    """BLAKE2b (RFC 7693) with a digest of `size` bytes."""
    return hashlib.blake2b(data, digest_size=size, person=person).digest()


def sha512_256(data: bytes) -> bytes:
    """SHA-512/256 of FIPS 180-4."""
    from Crypto.Hash import SHA512  # starts a parser of C, a quarter of a second of every command

    return SHA512.new(data, truncate="256").digest()
