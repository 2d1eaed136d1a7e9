"""Hashes, against vectors of their standards and other libraries."""

from __future__ import annotations

import hashlib

import pytest
from btclib.hashes import hash160 as btclib_hash160
from Crypto.Hash import RIPEMD160, keccak
from hypothesis import given
from hypothesis import strategies as st

from porlake.encoding import hashes
from porlake.encoding.blake256 import blake256
from porlake.encoding.crc import crc16
from porlake.encoding.keccak import keccak256


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (keccak256(b""), "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
        (hashes.sha3_256(b""), "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a"),
        (hashes.ripemd160(b""), "9c1185a5c5e9fc54612808977ee8f548b2258d31"),
        (hashes.sha512_256(b"abc"), "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"),
        (crc16(b"123456789").to_bytes(2, "big"), "31c3"),
    ],
)
def test_hashes_are_those_of_their_standards(found: bytes, wanted: str) -> None:
    assert found.hex() == wanted


@given(st.binary(max_size=300))
def test_other_libraries_hash_alike(data: bytes) -> None:
    assert keccak256(data) == keccak.new(digest_bits=256, data=data).digest()
    assert hashes.ripemd160(data) == RIPEMD160.new(data).digest()
    assert hashes.hash160(data) == btclib_hash160(data)
    assert hashes.sha256d(data) == hashlib.sha256(hashlib.sha256(data).digest()).digest()
    assert hashes.blake2b(data, 20) == hashlib.blake2b(data, digest_size=20).digest()


def test_ripemd_is_the_same_with_and_without_openssls(monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking(*args: object, **more: object) -> None:
        raise ValueError("unsupported hash type")

    wanted = hashes.ripemd160(b"abc")
    monkeypatch.setattr(hashlib, "new", lacking)
    assert hashes._ripemd160_of_this_machine()(b"abc") == wanted


@pytest.mark.parametrize(
    ("size", "wanted"),
    [
        (0, "716f6e863f744b9ac22c97ec7b76ea5f5908bc5b2f67c61510bfc4751384ea7a"),
        (72, "d419bad32d504fb7d44d460c42c5593fe544fa4c135dec31e21bd9abdcc22d41"),
    ],
)
def test_blake256_of_zeros_is_that_of_the_paper(size: int, wanted: str) -> None:
    assert blake256(bytes(size)).hex() == wanted


@pytest.mark.parametrize("size", [54, 55, 56, 63, 64, 65, 111, 112, 119, 120, 128])
def test_blake256_differs_at_every_border_of_its_padding(size: int) -> None:
    """A message of 55 bytes is padded within its block, one of 56 takes a second, which counts no bit of it."""
    near = {blake256(bytes(size + by)) for by in (-1, 0, 1)} | {blake256(bytes(size - 1) + b"\1")}
    assert len(near) == 4
