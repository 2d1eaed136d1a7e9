"""Extended keys: the standard's vectors, and the children that bip_utils derives."""

from __future__ import annotations

import pytest
from bip_utils import Bip32Slip10Secp256k1
from hypothesis import given, settings
from hypothesis import strategies as st

from porlake.encoding import base58, bip32
from porlake.errors import InvalidAddress

MASTER = (
    "xpub661MyMwAqRbcFW31YEwpkMuc5THy2PSt5bDMsktWQcFF8syAmRUapSCGu8ED9W6oDMSgv6Zz8idoc4a6mr8BDzTJY47LJhkJ8UB7WEGuduB"
)
PATHS = st.lists(st.integers(0, bip32.HARDENED - 1), min_size=1, max_size=3).map(tuple)


@settings(max_examples=15, deadline=None)
@given(PATHS)
def test_children_are_those_of_another_library(path: tuple[int, ...]) -> None:
    text = "/".join(map(str, path))
    found = bip32.child(MASTER, path)
    other = Bip32Slip10Secp256k1.FromExtendedKey(MASTER).DerivePath(f"m/{text}")
    assert found == other.PublicKey().RawCompressed().ToBytes()


def test_the_key_itself_has_the_empty_path() -> None:
    assert bip32.child(MASTER, ()) == base58.decode_check(MASTER)[45:]


@pytest.mark.parametrize("start", ["xpub", "ypub", "zpub", "Ltub", "Zpub"])
def test_public_versions_of_wallets_and_networks_are_known(start: str) -> None:
    versions = {"xpub": "0488b21e", "ypub": "049d7cb2", "zpub": "04b24746", "Ltub": "019da462", "Zpub": "02aa7ed3"}
    text = base58.encode_check(bytes.fromhex(versions[start]) + base58.decode_check(MASTER)[4:])
    assert text.startswith(start)
    assert bip32.child(text, (1,)) == bip32.child(MASTER, (1,))


@pytest.mark.parametrize(("step", "is_good"), [(-1, False), (0, True), (2**31 - 1, True), (2**31, False)])
def test_only_unhardened_steps_are_taken(step: int, is_good: bool) -> None:
    """bitcoinlib itself derives child 2^31 of a public key, and reads 0' as 0."""
    if is_good:
        assert len(bip32.child(MASTER, (step,))) == 33
        return
    with pytest.raises(InvalidAddress) as caught:
        bip32.child(MASTER, (step,))
    assert caught.value.code == "bad_path"


def with_depth(depth: int) -> str:
    raw = base58.decode_check(MASTER)
    return base58.encode_check(raw[:4] + bytes([depth, 1, 2, 3, 4]) + raw[9:])


@pytest.mark.parametrize(("depth", "is_good"), [(253, True), (254, True), (255, False)])
def test_a_key_at_the_deepest_level_has_no_children(depth: int, is_good: bool) -> None:
    if is_good:
        assert bip32.child(with_depth(depth), (0,)) == bip32.child(MASTER, (0,))
    else:
        with pytest.raises(InvalidAddress, match="depth 255"):
            bip32.child(with_depth(depth), (0,))


def changed(at: int, data: bytes) -> str:
    raw = base58.decode_check(MASTER)
    return base58.encode_check(raw[:at] + data + raw[at + len(data) :])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (MASTER[:-1] + "C", "bad_checksum"),  # bitcoinlib itself does not look at the checksum
        (MASTER[:40], "bad_checksum"),
        ("xpub0", "bad_base58"),
        ("", "bad_length"),
        (base58.encode_check(base58.decode_check(MASTER) + b"\0"), "bad_length"),
        (base58.encode_check(base58.decode_check(MASTER)[:-1]), "bad_length"),
        (changed(0, b"\0\0\0\0"), "bad_key"),
        (changed(0, bytes.fromhex("0488ade4")), "bad_key"),  # a private key's version before a public key
        (changed(45, b"\0"), "bad_key"),
        (changed(45, b"\4"), "bad_key"),
        (changed(46, bytes(31) + b"\5"), "bad_key"),  # no point has this x
        (changed(5, b"\0\0\0\1"), "bad_key"),
        (changed(9, b"\0\0\0\1"), "bad_key"),
    ],
)
def test_what_is_no_extended_public_key_is_refused(text: str, code: str) -> None:
    with pytest.raises(InvalidAddress) as caught:
        bip32.child(text, (0,))
    assert caught.value.code == code


def test_a_private_key_is_not_quoted() -> None:
    """The master key of the standard's first vector."""
    private = (
        "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqji"
        "ChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi"
    )
    for text in (private, private[:-1] + "j"):
        with pytest.raises(InvalidAddress) as caught:
            bip32.child(text, ())
        assert text[4:20] not in str(caught.value)
        assert caught.value.__cause__ is None
