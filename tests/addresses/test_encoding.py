"""Encodings, against the vectors of their standards."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from porlake.encoding import base58, bech32, hashes, script, varint
from porlake.encoding.blake256 import blake256
from porlake.encoding.crc import crc16
from porlake.encoding.keccak import keccak256
from porlake.errors import InvalidAddress


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (keccak256(b""), "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
        (hashes.sha3_256(b""), "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a"),
        (hashes.ripemd160(b""), "9c1185a5c5e9fc54612808977ee8f548b2258d31"),
        (hashes.sha512_256(b"abc"), "53048e2681941ef99b2e29b76b4c7dabe4c2d0c634fc6d46e0e2f13107e7af23"),
        (blake256(b""), "716f6e863f744b9ac22c97ec7b76ea5f5908bc5b2f67c61510bfc4751384ea7a"),
        (blake256(bytes(72)), "d419bad32d504fb7d44d460c42c5593fe544fa4c135dec31e21bd9abdcc22d41"),
        (crc16(b"123456789").to_bytes(2, "big"), "31c3"),
    ],
)
def test_hashes_are_those_of_their_standards(found: bytes, wanted: str) -> None:
    assert found.hex() == wanted


@given(st.binary(min_size=1, max_size=80))
def test_base58_round_trips(data: bytes) -> None:
    assert base58.decode(base58.encode(data)) == data
    assert base58.decode_check(base58.encode_check(data, base58.RIPPLE), base58.RIPPLE) == data


@given(st.binary(min_size=2, max_size=40), st.integers(1, 16))
def test_segwit_round_trips(program: bytes, version: int) -> None:
    if version == 1 and len(program) != 32:
        return
    assert bech32.segwit(bech32.segwit_text("bc", version, program), "bc") == (version, program)


@pytest.mark.parametrize(
    "text",
    [
        "A12UEL5L",
        "a12uel5l",
        "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
        "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w",
    ],
)
def test_valid_bech32_of_bip_173(text: str) -> None:
    assert bech32.decode(text)[2] == bech32.BECH32


@pytest.mark.parametrize(
    "text",
    ["pzry9x0s0muk", "1pzry9x0s0muk", "x1b4n0q5v", "li1dgmt3", "A1G7SGD8", "10a06t8", "1qzzfhee", "a1\x7f", "A12UEl5l"],
)
def test_invalid_bech32_of_bip_173(text: str) -> None:
    with pytest.raises(InvalidAddress):
        bech32.decode(text)


@pytest.mark.parametrize(
    ("number", "wanted"),
    [
        (0, "00"),
        (252, "fc"),
        (253, "fdfd00"),
        (65_535, "fdffff"),
        (65_536, "fe00000100"),
        (2**32, "ff0000000001000000"),
    ],
)
def test_compact_sizes(number: int, wanted: str) -> None:
    assert varint.compact_size(number).hex() == wanted


KEY = b"\x02" + b"\x11" * 32


def test_a_multisig_script_names_threshold_and_keys() -> None:
    found = script.multisig(b"\x51" + b"\x21" + KEY + b"\x21" + KEY + b"\x52\xae")
    assert (found.threshold, found.keys) == (1, (KEY, KEY))


@pytest.mark.parametrize("count", [1, 15, 16, 17, 20])
def test_more_than_16_keys_are_counted_by_a_push(count: int) -> None:
    """OP_16 is the last opcode that is a number; the next ones, OP_NOP and what follows, are none."""
    keys = (b"\x21" + KEY) * count
    number = bytes([0x50 + count]) if count <= 16 else bytes([1, count])
    assert script.multisig(b"\x51" + keys + number + b"\xae").keys == (KEY,) * count
    assert script.multisig(number + keys + number + b"\xae").threshold == count
    for other in (
        bytes([1, count]) if count <= 16 else bytes([0x50 + count]),
        bytes([2, count, 0]),
        bytes([0x4C, 1, count]),
    ):
        for bad in (b"\x51" + keys + other + b"\xae", other + keys + number + b"\xae"):
            with pytest.raises(InvalidAddress):
                script.multisig(bad)


def test_21_keys_are_too_many() -> None:
    with pytest.raises(InvalidAddress):
        script.multisig(b"\x51" + (b"\x21" + KEY) * 21 + bytes([1, 21]) + b"\xae")


@pytest.mark.parametrize(
    "bad",
    [b"", b"\xae", b"\x51\x52\xae", b"\x53\x21" + KEY + b"\x51\xae", b"\x51\x21" + KEY + b"\x52\xae", b"\x51\x14" + bytes(20) + b"\x51\xae",
     b"\x51\x21" + KEY + b"\x51\xac", b"\x50\x21" + KEY + b"\x51\xae", b"\x51\x21" + KEY[:20] + b"\x51\xae"],
)  # fmt: skip
def test_any_other_script_is_refused(bad: bytes) -> None:
    with pytest.raises(InvalidAddress) as caught:
        script.multisig(bad)
    assert caught.value.code == "bad_script"
