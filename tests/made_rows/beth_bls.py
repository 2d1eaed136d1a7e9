"""Rows of validators that sign with their BLS key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

from py_arkworks_bls12381 import G1Point, G2Point, Scalar

from made_rows import Case
from porlake.encoding import bls
from porlake.encoding.keccak import keccak256
from porlake.model import Evidence

SCHEMES = frozenset({"beth_bls"})
MESSAGES = ("I am an OKX address", "OKC_DTT_AUP2025", "hello world", "ß €")
INFINITE_KEY, INFINITE_SIGNATURE = b"\xc0" + bytes(47), b"\xc0" + bytes(95)
#: On the curve, not in the group of prime order.
OUTSIDE = bytes.fromhex(
    "800000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000004"
)


def case(chance: Random) -> Case:
    """A row that holds, or one of the changes below."""
    made = _good(chance)
    return made if chance.random() < 0.65 else chance.choice(CHANGES)(chance, made)


def sign(secret: Scalar, message: str) -> bytes:
    digest = keccak256(b"\x19Ethereum Signed Message:\n32" + keccak256(message.encode()))
    return bytes((G2Point.hash_to_curve(digest, bls.SUITE) * secret).to_compressed_bytes())


def key_of(secret: Scalar) -> bytes:
    return bytes((G1Point() * secret).to_compressed_bytes())


def secret_of(chance: Random) -> Scalar:
    return Scalar.from_le_bytes(chance.randbytes(31) + bytes(1))


def _good(chance: Random) -> Case:
    secret, message = secret_of(chance), chance.choice(MESSAGES)
    signature = sign(secret, message).hex()
    row = Evidence(
        "okx",
        "r",
        1,
        None,
        "ethereum_beacon",
        None,
        "BETH",
        "BETH",
        "wallet",
        "beth_bls",
        "0x" + key_of(secret).hex(),
        message,
        ["0x" + signature if chance.random() < 0.8 else signature, ""],
        "",
        ["", ""],
    )
    return Case(row, "proven", "beth", "holds", ())


def _signature(made: Case) -> bytes:
    return bytes.fromhex(made.row.signatures[0].removeprefix("0x"))


def _signed(made: Case, signature: bytes, verdict: str, reason: str, why: str) -> Case:
    return Case(replace(made.row, signatures=["0x" + signature.hex(), ""]), verdict, reason, why)


def _flipped(chance: Random, made: Case) -> Case:
    raw = bytearray(_signature(made))
    raw[chance.randrange(96)] ^= 1 << chance.randrange(8)
    return _signed(made, bytes(raw), "invalid", "bad_signature", "bit flipped in the signature")


def _other_key(chance: Random, made: Case) -> Case:
    return Case(
        replace(made.row, address_published="0x" + key_of(secret_of(chance)).hex()),
        "invalid",
        "bad_signature",
        "address of another key",
    )


def _other_message(chance: Random, made: Case) -> Case:
    return Case(replace(made.row, message=made.row.message + "."), "invalid", "bad_signature", "another message")


def _other_signature(chance: Random, made: Case) -> Case:
    return _signed(made, sign(secret_of(chance), made.row.message), "invalid", "bad_signature", "another key signed")


def _trailing(chance: Random, made: Case) -> Case:
    return Case(
        replace(made.row, address_published=made.row.address_published + "0400ff"),
        "malformed",
        "address_bad_length",
        "bytes after the address",
    )


def _trailing_signature(chance: Random, made: Case) -> Case:
    return _signed(
        made, _signature(made) + b"\x3c\x00", "malformed", "signature_bad_length", "bytes after the signature"
    )


def _truncated(chance: Random, made: Case) -> Case:
    return _signed(
        made, _signature(made)[: chance.randrange(1, 96)], "malformed", "signature_bad_length", "signature cut off"
    )


def _bad_hex(chance: Random, made: Case) -> Case:
    return Case(
        replace(made.row, signatures=[made.row.signatures[0][:-1] + "z", ""]),
        "malformed",
        "signature_bad_hex",
        "signature is no hex",
    )


def _bad_address(chance: Random, made: Case) -> Case:
    return Case(
        replace(made.row, address_published=made.row.address_published[:-1] + "z"),
        "malformed",
        "address_bad_hex",
        "address is no hex",
    )


def _infinite(chance: Random, made: Case) -> Case:
    """The point at infinity as key and signature fits every message."""
    row = replace(
        made.row, address_published="0x" + INFINITE_KEY.hex(), signatures=["0x" + INFINITE_SIGNATURE.hex(), ""]
    )
    return Case(row, "invalid", "bad_signature", "point at infinity")


def _outside(chance: Random, made: Case) -> Case:
    return Case(
        replace(made.row, address_published="0x" + OUTSIDE.hex()), "invalid", "bad_signature", "key outside the group"
    )


def _unsigned(chance: Random, made: Case) -> Case:
    return Case(replace(made.row, signatures=["", ""]), "unsigned", "unsigned", "no signature")


def _blank_around(chance: Random, made: Case) -> Case:
    return Case(
        replace(made.row, message=f"{made.row.message} "),
        "proven",
        "beth",
        "blanks around the message",
        ("message_trimmed",),
    )


def _stated(chance: Random, made: Case) -> Case:
    row = replace(made.row, key_or_script=made.row.address_published)
    return Case(row, "proven", "beth", "the key column is filled", ("key_field_unused",))


CHANGES: list[Callable[[Random, Case], Case]] = [
    _flipped,
    _other_key,
    _other_message,
    _other_signature,
    _trailing,
    _trailing_signature,
    _truncated,
    _bad_hex,
    _bad_address,
    _infinite,
    _outside,
    _unsigned,
    _blank_around,
    _stated,
]
