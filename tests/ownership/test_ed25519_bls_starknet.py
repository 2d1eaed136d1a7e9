"""Ed25519, validators' BLS and Starknet: rows that fool other tools or are refused by them, made rows, and what the
libraries refuse.
"""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import Random
from types import ModuleType

import pytest
from nacl.signing import SigningKey
from py_arkworks_bls12381 import Scalar

from made_rows import Case, beth_bls, ed25519, starknet
from porlake import ownership, registry
from porlake.addresses import aptos, cardano, ss58, ton
from porlake.encoding import base58, bech32, bls, stark
from porlake.encoding import ed25519 as curve
from porlake.encoding.crc import crc16
from porlake.encoding.varint import with_length
from porlake.model import Evidence
from porlake.ownership import starknet as scheme

MESSAGE = "I am an OKX address"


def signer(seed: str) -> SigningKey:
    return SigningKey(hashlib.sha256(seed.encode()).digest())


ME, OTHER = signer("me"), signer("other")
KEY, FOREIGN = bytes(ME.verify_key), bytes(OTHER.verify_key)
SIGNED = "0x" + ME.sign(with_length(b"OKX Signed Message:\n") + with_length(MESSAGE.encode())).signature.hex()
FORGED = "0xec" + "ff" * 30 + "7f" + "00" * 32
STRANGER = Scalar.from_le_bytes(bytes([7]) * 31 + bytes(1))
SECRET = 0x1234567890ABCDEF


def published(
    coin: str, network: str, address: str, signature: str = "", key: str = "", owner: str = "", message: str = MESSAGE
) -> Evidence:
    """A row as OKX's file gives it: the labels decide network, asset and scheme."""
    meant = registry.load().label("okx", coin, network)
    network_and_asset = (meant.network, meant.asset, coin, network, meant.holding, meant.scheme)
    return Evidence("okx", "r", 1, None, *network_and_asset, address, message, [signature, ""], key, [owner, ""])


def friendly(wallet: str, key: bytes) -> str:
    data = bytes([0x51, 0]) + dict(ton.wallets(key))[wallet]
    return base64.urlsafe_b64encode(data + crc16(data).to_bytes(2, "big")).decode()


def swapped(text: str) -> str:
    """The text with the case of one letter changed that base58 has in both cases."""
    at = next(at for at in range(8, 40) if text[at].isalpha() and text[at].swapcase() in base58.BITCOIN)
    return text[:at] + text[at].swapcase() + text[at + 1 :]


def mine(coin: str, network: str, address: str, **more: str) -> Evidence:
    return published(coin, network, address, SIGNED, "0x" + KEY.hex(), **more)


BURNT = "111111111111111111111111111111111HC1"
SHELLEY = bech32.encode_bytes("addr", b"\x01" + cardano.payment_part(KEY) + bytes(28))
FOOLS = {
    "C05": (
        mine("SOL", "SOL", base58.encode(FOREIGN), owner=base58.encode(KEY)),
        "owner_signed",
        "authentication_key",
        ("owner_mode_unusual",),
    ),
    "D01": (mine("NEAR", "NEAR", FOREIGN.hex()), "invalid", "address_mismatch", ()),
    "D02": (mine("HBAR", "HBAR", "0.0.98"), "signature_only", "address_not_derived", ()),
    "D03": (
        mine("BTC", "HBAR", "any-text-at-all"),
        "signature_only",
        "address_not_derived",
        ("coin_and_network_differ",),
    ),
    "D04": (mine("ETH", "ALGO", "any-text-at-all"), "malformed", "address_bad_base32", ()),
    "E-USDT-ALGO": (published("USDT-ALGO", "ALGO", "any-text-at-all"), "unsigned", "unsigned", ()),
    "F01": (mine("SOL", "SOL", swapped(base58.encode(KEY))), "invalid", "address_mismatch", ()),
    "F02": (mine("TONCOIN-NEW", "TON", swapped(friendly("v3r2", KEY))), "malformed", "address_bad_checksum", ()),
    "G01": (published("DOT", "DOT", BURNT, FORGED, "0x" + "00" * 32), "invalid", "bad_signature", ()),
    "G02": (published("SOL", "SOL", "1" * 32, FORGED, "0x" + "00" * 32), "invalid", "bad_signature", ()),
    "G03": (published("XLM", "XLM", "G" + "A" * 51 + "AWHF", FORGED, "0x" + "00" * 32), "invalid", "bad_signature", ()),
    "R19": (mine("TONCOIN-NEW", "TON", friendly("v4r2", KEY)), "proven", "ton", ("ton_v4r2",)),
    "R20": (mine("TONCOIN-NEW", "TON", f"0:{dict(ton.wallets(KEY))['v3r2'].hex()}"), "proven", "ton", ()),
    "R21": (mine("ADA", "ADA", SHELLEY), "proven", "ada", ("cardano_payment_part_only",)),
    "R22": (mine("DOT", "DOT", ss58.encode(42, KEY)), "proven", "ss58", ("ss58_prefix_42",)),
    "R25": (mine("APT", "APT", "0x" + aptos.from_public_key(KEY).hex()), "proven", "aptos", ()),
}


@pytest.mark.parametrize("name", FOOLS)
def test_rows_that_fool_or_are_refused_by_the_exchanges_own_tool(name: str) -> None:
    row, verdict, reason, flags = FOOLS[name]
    found = ownership.judge(row)
    assert (found.verdict, found.reason) == (verdict, reason)
    assert found.flags == flags or verdict == "malformed"


def test_a_starknet_account_of_another_key_is_not_proven() -> None:
    """D05: the account is only an input of what is signed."""
    account = "0x03b7f0b02b63683eca1639fb2d5dfa1021628d4ee728b03bc0ac2be66edc32f1"
    signature = starknet.sign(SECRET, bytes.fromhex(account[2:]), MESSAGE)
    found = ownership.judge(published("STARKNET-ETH", "STARKNET", account, signature, f"{starknet.key_of(SECRET):#x}"))
    assert (found.verdict, found.reason) == ("signature_only", "account_class_unknown")


def test_a_validator_has_one_spelling() -> None:
    """H01: nothing may follow the key or the signature."""
    address, signature = beth_bls.key_of(STRANGER).hex(), beth_bls.sign(STRANGER, MESSAGE).hex()
    good = ownership.judge(published("BETH", "BETH", "0x" + address, "0x" + signature))
    assert (good.verdict, good.reason) == ("proven", "beth")
    longer = ownership.judge(published("BETH", "BETH", f"0x{address}0400ff", "0x" + signature))
    assert (longer.verdict, longer.reason) == ("malformed", "address_bad_length")
    longer = ownership.judge(published("BETH", "BETH", "0x" + address, f"0x{signature}3c00"))
    assert (longer.verdict, longer.reason) == ("malformed", "signature_bad_length")


def test_a_validators_row_may_be_signed_by_its_withdrawal_owner() -> None:
    row = published("BETH", "BETH", "0x" + beth_bls.key_of(STRANGER).hex(), "0x" + "11" * 65, owner="0x" + "22" * 20)
    assert ownership.judge(row).verdict in ("invalid", "malformed")


# --- made rows --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("family", "rows"), [(ed25519, 1300), (beth_bls, 100), (starknet, 100)], ids=["ed25519", "bls", "starknet"]
)
def test_made_rows_have_their_verdicts(family: ModuleType, rows: int) -> None:
    chance = Random(20240325)
    for _ in range(rows):
        case: Case = family.case(chance)
        found = ownership.judge(case.row)
        assert (found.verdict, found.reason) == (case.verdict, case.reason), (case.why, case.row)
        assert case.flags is None or found.flags == case.flags, (case.why, case.row)


def test_every_change_of_a_made_row_is_made() -> None:
    """Each change in turn: none of them is skipped for every form."""
    for family, changes in ((ed25519, [*ed25519.COMMON, *ed25519.ONLY_OKX]),):
        for change in changes:
            seen = 0
            for form in family.OKX:
                chance = Random(form.network + form.reason)
                case = change(chance, family._good(chance, "okx_ed25519", form), form)
                if case is not None:
                    seen += 1
                    found = ownership.judge(case.row)
                    assert (found.verdict, found.reason) == (case.verdict, case.reason), (
                        change.__name__,
                        form.network,
                        case.row,
                    )
            assert seen, change.__name__


def test_every_address_form_of_the_scheme_has_made_rows() -> None:
    networks = registry.load().networks
    used = {row.network for row in registry.load().labels.values() if row.scheme in ed25519.SCHEMES and row.network}
    made = {form.network for form in (*ed25519.OKX, *ed25519.HTX)} | {network for network, _ in ed25519.LOOSE}
    assert {networks[network].address_form for network in used} <= {networks[network].address_form for network in made}


def test_threads_judge_as_one_does() -> None:
    chance = Random(3)
    rows = [family.case(chance).row for family in (starknet, beth_bls, ed25519) for _ in range(12)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ownership.judge, rows)) == [ownership.judge(row) for row in rows]


# --- what the libraries refuse ----------------------------------------------------------------------------------------
SMALL_ORDER = [
    "00" * 32,
    "00" * 31 + "80",
    "01" + "00" * 31,
    "01" + "00" * 30 + "80",
    "ec" + "ff" * 30 + "7f",
    "ec" + "ff" * 31,
    "ed" + "ff" * 30 + "7f",
    "ed" + "ff" * 31,
    "ee" + "ff" * 30 + "7f",
    "ee" + "ff" * 31,
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
]


@pytest.mark.parametrize("key", SMALL_ORDER)
def test_a_key_or_r_of_small_order_holds_for_nothing(key: str) -> None:
    """With such a key one signature in eight or so holds without any secret, where a tool lets it: 64 messages would
    find one.
    """
    for number in range(64):
        message = b"m%d" % number
        for r in SMALL_ORDER:
            assert not curve.holds(bytes.fromhex(key), bytes.fromhex(r) + bytes(32), message)
        digest = hashlib.sha512(bytes.fromhex(key) + KEY + message).digest()
        scalar = hashlib.sha512(hashlib.sha256(b"me").digest()).digest()[:32]
        secret = int.from_bytes(scalar, "little") & ~7 & (1 << 254) - 1 | 1 << 254
        made = int.from_bytes(digest, "little") * secret % ed25519.ORDER
        assert not curve.holds(KEY, bytes.fromhex(key) + made.to_bytes(32, "little"), message)


def test_infinity_and_points_outside_the_group_hold_for_nothing() -> None:
    digest, good, key = bytes(32), beth_bls.sign(STRANGER, MESSAGE), beth_bls.key_of(STRANGER)
    assert not bls.holds(beth_bls.INFINITE_KEY, beth_bls.INFINITE_SIGNATURE, digest)
    assert not bls.holds(key, beth_bls.INFINITE_SIGNATURE, digest)
    assert not bls.holds(beth_bls.INFINITE_KEY, good, digest)
    assert not bls.holds(beth_bls.OUTSIDE, good, digest)
    for junk in (bytes(48), b"\xff" * 48, b"\x80" + bytes(47), b"\xe0" + bytes(47)):
        assert not bls.holds(junk, good, digest)
        assert not bls.holds(key, junk * 2, digest)


def test_a_sign_of_the_key_is_not_lost() -> None:
    """The other point with the same x is another key."""
    key = bytearray(beth_bls.key_of(STRANGER))
    key[0] ^= 0x20
    row = published("BETH", "BETH", "0x" + key.hex(), "0x" + beth_bls.sign(STRANGER, MESSAGE).hex())
    assert ownership.judge(row).reason == "bad_signature"


# --- Starknet's messages ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("hello", int.from_bytes(b"hello", "big")),
        ("", 0),
        ("123", 123),
        ("0x7b", 123),
        ("007", 7),
        ("12a", int.from_bytes(b"12a", "big")),
        ("x" * 31, int.from_bytes(b"x" * 31, "big")),
        ("1" * 40, int("1" * 40)),
        ('say "hi"', int.from_bytes(b'say "hi"', "big")),
    ],
)
def test_a_message_is_a_number_or_a_short_string(text: str, number: int) -> None:
    assert stark.short_string(text) == number


@pytest.mark.parametrize("text", ["x" * 32, "ß", "9" * 77, "0x" + "f" * 64])
def test_a_message_that_is_no_element_of_the_field_is_refused(text: str) -> None:
    """Another tool hashes them as zero, so that a signature of zero would do for each."""
    key = starknet.key_of(SECRET)
    account = bytes(31) + b"\x05"
    zero = starknet.sign(SECRET, account, "0")
    row = published("STRK", "STARKNET", "0x5", zero, f"{key:#x}", message=text)
    assert (ownership.judge(row).verdict, ownership.judge(row).reason) == ("malformed", "message_bad_text")
    assert ownership.judge(replace(row, message="0")).verdict == "signature_only"


def test_typed_data_hashes_of_published_rows() -> None:
    """The digests under which OKX's two published signatures hold."""
    account = bytes.fromhex("0668a58aec3151bdf0f6f9360ea89453733d5c65f45cafe2d1591d8cddbd2395")
    signature = (
        "07abc5982853352d98763940726e0ab31f8c25fa6f1fc9951edad49cbfab6297"
        "018d6b42f497cefdcdb70aab45604612f03598a085bf984778fa413c7fab1b75"
    )
    key = 0x346262FFA4EC2F40FEB9AE81E416AF7CCA9FCFA8871F1F9169E6DCCD63AA667
    digest = scheme.message_hash(account, "hello world")
    assert stark.signed(key, digest, int(signature[:64], 16), int(signature[64:], 16))
    assert not stark.signed(key, digest + 1, int(signature[:64], 16), int(signature[64:], 16))


# --- steps, and what an import costs ----------------------------------------------------------------------------------
def test_the_steps_of_a_judgement_are_told() -> None:
    _, steps = ownership.explain(FOOLS["R19"][0])
    told = {step.what: step.value for step in steps}
    assert told["message"] == MESSAGE
    assert told["bytes signed"] == b"\x14OKX Signed Message:\n\x13" + MESSAGE.encode()
    assert told["stated key"] == KEY
    assert told["wallet contract"] == "v4r2"
    assert told["derived account"] == told["account in the row"]
    assert told["signature"] == bytes.fromhex(SIGNED[2:])
    _, steps = ownership.explain(starknet.case(Random(1)).row)
    assert {"message", "digest", "signature", "stated key"} <= {step.what for step in steps}


def test_the_slow_libraries_are_loaded_on_first_use() -> None:
    seen = (
        "import sys, porlake.ownership; "
        "print([m for m in ('crypto_cpp_py', 'sympy', 'py_arkworks_bls12381') if m in sys.modules])"
    )
    assert (
        subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_labels_lead_to_the_schemes_of_their_families() -> None:
    coins = (
        "SOL USDC-SPL USDT-SPL USDG FOGO APTOS APTOS-FA USDT-APTOS USDC-APTOS APT SUI USDC-SUI TON TONCOIN-NEW "
        "USDT-TON VENOM DOT ASSET-HUB KSM "
        "ASSET_HUB_KSM ENJIN ENJ PHA_KHA PHALA CLV AVAIL SDN ASTR ACA CFG_DOT EFI_DOT KARU XLM STELLAR PI ADA NEAR "
        "HBAR HEDERA SC IOTA "
        "IOTA_STARDUST IOTA_NEW ICP CSPR XTZ TEZOS KDA EGLD ERD ALGO USDT-ALGO IOST LSK KLY POKT CC_CANTON"
    )
    label = registry.load().label
    assert {label("okx", coin).scheme for coin in coins.split()} == {"okx_ed25519"}
    assert {label("okx", coin).scheme for coin in ("STARKNET", "STARKNET-ETH", "STARK")} == {"starknet_typed_data"}
    assert label("okx", "BETH").scheme == "beth_bls"
    assert ss58.PREFIX[label("okx", "ENJ").network] == 1110
