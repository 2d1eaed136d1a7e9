"""Rows of Starknet accounts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from random import Random

from crypto_cpp_py import cpp_bindings

from made_rows import Case
from porlake.addresses import starknet as accounts
from porlake.encoding import stark
from porlake.encoding.hashes import sha256
from porlake.model import Evidence
from porlake.ownership import starknet

SCHEMES = frozenset({"starknet_typed_data"})
MESSAGES = ("I am an OKX address", "OKC_DTT_AUP2025", "hello world", "20240325", 'a "quoted" text', "x" * 31)


def case(chance: Random) -> Case:
    """A row that holds, or one of the changes below."""
    secret, message = chance.randrange(1, stark.ORDER), chance.choice(MESSAGES)
    made = _good(chance, secret, message)
    return made if chance.random() < 0.65 else chance.choice(CHANGES)(chance, made, secret)


def sign(secret: int, account: bytes, message: str) -> str:
    """r and s over the typed data of an account. The number used once is a hash of secret and message: the library's
    own takes long to find.
    """
    digest = starknet.message_hash(account, message)
    once = int.from_bytes(sha256(f"{secret} {digest}".encode()), "big") % stark.ORDER
    r = key_of(once)
    s = (digest + r * secret) * pow(once, -1, stark.ORDER) % stark.ORDER
    return f"{r:064x}{s:064x}"


def key_of(secret: int) -> int:
    return int(cpp_bindings.cpp_get_public_key(secret))


def account_of(key: int, chance: Random) -> bytes:
    """By one of the classes, mostly OKX's own, which are told first."""
    return next(islice(accounts.accounts(key), int(chance.random() ** 2 * 10), None))[1]


def _good(chance: Random, secret: int, message: str) -> Case:
    key = key_of(secret)
    account = account_of(key, chance)
    text = "0x" + (account.hex() if chance.random() < 0.5 else account.hex().lstrip("0"))
    stated = f"{key:#x}" if chance.random() < 0.8 else f"{key:064x}"
    signatures = [sign(secret, account, message), ""]
    row = Evidence(
        "okx",
        "r",
        1,
        None,
        "starknet",
        None,
        "X",
        None,
        "wallet",
        "starknet_typed_data",
        text,
        message,
        signatures,
        stated,
        ["", ""],
    )
    return Case(row, "proven", "starknet", "holds", ())


def _flipped(chance: Random, made: Case, secret: int) -> Case:
    raw = bytearray(bytes.fromhex(made.row.signatures[0]))
    raw[chance.randrange(64)] ^= 1 << chance.randrange(8)
    return Case(
        replace(made.row, signatures=[raw.hex(), ""]), "invalid", "bad_signature", "bit flipped in the signature"
    )


def _negative(chance: Random, made: Case, secret: int) -> Case | None:
    """s and its negative are two spellings of one signature."""
    text = made.row.signatures[0]
    return Case(
        replace(made.row, signatures=[text[:64] + f"{stark.ORDER - int(text[64:], 16):064x}", ""]),
        "proven",
        "starknet",
        "-s",
    )


def _added_order(chance: Random, made: Case, secret: int) -> Case:
    text = made.row.signatures[0]
    spelled = text[:64] + f"{stark.ORDER + int(text[64:], 16):064x}"
    return Case(replace(made.row, signatures=[spelled, ""]), "invalid", "bad_signature", "s + order")


def _other_message(chance: Random, made: Case, secret: int) -> Case:
    message = "another" if made.row.message != "another" else "other"
    return Case(replace(made.row, message=message), "invalid", "bad_signature", "another message")


def _long_message(chance: Random, made: Case, secret: int) -> Case:
    return Case(replace(made.row, message="x" * 32), "malformed", "message_bad_text", "message over 31 bytes")


def _no_ascii(chance: Random, made: Case, secret: int) -> Case:
    return Case(replace(made.row, message="straße"), "malformed", "message_bad_text", "message is no ASCII")


def _other_address(chance: Random, made: Case, secret: int) -> Case:
    """The account is signed too: another address is another message."""
    other = account_of(key_of(chance.randrange(1, stark.ORDER)), chance)
    return Case(
        replace(made.row, address_published="0x" + other.hex()), "invalid", "bad_signature", "address of another key"
    )


def _foreign(chance: Random, made: Case, secret: int) -> Case:
    """A key that signs for the account of another key."""
    other = account_of(key_of(chance.randrange(1, stark.ORDER)), chance)
    row = replace(
        made.row, address_published="0x" + other.hex(), signatures=[sign(secret, other, made.row.message), ""]
    )
    return Case(row, "signature_only", "account_class_unknown", "signed for another's account")


def _other_key(chance: Random, made: Case, secret: int) -> Case:
    key = key_of(chance.randrange(1, stark.ORDER))
    return Case(replace(made.row, key_or_script=f"{key:#x}"), "invalid", "bad_signature", "another key stated")


def _truncated(chance: Random, made: Case, secret: int) -> Case:
    text = made.row.signatures[0]
    return Case(
        replace(made.row, signatures=[text[: chance.randrange(1, 128)], ""]),
        "malformed",
        "signature_bad_length",
        "signature cut off",
    )


def _bad_hex(chance: Random, made: Case, secret: int) -> Case:
    return Case(
        replace(made.row, signatures=["g" + made.row.signatures[0][1:], ""]),
        "malformed",
        "signature_bad_hex",
        "signature is no hex",
    )


def _zero(chance: Random, made: Case, secret: int) -> Case:
    text = made.row.signatures[0]
    spelled = chance.choice(["0" * 128, "0" * 64 + text[64:], text[:64] + "0" * 64, "f" * 128])
    return Case(replace(made.row, signatures=[spelled, ""]), "invalid", "bad_signature", "r or s out of range")


def _no_key(chance: Random, made: Case, secret: int) -> Case:
    return Case(replace(made.row, key_or_script=""), "malformed", "no_key", "key missing")


def _long_key(chance: Random, made: Case, secret: int) -> Case:
    return Case(replace(made.row, key_or_script="0x" + "1" * 65), "malformed", "key_bad_length", "key too long")


def _no_point(chance: Random, made: Case, secret: int) -> Case:
    return Case(
        replace(made.row, key_or_script=chance.choice(["0x0", "0x5", "0x" + "f" * 64])),
        "invalid",
        "bad_signature",
        "key is no point",
    )


def _unsigned(chance: Random, made: Case, secret: int) -> Case:
    return Case(replace(made.row, signatures=["", ""]), "unsigned", "unsigned", "no signature")


BAD_ADDRESSES = [
    ("0x" + "f" * 64, "bad_form"),
    ("0x0", "bad_form"),
    ("any-text-at-all", "bad_hex"),
    ("0x" + "1" * 65, "bad_length"),
]


def _bad_address(chance: Random, made: Case, secret: int) -> Case:
    text, code = chance.choice(BAD_ADDRESSES)
    return Case(replace(made.row, address_published=text), "malformed", f"address_{code}", "no account address")


CHANGES: list[Callable[[Random, Case, int], Case]] = [
    _flipped,
    _negative,
    _added_order,
    _other_message,
    _long_message,
    _no_ascii,
    _other_address,
    _foreign,
    _other_key,
    _truncated,
    _bad_hex,
    _zero,
    _no_key,
    _long_key,
    _no_point,
    _unsigned,
    _bad_address,
]
