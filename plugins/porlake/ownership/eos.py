"""EOS (Vaulta) and WAX accounts: K1 signatures over the SHA-256 of OKX's header and the text.

https://docs.antelope.io/docs/latest/advanced-topics/key-types: keys are EOS.. or PUB_K1_.., signatures SIG_K1_... An
account's name is no function of its keys, so that a signature shows the stated keys and no more: signature_only at
best. Of two stated keys, each signs in its column.
"""

from __future__ import annotations

import json
from functools import lru_cache

from porlake.addresses import Address
from porlake.encoding import base58, keys
from porlake.encoding.hashes import ripemd160, sha256
from porlake.encoding.varint import with_length
from porlake.errors import InvalidSignature
from porlake.model import Evidence
from porlake.ownership import _columns, _message, _secp256k1, _signers
from porlake.ownership._judgement import Judgement
from porlake.ownership._steps import attempt, fits, step

HEADER = b"OKX Signed Message:\n"
CURVE = b"K1"
LEGACY_KEY, KEY, SIGNATURE = "EOS", "PUB_K1_", "SIG_K1_"
FIRST = range(27, 35)
LONGEST = 1_000  # characters of two keys as JSON: what is longer is none, and nobody walks down into it
"""The first byte of a signature: 27 and the recovery id, 31 and it for a compressed key, as EOS has them all."""


def judge(row: Evidence, address: Address) -> Judgement:
    """Raises InvalidSignature and InvalidAddress where a column does not hold what it should."""
    if address.kind != "eos":
        return Judgement("unsupported", f"no_eos_{address.kind}")
    with _columns.of("key"):
        stated = _stated(row.key_or_script)
    step("account in the row", address.text)
    if not stated:
        return Judgement("unsupported", "no_stated_key")
    flags = list(_signers.extra_signatures(row, len(stated)))
    if len(set(stated)) < len(stated):
        flags.append("same_key_twice")
    for column, key in enumerate(stated):
        signed = _signed(row, column, key)
        if signed is None:
            return Judgement("invalid", "bad_signature", tuple(flags))
        flags += signed
    return Judgement(
        "signature_only", "account_name_not_derived", tuple(dict.fromkeys(flags)), ",".join(key.hex() for key in stated)
    )


def _signed(row: Evidence, column: int, key: bytes) -> tuple[str, ...] | None:
    """The flags under which the key made the signature of this column; None where it did not."""
    text = _columns.signature(row, column)
    attempt(f"signature{column + 1}")
    with _columns.of("signature"):
        signature = _read(text)
    step("stated key", key)
    step("signature", signature.rs)
    for digest, signed, flags in _digests(row.message):
        attempt(f"signature{column + 1}", _message.spelling(flags))
        step("bytes signed", signed)
        if _secp256k1.recover(signature, digest).format() == key:
            fits()
            return signature.flags + flags
    return None


@lru_cache(maxsize=1024)
def _digests(message: str) -> tuple[tuple[bytes, bytes, tuple[str, ...]], ...]:
    """(digest, bytes, flags) of what may have been signed."""
    found = []
    for spelled, flags in _message.spellings(message):
        signed = with_length(HEADER) + with_length(spelled)
        found.append((sha256(signed), signed, flags))
    return tuple(found)


def _read(text: str) -> _secp256k1.Signature:
    """Raises InvalidSignature: bad_form, bad_base58, bad_checksum, bad_length, bad_header."""
    if not text.startswith(SIGNATURE):
        raise InvalidSignature("bad_form", f"{text[:200]!r} does not begin with {SIGNATURE}")
    raw = _checked(text.removeprefix(SIGNATURE), CURVE)
    if len(raw) != _secp256k1.BYTES:
        raise InvalidSignature("bad_length", f"{len(raw)} bytes; a signature has {_secp256k1.BYTES}")
    if raw[0] not in FIRST:
        raise InvalidSignature("bad_header", f"the first byte is {raw[0]}")
    return _secp256k1.signature(raw[1:], (raw[0] - FIRST.start) % 4)


def _stated(text: str) -> list[bytes]:
    """The stated keys, compressed: one as text, or two as JSON, in the files with doubled quotes. Raises
    InvalidSignature (bad_form ...).
    """
    text = text.strip()
    if not text.startswith("{"):
        return [_key(text)] if text else []
    if len(text) > LONGEST:
        raise InvalidSignature("bad_form", f"{len(text):,} characters; two keys have some 200: {text[:200]!r}")
    try:
        named = json.loads(text if '""publicKey' not in text else text.replace('""', '"'))
    except (ValueError, RecursionError) as error:
        raise InvalidSignature("bad_form", f"no JSON: {text[:200]!r}") from error
    is_two = isinstance(named, dict) and sorted(named) == ["publicKey1", "publicKey2"]
    if not is_two or not all(isinstance(key, str) for key in named.values()):
        raise InvalidSignature("bad_form", f"not the JSON of two keys: {text[:200]!r}")
    return [_key(named["publicKey1"]), _key(named["publicKey2"])]


def _key(text: str) -> bytes:
    """Raises InvalidSignature (bad_form, bad_base58, bad_checksum, bad_length), InvalidAddress (bad_key) for what is no
    point.
    """
    start, curve = (KEY, CURVE) if text.startswith(KEY) else (LEGACY_KEY, b"")
    if not text.startswith(start):
        raise InvalidSignature("bad_form", f"key {text[:200]!r} begins with neither {LEGACY_KEY} nor {KEY}")
    raw = _checked(text.removeprefix(start), curve)
    if len(raw) != 33:
        raise InvalidSignature("bad_length", f"{len(raw)} bytes; a key has 33")
    return keys.compressed(raw)


def _checked(text: str, curve: bytes) -> bytes:
    """The bytes before a checksum that also covers the curve's name.

    Raises InvalidSignature (bad_length, bad_checksum), InvalidAddress (bad_base58).
    """
    if len(text) > 200:
        raise InvalidSignature("bad_length", f"{len(text)} characters of base58")
    data = base58.decode(text)
    if ripemd160(data[:-4] + curve)[:4] != data[-4:]:
        raise InvalidSignature("bad_checksum", f"the checksum of {text[:100]!r} does not hold")
    return data[:-4]
