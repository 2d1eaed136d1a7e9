"""Forms that are a name, a number or bytes in hex, base32 or base58: each taken at its length, refused beside it, and
held to bip_utils where it knows them.
"""

from __future__ import annotations

import pytest
from bip_utils import (
    AlgoAddrDecoder,
    AlgoAddrEncoder,
    NearAddrEncoder,
    SolAddrEncoder,
    XlmAddrDecoder,
    XlmAddrEncoder,
    XlmAddrTypes,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey

from porlake import addresses
from porlake.addresses import (
    _address,
    _hex32,
    algorand,
    eos,
    flow,
    hedera,
    kadena,
    near,
    opaque,
    solana,
    stellar,
    validator,
)
from porlake.encoding import base58
from porlake.errors import InvalidAddress

SEEDS = st.binary(min_size=32, max_size=32)


@settings(max_examples=25, deadline=None)
@given(SEEDS)
def test_bip_utils_writes_the_same_accounts_of_ed25519_keys(seed: bytes) -> None:
    key = bytes(SigningKey(seed).verify_key)
    for found, text in (
        (algorand.parse(AlgoAddrEncoder.EncodeKey(key), "algorand"), AlgoAddrEncoder.EncodeKey(key)),
        (solana.parse(SolAddrEncoder.EncodeKey(key), "solana"), SolAddrEncoder.EncodeKey(key)),
        (near.parse(NearAddrEncoder.EncodeKey(key), "near"), NearAddrEncoder.EncodeKey(key)),
        (
            stellar.parse(XlmAddrEncoder.EncodeKey(key, addr_type=XlmAddrTypes.PUB_KEY), "stellar"),
            XlmAddrEncoder.EncodeKey(key, addr_type=XlmAddrTypes.PUB_KEY),
        ),
    ):
        assert (found.payload, found.text) == (key, text)


@settings(max_examples=60, deadline=None)
@given(SEEDS, st.integers(0, 60), st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567abc1"))
def test_a_changed_letter_is_refused_by_both(seed: bytes, at: int, letter: str) -> None:
    key = bytes(SigningKey(seed).verify_key)

    def changed(text: str) -> str:
        return text[: at % len(text)] + letter + text[at % len(text) + 1 :]

    for text, read, other in (
        (AlgoAddrEncoder.EncodeKey(key), algorand.parse, AlgoAddrDecoder.DecodeAddr),
        (
            XlmAddrEncoder.EncodeKey(key, addr_type=XlmAddrTypes.PUB_KEY),
            stellar.parse,
            lambda text: XlmAddrDecoder.DecodeAddr(text, addr_type=XlmAddrTypes.PUB_KEY),
        ),
    ):
        if changed(text) == text:
            continue
        with pytest.raises(InvalidAddress):
            read(changed(text), "stellar")
        if at % len(text) < 57:  # Algorand's last letter has bits that bip_utils lets be anything
            with pytest.raises(ValueError):
                other(changed(text))


def test_a_stellar_seed_is_no_account() -> None:
    text = XlmAddrEncoder.EncodeKey(bytes(SigningKey(bytes(32)).verify_key), addr_type=XlmAddrTypes.PRIV_KEY)
    with pytest.raises(InvalidAddress) as caught:
        stellar.parse(text, "stellar")
    assert caught.value.code == "wrong_version"


@pytest.mark.parametrize(("size", "is_good"), [(31, False), (32, True), (33, False)])
def test_solana_accounts_have_32_bytes(size: int, is_good: bool) -> None:
    text = base58.encode(b"\1" * size)
    if is_good:
        assert solana.parse(text, "solana").payload == b"\1" * size
    else:
        with pytest.raises(InvalidAddress) as caught:
            solana.parse(text, "solana")
        assert caught.value.code == "bad_length"


GOOD_AND_BAD = [
    (eos.parse, "eos", ["a", "12345", "a.b", "abcdefghij12", ".....a"], ["", "a" * 13, "a.", "A", "a6", "a0", "a-b"]),
    (
        flow.parse,
        "flow",
        ["0x" + "1" * 16, "1" * 16, "AbCdEf0123456789"],
        ["0x" + "1" * 15, "0x" + "1" * 17, "0X" + "1" * 16],
    ),
    (
        near.parse,
        "near",
        ["ab", "a.b", "a-b_c.near", "f" * 64, "a" * 63, "g" * 64],
        ["a", "a" * 65, "a..b", "-a", "a-", "A.near"],
    ),
    (
        validator.parse,
        "ethereum_beacon",
        ["0x" + "aB" * 48],
        ["0x" + "a" * 95, "0x" + "a" * 97, "0x" + "aa" * 47, "aa" * 48],
    ),
    (
        kadena.parse,
        "kadena",
        ["k:" + "a" * 64, "abc", "w:x:keys-all", "n" * 200],
        ["k:" + "a" * 63, "k:" + "a" * 65, "k:" + "A" * 64, "ab"],
    ),
]


@pytest.mark.parametrize(
    ("read", "network", "good", "bad"), GOOD_AND_BAD, ids=lambda value: value if isinstance(value, str) else ""
)
def test_what_is_of_the_form_and_what_is_beside_it(read, network: str, good: list[str], bad: list[str]) -> None:  # type: ignore[no-untyped-def]
    for text in good:
        assert read(text, network).network == network
    for text in bad:
        with pytest.raises(InvalidAddress):
            read(text, network)


def test_kinds_by_spelling() -> None:
    assert near.parse("f" * 64, "near").kind == "implicit"
    assert near.parse("g" * 64, "near").kind == "named"
    assert kadena.parse("k:" + "a" * 64, "kadena").kind == "k"
    assert kadena.parse("abc", "kadena").kind == "named"
    texts = ("0.0.1", "0.0.01", "0.0." + "9" * 19, "0.0." + "9" * 20, "0.0")
    assert [hedera.parse(text, "hedera").kind for text in texts] == ["hedera", "alias", "hedera", "alias", "alias"]
    assert hedera.parse("0x" + "00" * 4 + "ab" * 16, "hedera").kind == "alias"
    assert flow.parse("ABCDEF0123456789", "flow").text == "0xabcdef0123456789"
    assert opaque.parse("Any-Text", "iost").payload == b"Any-Text"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.0.123-vfmkw", "0.0.123"),  # of HIP-15
        ("0.0.1-dfkxr", "0.0.1"),
        ("0.0.4-cjcuq", "0.0.4"),
        ("0x00000000000000000000000000000000000004d2", "0.0.1234"),
        ("00000000000000000000000000000000000004D2", "0.0.1234"),
    ],
)
def test_a_hedera_account_by_its_number_has_one_spelling(text: str, number: str) -> None:
    found = hedera.parse(text, "hedera")
    assert (found.text, found.kind, found.remark) == (number, "hedera", "spelled_otherwise")
    assert found.payload == hedera.parse(number, "hedera").payload


@pytest.mark.parametrize("text", ["0.0.123-vfmkx", "0.0.124-vfmkw", "0.0.123-esxsf"])  # the last: of the test network
def test_a_hedera_number_with_another_checksum_is_refused(text: str) -> None:
    with pytest.raises(InvalidAddress) as caught:
        hedera.parse(text, "hedera")
    assert caught.value.code == "bad_checksum"


@pytest.mark.parametrize(("digits", "is_good"), [(0, False), (1, True), (63, True), (64, True), (65, False)])
def test_leading_zeros_may_be_left_off(digits: int, is_good: bool) -> None:
    text = "0x" + "a" * digits
    if is_good:
        found = _hex32.parse(text, "aptos", "aptos")
        assert (found.text, len(found.payload)) == ("0x" + ("a" * digits).zfill(64), 32)
    else:
        with pytest.raises(InvalidAddress):
            _hex32.parse(text, "aptos", "aptos")


@pytest.mark.parametrize(("size", "is_good"), [(0, False), (1, True), (199, True), (200, True), (201, False)])
def test_an_address_has_1_to_200_characters(size: int, is_good: bool) -> None:
    if is_good:
        assert addresses.parse("iost", "x" * size).text == "x" * size
    else:
        with pytest.raises(InvalidAddress) as caught:
            addresses.parse("iost", "x" * size)
        assert caught.value.code == "address_bad_length"


def test_accounts_are_compared_without_the_remark_on_their_spelling() -> None:
    one = _address.Address("n", "t", b"p", "k", "spelled_otherwise")
    assert one == _address.Address("n", "t", b"p", "k")
    assert one != _address.Address("n", "t", b"q", "k", "spelled_otherwise")
