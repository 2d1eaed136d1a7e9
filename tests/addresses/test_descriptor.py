"""Output descriptors: BitMEX's published ones, the standard's checksums, and the addresses that btclib makes."""

from __future__ import annotations

import random
import re
from pathlib import Path

import coincurve
import pytest
from btclib.script import serialize as btclib_serialize

from porlake.addresses import bitcoin, descriptor
from porlake.encoding import bip32
from porlake.errors import InvalidAddress, NoRule

SHARED = Path(__file__).resolve().parents[3] / "shared"
XPUB = "xpub661MyMwAqRbcFW31YEwpkMuc5THy2PSt5bDMsktWQcFF8syAmRUapSCGu8ED9W6oDMSgv6Zz8idoc4a6mr8BDzTJY47LJhkJ8UB7WEGuduB"


def key(seed: int) -> coincurve.PublicKey:
    return coincurve.PrivateKey(bytes([seed]) * 32).public_key


A, B, C = (key(seed).format().hex() for seed in (1, 2, 3))
LONG = key(1).format(compressed=False).hex()


def test_published_descriptors_make_the_addresses_beside_them() -> None:
    path = SHARED / "data/files/bitmex/20260908-reserves-966053-sample.yaml"
    if not path.exists():
        pytest.skip("the published files are not beside the project")
    rows = re.findall(r"addr: (\S+)\n(?:.*\n)*?  script: (\S+)", path.read_text())
    found = [(address, text) for address, text in rows if descriptor.is_meant(text)]
    assert len(found) == 3
    for address, text in found:
        assert descriptor.read(text).address("bitcoin").text == address
        assert descriptor.read(text.partition("#")[0]).address("bitcoin").text == address


@pytest.mark.parametrize(
    ("text", "form", "address"),
    [
        (f"pkh({A})", "p2pkh", bitcoin.p2pkh("bitcoin", bytes.fromhex(A))),
        (f"pkh({LONG})", "p2pkh", bitcoin.p2pkh("bitcoin", bytes.fromhex(LONG))),
        (f"wpkh([d34db33f/84h/0'/0H]{A})", "p2wpkh", bitcoin.p2wpkh("bitcoin", bytes.fromhex(A))),
        (f"sh(wpkh({A}))", "p2sh-p2wpkh", bitcoin.p2sh_p2wpkh("bitcoin", bytes.fromhex(A))),
        (f"wpkh({XPUB}/0/7)", "p2wpkh", bitcoin.p2wpkh("bitcoin", bip32.child(XPUB, (0, 7)))),
    ],
)
def test_single_keys(text: str, form: str, address: bitcoin.Address) -> None:
    found = descriptor.read(text)
    assert (found.form, found.address("bitcoin")) == (form, address)


def test_scripts_are_those_of_btclib() -> None:
    for text, keys in ((f"multi(2,{C},{A},{B})", [C, A, B]), (f"sortedmulti(2,{C},{A},{B})", sorted([C, A, B]))):
        script = btclib_serialize(["OP_2", *keys, "OP_3", "OP_CHECKMULTISIG"])
        for wrap, form, make in (
            ("sh({})", "p2sh", bitcoin.p2sh),
            ("wsh({})", "p2wsh", bitcoin.p2wsh),
            ("sh(wsh({}))", "p2sh-p2wsh", bitcoin.p2sh_p2wsh),
        ):
            found = descriptor.read(wrap.format(text))
            assert (found.form, found.script) == (form, script)
            assert found.address("bitcoin") == make("bitcoin", script)


def test_the_address_is_that_of_the_network() -> None:
    found = descriptor.read(f"wpkh({A})")
    assert found.address("litecoin").text.startswith("ltc1q")
    with pytest.raises(InvalidAddress) as caught:
        found.address("dogecoin")
    assert caught.value.code == "wrong_network"


@pytest.mark.parametrize(("count", "is_good"), [(1, True), (16, True), (17, True), (20, True), (21, False)])
def test_at_most_20_keys(count: int, is_good: bool) -> None:
    keys = ",".join([A] * count)
    if is_good:
        assert descriptor.read(f"wsh(multi({count},{keys}))").script.count(bytes.fromhex(A)) == count
    else:
        with pytest.raises(InvalidAddress):
            descriptor.read(f"wsh(multi(1,{keys}))")


@pytest.mark.parametrize(("count", "is_good"), [(14, True), (15, True), (16, False)])
def test_a_p2sh_script_has_at_most_520_bytes(count: int, is_good: bool) -> None:
    """15 compressed keys make 513 bytes, 16 make 547."""
    text = f"sh(multi(1,{','.join([A] * count)}))"
    if is_good:
        assert descriptor.read(text).form == "p2sh"
    else:
        with pytest.raises(InvalidAddress):
            descriptor.read(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"wpkh({A})#00000000", "bad_checksum"),
        (f"wpkh({A})#", "bad_checksum"),
        (f"wpkh({A}", "bad_descriptor"),
        (f"wpkh({A}))", "bad_descriptor"),
        (f"wpkh({LONG})", "bad_descriptor"),
        (f"wsh(multi(1,{LONG}))", "bad_descriptor"),
        (f"wsh(multi(0,{A}))", "bad_descriptor"),
        (f"wsh(multi(2,{A}))", "bad_descriptor"),
        (f"wsh(multi(01,{A}))", "bad_descriptor"),
        ("wsh(multi(1))", "bad_descriptor"),
        ("wpkh()", "bad_descriptor"),
        (f"wpkh({A}/0)", "bad_descriptor"),
        (f"wpkh({XPUB}/0h)", "bad_descriptor"),
        (f"wpkh({XPUB}/0'/1)", "bad_descriptor"),
        (f"wpkh({XPUB}/2147483648)", "bad_path"),
        (f"wpkh({XPUB[:-1]}C/0)", "bad_checksum"),
        (f"wpkh(02{'00' * 31}05)", "bad_key"),
        (f"pkh(04{'11' * 64})", "bad_key"),
        (f"wpkh({A})#é", "bad_checksum"),
        (f"é({A})#cjjspncu", "bad_descriptor"),
        ("wpkh(" + "0" * 4_000, "bad_descriptor"),
    ],
)
def test_what_is_no_descriptor_is_refused(text: str, code: str) -> None:
    with pytest.raises(InvalidAddress) as caught:
        descriptor.read(text)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"tr({A[2:]})", "descriptor_tr"),
        (f"wpkh({XPUB}/0/*)", "descriptor_range"),
        (f"wsh(and_v(v:pk({A}),older(10)))", "descriptor_and_v"),
        ("addr(1BoatSLRHtKNngkdXEeobR76b53LETtpyT)", "descriptor_addr"),
    ],
)
def test_what_has_no_rule_says_so(text: str, code: str) -> None:
    with pytest.raises(NoRule) as caught:
        descriptor.read(text)
    assert caught.value.code == code


def test_a_checksum_is_that_of_the_standard() -> None:
    """BIP-380's own example, and one of Bitcoin Core's documentation."""
    assert descriptor.checksum("raw(deadbeef)") == "89f8spxm"
    assert (
        descriptor.checksum(
            "wpkh([d34db33f/84h/0h/0h]0279be667ef9dcbbac55a06295Ce870b07029Bfcdb2dce28d959f2815b16f81798)"
        )
        == "qwlqgth7"
    )


def test_no_change_of_a_character_keeps_the_checksum() -> None:
    body, chance = f"wpkh({XPUB}/0/7)", random.Random(3)
    known = descriptor.checksum(body)
    for at in range(len(body)):
        letter = chance.choice([other for other in "0aZ/(" if other != body[at]])
        assert descriptor.checksum(body[:at] + letter + body[at + 1 :]) != known
