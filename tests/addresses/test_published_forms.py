"""Older forms, lengths at their borders, and accounts of keys by what the chains' own papers and code print."""

from __future__ import annotations

import coincurve
import pytest

from porlake.addresses import cardano, conflux, descriptor, evm, nervos, sia
from porlake.encoding import bech32
from porlake.encoding.hashes import blake2b
from porlake.errors import InvalidAddress, NoRule

KEY = coincurve.PrivateKey(b"\1" * 32).public_key
SHORT = KEY.format()

#: RFC 21 of Nervos: one account in the full form, in the deprecated full one and in the deprecated short one.
FULL = "ckb1qzda0cr08m85hc8jlnfp3zer7xulejywt49kt2rr0vthywaa50xwsqdnnw7qkdnnclfkg59uzn8umtfd2kwxceqxwquc4"
FULL_BEFORE = "ckb1qjda0cr08m85hc8jlnfp3zer7xulejywt49kt2rr0vthywaa50xw3vumhs9nvu786dj9p0q5elx66t24n3kxgj53qks"


def test_the_forms_of_a_lock_script_are_one_account() -> None:
    assert nervos.parse(FULL_BEFORE, "nervos").text == FULL
    lock = nervos.parse(FULL, "nervos").payload
    for form, hash_type in ((nervos.DATA, 0), (nervos.TYPE, 1)):
        text = bech32.encode_bytes("ckb", bytes([form]) + lock[:32] + lock[33:], bech32.BECH32)
        assert nervos.parse(text, "nervos").payload == lock[:32] + bytes([hash_type]) + lock[33:]


@pytest.mark.parametrize(("size", "is_good"), [(20, False), (21, True), (22, False)])
def test_the_short_form_holds_21_bytes(size: int, is_good: bool) -> None:
    text = bech32.encode_bytes("ckb", bytes([nervos.SHORT]) + bytes(size), bech32.BECH32)
    if is_good:
        assert nervos.parse(text, "nervos").kind == "ckb_key"
    else:
        with pytest.raises(InvalidAddress, match=f"{size} bytes, not 21"):
            nervos.parse(text, "nervos")


@pytest.mark.parametrize(("size", "is_good"), [(31, False), (32, True), (33, True)])
def test_a_lock_script_holds_a_code_hash_and_its_type(size: int, is_good: bool) -> None:
    text = bech32.encode_bytes("ckb", bytes([nervos.TYPE]) + bytes(size), bech32.BECH32)
    if is_good:
        assert nervos.parse(text, "nervos").payload == bytes(32) + b"\1" + bytes(size - 32)
    else:
        with pytest.raises(InvalidAddress):
            nervos.parse(text, "nervos")


@pytest.mark.parametrize(
    ("kind", "size", "is_good"),
    [
        *((kind, size, size == 57) for kind in (0, 1, 2, 3) for size in (56, 57, 58)),
        *((kind, size, size == 29) for kind in (6, 7) for size in (28, 29, 30)),
        *((kind, size, size >= 29) for kind in (4, 5) for size in (28, 29, 30, 40)),
        (8, 29, False), (8, 57, False),
    ],
)  # fmt: skip
def test_a_shelley_address_is_as_long_as_its_header_says(kind: int, size: int, is_good: bool) -> None:
    """CIP-19: two hashes, one, or one and a pointer."""
    text = bech32.encode_bytes("addr", bytes([kind << 4 | 1]) + bytes(size - 1), bech32.BECH32)
    if is_good:
        assert cardano.parse(text, "cardano").kind == f"shelley_{kind}"
    else:
        with pytest.raises(InvalidAddress):
            cardano.parse(text, "cardano")


def test_a_conflux_account_is_ethereums_with_a_1_in_front() -> None:
    for secret in range(1, 20):
        long = coincurve.PrivateKey(bytes([secret]) * 32).public_key.format(compressed=False)
        assert conflux.from_public_key(long).hex() == "1" + evm.from_public_key(long).hex()[1:]


def test_an_unlock_hash_has_the_leaves_that_sias_core_prints() -> None:
    """go.sia.tech/core, types: hashes of the leaves of no time lock and of one signature."""
    no_lock, one = map(bytes.fromhex, (
        "5187b7a8021bf4f2c004ea3a54cfece1754f11c7624d2363c7f4cf4fddd1441e",
        "b36010eb285c154a8cd63084acbe7eac0c4d625ab4e1a76e624a8798cb63497b",
    ))  # fmt: skip
    key = bytes(range(32))
    leaf = blake2b(b"\0ed25519" + bytes(9) + b"\x20" + bytes(7) + key, 32)
    assert sia.from_public_key(key) == blake2b(b"\1" + blake2b(b"\1" + no_lock + leaf, 32) + one, 32)


@pytest.mark.parametrize(("size", "is_read"), [(-1, True), (0, True), (1, False)])
def test_a_descriptor_has_a_length_that_is_read(size: int, is_read: bool) -> None:
    text = "raw(" + "a" * (descriptor.LONGEST + size - 5) + ")"
    with pytest.raises((NoRule, InvalidAddress)) as caught:
        descriptor.parse(text)
    assert caught.value.code == ("descriptor_raw" if is_read else "bad_descriptor")


def test_a_script_of_one_key() -> None:
    script = b"\x21" + SHORT + b"\xac"
    for wrap, form in (("sh({})", "p2sh"), ("wsh({})", "p2wsh"), ("sh(wsh({}))", "p2sh-p2wsh")):
        found = descriptor.parse(wrap.format(f"pk({SHORT.hex()})"))
        assert (found.form, found.script) == (form, script)


@pytest.mark.parametrize("text", ["wsh(wpkh({}))", "wsh(wsh(pk({})))", "pkh(wpkh({}))"])
def test_what_is_nested_elsewhere_than_in_sh_has_no_rule(text: str) -> None:
    with pytest.raises((NoRule, InvalidAddress)):
        descriptor.parse(text.format(SHORT.hex()))
