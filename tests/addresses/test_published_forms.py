"""Older forms, lengths at their borders, and accounts of keys by what the chains' own papers and code print."""

from __future__ import annotations

import coincurve
import pytest

from porlake import addresses, registry
from porlake.addresses import cardano, conflux, descriptor, evm, nervos, sia, ss58, stacks, starknet
from porlake.encoding import bech32
from porlake.encoding.hashes import blake2b
from porlake.errors import InvalidAddress, NoRule

KEY = coincurve.PrivateKey(b"\1" * 32).public_key
SHORT = KEY.format()

NETWORKS = registry.load().networks.values()

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
        (8, 29, False),
        (8, 57, False),
    ],
)
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
    no_lock, one = map(
        bytes.fromhex,
        (
            "5187b7a8021bf4f2c004ea3a54cfece1754f11c7624d2363c7f4cf4fddd1441e",
            "b36010eb285c154a8cd63084acbe7eac0c4d625ab4e1a76e624a8798cb63497b",
        ),
    )
    key = bytes(range(32))
    leaf = blake2b(b"\0ed25519" + bytes(9) + b"\x20" + bytes(7) + key, 32)
    assert sia.from_public_key(key) == blake2b(b"\1" + blake2b(b"\1" + no_lock + leaf, 32) + one, 32)


@pytest.mark.parametrize(("size", "is_read"), [(-1, True), (0, True), (1, False)])
def test_a_descriptor_has_a_length_that_is_read(size: int, is_read: bool) -> None:
    text = "raw(" + "a" * (descriptor.LONGEST + size - 5) + ")"
    with pytest.raises((NoRule, InvalidAddress)) as caught:
        descriptor.read(text)
    assert caught.value.code == ("descriptor_raw" if is_read else "bad_descriptor")


def test_a_script_of_one_key() -> None:
    script = b"\x21" + SHORT + b"\xac"
    for wrap, form in (("sh({})", "p2sh"), ("wsh({})", "p2wsh"), ("sh(wsh({}))", "p2sh-p2wsh")):
        found = descriptor.read(wrap.format(f"pk({SHORT.hex()})"))
        assert (found.form, found.script) == (form, script)


@pytest.mark.parametrize("text", ["wsh(wpkh({}))", "wsh(wsh(pk({})))", "pkh(wpkh({}))"])
def test_what_is_nested_elsewhere_than_in_sh_has_no_rule(text: str) -> None:
    with pytest.raises((NoRule, InvalidAddress)):
        descriptor.read(text.format(SHORT.hex()))


@pytest.mark.parametrize(
    ("network", "prefix"),
    [
        ("polkadot", 0),
        ("polkadot_asset_hub", 0),
        ("kusama", 2),
        ("kusama_asset_hub", 2),
        ("shiden", 5),
        ("astar", 5),
        ("karura", 8),
        ("acala", 10),
        ("khala", 30),
        ("phala", 30),
        ("centrifuge", 36),
        ("clover", 42),
        ("avail", 42),
        ("enjin_relay", 1110),
        ("enjin", 2135),
    ],
)
def test_the_prefixes_are_those_of_the_ss58_registry(network: str, prefix: int) -> None:
    """https://github.com/paritytech/ss58-registry, and OKX's own for Clover and Avail."""
    key = bytes(range(32))
    assert ss58.decode(addresses.parse(network, ss58.encode(42, key)).text) == (prefix, key)
    assert set(ss58.PREFIX) == {row.network for row in NETWORKS if row.address_form == "ss58"}


@pytest.mark.parametrize(("version", "begins"), [(22, "SP"), (20, "SM"), (26, "ST"), (21, "SN")])
def test_a_stacks_account_is_a_key_or_a_script_of_the_main_network(version: int, begins: str) -> None:
    """SIP-5: P and M of the main network, T and N of test networks."""
    text = stacks.text_of(version, b"\7" * 20)
    assert text.startswith(begins)
    if version in (20, 22):
        found = stacks.parse(text, "stacks")
        assert (found.kind, found.text) == ("stacks_key" if version == 22 else "stacks_script", text)
    else:
        with pytest.raises(InvalidAddress, match="not of the main network"):
            stacks.parse(text, "stacks")


def test_classes_of_starknet_accounts_are_those_that_their_makers_print() -> None:
    """The wallets of Argent (its list of class hashes) and OKX: by another number no account of a key would be
    found.
    """
    proxy = 0x025EC026985A3BF9D0CC1FE17326B245DFDC3FF89B8FDE106542A3EA56C5A918
    behind = {
        "0.2.3": 0x033434AD846CDD5F23EB73FF09FE6FDDD568284A0FB7D1BE20EE482F044DABE2,
        "0.2.2": 0x03E327DE1C40540B98D05CBCB13552008E36F0EC8D61D46956D2F9752C294328,
        "0.2.1": 0x07E28FB0161D10D1CF7FE1F13E7CA57BCE062731A3BD04494DFD2D0412699727,
        "0.2.0": 0x01A7820094FEAF82D53F53F214B81292D717E7BB9A92BB2488092CD306F3993F,
    }
    argent = {name: found for name, found in starknet.PROXIED.items() if name.startswith("argent_")}
    assert argent == {f"argent_{version}": (proxy, number) for version, number in behind.items()}
    assert starknet.PROXIED["okx_cairo_0"] == (
        0x03530CC4759D78042F1B543BF797F5F3D647CDE0388C33734CF91B7F7B9314A9,
        0x0309C042D3729173C7F2F91A34F04D8C509C1B292D334679EF1AABF8DA0899CC,
    )
