"""Addresses: decoded, never matched by their looks; one account has one spelling."""

from __future__ import annotations

import base64
import csv
import json
from pathlib import Path

import coincurve
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porlake import addresses, registry
from porlake.addresses import (
    aelf,
    aptos,
    ark,
    bech32,
    bitcoin,
    canton,
    cardano,
    casper,
    conflux,
    evm,
    filecoin,
    icon,
    icp,
    iota,
    lisk,
    nervos,
    nuls,
    pocket,
    sia,
    ss58,
    stacks,
    starknet,
    sui,
    tezos,
    ton,
    tron,
    xrp,
)
from porlake.encoding import base58, keys
from porlake.encoding.crc import crc16
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
    "kaspa",
    "nervos",
    "sia",
    "icp",
    "lisk",
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
    [
        case
        for case in PUBLISHED
        if form(case["network"]) in CHECKED and case["published"][:2] not in ("0x", "0:", "f0")
    ],
    ids=lambda case: case["network"],
)
def test_no_changed_character_passes(case: dict[str, str]) -> None:
    """A checksum that is decoded catches every single change; an account that is only spelled otherwise stays the same
    account.
    """
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


def _friendly(workchain: int) -> str:
    data = b"\x11" + workchain.to_bytes(1, "big", signed=True) + b"\x5a" * 32
    return base64.urlsafe_b64encode(data + crc16(data).to_bytes(2, "big")).decode()


@pytest.mark.parametrize("workchain", [-1, 0])
def test_ton_has_two_workchains(workchain: int) -> None:
    assert addresses.parse("ton", _friendly(workchain)) == addresses.parse("ton", f"{workchain}:{'5a' * 32}")


@pytest.mark.parametrize(
    ("network", "text", "code"),
    [
        ("bitcoin", "any-text-at-all", "bad_base58"),
        ("bitcoin", "1BoatSLRHtKNngkdXEeobR76b53LETtpyV", "bad_checksum"),
        ("bitcoin", "D5pEGvkXCshCshX5wWbKTHVC2oXtGQrSbTj", "bad_checksum"),
        ("bitcoin", "DDTtqnuZ5kfRT5qh2c7sNtqrJmV3iXYdGG", "wrong_version"),
        ("bitcoin", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", "bad_checksum"),
        ("bitcoin", "BC1SW50QA3JX3S", "bad_checksum"),
        ("bitcoin", "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7k7grplx", "bad_length"),
        ("bitcoin", "bc1qW508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "bad_bech32"),
        ("bitcoin", "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", "bad_base58"),
        ("dogecoin", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "bad_base58"),
        ("ethereum", "not an address", "bad_form"),
        ("ethereum", "not-an-address", "bad_form"),
        ("ethereum", "0x1234", "bad_length"),
        ("ethereum_beacon", "0x" + "ab" * 49, "bad_length"),
        ("ethereum_beacon", "zz", "bad_hex"),
        ("tron", "0x" + "11" * 20, "bad_base58"),
        ("algorand", "any-text-at-all", "bad_base32"),
        ("eos", "any-text-at-all", "bad_form"),
        ("sia", "0" * 64 + "89eb0d6a8a68", "bad_checksum"),
        ("sia", "0" * 76 + "00", "bad_length"),
        ("sia", "any-text-at-all", "bad_hex"),
        ("icp", "6463450788218283a2959d7cf4e1bfbaf422753e5c4596b593ed9d3f4cf20498", "bad_checksum"),
        ("icp", "6463", "bad_length"),
        ("icp", "any-text-at-all", "bad_hex"),
        ("icp", "ryjl3-tyaaa-aaaaa-aaaba-cqi", "bad_checksum"),
        ("icp", "ryjl3-tyaaa-aaaaa-aaaba-caj", "bad_base32"),
        ("lisk_legacy", "lskqov47at3sqaaf9bg38kymku92rcdax7refhpkl", "bad_base32"),
        ("lisk_legacy", "lskqov47at3sqaaf9bg38kymku92rcdax7refhpk4", "bad_checksum"),
        ("klayr", "lskqov47at3sqaaf9bg38kymku92rcdax7refhpk3", "wrong_network"),
        ("lisk_legacy", "18446744073709551616L", "bad_form"),
        ("iota", "iota1qrhacyfwlcnzkvzteumekfkrrwks98mpdm37cj4xx3drvmjvnep6xqgyzyy", "bad_checksum"),
        ("casper", "03" + "a" * 66, "bad_length"),
        ("casper", "any-text-at-all", "bad_hex"),
        ("kadena", "k:" + "A" * 64, "bad_hex"),
        ("pocket", "any-text-at-all", "bad_hex"),
        ("pocket", "aa", "bad_length"),
        ("ton", f"1:{'5a' * 32}", "bad_workchain"),
        ("ton", f"-2:{'5a' * 32}", "bad_workchain"),
        ("ton", f"00:{'5a' * 32}", "bad_form"),
        ("ton", _friendly(1), "bad_workchain"),
        ("ton", _friendly(-2), "bad_workchain"),
        ("venom", f"1:{'5a' * 32}", "bad_workchain"),
        ("canton", "DSO::1221" + "a" * 64, "bad_form"),
        ("starknet", "0x" + "f" * 64, "bad_form"),
        ("aptos", "327d", "bad_hex"),
        ("cosmos_hub", "terra1hf7afhf4y6wlxqvr7lx4pmct5gunczmnh9emsg", "wrong_network"),
        ("nuls", "tNULSd", "wrong_network"),
        ("bitcoin", "", "bad_length"),
        ("bitcoin", "1" * 10_000_000, "bad_length"),
        ("aelf", "1 2", "bad_form"),
        ("ark", "1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu", "wrong_version"),
        ("ark", "any-text-at-all", "bad_base58"),
        ("nervos", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "wrong_network"),
        ("nervos", "ckb1qyqt8xaupvm8837nv3gtc9x0ekkj64vud3jqfwyw5q", "bad_checksum"),
        ("flow", "0x4f45575f29f5dff", "bad_form"),
        ("conflux", "0x" + "2" * 40, "wrong_version"),
        ("litecoin", "ltcmweb1qqexample", "bad_checksum"),
    ],
)  # fmt: skip
def test_a_bad_address_says_what_is_wrong(network: str, text: str, code: str) -> None:
    with pytest.raises(InvalidAddress) as caught:
        addresses.parse(network, text)
    assert caught.value.code == f"address_{code}"
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("network", "text", "canonical", "remark"),
    [
        ("bitcoin", "bc1pfeessrawgf", "bc1pfeessrawgf", "anyone_can_spend"),
        ("bitcoin", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", ""),
        (
            "bitcoin",
            "Bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
            "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
            "spelled_otherwise",
        ),
        (
            "bitcoin",
            "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
            "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
            "spelled_otherwise",
        ),
        (
            "multiversx",
            "Erd1a56dkgcpwwx6grmcvw9w5vpf9zeq53w3w7n6dmxcpxjry3l7uh2s3h9dtr",
            "erd1a56dkgcpwwx6grmcvw9w5vpf9zeq53w3w7n6dmxcpxjry3l7uh2s3h9dtr",
            "spelled_otherwise",
        ),
        (
            "terra",
            "Terra1t0an4m6t47rp3mj57rdfzw6dpd3lw8erxjppgw",
            "terra1t0an4m6t47rp3mj57rdfzw6dpd3lw8erxjppgw",
            "spelled_otherwise",
        ),
        # one account of the three chains, as each spells it
        (
            "bitcoin_cash",
            "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a",
            "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a",
            "",
        ),
        (
            "bitcoin_cash",
            "1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu",
            "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a",
            "",
        ),
        ("bitcoin_sv", "1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu", "1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu", ""),
        (
            "bitcoin_sv",
            "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a",
            "1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu",
            "spelled_otherwise",
        ),
        (
            "bitcoin_sv",
            "qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a",
            "1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu",
            "spelled_otherwise",
        ),
        (
            "bitcoin_sv",
            "bitcoincash:ppm2qsznhks23z7629mms6s4cwef74vcwvn0h829pq",
            "3CWFddi6m4ndiGyKqzYvsFYagqDLPVMTzC",
            "spelled_otherwise",
        ),
        ("ethereum", "0x52908400098527886E0F7030069857D2E4169EE7", "0x52908400098527886e0f7030069857d2e4169ee7", ""),
    ],
)
def test_an_odd_spelling_of_an_account_is_taken_and_flagged(
    network: str, text: str, canonical: str, remark: str
) -> None:
    address = addresses.parse(network, text)
    assert (address.text, address.remark) == (canonical, remark)
    assert address == addresses.parse(network, canonical), "the remark is of the spelling, not of the account"


@pytest.mark.parametrize(
    ("network", "text", "code"),
    [
        ("bitcoin", "bC1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "address_bad_base58"),
        ("bitcoin", "BC1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "address_bad_base58"),
        ("bitcoin", "Bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", "address_bad_checksum"),
        ("bitcoin", "bc1pfeessrawgg", "address_bad_checksum"),
        ("terra", "TErra1t0an4m6t47rp3mj57rdfzw6dpd3lw8erxjppgw", "address_bad_bech32"),
        ("bitcoin_sv", "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6b", "address_bad_bech32"),
        ("bitcoin_sv", "ecash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a", "address_wrong_network"),
        ("bitcoin_sv", "any-text-at-all", "address_bad_bech32"),
    ],
)
def test_any_other_mix_of_cases_is_refused(network: str, text: str, code: str) -> None:
    with pytest.raises(InvalidAddress) as caught:
        addresses.parse(network, text)
    assert caught.value.code == code


def test_pay_to_anchor_is_the_script_of_two_bytes_of_version_1() -> None:
    address = addresses.parse("bitcoin", "bc1pfeessrawgf")
    assert (address.kind, bitcoin.script(address).hex()) == ("p2a", "51024e73")
    assert bitcoin.segwit("bitcoin", 1, bytes.fromhex("4e73")).text == "bc1pfeessrawgf"


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
        (
            "bitcoin_cash",
            "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a",
            "1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu",
        ),
        (
            "bitcoin_cash",
            "qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a",
            "BITCOINCASH:QPM2QSZNHKS23Z7629MMS6S4CWEF74VCWVY22GDX6A",
        ),
        ("ethereum", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "5AAEB6053f3e94c9b9a09f33669435e7ef1beaed"),
        ("xdc", "xdc472c619028bA67B817b48f8d64DBB7699Ce0fadf", "0x472c619028ba67b817b48f8d64dbb7699ce0fadf"),
        ("tron", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "41a614f803b6fd780986a42c78ec9c7f77e6ded13c"),
        ("aptos", "0x1", "0x" + "1".zfill(64)),
        (
            "polkadot",
            "15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5",
            "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
        ),
        (
            "conflux",
            "cfx:aameksd3gwvmtduc861ym2uzkfaawu9566k0jnte55",
            "CFX:TYPE.USER:AAMEKSD3GWVMTDUC861YM2UZKFAAWU9566K0JNTE55",
        ),
        ("filecoin", "f410fa7sh5u6fvd7vt625dx2akhbu3jt7yvkhgdp55ki", "0x07e47ed3c5a8ff59fb5d1df4051c34da67fc5547"),
        (
            "nervos",
            "ckb1qyqt8xaupvm8837nv3gtc9x0ekkj64vud3jqfwyw5v",
            "ckb1qzda0cr08m85hc8jlnfp3zer7xulejywt49kt2rr0vthywaa50xwsqdnnw7qkdnnclfkg59uzn8umtfd2kwxceqxwquc4",
        ),
        ("flow", "0x4f45575f29f5dffb", "4F45575F29F5DFFB"),
        (
            "aelf",
            "21Te3eubq6Yc7kv2FzVUvBLiyQnTZVe7nXodvexsKSZYBeoYuR",
            "ELF_21Te3eubq6Yc7kv2FzVUvBLiyQnTZVe7nXodvexsKSZYBeoYuR_AELF",
        ),
    ],
)
def test_two_spellings_are_one_account(network: str, one: str, other: str) -> None:
    try:
        first = addresses.parse(network, one)
    except InvalidAddress:
        pytest.fail(f"{one} is a good address")
    second = addresses.parse(network, other)
    assert (first.text, first.payload) == (second.text, second.payload)


def test_the_prefix_of_xdc_is_of_that_network_alone() -> None:
    with pytest.raises(InvalidAddress):
        addresses.parse("ethereum", "xdc472c619028bA67B817b48f8d64DBB7699Ce0fadf")
    with pytest.raises(InvalidAddress):
        addresses.parse("xdc", "xdc472c619028bA67B817b48f8d64DBB7699Ce0fad")


def test_a_base58_address_may_begin_as_bech32_does() -> None:
    assert addresses.parse("qtum", "Qc1G6fPPstFKCQaiE3z83qEagSfu1SistC").kind == "p2pkh"


def test_eip_55_is_told_and_refuses_nothing() -> None:
    assert evm.checksum_holds("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")
    assert evm.checksum_holds("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed")
    assert not evm.checksum_holds("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed")


def test_an_address_derived_from_a_key_is_read_back_as_that_account() -> None:
    account = evm.from_public_key(LONG)
    derived = [
        bitcoin.p2pkh("bitcoin", SHORT),
        bitcoin.p2pkh("dogecoin", LONG),
        bitcoin.p2wpkh("litecoin", SHORT),
        bitcoin.p2sh_p2wpkh("bitcoin", SHORT),
        bitcoin.p2wsh("bitcoin", b"script"),
        bitcoin.p2sh_p2wsh("bitcoin", b"script"),
        bitcoin.p2pkh("decred", SHORT),
        bitcoin.p2pkh("zcash", SHORT),
        evm.of("ethereum", account),
        tron.of("tron", account),
        bech32.of("cosmos_hub", bech32.from_public_key(SHORT)),
        bech32.of("harmony", account),
        ton.of("ton", 0, bytes(32)),
    ]
    assert all(addresses.parse(address.network, address.text) == address for address in derived)


@pytest.mark.parametrize(
    ("derive", "length"),
    [
        (conflux.from_public_key, 20),
        (filecoin.from_public_key, 21),
        (aelf.from_public_key, 32),
        (icon.from_public_key, 20),
        (stacks.from_public_key, 20),
        (nuls.from_public_key, 21),
        (xrp.from_public_key, 20),
        (aptos.from_public_key, 32),
        (sui.from_public_key, 32),
        (tezos.from_public_key, 23),
        (sia.from_public_key, 32),
        (icp.from_public_key, 32),
        (iota.from_public_key, 32),
        (casper.from_public_key, 32),
        (lisk.from_public_key, 20),
        (lisk.number_of, 8),
        (pocket.from_public_key, 20),
        (cardano.payment_part, 28),
        (canton.fingerprint, 34),
    ],
)
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


#: Accounts of one ed25519 key by every wallet contract, as the contracts' own published code gives them.
TON_KEY = "c1e1914989f3e32c31797ce0989f1440a0a9f63c01126443dbb948a2bff1c7bb"
TON_WALLETS = {
    "v1r1": "5a0c59390a1c48c9eb467cede0ab4c1349521dd34f6d0e14c83d8605c8371d09",
    "v1r2": "fb56e96d608e3fafeab484975c815a345aeac52fa7c22e1ace155e399ac32a8d",
    "v1r3": "532ccef22f13cea3452848efa7063dcd7533a746ca4ba940139b423b7dd8ae4f",
    "v2r1": "50407865230e0bdfd5f8b69d4ce1a5d62581c1632b8baa77fce27438b3e0d579",
    "v2r2": "0362dc6692eb237927401129ebce6b30b22c901a463a05008ffa4f28795fd387",
    "v3r1": "0fa4dcbd33f6a1d5c8f1e94d272ee25a34f891a4b211a130b6f3add80d2e68d0",
    "v3r2": "a46d4888d16bd3e6c3e17c2c26afd0381c938a19cef36c3df00ae41c07ac960e",
    "v4r1": "56bbcf77b201a98daeea41a1b363f558adcac69467ae2a9545846d78fb751b1c",
    "v4r2": "ad824573d4450a42cb19bf4b76a5d2abbf3941c5b3125db62a1c2ba29666ae6b",
    "v5_beta": "72bc3427a4758abd4ee9986b55f09142d2db0eb55e09ba31f55b6034b24d6b20",
    "v5r1": "407829d656db76265621e1637a0891c553ccf00910297673fb1d202dfadd1b0d",
    "highload_v2": "12693d48be4ccfc6a6e240b76fa5dd0eceb6ce6162d1ba12a82c8b3e83bf5638",
    "highload_v3": "98904e39d97c41bc59e43143188a33dd2def475cb57d0119ce06675ced266d29",
}


def test_the_ton_wallets_of_a_key() -> None:
    assert {name: digest.hex() for name, digest in ton.wallets(bytes.fromhex(TON_KEY))} == TON_WALLETS
    assert (
        ton.ever_wallet(bytes.fromhex(TON_KEY)).hex()
        == "700442fc479c519f0f4af43f7181fe88585d69e90877fc5c287d6c742832d0d0"
    )


def test_accounts_of_keys_that_standards_and_chains_print() -> None:
    """LIP 18's example; Siacoin's hashes of no time lock and of one signature; the two Starknet accounts that OKX has
    published.
    """
    key = bytes.fromhex("0eb0a6d7b862dc35c856c02c47fde3b4f60f2f3571a888b9a8ca7540c6793243")
    assert lisk.of("lisk_legacy", lisk.from_public_key(key)).text == "lsk24cd35u4jdq8szo3pnsqe5dsxwrnazyqqqg5eu"
    assert (
        sia._leaf((0).to_bytes(8, "little")).hex() == "5187b7a8021bf4f2c004ea3a54cfece1754f11c7624d2363c7f4cf4fddd1441e"
    )
    assert (
        sia._leaf((1).to_bytes(8, "little")).hex() == "b36010eb285c154a8cd63084acbe7eac0c4d625ab4e1a76e624a8798cb63497b"
    )
    of_one = starknet.accounts(0x346262FFA4EC2F40FEB9AE81E416AF7CCA9FCFA8871F1F9169E6DCCD63AA667)
    assert ("okx", bytes.fromhex("0668a58aec3151bdf0f6f9360ea89453733d5c65f45cafe2d1591d8cddbd2395")) in of_one
    of_another = starknet.accounts(0x6459074AA056E6DFB18539E414720CA7518B4D9B6D9A9FA0A3A64B8E2287963)
    assert (
        "okx_cairo_0",
        bytes.fromhex("03b7f0b02b63683eca1639fb2d5dfa1021628d4ee728b03bc0ac2be66edc32f1"),
    ) in of_another


def test_a_key_that_is_no_point_is_refused() -> None:
    assert keys.uncompressed(SHORT) == LONG
    assert keys.compressed(LONG) == SHORT
    with pytest.raises(InvalidAddress):
        keys.compressed(b"\x02" + bytes(32))


@given(
    st.sampled_from(sorted(registry.load().networks)), st.text(max_size=120) | st.text("0123456789abcdefx", max_size=80)
)
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
    # of Lisk's own chain, before it became an EVM network
    assert set(refused) <= {("lisk", "lsko"), ("lisk", "lskq"), ("lisk", "lskw")}


def test_one_key_has_the_same_account_on_tron_and_on_the_evm() -> None:
    tron, evm = "TWhDfwC8QE6pQyiYy248dNor3uphPEw5M2", "0xe3548babdbeb23c031068f875a6211aa93c1bf84"
    for network, text in (("ethereum", evm), ("bsc", evm), ("tron", tron)):
        assert {addresses.with_same_key(network, written).text for written in (tron, evm)} == {text}
        assert addresses.with_same_key(network, evm).network == network


@pytest.mark.parametrize(
    ("network", "text", "code"),
    [
        ("ethereum", "TWhDfwC8QE6pQyiYy248dNor3uphPEw5M3", "address_bad_form"),
        ("tron", "0xe3548babdbeb23c031068f875a6211aa93c1bf", "address_bad_base58"),
        ("bitcoin", "0xe3548babdbeb23c031068f875a6211aa93c1bf84", "address_bad_base58"),
        ("solana", "TWhDfwC8QE6pQyiYy248dNor3uphPEw5M2", "address_bad_length"),
    ],
)
def test_what_is_no_account_of_either_is_refused_as_what_it_stands_for(network: str, text: str, code: str) -> None:
    with pytest.raises(InvalidAddress) as raised:
        addresses.with_same_key(network, text)
    assert raised.value.code == code
