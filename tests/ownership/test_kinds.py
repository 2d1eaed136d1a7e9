"""Kinds of faults that rows of our own and of others once showed, each in every scheme that can have it."""

from __future__ import annotations

import base64
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from nacl.signing import SigningKey

from made_rows import Case, beth_bls, bip322, ed25519, eos, evm_tron, okx_ecdsa, starknet, utxo
from made_rows import _secp256k1 as made
from porlake import ownership, registry
from porlake.addresses import bitcoin
from porlake.encoding import base58
from porlake.encoding import script as scripts
from porlake.encoding.blake256 import blake256
from porlake.encoding.hashes import sha256, sha256d
from porlake.encoding.varint import with_length
from porlake.model import Evidence
from porlake.ownership import _multisig
from porlake.ownership import bip322 as judged_as_bip322
from porlake.reports import Bundle, Member, Published, okx_csv

SHARED = Path(__file__).resolve().parents[3] / "shared/data/found/ownership"
MESSAGE = "I am an OKX address"
MAKERS: dict[str, Callable[[random.Random], Case]] = {
    "utxo": utxo.case,
    "bip322": bip322.case,
    "ed25519": ed25519.case,
    "starknet": starknet.case,
    "beth_bls": beth_bls.case,
    "eos": eos.case,
    "okx_ecdsa": okx_ecdsa.case,
    "evm_tron": evm_tron.case,
}
KEYS = [made.Key(sha256(bytes([number]))) for number in range(40)]
A, B, C = KEYS[:3]


def verdict(row: Evidence) -> str:
    found = ownership.judge(row)
    return f"{found.verdict} {found.reason}"


def good_rows(name: str, count: int) -> list[Evidence]:
    chance, found = random.Random(name), []
    while len(found) < count:
        case = MAKERS[name](chance)
        if (
            case.verdict in ("proven", "owner_signed", "signature_only")
            and ownership.judge(case.row).verdict == case.verdict
        ):
            found.append(case.row)
    return found


def compact(key: made.Key, first: int = 31) -> str:
    return made.compact(key.sign(utxo.digest("bitcoin", MESSAGE)), first)


def btc(address: str, *signatures: str, script: bytes = b"", message: str = MESSAGE) -> Evidence:
    return made.evidence("utxo", "bitcoin", address, message, list(signatures), script.hex())


# --- the small inputs beside the project ------------------------------------------------------------------------------
RIGHT = {
    "01": [
        "proven p2wsh",
        "unsupported p2wsh_script",
        "unsupported p2wsh_script",
        "proven p2wsh",
        "unsupported p2wsh_script",
    ],
    "02": ["unsupported p2sh_script_over_520_bytes"],
    "04": ["proven sol"],
    "05": ["invalid bad_signature"],
    "06": ["malformed address_bad_workchain"],
    "07": ["invalid below_threshold_one_key_twice"] * 2,
    "09": ["malformed no_message"] * 3,
    "10": ["unsupported unknown_network", "proven eth_address"],
    "14": ["proven eth_address"] * 4 + ["signature_only account_name_not_derived"],
    "15": ["malformed no_signature1"] * 2,
    "bip322": ["proven p2sh-p2wpkh", "proven p2sh", "proven p2sh", "unsupported p2tr_compact_signature"],
    "wallet": ["proven compressed"] * 9,
}


@pytest.mark.parametrize("name", RIGHT)
def test_every_small_input_has_its_right_outcome(name: str) -> None:
    found = sorted(SHARED.glob(f"{name}*.csv"))
    if not found:
        pytest.skip("the small inputs are not beside the project")
    with found[0].open("rb") as stream:
        bundle = Bundle((Member(found[0].name, stream, okx_csv.WALLETS),), found[0].name, "okx")
        items = [item for item in okx_csv.parse(bundle) if getattr(item, "block", "rows") == "rows"]
    rows = [item for item in items if hasattr(item, "signatures")]
    assert [verdict(as_evidence(row)) for row in rows] == RIGHT[name]


def as_evidence(row: Any) -> Evidence:
    asset = row.asset if isinstance(row, Published) else row.asset or None
    return Evidence(
        "okx",
        "r",
        row.source_row,
        None,
        row.network or None,
        asset,
        row.label,
        row.network_label or None,
        row.holding,
        row.scheme or "no_scheme",
        row.address,
        row.message,
        list(row.signatures),
        row.key_or_script,
        list(row.owners),
    )


def nobody_signed(row: Any) -> str:
    """What a row says without its signatures: a script of which its address is derived is shown all the same."""
    return "unsigned script_shown" if row.scheme == "utxo" and row.key_or_script else "unsigned unsigned"


# --- no message, no signature -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", MAKERS)
def test_a_null_is_no_message_in_any_scheme(name: str) -> None:
    """Signed or not: what is signed says nothing. The text `null` inside of a message is a message."""
    row = good_rows(name, 1)[0]
    for text in ("", "  ", "null", " NULL ", "\\N", "-"):
        assert verdict(replace(row, message=text)) == "malformed no_message", text
        assert verdict(replace(row, message=text, signatures=["", ""])) == nobody_signed(row)
    assert verdict(replace(row, message="null and void")) != "malformed no_message"


def test_a_null_that_was_signed_is_still_none() -> None:
    for text in ("", "null", "\\N"):
        signed = made.compact(A.sign(utxo.digest("bitcoin", text)), 31)
        assert verdict(btc(bitcoin.p2pkh("bitcoin", A.short).text, signed, message=text)) == "malformed no_message"


@pytest.mark.parametrize("name", MAKERS)
def test_an_empty_column_before_a_signature_is_the_same_in_every_scheme(name: str) -> None:
    for row in good_rows(name, 12):
        moved = replace(row, signatures=["", row.signatures[0]])
        one_of_n = ownership.judge(moved).verdict == "proven" and any(
            "multisig_1_of" in flag for flag in ownership.judge(moved).flags
        )
        assert one_of_n or verdict(moved) == "malformed no_signature1", row
        assert verdict(replace(row, signatures=["", ""])) == nobody_signed(row)


# --- labels -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", MAKERS)
def test_a_label_that_the_registry_lacks_is_no_fault_of_the_publisher(name: str) -> None:
    for row in good_rows(name, 3):
        lacking = replace(
            row, network=None, asset=None, label="NO_SUCH_COIN", network_label="NO_SUCH_NETWORK", scheme="no_scheme"
        )
        assert verdict(lacking) == "unsupported unknown_network"
        assert verdict(replace(lacking, network_label=None)) == "unsupported unknown_asset"
        assert verdict(replace(row, asset=None, label="NO_SUCH_COIN")) == verdict(row), "the coin decides nothing"


def test_a_coin_under_an_unknown_network_is_not_judged_by_the_coins_own_rules() -> None:
    row = replace(
        btc(bitcoin.p2pkh("bitcoin", A.short).text, compact(A)),
        network=None,
        label="BTC",
        network_label="NO_SUCH_NETWORK",
    )
    for other in (
        row,
        replace(row, address_published="any-text"),
        replace(row, signatures=[compact(B), ""]),
        replace(row, label="ETH"),
    ):
        assert verdict(other) == "unsupported unknown_network"


# --- scripts ----------------------------------------------------------------------------------------------------------
def of_keys(count: int, number: bytes) -> bytes:
    return b"\x52" + b"".join(b"\x21" + key.short for key in KEYS[:count]) + number + b"\xae"


@pytest.mark.parametrize("count", [16, 17, 18, 19, 20])
def test_a_script_of_up_to_20_keys_is_proven_in_its_own_encoding_alone(count: int) -> None:
    number = b"\x60" if count == 16 else bytes([1, count])
    for script, right in (
        (of_keys(count, number), "proven p2wsh"),
        (of_keys(count, bytes([0x50 + count]) if count > 16 else b"\x01\x10"), "unsupported p2wsh_script"),
    ):
        row = btc(bitcoin.p2wsh("bitcoin", script).text, compact(A), compact(B), script=script)
        assert verdict(row) == right
        assert ownership.judge(row).flags == ((f"multisig_2_of_{count}",) if right.startswith("proven") else ())


def test_a_p2sh_script_of_more_than_520_bytes_is_not_proven() -> None:
    """15 compressed keys have 513 bytes, 16 have 547; nested in P2SH or alone, a witness script may be as long."""
    for count, form, right in ((15, "p2sh", "proven p2sh"), (16, "p2sh", "unsupported p2sh_script_over_520_bytes"),
                               (16, "p2sh_p2wsh", "proven p2sh-p2wsh"), (16, "p2wsh", "proven p2wsh")):  # fmt: skip
        script = of_keys(count, bytes([0x50 + count]))
        row = btc(getattr(bitcoin, form)("bitcoin", script).text, compact(A), compact(B), script=script)
        assert verdict(row) == right


def padded(size: int, room: int) -> bytes:
    """A script of exactly so many bytes that one key satisfies: pushes of up to `room` bytes that are dropped, and the
    key's.
    """
    script = b"\x21" + A.short + b"\xac"
    while left := size - len(script):
        at = min(left, room + 4)
        data = next(n for n in range(at, 0, -1) if len(pushed_and_dropped(n)) <= at)
        script = (
            pushed_and_dropped(data) + script
            if len(pushed_and_dropped(data)) == left or left - len(pushed_and_dropped(data)) > 8
            else (pushed_and_dropped(data - 9) + script)
        )
    return script


def pushed_and_dropped(size: int) -> bytes:
    head = (
        bytes([size])
        if size < 0x4C
        else b"\x4c" + bytes([size])
        if size < 256
        else b"\x4d" + size.to_bytes(2, "little")
    )
    return head + b"\x07" * size + b"\x75"


@pytest.mark.parametrize("size", [519, 520, 521])
def test_the_border_of_a_p2sh_script(size: int) -> None:
    script = padded(size, 400)
    assert len(script) == size
    where = bitcoin.p2sh("bitcoin", script)
    raw = bip322.full(MESSAGE, bitcoin.script(where), spending(script, legacy=True))
    assert verdict(btc(where.text, bip322.text_of("ful", raw))) == (
        "proven p2sh" if size <= 520 else "unsupported p2sh_script_over_520_bytes"
    )


@pytest.mark.parametrize("size", [3_599, 3_600, 3_601, 9_999, 10_000, 10_001])
def test_the_border_of_a_witness_script(size: int) -> None:
    """3,600 bytes are what nodes pass on; what a block may hold decides."""
    script = padded(size, 520)
    assert len(script) == size
    where = bitcoin.p2wsh("bitcoin", script)
    raw = bip322.simple(MESSAGE, bitcoin.script(where), spending(script, legacy=False))
    assert verdict(btc(where.text, bip322.text_of("smp", raw))) == (
        "proven p2wsh" if size <= 10_000 else "unsupported script_over_10000_bytes"
    )


def spending(
    script: bytes, *, legacy: bool, keys: tuple[made.Key, ...] = (A,), below: tuple[bytes, ...] = ()
) -> bip322.Signer:
    def sign(transaction: Any, index: int, outputs: Any) -> tuple[bytes, tuple[bytes, ...]]:
        if legacy:
            digest = transaction.legacy_digest(index, script)
            longest = (
                b"\x4d" + len(script).to_bytes(2, "little") + script if len(script) > 255 else bip322.pushed(script)
            )
            return bip322.pushed(*below, *(bip322.der(key, digest) for key in keys)) + longest, ()
        digest = transaction.segwit_digest(index, script, outputs[index].value)
        return b"", (*below, *(bip322.der(key, digest) for key in keys), script)

    return sign


@pytest.mark.parametrize("operations", [200, 201, 202])
def test_a_multisig_counts_for_each_of_its_keys_at_once(operations: int) -> None:
    """201 operations are the most: what OP_CHECKMULTISIG adds counts although no operation follows it."""
    multisig = of_keys(20, b"\x01\x14")
    script = b"\x76\x75" * ((operations - 21) // 2) + (b"\x51\x69" if operations % 2 == 0 else b"") + multisig
    assert sum(code > 0x60 for code in script[: -len(multisig)]) + 1 + 20 == operations
    where = bitcoin.p2wsh("bitcoin", script)
    raw = bip322.simple(MESSAGE, bitcoin.script(where), spending(script, legacy=False, keys=(A, B), below=(b"",)))
    assert verdict(btc(where.text, bip322.text_of("smp", raw))) == (
        "proven p2wsh" if operations <= 201 else "invalid too_many_operations"
    )


def test_two_forms_of_one_key_are_one_signer_and_a_push_that_is_no_point_is_nobodys() -> None:
    hybrid = bytes([6 | A.long[64] & 1]) + A.long[1:]
    wrong_parity = bytes([7 ^ A.long[64] & 1]) + A.long[1:]
    no_point = A.long[:64] + bytes([A.long[64] ^ 2])  # another y of the same parity
    assert [_multisig.short_form(key) for key in (A.long, hybrid, A.short)] == [A.short] * 3
    assert [_multisig.short_form(key) for key in (wrong_parity, no_point)] == [wrong_parity, no_point]
    for forms, right in (
        ((A.long, hybrid, B.short), "invalid below_threshold_one_key_twice"),
        ((no_point, B.short, C.short), "invalid below_threshold"),
        ((wrong_parity, B.short, C.short), "invalid below_threshold"),
    ):
        script = utxo.script(2, list(forms))
        where = bitcoin.p2sh("bitcoin", script).text
        both = compact(A), (compact(A) if right.endswith("twice") else compact(B))
        assert verdict(btc(where, *both, script=script)) == right
    good = utxo.script(2, [hybrid, B.short])
    assert verdict(btc(bitcoin.p2sh("bitcoin", good).text, compact(A), compact(B), script=good)) == "proven p2sh"


def test_a_multisig_row_tells_m_of_n_who_signed_and_that_a_stranger_did() -> None:
    script = utxo.script(2, [A.short, B.short, C.short])
    where, stranger = bitcoin.p2wsh("bitcoin", script).text, KEYS[9]

    def told(*signatures: str) -> tuple[str, tuple[str, ...], str | None]:
        row = btc(where, *signatures, script=script)
        found = ownership.judge(row)
        return verdict(row), found.flags, found.signer

    m_of_n = "multisig_2_of_3"
    assert told(compact(A), compact(C)) == ("proven p2wsh", (m_of_n,), f"{A.short.hex()},{C.short.hex()}")
    assert told(compact(B), compact(stranger)) == (
        "invalid below_threshold",
        (m_of_n, "signature2_by_stranger"),
        B.short.hex(),
    )
    assert told(compact(B), compact(B)) == ("invalid below_threshold", (m_of_n, "same_key_twice"), B.short.hex())
    assert told(compact(B)) == ("invalid below_threshold", (m_of_n,), B.short.hex())
    assert told("", compact(B)) == ("malformed no_signature1", (m_of_n,), B.short.hex())
    assert told(compact(B), "?") == ("malformed signature_bad_base64", (m_of_n, "signature2_unreadable"), B.short.hex())
    assert told(compact(stranger), compact(KEYS[8])) == (
        "invalid signer_not_in_script", (m_of_n, "signature1_by_stranger", "signature2_by_stranger"), None)  # fmt: skip


def test_a_key_that_stands_twice_is_told_by_the_reason() -> None:
    script = utxo.script(2, [A.short, A.short, B.short])
    where = bitcoin.p2wsh("bitcoin", script).text
    for signatures in (
        (compact(A), made.compact(made.high(A.sign(utxo.digest("bitcoin", MESSAGE))), 31)),
        (compact(A), ""),
    ):
        found = ownership.judge(btc(where, *signatures, script=script))
        assert (found.verdict, found.reason, found.signer) == (
            "invalid",
            "below_threshold_one_key_twice",
            A.short.hex(),
        )
        assert {"multisig_2_of_3", "script_repeats_key"} <= set(found.flags)
    assert verdict(btc(where, compact(B), "", script=script)) == "invalid below_threshold"
    assert verdict(btc(where, compact(A), compact(B), script=script)) == "proven p2wsh"


# --- texts of Bitcoin -------------------------------------------------------------------------------------------------
def test_a_witness_that_does_not_fit_is_invalid_whatever_its_length() -> None:
    native = bitcoin.p2wpkh("bitcoin", A.short)
    for length in (1, 62, 63, 64, 70):
        text = base64.b64encode(bip322.stack((b"\x01" * length,))).decode()
        assert verdict(btc(native.text, text)) == "invalid bad_signature", length
    assert verdict(btc(native.text, base64.b64encode(b"\x1f" * 64).decode())) == "malformed signature_bad_length"
    assert verdict(btc(native.text, base64.b64encode(b"\x1a" * 65).decode())) == "malformed signature_bad_header"


@pytest.mark.parametrize("form", sorted(bip322.FORMS))
def test_a_prefix_may_be_left_off(form: str) -> None:
    where, signer, reason, _ = bip322.FORMS[form](random.Random(3), list(KEYS[:3]))
    script = bitcoin.script(where)
    texts = {"ful": bip322.full(MESSAGE, script, signer), "pof": bip322.funds(MESSAGE, script, signer, C)}
    if where.kind in ("p2wpkh", "p2wsh", "p2tr", "p2sh") and "lock" not in form and form != "p2sh":
        texts["smp"] = bip322.simple(MESSAGE, script, signer)
    for prefix, raw in texts.items():
        with_prefix, bare = (ownership.judge(btc(where.text, bip322.text_of(how, raw))) for how in (prefix, ""))
        assert (with_prefix.verdict, with_prefix.reason) == ("proven", reason), prefix
        assert (bare.verdict, bare.reason, bare.signer) == (with_prefix.verdict, reason, with_prefix.signer), prefix
        assert set(bare.flags) - set(with_prefix.flags) == {"bip322_no_prefix"}


@pytest.mark.parametrize(
    ("kind", "raw", "is_meant"),
    [
        ("p2wpkh", bytes([26]) + bytes(65), True),
        ("p2wpkh", bytes([27]) + bytes(65), False),
        ("p2wpkh", bytes([28]) + bytes(65), False),
        ("p2wpkh", bytes([26]) + bytes(64), False),
        ("p2wpkh", bytes([27]) + bytes(64), False),
        ("p2tr", bytes([26]) + bytes(64), True),
        ("p2tr", bytes([27]) + bytes(64), False),
        ("p2tr", bytes([27]) + bytes(65), True),
        ("p2wpkh", "no base64", False),
        ("p2tr", "no base64", True),
        ("p2tr", "0x00", False),
        ("p2tr", "0X00", False),
    ],
)
def test_bytes_without_a_prefix_are_a_compact_signature_or_a_witness(
    kind: str, raw: bytes | str, is_meant: bool
) -> None:
    where = {
        "p2wpkh": bitcoin.p2wpkh("bitcoin", A.short),
        "p2tr": bitcoin.segwit("bitcoin", 1, bip322.tweaked(A, b"").public_key.format()[1:]),
    }[kind]
    text = raw if isinstance(raw, str) else base64.b64encode(raw).decode()
    assert judged_as_bip322.is_meant(text, where) is is_meant


def test_a_script_column_holds_the_script_or_a_key_or_is_said_to_be_unused() -> None:
    one, many = bitcoin.p2wpkh("bitcoin", A.short), bip322.FORMS["p2wsh"](random.Random(3), list(KEYS[:3]))
    simple = bip322.text_of("smp", bip322.simple(MESSAGE, bitcoin.script(one), bip322.by_key(A)))
    for column, unused in ((b"", False), (bitcoin.script(one), False), (A.short, False), (B.short, True)):
        assert ("key_field_unused" in ownership.judge(btc(one.text, simple, script=column)).flags) is unused, column
    assert ownership.judge(btc(one.text, simple)).signer == one.text
    where, signer, *_ = many
    found = ownership.judge(
        btc(where.text, bip322.text_of("smp", bip322.simple(MESSAGE, bitcoin.script(where), signer)))
    )
    assert found.signer
    assert set(found.signer.split(",")) <= {key.short.hex() for key in KEYS[:3]}


def test_a_nested_program_follows_from_the_witness_alone() -> None:
    """Another key's witness, or another script's, is not that of the address."""
    where = bitcoin.p2sh_p2wpkh("bitcoin", A.short)
    foreign = bip322.simple(MESSAGE, bitcoin.script(where), bip322.by_key(B))
    assert verdict(btc(where.text, bip322.text_of("", foreign))) == "invalid script_mismatch"
    assert verdict(btc(where.text, bip322.text_of("smp", foreign))) == "invalid script_mismatch"


def test_a_compact_signature_proves_nothing_for_taproot() -> None:
    """Neither by the output key nor by the internal one."""
    output = bip322.tweaked(A, b"")
    where = bitcoin.segwit("bitcoin", 1, output.public_key.format()[1:])
    for key in (A, made.Key(output.secret)):
        for text in (compact(key), compact(key, 39), made.hexed(key.sign(utxo.okx_digest(MESSAGE)))):
            assert verdict(btc(where.text, text)) == "unsupported p2tr_compact_signature"


def test_the_official_signatures_of_an_empty_message_hold_on_the_curve() -> None:
    """A row without a message shows nothing; the standard's own vectors of one still hold in the scheme itself."""
    where = bitcoin.p2wpkh("bitcoin", A.short)
    raw = bip322.simple("", bitcoin.script(where), bip322.by_key(A))
    row = btc(where.text, bip322.text_of("smp", raw), message="")
    assert ownership.MODULES["utxo"](row, where).verdict == "proven"
    assert verdict(row) == "malformed no_message"


WALLETS = {
    "ecash": (b"eCash Signed Message:\n", sha256d),
    "horizen": (b"Zcash Signed Message:\n", sha256d),
    "decred": (b"Decred Signed Message:\n", blake256),
}


@pytest.mark.parametrize("network", WALLETS)
def test_what_the_coins_own_wallet_signs_is_proven_and_bitcoins_header_is_a_remark(network: str) -> None:
    header, hashed = WALLETS[network]
    where = utxo.address(network, "p2pkh", A.short)
    by_wallet = made.compact(A.sign(hashed(with_length(header) + with_length(MESSAGE.encode()))), 31)
    by_okx = made.compact(A.sign(sha256d(with_length(utxo.BITCOIN) + with_length(MESSAGE.encode()))), 31)
    other_hash = sha256d if hashed is blake256 else blake256
    by_nobody = made.compact(A.sign(other_hash(with_length(header) + with_length(MESSAGE.encode()))), 31)
    for text, right, flags in (
        (by_wallet, "proven", ()),
        (by_okx, "proven", ("alt_header",)),
        (by_nobody, "invalid", ()),
    ):
        found = ownership.judge(made.evidence("utxo", network, where, MESSAGE, [text]))
        assert (found.verdict, found.flags) == (right, flags)


def test_every_network_of_the_family_has_one_header_of_its_own() -> None:
    """A header that two networks share lets a signature of the one stand for the other's key, which is the same key: no
    harm; it is told here.
    """
    headers = Counter(row.message_header for row in registry.load().utxo_networks.values())
    assert {header: times for header, times in headers.items() if times > 1} == {
        "Bitcoin Signed Message:": 3,
        "Zcash Signed Message:": 2,
    }


# --- other spellings of bytes -----------------------------------------------------------------------------------------
def test_keys_and_signatures_of_ed25519_in_any_spelling() -> None:
    signer = SigningKey(sha256(b"me"))
    key = bytes(signer.verify_key)
    signature = bytes(signer.sign(with_length(b"OKX Signed Message:\n") + with_length(MESSAGE.encode())).signature)

    def spellings(raw: bytes) -> list[str]:
        return [
            "0x" + raw.hex(),
            raw.hex(),
            "0X" + raw.hex().upper(),
            base58.encode(raw),
            base64.b64encode(raw).decode(),
        ]

    for stated in spellings(key):
        for text in spellings(signature):
            row = Evidence(
                "okx",
                "r",
                1,
                None,
                "solana",
                "SOL",
                "SOL",
                "SOL",
                "wallet",
                "okx_ed25519",
                base58.encode(key),
                MESSAGE,
                [text],
                stated,
                [],
            )
            assert verdict(row) == "proven sol", (stated, text)
    for text, right in (
        (key.hex()[:-2], "key_bad_length"),
        ("g" * 64, "key_bad_hex"),
        (base58.encode(key[:-1]), "key_bad_hex"),
        ("", "no_key"),
    ):
        assert verdict(replace(row, key_or_script=text)) == f"malformed {right}"


def test_hex_signatures_may_lack_0x_or_have_it_in_capitals() -> None:
    where = bitcoin.p2pkh("bitcoin", A.short).text
    text = made.hexed(A.sign(utxo.okx_digest(MESSAGE)))
    for spelled in (text, text[2:], "0X" + text[2:].upper()):
        assert verdict(btc(where, spelled)) == "proven compressed"
    assert verdict(btc(where, text[2:-2])) == "malformed signature_bad_length"


# --- reasons name their column ----------------------------------------------------------------------------------------
COLUMNS = ("address_", "signature_", "key_", "script_", "owner_", "message_", "no_")


@pytest.mark.parametrize("name", MAKERS)
def test_the_reason_of_a_malformed_row_names_its_column(name: str) -> None:
    chance = random.Random(name)
    for _ in range(400 if name not in ("beth_bls", "starknet") else 40):
        found = ownership.judge(MAKERS[name](chance).row)
        assert found.verdict != "malformed" or found.reason.startswith(COLUMNS), found


# --- the steps --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", MAKERS)
def test_each_step_is_told_once_and_the_attempt_that_fits_says_so(name: str) -> None:
    chance = random.Random(name)
    for _ in range(60 if name not in ("beth_bls", "starknet") else 8):
        judgement, steps = ownership.explain(MAKERS[name](chance).row)
        told = [(step.attempt, step.what, step.value) for step in steps]
        assert len(told) == len(set(told))
        shared = {(what, value) for attempt, what, value in told if not attempt}
        assert not any((what, value) in shared for attempt, what, value in told if attempt)
        holds = judgement.verdict in ("proven", "owner_signed", "signature_only")
        assert any(step.fits for step in steps) or not holds, steps
        attempts = [step.attempt for step in steps]
        assert len(set(attempts)) <= 1 + sum(one != other for one, other in pairwise(attempts))


def test_the_steps_stand_in_the_order_of_the_work() -> None:
    where = utxo.address("decred", "p2pkh", A.short)
    by_okx = made.compact(A.sign(sha256d(with_length(utxo.BITCOIN) + with_length(MESSAGE.encode()))), 31)
    _, steps = ownership.explain(made.evidence("utxo", "decred", where, MESSAGE, [by_okx]))
    own, bitcoins = "signature1, Decred Signed Message", "signature1, Bitcoin Signed Message"
    assert [(step.what, step.attempt, step.fits) for step in steps] == [
        ("message", "", False),
        ("account in the row", "", False),
        ("signature", "signature1", True),  # by its second reading
        ("bytes signed", own, False),
        ("digest", own, False),
        ("recovered key", own, False),
        ("derived account", own, False),
        ("derived account", own, False),
        ("bytes signed", bitcoins, True),
        ("digest", bitcoins, True),
        ("recovered key", bitcoins, True),
        ("derived account", bitcoins, True),
    ]


def test_a_script_says_which_of_its_keys_signed() -> None:
    script = utxo.script(2, [A.short, B.short, C.short])
    row = btc(bitcoin.p2wsh("bitcoin", script).text, compact(C), compact(KEYS[9]), script=script)
    _, steps = ownership.explain(row)
    assert [step.value for step in steps if step.what == "signed by"] == [
        "key 3 of the 3 in the script",
        "none of the keys in the script",
    ]
    assert scripts.multisig(script).threshold == 2
