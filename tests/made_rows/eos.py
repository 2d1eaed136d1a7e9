"""Rows of EOS (Vaulta) and WAX: K1 signatures by one stated key, or by two."""

from __future__ import annotations

import json
import random
from dataclasses import replace

from made_rows import Case
from made_rows import _secp256k1 as made
from porlake.encoding import base58
from porlake.encoding.hashes import ripemd160, sha256
from porlake.encoding.varint import with_length

SCHEMES = frozenset({"eos_k1"})
HEADER = b"OKX Signed Message:\n"
NAMES = ("okbwallet1tr", "genbbbbb1tr", "eosio.token", "a", "binancecleos")


def digest(text: str) -> bytes:
    return sha256(with_length(HEADER) + with_length(text.encode()))


def signature_text(raw: bytes, first: int = 31) -> str:
    data = bytes([first + raw[64]]) + raw[:64]
    return "SIG_K1_" + base58.encode(data + ripemd160(data + b"K1")[:4])


def key_text(key: made.Key, *, new: bool = False) -> str:
    start, curve = ("PUB_K1_", b"K1") if new else ("EOS", b"")
    return start + base58.encode(key.short + ripemd160(key.short + curve)[:4])


def case(chance: random.Random) -> Case:
    keys = [made.key(chance) for _ in range(chance.choice([1, 1, 2]))]
    other, text = made.key(chance), made.message(chance)
    texts = [key_text(key, new=chance.random() < 0.5) for key in keys]
    stated = (
        texts[0]
        if len(keys) == 1
        else json.dumps({"publicKey1": texts[0], "publicKey2": texts[1]}, separators=(",", ":"))
    )
    if len(keys) == 2 and chance.random() < 0.5:
        stated = stated.replace('"', '""')  # as the files escape it
    signatures = [signature_text(key.sign(digest(text))) for key in keys]
    row = made.evidence("eos_k1", chance.choice(["eos", "wax"]), chance.choice(NAMES), text, signatures, stated)
    good = Case(row, "signature_only", "account_name_not_derived", f"{len(keys)} good signatures", ())
    raw = keys[0].sign(digest(text))

    def first(why: str, text_of: str, verdict: str, reason: str, flags: tuple[str, ...] | None = None) -> Case:
        return Case(replace(row, signatures=[text_of, row.signatures[1]]), verdict, reason, why, flags)

    def changed_letter(letters: str) -> str:
        at = chance.randrange(12, len(letters))
        return (
            letters[:at]
            + chance.choice([letter for letter in base58.BITCOIN if letter != letters[at]])
            + letters[at + 1 :]
        )

    mutations: list[made.Mutation] = [
        lambda: first("a bit flipped", signature_text(made.flipped(chance, raw)), "invalid", "bad_signature"),
        lambda: first("another key's signature", signature_text(other.sign(digest(text))), "invalid", "bad_signature"),
        lambda: Case(replace(row, message=text + "."), "invalid", "bad_signature", "another message"),
        lambda: first("a letter changed", changed_letter(signatures[0]), "malformed", "signature_bad_checksum"),
        lambda: first("cut off", signatures[0][:-1], "malformed", "signature_bad_checksum"),
        lambda: first("no signature of K1", "0x" + raw.hex(), "malformed", "signature_bad_form"),
        lambda: first("a first byte out of range", signature_text(raw, 50), "malformed", "signature_bad_header"),
        lambda: first(
            "high S", signature_text(made.high(raw)), "signature_only", "account_name_not_derived", ("high_s",)
        ),
        lambda: Case(replace(row, key_or_script=""), "unsupported", "no_stated_key", "no key is stated"),
        lambda: Case(replace(row, key_or_script=key_text(other)), "invalid", "bad_signature", "another key is stated"),
        lambda: Case(
            replace(row, key_or_script=stated[:-3]),
            "malformed",
            "key_bad_form" if len(keys) == 2 else "key_bad_checksum",
            "a key cut off",
        ),
        lambda: Case(
            replace(row, address_published="any-text-at-all"), "malformed", "address_bad_form", "no account name"
        ),
        lambda: Case(replace(row, signatures=["", ""]), "unsigned", "unsigned", "no signature"),
        lambda: Case(
            replace(row, message=f"{text} "),
            "signature_only",
            "account_name_not_derived",
            "a blank more",
            ("message_trimmed",),
        ),
    ]
    if len(keys) == 2:
        mutations += [
            lambda: Case(
                replace(row, signatures=[signatures[0], ""]), "malformed", "no_signature2", "the second did not sign"
            ),
            lambda: Case(
                replace(row, signatures=signatures[::-1]), "invalid", "bad_signature", "in the other's columns"
            ),
            lambda: Case(
                replace(row, signatures=[signatures[0]] * 2), "invalid", "bad_signature", "the first signed twice"
            ),
        ]
    return made.chosen(chance, good, mutations)
