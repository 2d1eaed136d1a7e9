"""EIP-191, TRON, EOS and OKX's own scheme: what is signed, byte for byte, and the borders of each form."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from eth_account.messages import _hash_eip191_message, encode_defunct

from made_rows import _secp256k1 as made
from made_rows import eos as eos_rows
from porlake import ownership
from porlake.addresses import parse
from porlake.encoding.keccak import keccak256
from porlake.errors import InvalidSignature
from porlake.model import Evidence
from porlake.ownership import _accounts, _secp256k1, eip191, eos, okx_ecdsa, tron

Row = Callable[..., Evidence]
Keys = Callable[[str], Any]


@pytest.mark.parametrize("size", [0, 1, 9, 10, 11, 99, 100, 101, 1_000])
def test_the_personal_message_is_eth_accounts(size: int) -> None:
    text = "é" * (size % 7) + "x" * (size - 2 * (size % 7)) if size > 20 else "x" * size
    assert len(text.encode()) == size
    assert bytes(_hash_eip191_message(encode_defunct(text=text))) in eip191.RULES["htx_evm"].digests(text.encode())
    hashed = encode_defunct(primitive=keccak256(text.encode()))
    assert [bytes(_hash_eip191_message(hashed))] == list(eip191.RULES["okx_evm"].digests(text.encode()))


@pytest.mark.parametrize("size", [0, 9, 10, 11, 99, 100])
def test_trons_header_counts_the_bytes_in_v2_alone(size: int) -> None:
    text = b"x" * size
    head = b"\x19TRON Signed Message:\n"
    assert tron.v1(text)[1] == head + b"32" + keccak256(text)
    assert tron.v2(text)[1] == head + str(size).encode() + text
    assert [data for _, data in tron.htx_signed(text)] == [head + b"32" + text, tron.v1(text)[1]]


@pytest.mark.parametrize(
    ("v", "recovery", "flags"),
    [
        (0, 0, ("v_0_1",)), (1, 1, ("v_0_1",)), (2, None, ()), (26, None, ()), (27, 0, ()), (28, 1, ()),
        (29, 2, ("v_nonstandard",)), (30, 3, ("v_nonstandard",)), (31, 0, ("v_nonstandard",)),
        (34, 3, ("v_nonstandard",)), (35, None, ()), (255, None, ()),
    ],
)  # fmt: skip
def test_v_says_which_key_fits(v: int, recovery: int | None, flags: tuple[str, ...]) -> None:
    text = "0x" + "11" * 64 + f"{v:02x}"
    if recovery is None:
        with pytest.raises(InvalidSignature) as caught:
            _secp256k1.from_hex(text)
        assert caught.value.code == "signature_bad_v"
    else:
        found = _secp256k1.from_hex(text)
        assert (found.recovery, found.flags) == (recovery, flags)


@pytest.mark.parametrize(("by", "flags"), [(-1, ()), (0, ()), (1, ("high_s",))])
def test_s_over_half_of_the_order_is_flagged(by: int, flags: tuple[str, ...]) -> None:
    rs = bytes(32) + (_secp256k1.HALF_ORDER + by).to_bytes(32, "big")
    assert _secp256k1.signature(rs, 0).flags == flags


def test_an_owner_signs_in_his_column_of_an_eigenlayer_row_and_the_pod_does_not(row: Row, signer: Keys) -> None:
    validator, owner, pod = "0x" + "a1" * 48, signer("owner"), signer("pod")
    good = row("okx_evm", "ethereum_beacon", validator, owner.okx_evm(), owners=(owner.evm, pod.evm),
               holding=_accounts.EIGENLAYER)  # fmt: skip
    found = ownership.judge(good)
    assert (found.verdict, found.flags, found.signer) == ("owner_signed", ("owner2_is_eigenpod",), owner.evm)
    assert ownership.judge(replace(good, holding="wallet")).verdict == "malformed"
    assert ownership.judge(replace(good, owners=["", pod.evm])).reason == "no_owner"


# --- EOS --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("first", "is_good"), [(26, False), (27, True), (30, True), (31, True), (34, True), (35, False)]
)
def test_the_first_byte_of_an_eos_signature(first: int, is_good: bool) -> None:
    raw = bytes(range(1, 65)) + bytes([0])
    text = eos_rows.signature_text(raw, first)
    if is_good:
        assert eos._read(text).recovery == (first - 27) % 4
    else:
        with pytest.raises(InvalidSignature) as caught:
            eos._read(text)
        assert caught.value.code == "bad_header"


@pytest.mark.parametrize(("size", "code"), [(999, "bad_form"), (1_000, ""), (1_001, "bad_form")])
def test_two_stated_keys_take_1000_characters_at_most(size: int, code: str) -> None:
    chance = Random(3)
    one, two = (eos_rows.key_text(made.key(chance)) for _ in range(2))
    text = json.dumps({"publicKey1": one, "publicKey2": two})
    padded = "{" + " " * (size - len(text)) + text[1:] if size != 999 else "{" + "x" * 998
    assert len(padded) == size
    if code:
        with pytest.raises(InvalidSignature) as caught:
            eos._stated(padded)
        assert caught.value.code == code
    else:
        assert len(eos._stated(padded)) == 2


@pytest.mark.parametrize(("size", "code"), [(199, "bad_checksum"), (200, "bad_checksum"), (201, "bad_length")])
def test_a_key_or_signature_has_200_characters_of_base58_at_most(size: int, code: str) -> None:
    with pytest.raises(InvalidSignature) as caught:
        eos._checked("2" * size, b"")
    assert caught.value.code == code


# --- OKX's own --------------------------------------------------------------------------------------------------------
def test_the_header_and_the_text_are_counted() -> None:
    (tried,) = okx_ecdsa.digests("x" * 253)
    assert tried.signed == b"\x14OKX Signed Message:\n" + b"\xfd\xfd\x00" + b"x" * 253
    assert tried.digest == keccak256(tried.signed)
    assert [each.flags for each in okx_ecdsa.digests(" x")] == [(), ("message_trimmed",)]


def test_each_kind_of_account_is_proved_by_its_own_key_and_no_other(signer: Keys, row: Row) -> None:
    key, other = signer("a"), signer("b")
    for network, text in (
        ("filecoin", "f1abjxfbp274xpdqcpuaykwkfb43omjotacm2p3za"),
        ("oktc", key.evm),
    ):
        address = parse(network, text)
        (account,) = okx_ecdsa._accounts(address)
        assert account.of(key.short, key.long) != account.of(other.short, other.long)
        (tried,) = okx_ecdsa.digests("I am an OKX address")
        found = ownership.judge(row("okx_ecdsa", network, text, key.hex(tried.digest)))
        assert (found.verdict == "proven") == (account.of(key.short, key.long) == address.payload)
    assert found.verdict == "proven"
