"""Rows that fool OKX's own tool, and good rows that it refuses: the schemes on secp256k1. Each as the labels of a
published row.
"""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import coincurve
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from made_rows import _secp256k1 as made
from made_rows import bip322, eos, okx_ecdsa, utxo
from porlake import addresses, ownership, registry
from porlake.addresses import bitcoin, cashaddr, conflux, stacks
from porlake.encoding import base58, bech32
from porlake.encoding.hashes import sha256, sha256d
from porlake.encoding.transaction import Input, Output, Transaction, transaction
from porlake.errors import NoKey
from porlake.model import Evidence
from porlake.ownership import _script
from porlake.reports import _rows

VECTORS = json.loads((Path(__file__).parent / "vectors_secp256k1.json").read_text())
MESSAGE = "I am an OKX address"
Judged = tuple[str, tuple[str, ...]]


def key(seed: str) -> made.Key:
    return made.Key(sha256(seed.encode()))


A, B, C, D, E = (key(seed) for seed in "abcde")
ALL = (A, B, C, D, E)
FREE = "any-text-at-all"


def evidence(
    coin: str,
    network: str,
    address: str,
    signature1: str = "",
    signature2: str = "",
    script: str = "",
    owner1: str = "",
    owner2: str = "",
    message: str = MESSAGE,
) -> Evidence:
    """As a parser makes it of a row: labels by the registry, null markers emptied."""
    place: str | None
    try:
        meant = registry.load().label("okx", coin, network)
        place, scheme = meant.network, meant.scheme
    except registry.UnknownLabel as unknown:
        place, scheme = unknown.network or None, unknown.scheme
    cells = [_rows.null(text) for text in (signature1, signature2, script, owner1, owner2)]
    return Evidence(
        "okx",
        "r",
        1,
        None,
        place,
        None,
        coin,
        network,
        "wallet",
        scheme,
        address,
        message,
        cells[:2],
        cells[2],
        cells[3:],
    )


def judged(*row: str, **more: str) -> Judged:
    found = ownership.judge(evidence(*row, **more))
    return f"{found.verdict} {found.reason}", found.flags


def verdict(*row: str, **more: str) -> str:
    return judged(*row, **more)[0]


def compact(who: made.Key, network: str = "bitcoin", first: int = 31) -> str:
    return made.compact(who.sign(utxo.digest(network, MESSAGE)), first)


def ecdsa(who: made.Key) -> str:
    return made.hexed(who.sign(okx_ecdsa.digest(MESSAGE)))


def of(spelled: str, who: made.Key) -> str:
    return okx_ecdsa.ADDRESS[spelled][2](who)


def p2pkh(who: made.Key, network: str = "bitcoin") -> str:
    return utxo.address(network, "p2pkh", who.short)


# --- A: addresses that are not checked --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "row", "expected"),
    [
        ("A01", ("BTC", "BTC", FREE, "null"), "unsigned unsigned"),
        (
            "A02",
            ("BTC", "BTC", FREE, base64.b64encode(b"\x1f" + sha256(b"1") + sha256(b"2")).decode()),
            "malformed address_bad_base58",
        ),
        (
            "A03",
            ("BTC", "BTC", made.changed_letter(random.Random(1), p2pkh(A), utxo.BASE58, 2), compact(A)),
            "malformed address_bad_checksum",
        ),
        ("A04", ("ZEC", "ZEC", p2pkh(B, "zcash"), "null"), "unsigned unsigned"),
        ("A05", ("ZEC", "ZEC", p2pkh(B, "zcash"), compact(A, "zcash")), "invalid address_mismatch"),
        ("A06", ("BCHA", "BCHA", p2pkh(B, "ecash"), compact(A)), "invalid address_mismatch"),
        ("A07", ("DGB", "DGB", bitcoin.p2sh("digibyte", b"\x51").text, "null"), "unsigned unsigned"),
        ("A08", ("LTC", "LTC", "ltcmweb1qqexample", "null"), "unsigned unsigned"),
        ("A08 signed", ("LTC", "LTC", "ltcmweb1qqexample", compact(A, "litecoin")), "malformed address_bad_checksum"),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else None,
)
def test_a_utxo_address_that_is_not_checked(name: str, row: tuple[str, ...], expected: str) -> None:
    assert verdict(*row) == expected, name


def test_accounts_with_hidden_outputs_have_no_rule() -> None:
    mweb = bech32.encode("ltcmweb", [0, *bech32.pad(A.short + B.short)])
    assert verdict("LTC", "LTC", mweb, compact(A, "litecoin")) == "unsupported mweb"
    assert verdict("ZEC", "ZEC", bech32.encode_bytes("zs", bytes(43)), compact(A, "zcash")) == "unsupported sapling"
    script = utxo.script(1, [A.short])
    long_hash = cashaddr.of("bitcoin_cash", "p2sh32", sha256d(script)).text
    assert verdict("BCH", "BCH", long_hash, compact(A), "", script.hex()) == "proven p2sh32"
    assert verdict("BCH", "BCH", long_hash, compact(A)) == "malformed no_script"
    assert (
        verdict("BCH", "BCH", long_hash, compact(A), "", utxo.script(1, [B.short]).hex()) == "invalid script_mismatch"
    )


# --- B: the threshold -------------------------------------------------------------------------------------------------
def test_b_the_threshold_of_distinct_keys() -> None:
    two, three, five = (utxo.script(m, [k.short for k in ALL[:n]]) for m, n in ((2, 3), (3, 5), (5, 5)))
    p2sh, p2wsh = bitcoin.p2sh("bitcoin", two).text, bitcoin.p2wsh("bitcoin", two).text
    other_spelling = made.compact(made.high(A.sign(utxo.digest("bitcoin", MESSAGE))), 31)
    assert other_spelling != compact(A)
    # B01
    assert judged("BTC", "BTC", p2sh, compact(A), compact(A), two.hex()) == (
        "invalid below_threshold",
        ("multisig_2_of_3", "same_key_twice"),
    )
    assert verdict("BTC", "BTC", p2wsh, compact(A), other_spelling, two.hex()) == "invalid below_threshold"  # B02
    # B03
    assert (
        verdict("BTC", "BTC", bitcoin.p2wsh("bitcoin", three).text, compact(A), compact(B), three.hex())
        == "invalid below_threshold"
    )
    # B04
    assert (
        verdict("BTC", "BTC", bitcoin.p2sh("bitcoin", five).text, compact(A), compact(A), five.hex())
        == "invalid below_threshold"
    )
    # B05
    assert (
        verdict("DOGE", "DOGE", p2wsh, compact(A, "dogecoin"), compact(B, "dogecoin"), two.hex())
        == "malformed address_bad_base58"
    )
    assert verdict("BTC", "BTC", p2sh, compact(A), compact(C), two.hex()) == "proven p2sh"


# --- C, E, F, I, J ----------------------------------------------------------------------------------------------------
def test_c06_an_owner_of_an_okt_address() -> None:
    assert judged("OKT", "OKC", "0x" + "22" * 20, ecdsa(A), owner1=of("OKT 0x", A)) == ("owner_signed owner", ())
    assert verdict("OKT", "OKC", "0x" + "22" * 20, ecdsa(B), owner1=of("OKT 0x", A)) == "invalid owner_mismatch"
    assert verdict("OKT", "OKC", "not an address", ecdsa(A), owner1=of("OKT 0x", A)) == "malformed address_bad_form"
    assert verdict("OKT", "OKC", of("OKT ex", A), ecdsa(A), owner1=of("OKT 0x", A)) == "proven eth_address"
    assert judged("FIL", "FIL", of("FIL f1", B), ecdsa(A), owner1=of("FIL f1", A)) == (
        "owner_signed owner",
        ("owner_mode_unusual",),
    )
    assert (
        verdict("OKT", "OKC", "0x" + "22" * 20, ecdsa(A), owner1=of("OKT 0x", A), owner2=of("OKT 0x", B))
        == "malformed no_signature2"
    )
    twice = judged("OKT", "OKC", "0x" + "22" * 20, ecdsa(A), ecdsa(A), owner1=of("OKT 0x", A), owner2=of("OKT ex", A))
    assert twice == ("owner_signed owner", ("same_owner_twice",))
    assert verdict("OKT", "OKC", "0x" + "22" * 20, ecdsa(A), owner1="somebody") == "malformed owner_bad_form"


def test_e_rows_that_are_counted_unjudged() -> None:
    assert verdict("EOS", "EOS", FREE) == "unsigned unsigned"
    assert verdict("RIPPLE", "RIPPLE", FREE) == "unsigned unsigned"
    assert verdict("RIPPLE", "ETH", FREE, "x") == "malformed address_bad_form"  # E04


def test_f03_letter_case_is_part_of_an_aelf_address() -> None:
    good = of("ELF", A)
    at = next(at for at in range(len(good) - 1, 0, -1) if good[at].isalpha() and good[at].swapcase() in utxo.BASE58)
    assert verdict("ELF", "AELF", good, ecdsa(A)) == "proven aelf"
    assert (
        verdict("ELF", "AELF", good[:at] + good[at].swapcase() + good[at + 1 :], ecdsa(A))
        == "malformed address_bad_checksum"
    )


def test_i02_a_second_signature_by_a_stranger_is_a_remark() -> None:
    assert judged("BTC", "BTC", p2pkh(A), compact(A), compact(B)) == ("proven compressed", ("extra_signature2",))


def test_what_the_script_column_of_one_key_may_hold() -> None:
    script = bitcoin.script(bitcoin.p2pkh("bitcoin", A.short))
    held = {
        script.hex(): (),
        A.short.hex(): (),
        B.short.hex(): ("key_field_unused",),
        "6a": ("script_differs",),
        "no hex": ("key_field_unused",),
    }
    for text, flags in held.items():
        assert judged("BTC", "BTC", p2pkh(A), compact(A), "", text) == ("proven compressed", flags)
    nested = bitcoin.p2sh_p2wpkh("bitcoin", A.short).text
    program = bitcoin.script(bitcoin.p2wpkh("bitcoin", A.short))
    assert judged("BTC", "BTC", p2pkh(A), compact(A), "", "0x") == ("proven compressed", ())
    for text in (A.short.hex(), program.hex(), "0x"):
        assert judged("BTC", "BTC", nested, compact(A, first=35), "", text) == ("proven p2sh-p2wpkh", ())


def test_scripts_that_are_no_multisig() -> None:
    lone = bytes([33]) + A.short + b"\xac"
    assert script_row("bitcoin", "p2wsh", lone, A) == ("proven p2wsh", ("multisig_1_of_1",))
    by_stranger = ("multisig_1_of_1", "signature1_by_stranger")
    assert script_row("bitcoin", "p2wsh", lone, B) == ("invalid signer_not_in_script", by_stranger)
    assert script_row("bitcoin", "p2sh", b"\x51", A) == ("unsupported p2sh_script", ())


def test_a_second_signature_that_is_not_needed_is_a_remark_even_where_it_is_none() -> None:
    script = utxo.script(1, [A.short, B.short])
    where = bitcoin.p2wsh("bitcoin", script).text
    assert judged("BTC", "BTC", where, compact(A), "?", script.hex()) == (
        "proven p2wsh",
        ("multisig_1_of_2", "signature2_unreadable"),
    )
    assert judged("BTC", "BTC", where, "?", compact(A), script.hex()) == (
        "proven p2wsh",
        ("multisig_1_of_2", "signature1_unreadable"),
    )
    assert verdict("BTC", "BTC", where, "?", compact(C), script.hex()) == "malformed signature_bad_base64"


def test_letter_case_of_a_hex_account_is_a_remark() -> None:
    good = of("OKT 0x", A)
    at = next(at for at in range(2, len(good)) if good[at].isalpha())
    assert "bad_eip55" in judged("OKT", "OKC", good[:at] + good[at].upper() + good[at + 1 :], ecdsa(A))[1]


def test_j01_the_order_of_the_rows_changes_nothing() -> None:
    foreign, own = (
        ("BTC", "BTC", p2pkh(A, "dogecoin"), compact(A)),
        ("DOGE", "DOGE", p2pkh(A, "dogecoin"), compact(A, "dogecoin")),
    )
    assert [verdict(*row) for row in (foreign, own, foreign)] == [
        "malformed address_wrong_version",
        "proven compressed",
        "malformed address_wrong_version",
    ]


# --- K: the auditors' layout ------------------------------------------------------------------------------------------
def test_k_a_stated_key_does_not_replace_the_address() -> None:
    mine = A.short.hex()
    assert verdict("FIL", "FIL", of("FIL f1", B), ecdsa(A), "null", mine) == "invalid address_mismatch"  # K01
    assert verdict("XRP", "XRP", of("XRP", B), ecdsa(A), "null", mine) == "invalid address_mismatch"  # K02
    assert judged("BTC", "NO_SUCH_CHAIN", FREE, ecdsa(A), "null", mine) == ("unsupported unknown_network", ())  # K03
    signature = eos.signature_text(A.sign(eos.digest(MESSAGE)))
    # K05
    assert (
        verdict("EOS", "EOS", "binancecleos", signature, "null", eos.key_text(A))
        == "signature_only account_name_not_derived"
    )
    assert verdict("FIL", "FIL", of("FIL f1", A), ecdsa(A), "null", mine) == "proven f1"
    assert verdict("FIL", "FIL", of("FIL f1", A), ecdsa(A), "null", B.short.hex()) == "invalid key_mismatch"
    assert verdict("FIL", "FIL", of("FIL f1", A), ecdsa(A), "null", "no key") == "malformed key_bad_hex"
    assert verdict("NO_SUCH_COIN", "NO_SUCH_CHAIN", FREE, ecdsa(A), "null", mine) == "unsupported unknown_network"


def test_accounts_that_are_no_function_of_a_key() -> None:
    assert (
        verdict("FLOW", "FLOW", "0x4f45575f29f5dffb", ecdsa(A), "", A.short.hex())
        == "signature_only address_not_derived"
    )
    assert verdict("FLOW", "FLOW", "0x4f45575f29f5dffb", ecdsa(A), "", B.short.hex()) == "invalid key_mismatch"
    assert verdict("FLOW", "FLOW", "0x4f45575f29f5dffb", ecdsa(A)) == "unsupported flow"
    assert verdict("FIL", "FIL", "f01234", ecdsa(A)) == "unsupported f0"
    assert verdict("STX", "STX", stacks.text_of(20, bytes(20)), ecdsa(A)) == "unsupported stacks_script"
    assert verdict("ICX", "ICX", "cx" + "00" * 20, ecdsa(A)) == "unsupported cx"


# --- R: good rows that are refused ------------------------------------------------------------------------------------
def script_row(network: str, form: str, script: bytes, *signers: made.Key) -> Judged:
    label = {"bitcoin": "BTC", "litecoin": "LTC"}[network]
    signatures = [*(compact(signer, network) for signer in signers), ""][:2]
    return judged(
        label, label, getattr(bitcoin, form)(network, script).text, signatures[0], signatures[1], script.hex()
    )


def test_r01_to_r11_utxo() -> None:
    native, nested = bitcoin.p2wpkh("bitcoin", A.short).text, bitcoin.p2sh_p2wpkh("bitcoin", A.short).text
    assert judged("BTC", "BTC", native, compact(A)) == ("proven p2wpkh", ("loose_bip137",))  # R01
    assert judged("BTC", "BTC", native, compact(A, first=39)) == ("proven p2wpkh", ())  # R02
    assert judged("BTC", "BTC", nested, compact(A)) == ("proven p2sh-p2wpkh", ("loose_bip137",))  # R03
    taproot, signer, _, _ = bip322._p2tr(random.Random(5), [A])
    text = bip322.text_of("", bip322.simple(MESSAGE, bitcoin.script(taproot), signer))
    assert judged("BTC", "BTC", taproot.text, text) == ("proven p2tr-key", ("bip322_no_prefix",))  # R04
    assert judged("BTC", "BTC", taproot.text, "smp" + text) == ("proven p2tr-key", ())  # R05
    # R06
    assert judged("BTC", "BTC", bitcoin.p2pkh("bitcoin", A.long).text, compact(A, first=27)) == (
        "proven uncompressed",
        (),
    )
    assert verdict("BCHN", "BCH", p2pkh(A, "bitcoin_cash"), compact(A)) == "proven compressed"  # R07
    two = utxo.script(2, [A.short, B.short, C.short])
    three_spelling = bitcoin.p2sh("bitcoin", two).text
    assert three_spelling[0] == "3"
    # R08
    assert (
        verdict("LTC", "LTC", three_spelling, compact(A, "litecoin"), compact(B, "litecoin"), two.hex())
        == "proven p2sh"
    )
    assert script_row("bitcoin", "p2sh_p2wsh", two, A, C) == ("proven p2sh-p2wsh", ("multisig_2_of_3",))  # R09
    # R10
    assert script_row("bitcoin", "p2wsh", utxo.script(1, [A.short, B.short]), B) == (
        "proven p2wsh",
        ("multisig_1_of_2",),
    )
    # R11
    assert script_row("bitcoin", "p2sh", utxo.script(2, [A.long, B.long, C.long]), A, B) == (
        "proven p2sh",
        ("multisig_2_of_3",),
    )


def test_r16_to_r24_other_chains() -> None:
    assert verdict("CFX", "CFX", of("CFX verbose", A), ecdsa(A)) == "proven cfx"  # R16
    assert verdict("ELF", "AELF", of("ELF wrapped", A), ecdsa(A)) == "proven aelf"  # R17
    assert verdict("STX", "STX", of("STX", A), ecdsa(A)) == "proven stacks-compressed"  # R18
    assert verdict("STX", "STX", of("STX uncompressed", A), ecdsa(A)) == "proven stacks-uncompressed"
    assert verdict("XRP", "XRP", of("XRP", A), ecdsa(A), "", A.short.hex()) == "proven xrp"  # R23
    signature = eos.signature_text(A.sign(eos.digest(MESSAGE)))
    # R24
    assert (
        verdict("VAULTA", "VAULTA", "genbbbbb1tr", signature, "", eos.key_text(A))
        == "signature_only account_name_not_derived"
    )


def test_eos_with_two_stated_keys() -> None:
    one, two = (eos.signature_text(who.sign(eos.digest(MESSAGE))) for who in (A, B))
    stated = json.dumps({"publicKey1": eos.key_text(A), "publicKey2": eos.key_text(B, new=True)})
    for spelled in (stated, stated.replace('"', '""')):
        assert verdict("EOS", "EOS", "okbwallet1tr", one, two, spelled) == "signature_only account_name_not_derived"
    assert verdict("EOS", "EOS", "okbwallet1tr", one, one, stated) == "invalid bad_signature"
    assert verdict("EOS", "EOS", "okbwallet1tr", one, "", stated) == "malformed no_signature2"
    assert (
        verdict("EOS", "EOS", "okbwallet1tr", one, two, stated.replace("publicKey2", "other"))
        == "malformed key_bad_form"
    )
    assert judged("EOS", "EOS", "okbwallet1tr", one, two, eos.key_text(A))[1] == ("extra_signature2",)


# --- labels -----------------------------------------------------------------------------------------------------------
UTXO_LABELS = "BTC USDT-OMNI BCD BSV BCHSV BCH BCHN BCHA XEC LTC DOGE DASH BTG DGB QTUM RVN ZEC ZCASH ZEN DCR USDT"
ECDSA_LABELS = (
    "FIL CFX ELF AELF LUNC LUNA_TERRA TERRA OKT OKC STX TIA ATOM CRO DORA DYDX INJ ICX ONE HARMONY_ONE FLOW NULS XRP "
    "RIPPLE AVAX-X ARK "
    "BABYLON_BBN CKB DORA_FACTORY DYDX_MAIN INJECTIVE MANTRA SEI UMEE_NEO BTCK-OKC20 USDT-KIP20 OKB-OKC20 LTCK-OKC20"
)
NETWORK_ONLY = "AVAX"


@pytest.mark.parametrize(
    ("labels", "scheme"),
    [(UTXO_LABELS, "utxo"), (ECDSA_LABELS, "okx_ecdsa"), ("EOS A VAULTA WAX WAXP", "eos_k1")],
    ids=["utxo", "ecdsa", "eos"],
)
def test_every_label_of_these_schemes_is_known(labels: str, scheme: str) -> None:
    facts = registry.load()
    for label in labels.split():
        assert facts.label("okx", label).scheme == scheme, label
        if not label.endswith("20") and label not in ("USDT", "USDT-OMNI"):
            assert facts.labels["okx", "", registry.fold(label)].scheme == scheme, label
    assert facts.labels["okx", "", NETWORK_ONLY].scheme == "okx_ecdsa"


# --- BIP-322 beyond the official vectors ------------------------------------------------------------------------------
def bip(where: Any, text: str, message: str = MESSAGE) -> Judged:
    return judged("BTC", "BTC", where.text, text, message=message)


def test_a_satisfied_script_without_a_signature_of_its_own_key_proves_nothing() -> None:
    anyone, any_key = b"\x51", b"\xac"  # OP_1; CHECKSIG of a key that the spender brings
    for script, build in (
        (anyone, lambda _: (b"\x51",)),
        (any_key, lambda digest: (bip322.der(A, digest), A.short, b"\xac")),
    ):
        where = bitcoin.p2wsh("bitcoin", script)

        def by(
            transaction: Any, index: int, outputs: Any, script: bytes = script, build: Callable[[bytes], Any] = build
        ) -> Any:
            return b"", build(transaction.segwit_digest(index, script, outputs[index].value))

        assert bip(where, bip322.text_of("smp", bip322.simple(MESSAGE, bitcoin.script(where), by))) == (
            "invalid no_key_signed",
            (),
        )


def test_a_witness_that_is_longer_than_two_columns_shows_three_of_five() -> None:
    script = utxo.script(3, [k.short for k in ALL])
    where = bitcoin.p2wsh("bitcoin", script)
    raw = bip322.simple(MESSAGE, bitcoin.script(where), bip322.by_multisig([A, C, E], script))
    assert bip(where, bip322.text_of("", raw)) == ("proven p2wsh", ("multisig_3_of_5", "bip322_no_prefix"))
    two = bip322.simple(MESSAGE, bitcoin.script(where), bip322.by_multisig([A, C], script))
    assert bip(where, bip322.text_of("", two))[0] == "invalid bad_signature"


def test_one_key_twice_in_a_script_is_one_signer() -> None:
    script = utxo.script(2, [A.short, A.short])
    where = bitcoin.p2wsh("bitcoin", script)
    raw = bip322.simple(MESSAGE, bitcoin.script(where), bip322.by_multisig([A, A], script))
    assert bip(where, bip322.text_of("smp", raw)) == (
        "invalid below_threshold_one_key_twice",
        ("multisig_2_of_2", "script_repeats_key"),
    )


def spoiled_key_row(change: Callable[[bytes], bytes]) -> str:
    """A P2WPKH row whose DER signature is changed."""
    where = bitcoin.p2wpkh("bitcoin", A.short)

    def by(transaction: Any, index: int, outputs: Any) -> Any:
        script, (signature, public) = bip322.by_key(A)(transaction, index, outputs)
        return script, (change(signature), public)

    return bip(where, bip322.text_of("smp", bip322.simple(MESSAGE, bitcoin.script(where), by)))[0]


def test_signatures_are_read_strictly() -> None:
    def high_s(signature: bytes) -> bytes:
        r_end = 4 + signature[3]
        high = made.ORDER - int.from_bytes(signature[r_end + 2 : -1], "big")
        s = b"\0" + high.to_bytes(32, "big")
        body = signature[2:r_end] + bytes([2, len(s)]) + s
        return bytes([0x30, len(body)]) + body + signature[-1:]

    assert spoiled_key_row(lambda signature: signature) == "proven p2wpkh"
    assert spoiled_key_row(high_s) == "invalid bad_signature"
    assert spoiled_key_row(lambda signature: signature[:-1] + b"\x81") == "invalid signature_sighash_not_all"
    assert spoiled_key_row(lambda signature: signature[:-1] + b"\x02") == "invalid signature_sighash_not_all"
    assert (
        spoiled_key_row(lambda signature: signature[:3] + bytes([signature[3] + 1]) + b"\0" + signature[4:])
        == "invalid bad_signature"
    )
    assert spoiled_key_row(lambda _: b"") == "invalid bad_signature"


def test_a_closed_lock_does_not_open() -> None:
    script = bip322.locked_script(A.short, B.short)
    where = bitcoin.p2wsh("bitcoin", script)
    signer = bip322.by_locked_script(B, script)
    opened = bip322.full(MESSAGE, bitcoin.script(where), signer)
    closed = bip322.full(MESSAGE, bitcoin.script(where), signer, sequence=bip322.LOCK - 1)
    assert bip(where, bip322.text_of("ful", opened)) == ("proven p2wsh", ("time_lock",))
    assert bip(where, bip322.text_of("ful", closed)) == ("invalid bad_signature", ())


def test_a_form_without_a_rule_is_unsupported_by_its_name() -> None:
    where = bitcoin.p2wsh("bitcoin", b"\x61" + bytes([33]) + A.short + b"\xac")  # NOP
    raw = bip322.simple(
        MESSAGE, bitcoin.script(where), lambda *_: (b"", (b"\x30", b"\x61" + bytes([33]) + A.short + b"\xac"))
    )
    assert bip(where, bip322.text_of("smp", raw)) == ("unsupported opcode_61", ())
    future = bitcoin.segwit("bitcoin", 16, b"\x01" * 32)
    assert bip(future, bip322.text_of("smp", b"\x01\x01\x01")) == ("unsupported witness_v16", ())
    gold = bitcoin.p2wpkh("bitcoin_gold", A.short)
    assert verdict("BTG", "BTG", gold.text, bip322.text_of("smp", b"\x00")) == "unsupported bip322"
    many = Transaction(2, tuple(Input(bytes([n]) * 36, b"", 0) for n in range(101)), (bip322.NOTHING,), 0)
    assert bip(bitcoin.p2pkh("bitcoin", A.short), bip322.text_of("ful", many.without_witness())) == (
        "unsupported too_many_inputs",
        (),
    )
    output = coincurve.PublicKeyXOnly(A.short[1:])
    taproot = bitcoin.segwit("bitcoin", 1, output.format())
    assert bip(taproot, bip322.text_of("smp", bip322.stack((b"\1" * 64, b"\x50annex")))) == ("unsupported annex", ())


@given(
    st.sampled_from(["smp", "ful", "pof"]),
    st.sampled_from(sorted(bip322.FORMS)),
    st.integers(0, 10**6),
    st.integers(0, 255),
)
@settings(max_examples=150, deadline=None)
def test_a_changed_byte_never_raises_and_proves_nothing(prefix: str, form: str, at: int, value: int) -> None:
    keys = [A, B, C]
    where, signer, _, _ = bip322.FORMS[form](random.Random(1), keys)
    script = bitcoin.script(where)
    build = {"smp": bip322.simple, "ful": bip322.full, "pof": lambda *of: bip322.funds(*of, C)}[prefix]
    raw = bytearray(build(MESSAGE, script, signer))
    at %= len(raw)
    is_changed, raw[at] = raw[at] != value, value
    found = ownership.judge(evidence("BTC", "BTC", where.text, bip322.text_of(prefix, bytes(raw))))
    # A PSBT says some things twice, and may hold fields that nobody reads.
    assert found.verdict != "proven" or not is_changed or prefix == "pof"


ODD = ["", "0x", " ", "null", "{", "[]", '{"publicKey1":1}', "00", "51", "02" + "00" * 32, "\ud800"]
CELL = st.text(max_size=70) | st.sampled_from(ODD) | st.binary(max_size=70).map(bytes.hex)


@given(
    st.sampled_from([utxo, bip322, okx_ecdsa, eos]),
    st.integers(0, 200),
    CELL,
    CELL,
    CELL,
    CELL,
    CELL,
    st.integers(0, 63),
)
@settings(max_examples=400, deadline=None)
def test_no_cell_of_a_row_raises(
    module: Any, seed: int, address: str, message: str, one: str, two: str, script: str, which: int
) -> None:
    """Good and spoiled rows, some of whose cells are replaced by anything."""
    row = module.case(random.Random(seed)).row
    row = replace(
        row,
        address_published=address if which & 1 else row.address_published,
        message=message if which & 2 else row.message,
        signatures=[one if which & 4 else row.signatures[0], two if which & 8 else row.signatures[1]],
        key_or_script=script if which & 16 else row.key_or_script,
        owners=[one, two] if which & 32 else row.owners,
    )
    assert ownership.judge(row).reason
    for what in (row, replace(row, signatures=row.signatures[:1]), replace(row, owners=[two])):
        assert ownership.judge(what).verdict


BYTES = st.binary(max_size=200) | st.binary(max_size=100).map(lambda raw: b"psbt\xff" + raw)


@given(st.sampled_from(["", "smp", "ful", "pof", "SIG_K1_"]), BYTES, st.binary(max_size=60))
@settings(max_examples=150, deadline=None)
def test_no_bytes_raise(prefix: str, raw: bytes, script: bytes) -> None:
    text = bip322.text_of(prefix, raw) if prefix != "SIG_K1_" else prefix + base58.encode(raw)
    for where in (
        bitcoin.p2wsh("bitcoin", script),
        bitcoin.p2sh("bitcoin", script),
        bitcoin.segwit("bitcoin", 1, A.short[1:]),
    ):
        for signature in (text, bip322.text_of("smp", bip322.stack((raw[:100], script)))):
            assert ownership.judge(evidence("BTC", "BTC", where.text, signature, "", script.hex())).verdict != "proven"
    assert (
        ownership.judge(evidence("EOS", "EOS", "okbwallet1tr", text, "", eos.key_text(A))).verdict != "signature_only"
    )


def test_the_steps_of_a_row_are_told() -> None:
    rows = [
        evidence("BTC", "BTC", p2pkh(A), compact(A)),
        evidence("FIL", "FIL", of("FIL f1", A), ecdsa(A), "", A.short.hex()),
        evidence("CFX", "CFX", conflux.encode(bytes([0x10]) + bytes(19)), ecdsa(A)),
    ]
    for row in rows:
        _, heard = ownership.explain(row)
        told = {each.what: each.value for each in heard}
        assert {"bytes signed", "digest", "signature", "recovered key", "derived account", "account in the row"} <= set(
            told
        )
        assert told["recovered key"] == A.short
        is_same = told["derived account"] == told["account in the row"]
        assert is_same == (ownership.judge(row).verdict == "proven")


@pytest.mark.parametrize("kind", ["p2wsh-time-lock", "p2tr-time-lock"])
def test_the_locked_spends_of_the_standard_hold(kind: str) -> None:
    """The standard's own transactions, of which only the message or the address was exchanged: the spend itself is
    good.
    """
    published = next(case for case in VECTORS if f"{kind} full signature" in case["why"])
    to_sign = transaction(base64.b64decode(published["signatures"][0][3:]))
    program = bitcoin.script(addresses.parse("bitcoin", published["address"]))
    if kind.startswith("p2wsh"):
        program = b"\x00\x20" + sha256(to_sign.inputs[0].witness[-1])
    spent = _script.spend(to_sign, 0, (Output(0, program),))
    assert (spent.form, spent.is_time_locked) == (
        {"p2wsh-time-lock": "p2wsh", "p2tr-time-lock": "p2tr-script"}[kind],
        True,
    )
    early = Transaction(
        to_sign.version, (replace(to_sign.inputs[0], sequence=2015),), to_sign.outputs, to_sign.locktime
    )
    with pytest.raises(NoKey):
        _script.spend(early, 0, (Output(0, program),))
