"""Signed messages of the UTXO family whose script column holds an output descriptor."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from batches import judged
from porlake import ownership
from porlake.addresses import bitcoin
from porlake.encoding import bip32
from porlake.encoding.hashes import sha256d
from porlake.model import Evidence
from porlake.ownership import utxo

Row = Callable[..., Evidence]
Keys = Callable[[str], Any]
XPUB = "xpub661MyMwAqRbcFW31YEwpkMuc5THy2PSt5bDMsktWQcFF8syAmRUapSCGu8ED9W6oDMSgv6Zz8idoc4a6mr8BDzTJY47LJhkJ8UB7WEGuduB"


def told(row: Evidence) -> tuple[str, str, tuple[str, ...], str | None]:
    found = ownership.judge(row)
    return found.verdict, found.reason, found.flags, found.signer


@pytest.mark.parametrize("wrap", ["sh({})", "wsh({})", "sh(wsh({}))"])
@pytest.mark.parametrize("signers", ["ab", "ac", "a", "ax"])
def test_a_descriptor_is_judged_as_the_script_that_it_writes(
    row: Row, signer: Keys, multisig: Callable[..., bytes], wrap: str, signers: str
) -> None:
    keys = [signer(each).short for each in "abc"]
    script = multisig(2, *keys)
    make = {"sh({})": bitcoin.p2sh, "wsh({})": bitcoin.p2wsh, "sh(wsh({}))": bitcoin.p2sh_p2wsh}[wrap]
    signatures = [signer(each).compact() for each in signers]
    text = wrap.format(f"multi(2,{','.join(key.hex() for key in keys)})")
    plain = row("utxo", "bitcoin", make("bitcoin", script).text, *signatures, script=script.hex())
    written = replace(plain, key_or_script=text)
    assert told(written) == told(plain)
    assert (told(plain)[0] == "proven") == (signers in ("ab", "ac"))
    ((verdict, reason, flags, who, *_),) = judged([written])
    assert (verdict, reason, flags, who) == told(plain)


def test_a_descriptor_of_other_keys_is_not_the_script_of_the_address(
    row: Row, signer: Keys, multisig: Callable[..., bytes]
) -> None:
    keys = [signer(each).short for each in "abc"]
    address = bitcoin.p2wsh("bitcoin", multisig(2, *keys)).text
    signatures = [signer(each).compact() for each in "ab"]
    for text in (
        f"wsh(multi(1,{','.join(key.hex() for key in keys)}))",
        f"wsh(multi(2,{','.join(key.hex() for key in keys[::-1])}))",
    ):
        made = row("utxo", "bitcoin", address, *signatures, script=text)
        assert told(made) == ("invalid", "script_mismatch", (), None)


def test_a_single_keys_descriptor(row: Row, signer: Keys) -> None:
    a, b = signer("a"), signer("b")
    good = row("utxo", "bitcoin", a.p2pkh(), a.compact(), script=f"pkh({a.short.hex()})")
    assert told(good) == ("proven", "compressed", (), a.p2pkh())
    other = replace(good, key_or_script=f"pkh({b.short.hex()})")
    assert told(other) == ("proven", "compressed", ("key_field_unused",), a.p2pkh())


def test_a_child_of_an_extended_key_that_signs_nothing_proves_nothing(row: Row, signer: Keys) -> None:
    address = bitcoin.p2wpkh("bitcoin", bip32.child(XPUB, (0, 7))).text
    made = row("utxo", "bitcoin", address, signer("a").compact(), script=f"wpkh({XPUB}/0/7)")
    assert told(made)[:2] == ("invalid", "address_mismatch")


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("wsh(multi(2,{a},{b}))#00000000", "malformed script_bad_checksum"),
        ("wsh(multi(2,{a},{b})", "malformed script_bad_descriptor"),
        ("wsh(multi(2,{a},02" + "00" * 31 + "05))", "malformed script_bad_key"),
        ("wsh(multi(2,{a},xpub/2147483648))", "malformed script_bad_path"),
        ("wsh(multi(2,{a}," + XPUB + "/0/*))", "unsupported descriptor_range"),
        ("tr({a})", "unsupported descriptor_tr"),
    ],
)
def test_what_cannot_be_read_is_named(row: Row, signer: Keys, text: str, verdict: str) -> None:
    a, b = signer("a"), signer("b")
    address = bitcoin.p2wsh("bitcoin", b"\x51").text
    made = row("utxo", "bitcoin", address, a.compact(), b.compact(),
               script=text.replace("{a}", a.short.hex()).replace("{b}", b.short.hex()))  # fmt: skip
    found = ownership.judge(made)
    assert f"{found.verdict} {found.reason}" == verdict


def test_no_change_of_a_descriptor_raises_or_makes_a_script_of_another_address(
    row: Row, signer: Keys, multisig: Callable[..., bytes]
) -> None:
    chance, keys = random.Random(5), [signer(each).short for each in "abc"]
    text = f"wsh(sortedmulti(2,{','.join(key.hex() for key in keys)}))"
    script = multisig(2, *sorted(keys))
    good = row("utxo", "bitcoin", bitcoin.p2wsh("bitcoin", script).text, signer("a").compact(), signer("b").compact(),
               script=text)  # fmt: skip
    assert told(good)[0] == "proven"
    assert ownership.MODULES["utxo"] is utxo.judge
    for _ in range(300):
        at = chance.randrange(len(text))
        typed = text[:at] + chance.choice("0123456789abcdefgx/(),*#'") + text[at + chance.randrange(2) :]
        found = ownership.judge(replace(good, key_or_script=typed))
        if found.verdict == "proven":
            assert typed.lower() == text


# --- rows that nobody signed, where the script is shown ---------------------------------------------------------------
@pytest.mark.parametrize("wrap", ["sh({})", "wsh({})", "sh(wsh({}))"])
def test_a_script_that_is_shown_and_signed_by_nobody_shows_what_locks_the_coins_and_no_more(
    row: Row, signer: Keys, multisig: Callable[..., bytes], wrap: str
) -> None:
    keys = [signer(each).short for each in "abc"]
    script = multisig(2, *keys)
    make = {"sh({})": bitcoin.p2sh, "wsh({})": bitcoin.p2wsh, "sh(wsh({}))": bitcoin.p2sh_p2wsh}[wrap]
    text = wrap.format(f"multi(2,{','.join(key.hex() for key in keys)})")
    for shown in (text, script.hex()):
        made = row("utxo", "bitcoin", make("bitcoin", script).text, script=shown)
        assert told(made) == ("unsigned", "script_shown", ("multisig_2_of_3",), None)
        assert told(replace(made, signatures=["", ""])) == told(made)
        ((verdict, reason, flags, who, *_),) = judged([made])
        assert (verdict, reason, flags, who) == told(made)
        other = replace(made, address_published=make("bitcoin", multisig(1, *keys)).text)
        assert told(other) == ("unsigned", "script_mismatch", (), None)
        assert told(replace(made, message="", network=None))[:2] == ("unsigned", "unsigned")
        assert told(replace(made, address_published="bad"))[:2] == ("unsigned", "unsigned")
        assert told(replace(made, scheme="no_scheme"))[:2] == ("unsigned", "unsigned")


def test_a_key_that_is_shown(row: Row, signer: Keys) -> None:
    a, b = signer("a"), signer("b")
    for address, text in (
        (a.p2pkh(), a.short.hex()),
        (a.p2pkh(), f"pkh({a.short.hex()})"),
        (bitcoin.p2wpkh("bitcoin", a.short).text, f"wpkh({a.short.hex()})"),
        (bitcoin.p2wpkh("bitcoin", a.short).text, a.short.hex()),
        (bitcoin.p2wpkh("bitcoin", bip32.child(XPUB, (0, 7))).text, f"wpkh({XPUB}/0/7)"),
    ):
        made = row("utxo", "bitcoin", address, script=text)
        assert told(made) == ("unsigned", "script_shown", (), None)
        assert told(replace(made, address_published=b.p2pkh()))[1] == "script_mismatch"
    assert told(row("utxo", "bitcoin", a.p2pkh(), script=f"wpkh({a.short.hex()})"))[1] == "script_mismatch"
    assert told(row("utxo", "bitcoin", a.p2pkh(), script="04" * 33))[1] == "script_mismatch"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("wsh(multi(2,{a},{b}))#00000000", "script_bad_checksum"),
        ("wsh(multi(2,{a},{b})", "script_bad_descriptor"),
        ("wsh(multi(2,{a},02" + "00" * 31 + "05))", "script_bad_key"),
        ("wsh(multi(2,{a}," + XPUB + "/0/*))", "descriptor_range"),
        ("tr({a})", "descriptor_tr"),
        ("xyz", "script_bad_hex"),
    ],
)
def test_what_is_shown_and_cannot_be_read_is_named_and_stays_unsigned(
    row: Row, signer: Keys, text: str, reason: str
) -> None:
    shown = text.replace("{a}", signer("a").short.hex()).replace("{b}", signer("b").short.hex())
    made = row("utxo", "bitcoin", bitcoin.p2wsh("bitcoin", b"\x51").text, script=shown)
    assert told(made) == ("unsigned", reason, (), None)


# --- the first byte ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("header", [26, 27, 28, 30, 31, 34, 35, 36, 38, 39, 40, 42, 43])
def test_the_first_byte_says_of_which_address_a_key_is(row: Row, signer: Keys, header: int) -> None:
    """BIP-137: 27 to 34 P2PKH, and any other by wallets before it; 35 to 38 P2SH-P2WPKH; 39 to 42 P2WPKH."""
    a = signer("a")
    recovery = a.key.sign_recoverable(bitcoin_digest(), hasher=None)[64]
    nested = bitcoin.p2sh("bitcoin", b"\x00\x14" + bitcoin.key_hash("bitcoin", a.short)).text
    signature = of_first_byte(a, header)
    fits = (header - 27) % 4 == recovery
    for address, own, form in (
        (a.p2pkh(), range(27, 35), "compressed"),
        (nested, range(35, 39), "p2sh-p2wpkh"),
        (bitcoin.p2wpkh("bitcoin", a.short).text, range(39, 43), "p2wpkh"),
    ):
        verdict, reason, flags, _ = told(row("utxo", "bitcoin", address, signature))
        if not 27 <= header <= 42:
            assert (verdict, reason) == ("malformed", "signature_bad_header")
        elif header not in own and header > 34:
            assert (verdict, reason) == ("invalid", "signature_header_of_other_type")
        elif fits:
            assert (verdict, reason) == ("proven", form)
            assert ("loose_bip137" in flags) is (header not in own)
            assert ("header_compression_bit" in flags) is (form == "compressed" and header < 31)
        else:
            assert verdict == "invalid"
            assert reason != "signature_header_of_other_type"


def bitcoin_digest() -> bytes:
    text = b"I am an OKX address"
    return sha256d(b"\x18Bitcoin Signed Message:\n" + bytes([len(text)]) + text)


def of_first_byte(key: Any, header: int) -> str:
    raw = key.key.sign_recoverable(bitcoin_digest(), hasher=None)
    return base64.b64encode(bytes([header]) + raw[:64]).decode()


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("start", [27, 31, 35, 39])
def test_each_first_byte_of_four_fits_one_key(row: Row, signer: Keys, seed: int, start: int) -> None:
    """Whatever the recovery id, its byte is the start of the form and the id."""
    a = signer(f"seed {seed}")
    recovery = a.key.sign_recoverable(bitcoin_digest(), hasher=None)[64]
    nested = bitcoin.p2sh("bitcoin", b"\x00\x14" + bitcoin.key_hash("bitcoin", a.short)).text
    address = {27: a.p2pkh(), 31: a.p2pkh(), 35: nested, 39: bitcoin.p2wpkh("bitcoin", a.short).text}[start]
    for header in range(start, start + 4):
        verdict = told(row("utxo", "bitcoin", address, of_first_byte(a, header)))[0]
        assert (verdict == "proven") is (header == start + recovery)


@pytest.mark.parametrize(
    ("text", "is_hex"),
    [
        ("0x", True), ("0X12", True), ("a" * 129, False), ("a" * 130, True), ("F" * 130, True), ("a" * 131, False),
        ("a" * 129 + "g", False), ("a" * 88, False), ("", False),
    ],
)  # fmt: skip
def test_hex_is_told_from_base64_by_its_prefix_or_by_its_length_and_digits(text: str, is_hex: bool) -> None:
    assert utxo.is_hex(text) is is_hex
