"""The verdicts beside other libraries than those that made them: eth-account, python-ecdsa, OpenSSL and py_ecc, with
hashes of hashlib alone.
"""

from __future__ import annotations

import base64
import hashlib
import random
from collections.abc import Callable, Iterator

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from ecdsa import SECP256k1, VerifyingKey
from ecdsa.util import sigdecode_string
from eth_account import Account
from eth_account.messages import SignableMessage
from eth_keys import KeyAPI
from eth_keys.backends import NativeECCBackend
from eth_utils import keccak
from py_ecc.bls import G2ProofOfPossession

from made_rows import Case, beth_bls, ed25519, evm_tron, utxo
from porlake import ownership
from porlake.addresses import bitcoin
from porlake.model import Evidence

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def rows(case: Callable[[random.Random], Case], count: int, fits: Callable[[Case], bool]) -> Iterator[Evidence]:
    chance = random.Random(26)
    while count:
        made = case(chance)
        if fits(made):
            count -= 1
            yield made.row


def is_plain_evm(made: Case) -> bool:
    row = made.row
    return (
        row.scheme == "okx_evm"
        and row.network == "base"
        and not any(row.owners)
        and made.verdict in ("proven", "invalid")
    )


def test_eth_account_recovers_the_accounts_that_are_proven(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Account, "_keys", KeyAPI(NativeECCBackend()))  # pure Python, no libsecp256k1
    for row in rows(evm_tron.case, 15, is_plain_evm):
        digits = row.signatures[0].strip().removeprefix("0x")
        v = int(digits[128:], 16)
        v = 27 + v if v < 2 else 27 + (v - 27) % 4
        found = set()
        for text in {row.message, row.message.strip()}:
            signed = SignableMessage(b"E", b"thereum Signed Message:\n32", keccak(text.encode()))
            if v < 29:
                try:
                    found.add(
                        Account.recover_message(signed, vrs=(v, int(digits[:64], 16), int(digits[64:128], 16))).lower()
                    )
                except Exception:  # noqa: BLE001 - whatever the library says of a signature that recovers to nothing
                    continue
        holds = "0x" + row.address_published.lower().removeprefix("0x") in found
        assert holds == (ownership.judge(row).verdict == "proven") or v >= 29, row


def base58check(payload: bytes) -> str:
    data = payload + hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
    number, text = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = ALPHABET[digit] + text
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def hash160(data: bytes) -> bytes:
    from Crypto.Hash import RIPEMD160

    return RIPEMD160.new(hashlib.sha256(data).digest()).digest()


def is_plain_btc(made: Case) -> bool:
    row = made.row
    return (
        row.network in ("bitcoin", "litecoin", "dogecoin")
        and row.signatures[0][:1] in "GHI"
        and not row.key_or_script
        and "1" < row.address_published < "z"
    )


def test_python_ecdsa_recovers_the_keys_of_proven_p2pkh_rows() -> None:
    headers = {"bitcoin": b"\x18Bitcoin", "litecoin": b"\x19Litecoin", "dogecoin": b"\x19Dogecoin"}
    for row in rows(utxo.case, 25, is_plain_btc):
        found = ownership.judge(row)
        if (
            found.verdict != "proven"
            or found.reason not in ("compressed", "uncompressed")
            or "alt_header" in found.flags
        ):
            continue
        raw = base64.b64decode(row.signatures[0])
        keys = set()
        for text in {row.message, row.message.strip()}:
            length = len(text.encode())
            counted = bytes([length]) if length < 253 else b"\xfd" + length.to_bytes(2, "little")
            digest = hashlib.sha256(
                hashlib.sha256(headers[row.network or ""] + b" Signed Message:\n" + counted + text.encode()).digest()
            ).digest()
            for key in VerifyingKey.from_public_key_recovery_with_digest(
                raw[1:], digest, SECP256k1, hashlib.sha256, sigdecode_string
            ):
                keys |= {key.to_string("compressed"), key.to_string("uncompressed")}
        version = bitcoin.parameters(row.network or "").p2pkh[0]
        assert row.address_published in {base58check(version + hash160(key)) for key in keys}, row


def is_plain_ed25519(made: Case) -> bool:
    row = made.row
    return (
        made.verdict in ("proven", "signature_only", "invalid")
        and not any(row.owners)
        and row.signatures[0].startswith("0x")
    )


def test_openssl_takes_the_ed25519_signatures_that_hold() -> None:
    taken = 0
    for row in rows(ed25519.case, 400, is_plain_ed25519):
        if ownership.judge(row).verdict == "invalid":
            continue
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(row.key_or_script.removeprefix("0x")))
        spelled = {row.message.encode(), row.message.strip().encode()}
        signed = [
            b"\x14OKX Signed Message:\n"
            + (bytes([len(text)]) if len(text) < 253 else b"\xfd" + len(text).to_bytes(2, "little"))
            + text
            for text in spelled
        ]
        assert any(holds(key, bytes.fromhex(row.signatures[0][2:]), text) for text in signed), row
        taken += 1
    assert taken > 200


def holds(key: Ed25519PublicKey, signature: bytes, data: bytes) -> bool:
    try:
        key.verify(signature, data)
    except InvalidSignature:
        return False
    return True


def test_py_ecc_agrees_about_a_validators_signature() -> None:
    chance = random.Random(4)
    good = next(
        made for made in iter(lambda: beth_bls.case(chance), None) if made.verdict == "proven" and not made.flags
    )
    row = good.row
    digest = keccak(b"\x19Ethereum Signed Message:\n32" + keccak(row.message.strip().encode()))
    key, signature = (bytes.fromhex(text.removeprefix("0x")) for text in (row.address_published, row.signatures[0]))
    assert ownership.judge(row).verdict == "proven"
    assert G2ProofOfPossession.Verify(key, digest, signature)
    assert not G2ProofOfPossession.Verify(key, keccak(digest), signature)
