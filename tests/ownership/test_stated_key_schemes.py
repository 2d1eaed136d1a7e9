"""ed25519 accounts, validators and BIP-322: signatures of other libraries hold, and the borders of each form."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from py_ecc.bls import G2ProofOfPossession as Bls

from made_rows import bip322 as made
from porlake import ownership
from porlake.addresses import bitcoin, parse
from porlake.encoding import base58
from porlake.encoding.keccak import keccak256
from porlake.errors import NoKey, NoRule
from porlake.model import Evidence
from porlake.ownership import beth_bls, bip322, ed25519

Row = Callable[..., Evidence]
Keys = Callable[[str], Any]
MESSAGE = "I am an OKX address"


def test_openssls_signature_of_the_header_and_the_text_proves_a_solana_account(row: Row) -> None:
    private = Ed25519PrivateKey.from_private_bytes(b"\5" * 32)
    key = private.public_key().public_bytes_raw()
    signature = private.sign(b"\x14OKX Signed Message:\n" + bytes([len(MESSAGE)]) + MESSAGE.encode())
    made_row = row("okx_ed25519", "solana", base58.encode(key), "0x" + signature.hex(), script="0x" + key.hex())
    assert ed25519.judge(made_row, parse("solana", base58.encode(key))).verdict == "proven"
    bare = private.sign(MESSAGE.encode())
    assert ownership.judge(replace(made_row, signatures=["0x" + bare.hex()])).verdict == "invalid"
    htx = row("htx_ed25519", "solana", base58.encode(key), base64.b64encode(bare).decode())
    assert (ownership.judge(htx).verdict, ownership.judge(htx).signer) == ("proven", base58.encode(key))


@pytest.mark.parametrize(("digits", "is_short"), [(63, True), (64, False)])
def test_an_aptos_address_without_its_leading_zeros_is_flagged(row: Row, digits: int, is_short: bool) -> None:
    private = Ed25519PrivateKey.from_private_bytes(b"\5" * 32)
    key = private.public_key().public_bytes_raw()
    signature = private.sign(b"\x14OKX Signed Message:\n" + bytes([len(MESSAGE)]) + MESSAGE.encode())
    made_row = row("okx_ed25519", "aptos", "0x" + "1" * digits, "0x" + signature.hex(), script=key.hex())
    assert ("short_address" in ownership.judge(made_row).flags) == is_short


def test_py_eccs_signature_proves_a_validator(row: Row) -> None:
    key = Bls.SkToPk(7)
    digest = keccak256(b"\x19Ethereum Signed Message:\n32" + keccak256(MESSAGE.encode()))
    good = row("beth_bls", "ethereum_beacon", "0x" + key.hex(), "0x" + Bls.Sign(7, digest).hex())
    found = beth_bls.judge(good, parse("ethereum_beacon", good.address_published))
    assert (found.verdict, found.reason, found.signer) == ("proven", "beth", "0x" + key.hex())
    other = replace(good, address_published="0x" + Bls.SkToPk(8).hex())
    assert ownership.judge(other).verdict == "invalid"
    for size in (95, 97):
        short = replace(good, signatures=["0x" + "11" * size])
        assert ownership.judge(short).reason == "signature_bad_length"


# --- BIP-322 ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("inputs", "is_judged"), [(99, True), (100, True), (101, False)])
def test_a_proof_of_funds_has_100_inputs_at_most(inputs: int, is_judged: bool) -> None:
    spend = made.to_spend(MESSAGE, b"\x51")
    first = made.Input(spend.id() + bytes(4), b"", 0)
    rest = tuple(made.Input(bytes([at]) * 32 + bytes(4), b"", 0) for at in range(1, inputs))
    to_sign = made.Transaction(0, (first, *rest), (made.NOTHING,), 0)
    if is_judged:
        bip322._check(to_sign, spend)
    else:
        with pytest.raises(NoRule) as caught:
            bip322._check(to_sign, spend)
        assert caught.value.code == "too_many_inputs"


@pytest.mark.parametrize(("version", "is_good"), [(0, True), (1, False), (2, True), (3, False)])
def test_the_transaction_that_signs_has_version_0_or_2(version: int, is_good: bool) -> None:
    spend = made.to_spend(MESSAGE, b"\x51")
    first = made.Input(spend.id() + bytes(4), b"", 0)

    def check(*inputs: made.Input, outputs: tuple[made.Output, ...] = (made.NOTHING,)) -> None:
        bip322._check(made.Transaction(version, inputs, outputs, 0), spend)

    if not is_good:
        with pytest.raises(NoKey):
            check(first)
        return
    check(first)
    for inputs, outputs in (
        ((), (made.NOTHING,)),
        ((first,), ()),
        ((first,), (made.NOTHING, made.NOTHING)),
        ((first,), (made.Output(1, b"\x6a"),)),
        ((first, first), (made.NOTHING,)),
        ((made.Input(spend.id() + b"\1" + bytes(3), b"", 0),), (made.NOTHING,)),
    ):
        with pytest.raises(NoKey):
            check(*inputs, outputs=outputs)


@pytest.mark.parametrize(("first", "is_meant"), [(26, True), (27, False), (28, False)])
def test_a_taproot_address_is_given_a_compact_signature_from_27_on(first: int, is_meant: bool) -> None:
    address = bitcoin.segwit("bitcoin", 1, b"\7" * 32)
    assert bip322.is_meant(base64.b64encode(bytes([first]) + bytes(64)).decode(), address) == is_meant


@pytest.mark.parametrize(("size", "is_meant"), [(64, False), (65, False), (66, True)])
def test_more_than_65_bytes_for_a_witness_address_are_a_witness(size: int, is_meant: bool) -> None:
    address = bitcoin.p2wpkh("bitcoin", b"\2" * 33)
    assert bip322.is_meant(base64.b64encode(b"\2" + b"\xff" * (size - 1)).decode(), address) == is_meant


def test_a_made_row_holds_for_its_message_alone() -> None:
    good = next(case for case in (made.case(Random(seed)) for seed in range(40)) if case.verdict == "proven")
    assert ownership.judge(good.row).verdict == "proven"
    assert ownership.judge(replace(good.row, message=good.row.message + "!")).verdict != "proven"


def test_an_explanation_shows_the_account_that_the_stated_key_has(row: Row) -> None:
    private = Ed25519PrivateKey.from_private_bytes(b"\5" * 32)
    key = private.public_key().public_bytes_raw()
    signature = private.sign(b"\x14OKX Signed Message:\n" + bytes([len(MESSAGE)]) + MESSAGE.encode())
    other = row("okx_ed25519", "solana", base58.encode(b"\7" * 32), "0x" + signature.hex(), script=key.hex())
    judgement, steps = ownership.explain(other)
    assert (judgement.verdict, judgement.reason) == ("invalid", "address_mismatch")
    assert [step.value for step in steps if step.what == "derived account"] == [key]
    assert [step.value for step in steps if step.what == "account in the row"] == [b"\7" * 32]
