"""Bech32, bech32m, segwit addresses and cash addresses: the standards' vectors, btclib and bip_utils."""

from __future__ import annotations

import pytest
from bip_utils import BchP2PKHAddrEncoder, SegwitBech32Decoder
from bip_utils.bech32 import Bech32ChecksumError
from btclib import b32
from btclib.exceptions import BTClibValueError
from hypothesis import given
from hypothesis import strategies as st

from porlake.encoding import bech32, hashes
from porlake.errors import InvalidAddress

PROGRAMS = st.one_of(
    st.tuples(st.just(0), st.binary(min_size=20, max_size=20) | st.binary(min_size=32, max_size=32)),
    st.tuples(st.just(1), st.binary(min_size=32, max_size=32)),
    st.tuples(st.integers(2, 16), st.binary(min_size=2, max_size=40)),
)


@given(PROGRAMS)
def test_btclib_writes_and_reads_the_same_segwit_addresses(made: tuple[int, bytes]) -> None:
    version, program = made
    text = bech32.segwit_text("bc", version, program)
    assert text == b32.address_from_witness(version, program, "mainnet")
    assert bech32.segwit(text, "bc") == (version, program)
    assert SegwitBech32Decoder.Decode("bc", text) == (version, program)


@given(PROGRAMS, st.integers(0, 80), st.sampled_from(bech32.CHARSET))
def test_a_changed_letter_is_refused_by_btclib_and_bip_utils_too(made: tuple[int, bytes], at: int, letter: str) -> None:
    text = bech32.segwit_text("bc", *made)
    at = 4 + at % (len(text) - 4)
    text = text[:at] + letter + text[at + 1 :]
    try:
        found = bech32.segwit(text, "bc")
    except InvalidAddress:
        with pytest.raises(BTClibValueError):
            b32.witness_from_address(text)
        with pytest.raises((Bech32ChecksumError, ValueError)):
            SegwitBech32Decoder.Decode("bc", text)
    else:
        assert found == b32.witness_from_address(text)[:2] == SegwitBech32Decoder.Decode("bc", text)


@pytest.mark.parametrize(
    ("version", "size", "is_good"),
    [
        (0, 19, False), (0, 20, True), (0, 21, False), (0, 31, False), (0, 32, True), (0, 33, False),
        (1, 2, False), (1, 31, False), (1, 32, True), (1, 33, False),
        (2, 1, False), (2, 2, True), (2, 3, True), (2, 39, True), (2, 40, True), (2, 41, False),
        (16, 32, True), (17, 32, False),
    ],
)  # fmt: skip
def test_programs_have_the_lengths_of_their_version(version: int, size: int, is_good: bool) -> None:
    text = bech32.encode("bc", [version, *bech32.pad(bytes(size))], bech32.BECH32M if version else bech32.BECH32)
    if is_good:
        assert bech32.segwit(text, "bc") == (version, bytes(size))
    else:
        with pytest.raises(InvalidAddress):
            bech32.segwit(text, "bc")


def test_pay_to_anchor_is_the_one_short_program_of_version_1() -> None:
    assert bech32.segwit("bc1pfeessrawgf", "bc") == (1, bech32.P2A)


@pytest.mark.parametrize(("size", "is_good"), [(89, True), (90, True), (91, False)])
def test_bech32_has_at_most_90_characters(size: int, is_good: bool) -> None:
    text = bech32.encode("a", [0] * (size - 8))
    assert len(text) == size
    if is_good:
        assert bech32.decode(text)[0] == "a"
    else:
        with pytest.raises(InvalidAddress):
            bech32.decode(text)


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


@given(st.binary(min_size=1, max_size=40))
def test_bytes_come_back_from_five_bit_values(data: bytes) -> None:
    assert bech32.regroup(bech32.pad(data), 5, 8, "text") == data


@given(st.integers(1, 2**256 - 1))
def test_bip_utils_writes_the_same_cash_address(number: int) -> None:
    import coincurve

    try:
        key = coincurve.PrivateKey(number.to_bytes(32, "big")).public_key.format()
    except ValueError:
        return
    text = BchP2PKHAddrEncoder.EncodeKey(key, hrp="bitcoincash", net_ver=b"\0")
    assert text == bech32.cash_encode("bitcoincash", 0, hashes.hash160(key))
    assert bech32.cash_decode(text, "bitcoincash") == bech32.cash_decode(text[12:], "bitcoincash")
    assert bech32.cash_decode(text, "bitcoincash") == (0, hashes.hash160(key))
