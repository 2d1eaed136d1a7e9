"""Addresses: decoded, never matched by their looks; one account has one spelling."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import coincurve
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porlake import addresses, registry
from porlake.addresses import aelf, aptos, ark, bech32, bitcoin, conflux, evm, filecoin, icon, nervos, nuls, ss58, stacks, sui, tezos, ton, tron, xrp
from porlake.encoding import base58, keys
from porlake.errors import InvalidAddress

SHARED = Path(__file__).resolve().parents[3] / "shared"
PUBLISHED = json.loads((Path(__file__).parent / "published.json").read_text())
CHECKED = {
    "bitcoin",
    "cashaddr",
    "tron",
    "bech32",
    "ss58",
    "stellar",
    "ton",
    "xrp",
    "algorand",
    "tezos",
    "aelf",
    "conflux",
    "filecoin",
    "stacks",
    "cardano",
    "ark",
    "nervos",
}

KEY = coincurve.PrivateKey(bytes([7]) * 32).public_key
SHORT, LONG = KEY.format(), KEY.format(compressed=False)


def form(network: str) -> str:
    return registry.load().networks[network].address_form


@pytest.mark.parametrize("case", PUBLISHED, ids=lambda case: f"{case['network']}-{case['kind']}")
def test_a_published_address_has_its_canonical_spelling(case: dict[str, str]) -> None:
    address = addresses.parse(case["network"], case["published"])
    assert (address.text, address.kind) == (case["canonical"], case["kind"])
    assert addresses.parse(case["network"], address.text) == address


def test_every_form_has_a_published_address() -> None:
    assert {form(case["network"]) for case in PUBLISHED} == set(addresses.FORMS)


@pytest.mark.parametrize(
    "case",
    [case for case in PUBLISHED if form(case["network"]) in CHECKED and case["published"][:2] not in ("0x", "0:", "f0")],
    ids=lambda case: case["network"],
)
def test_no_changed_character_passes(case: dict[str, str]) -> None:
    """A checksum that is decoded catches every single change; an account that is only spelled otherwise stays the same account."""
    address, text = addresses.parse(case["network"], case["published"]), case["published"]
    for at in range(len(text)):
        for letter in "1zQ":
            changed = text[:at] + letter + text[at + 1 :]
            try:
                other = addresses.parse(case["network"], changed)
            except InvalidAddress as error:
                assert error.code in addresses.CODES
            else:
                assert other.payload == address.payload, changed


@pytest.mark.parametrize(
    ("network", "text", "code"),
    [
        ("bitcoin", "any-text-at-all", "bad_base58"),
        ("bitcoin", "1BoatSLRHtKNngkdXEeobR76b53LETtpyV", "bad_checksum"),
        ("bitcoin", "D5pEGvkXCshCshX5wWbKTHVC2oXtGQrSbTj", "bad_checksum"),
        ("bitcoin", "DDTtqnuZ5kfRT5qh2c7sNtqrJmV3iXYdGG", "wrong_version"),
        ("bitcoin", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", "bad_checksum"),
        ("bitcoin", "BC1SW50QA3JX3S", "bad_checksum"),
        ("bitcoin", "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7k7grplx", "length"),
        ("bitcoin", "bc1qW508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "bad_bech32"),
        ("bitcoin", "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", "bad_base58"),
        ("dogecoin", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "bad_base58"),
        ("ethereum", "not an address", "bad_address"),
        ("ethereum", "not-an-address", "bad_address"),
        ("ethereum", "0x1234", "length"),
        ("ethereum_beacon", "0x" + "ab" * 49, "length"),
        ("ethereum_beacon", "zz", "bad_hex"),
        ("tron", "0x" + "11" * 20, "bad_base58"),
        ("algorand", "any-text-at-all", "bad_base32"),
        ("eos", "any-text-at-all", "bad_address"),
        ("hedera", "any-text-at-all", "bad_address"),
        ("starknet", "0x" + "f" * 64, "bad_address"),
        ("aptos", "327d", "bad_hex"),
        ("cosmos_hub", "terra1hf7afhf4y6wlxqvr7lx4pmct5gunczmnh9emsg", "wrong_network"),
        ("nuls", "tNULSd", "wrong_network"),
        ("bitcoin", "", "length"),
        ("bitcoin", "1" * 10_000_000, "length"),
        ("aelf", "1 2", "bad_address"),
        ("ark", "1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu", "wrong_version"),
        ("ark", "any-text-at-all", "bad_base58"),
        ("nervos", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "wrong_network"),
        ("nervos", "ckb1qyqt8xaupvm8837nv3gtc9x0ekkj64vud3jqfwyw5q", "bad_checksum"),
        ("flow", "0x4f45575f29f5dff", "bad_address"),
        ("conflux", "0x" + "2" * 40, "wrong_version"),
        ("litecoin", "ltcmweb1qqexample", "bad_checksum"),
    ],
)  # fmt: skip
def test_a_bad_address_says_what_is_wrong(network: str, text: str, code: str) -> None:
    with pytest.raises(InvalidAddress) as caught:
        addresses.parse(network, text)
    assert caught.value.code == code
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("text", "kind", "script"),
    [
        ("BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "p2wpkh", "0014751e76e8199196d454941c45d1b3a323f1433bd6"),
        ("bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y", "", ""),
        (
            "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
            "p2tr",
            "512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
        ),
        ("BC1SW50QGDZ25J", "witness_v16", "6002751e"),
        ("1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "p2pkh", "76a91477bff20c60e522dfaa3350c39b030a5d004e839a88ac"),
        ("3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", "p2sh", "a914b472a266d0bd89c13706a4132ccfb16f7c3b9fcb87"),
    ],
)
def test_scripts_of_bip_173_and_350(text: str, kind: str, script: str) -> None:
    if not kind:
        with pytest.raises(InvalidAddress):
            addresses.parse("bitcoin", text)
        return
    address = addresses.parse("bitcoin", text)
    assert (address.kind, bitcoin.script(address).hex()) == (kind, script)


@pytest.mark.parametrize(
    ("network", "one", "other"),
    [
        (
            "litecoin",
            "MH7Qru4KFC6tLSiSq7bTWUDyiXERwzdqKp",
            base58.encode_check(b"\x05" + base58.decode_check("MH7Qru4KFC6tLSiSq7bTWUDyiXERwzdqKp")[1:]),
        ),
        ("bitcoin_cash", "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a", "1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu"),
        ("bitcoin_cash", "qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a", "BITCOINCASH:QPM2QSZNHKS23Z7629MMS6S4CWEF74VCWVY22GDX6A"),
        ("ethereum", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "5AAEB6053f3e94c9b9a09f33669435e7ef1beaed"),
        ("tron", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "41a614f803b6fd780986a42c78ec9c7f77e6ded13c"),
        ("aptos", "0x1", "0x" + "1".zfill(64)),
        ("polkadot", "15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5", "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"),
        ("conflux", "cfx:aameksd3gwvmtduc861ym2uzkfaawu9566k0jnte55", "CFX:TYPE.USER:AAMEKSD3GWVMTDUC861YM2UZKFAAWU9566K0JNTE55"),
        ("filecoin", "f410fa7sh5u6fvd7vt625dx2akhbu3jt7yvkhgdp55ki", "0x07e47ed3c5a8ff59fb5d1df4051c34da67fc5547"),
        (
            "nervos",
            "ckb1qyqt8xaupvm8837nv3gtc9x0ekkj64vud3jqfwyw5v",
            "ckb1qzda0cr08m85hc8jlnfp3zer7xulejywt49kt2rr0vthywaa50xwsqdnnw7qkdnnclfkg59uzn8umtfd2kwxceqxwquc4",
        ),
        ("flow", "0x4f45575f29f5dffb", "4F45575F29F5DFFB"),
        ("aelf", "21Te3eubq6Yc7kv2FzVUvBLiyQnTZVe7nXodvexsKSZYBeoYuR", "ELF_21Te3eubq6Yc7kv2FzVUvBLiyQnTZVe7nXodvexsKSZYBeoYuR_AELF"),
    ],
)
def test_two_spellings_are_one_account(network: str, one: str, other: str) -> None:
    try:
        first = addresses.parse(network, one)
    except InvalidAddress:
        pytest.fail(f"{one} is a good address")
    second = addresses.parse(network, other)
    assert (first.text, first.payload) == (second.text, second.payload)


def test_a_base58_address_may_begin_as_bech32_does() -> None:
    assert addresses.parse("qtum", "Qc1G6fPPstFKCQaiE3z83qEagSfu1SistC").kind == "p2pkh"


def test_eip_55_is_told_and_refuses_nothing() -> None:
    assert evm.checksum_holds("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")
    assert evm.checksum_holds("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed")
    assert not evm.checksum_holds("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed")


def test_an_address_derived_from_a_key_is_read_back_as_that_account() -> None:
    account = evm.from_public_key(LONG)
    derived = [
        bitcoin.p2pkh("bitcoin", SHORT), bitcoin.p2pkh("dogecoin", LONG), bitcoin.p2wpkh("litecoin", SHORT), bitcoin.p2sh_p2wpkh("bitcoin", SHORT),
        bitcoin.p2wsh("bitcoin", b"script"), bitcoin.p2sh_p2wsh("bitcoin", b"script"), bitcoin.p2pkh("decred", SHORT), bitcoin.p2pkh("zcash", SHORT),
        evm.of("ethereum", account), tron.of("tron", account), bech32.of("cosmos_hub", bech32.from_public_key(SHORT)), bech32.of("harmony", account),
        ton.of("ton", 0, bytes(32)),
    ]  # fmt: skip
    assert all(addresses.parse(address.network, address.text) == address for address in derived)


@pytest.mark.parametrize(
    ("derive", "length"),
    [(conflux.from_public_key, 20), (filecoin.from_public_key, 21), (aelf.from_public_key, 32), (icon.from_public_key, 20),
     (stacks.from_public_key, 20), (nuls.from_public_key, 21), (xrp.from_public_key, 20), (aptos.from_public_key, 32), (sui.from_public_key, 32),
     (tezos.from_public_key, 23)],
)  # fmt: skip
def test_a_derivation_gives_a_whole_account(derive: object, length: int) -> None:
    assert len(derive(LONG)) == length  # type: ignore[operator]


def test_keys_of_published_accounts_make_them() -> None:
    """The keys that the documents of the networks give beside their addresses."""
    ckb, own = (
        bytes.fromhex("024a501efd328e062c8675f2365970728c859c592beeefd6be8ead3d901330bc01"),
        addresses.parse("nervos", "ckb1qyqrdsefa43s6m882pcj53m4gdnj4k440axqdt9rtd"),
    )
    assert (own.payload, own.kind) == (nervos.from_public_key(ckb), "ckb_key")
    passphrase = bytes.fromhex("034151a3ec46b5670a682b0a63394f863587d1bc97483b1b6c70eb58e7f0aed192")
    assert addresses.parse("ark", "AGeYmgbg2LgGxRW2vNNJvQ88PknEJsYizC").payload == ark.from_public_key(passphrase)


def test_a_key_that_is_no_point_is_refused() -> None:
    assert keys.uncompressed(SHORT) == LONG
    assert keys.compressed(LONG) == SHORT
    with pytest.raises(InvalidAddress):
        keys.compressed(b"\x02" + bytes(32))


@given(st.sampled_from(sorted(registry.load().networks)), st.text(max_size=120) | st.text("0123456789abcdefx", max_size=80))
@settings(max_examples=600, deadline=None)
def test_no_text_raises_anything_but_invalid_address(network: str, text: str) -> None:
    try:
        address = addresses.parse(network, text)
    except InvalidAddress as error:
        assert error.code in addresses.CODES
    else:
        assert addresses.parse(network, address.text) == address


@given(st.integers(0, 16_383), st.binary(min_size=32, max_size=32))
def test_ss58_round_trips_under_every_prefix(prefix: int, key: bytes) -> None:
    assert ss58.decode(ss58.encode(prefix, key)) == (prefix, key)


def test_four_thousand_published_addresses_are_read() -> None:
    path = SHARED / "data/addresses/cex_addresses.csv"
    if not path.exists():
        pytest.skip("the published list is not beside the project")
    known, refused = registry.load().networks, []
    with path.open(encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["network"] in known]
    for row in rows:
        try:
            addresses.parse(row["network"], row["address"])
        except InvalidAddress:
            refused.append((row["network"], row["address"][:4]))
    assert len(rows) > 3_500
    assert set(refused) <= {("lisk", "lsko"), ("lisk", "lskq"), ("lisk", "lskw")}  # of Lisk's own chain, before it became an EVM network
