"""Signed messages of Bitcoin and its relatives: a compact signature, 65 bytes in base64, of the double SHA-256 of header text and message.

The first byte says which key fits and how its address is made: BIP-137, https://github.com/bitcoin/bips/blob/master/bip-0137.mediawiki
A key proves the address of its own hash; of a multisig script the threshold of distinct keys must have signed. OKX also publishes
signatures as 0x and r, s, v over the Keccak-256 of its own header. Witness stacks and texts with BIP-322's prefixes go to `bip322`.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from coincurve import PublicKey

from porlake.addresses import Address, bitcoin
from porlake.encoding import hashes, script
from porlake.encoding.keccak import keccak256
from porlake.encoding.varint import with_length
from porlake.errors import InvalidAddress, InvalidSignature
from porlake.model import Evidence
from porlake.ownership import _message, _secp256k1, bip322
from porlake.ownership._judgement import Judgement
from porlake.ownership._steps import step

BITCOIN = b"Bitcoin Signed Message:\n"
OKX = b"OKX Signed Message:\n"
HEADERS = {
    "litecoin": b"Litecoin Signed Message:\n",
    "dogecoin": b"Dogecoin Signed Message:\n",
    "dash": b"DarkCoin Signed Message:\n",
    "bitcoin_gold": b"Bitcoin Gold Signed Message:\n",
    "bitcoin_diamond": b"Bitcoindiamond Signed Message:\n",
    "digibyte": b"DigiByte Signed Message:\n",
    "qtum": b"Qtum Signed Message:\n",
    "ravencoin": b"Raven Signed Message:\n",
    "zcash": b"Zcash Signed Message:\n",
}
"""What the wallets of a network sign before the message; every other network signs Bitcoin's."""

ANY, NESTED, NATIVE = range(27, 35), range(35, 39), range(39, 43)
"""First bytes of BIP-137: any wallet before it, P2SH-P2WPKH, P2WPKH."""

NAMED = {"p2sh": NESTED, "p2wpkh": NATIVE}
"""The first bytes above 34 that name a type of address."""

SCRIPTS = frozenset({"p2sh", "p2sh32", "p2wsh"})
NESTED_KEY, NESTED_SCRIPT = b"\x00\x14", b"\x00\x20"
"""The script of P2SH-P2WPKH is the first and the hash of the key, that of P2SH-P2WSH the second and the hash of the witness script."""


Signed = tuple[_secp256k1.Signature, int | None]
"""A signature as published, and its first byte; None for the 0x form."""


@dataclass(frozen=True, slots=True)
class Digest:
    """32 bytes that may have been signed: what they are the hash of, and what is unusual about it."""

    digest: bytes
    signed: bytes
    flags: tuple[str, ...]


def judge(row: Evidence, address: Address) -> Judgement:
    """Raises InvalidSignature and InvalidAddress where a column does not hold what it should."""
    step("message", row.message)
    step("account in the row", address.payload)
    first = next(filter(None, row.signatures), "")
    if bip322.is_meant(first, address):
        return bip322.judge(row, address)
    field = _script(row) if address.kind in SCRIPTS else b""
    if field and not (address.kind == "p2sh" and _looks_like_key(field)):
        return _multisig(row, address, field)
    if address.kind in ("p2wsh", "p2sh32"):
        raise InvalidSignature("no_script", "such an address shows nothing without its witness script")
    if address.kind not in ("p2pkh", "p2sh", "p2wpkh"):
        return Judgement("unsupported", address.kind)
    return _single(row, address)


# --- one key --------------------------------------------------------------------------------------------------------------
def _single(row: Evidence, address: Address) -> Judgement:
    if not row.signatures or not row.signatures[0]:
        raise InvalidSignature("no_signature1", "the first signature column is empty")
    signature, header = _read(row.signatures[0])
    flags: tuple[str, ...] = ()
    if any(row.signatures[1:]):
        flags = tuple(f"extra_signature{column}" for column, text in enumerate(row.signatures[1:], 2) if text)
    if header is not None and header >= NESTED.start and header not in NAMED.get(address.kind, ()):
        return Judgement("invalid", "header_of_other_type", flags)
    for tried in _digests(row, header):
        key = _secp256k1.recover(signature, tried.digest)
        for form, known, payload, seen in _accounts(address, key, header):
            _tell(tried, known)
            step("derived account", payload)
            if payload == address.payload:
                seen += _remarks_on_field(row.key_or_script, address, known) if row.key_or_script else ()
                return Judgement("proven", form, signature.flags + tried.flags + flags + seen, address.text)
    return Judgement("invalid", "address_mismatch", flags)


def _remarks_on_field(text: str, address: Address, key: bytes) -> tuple[str, ...]:
    """One key needs no script, so that what else stands in its column changes nothing; it is told."""
    try:
        field = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        return ("key_field_unused",)
    if not field or field in (key, bitcoin.script(address), NESTED_KEY + bitcoin.key_hash(address.network, key)):
        return ()
    return ("key_field_unused",) if _looks_like_key(field) else ("script_differs",)


def _looks_like_key(field: bytes) -> bool:
    return (len(field), field[:1]) in ((33, b"\x02"), (33, b"\x03"), (65, b"\x04"))


def _accounts(address: Address, key: PublicKey, header: int | None) -> Iterator[tuple[str, bytes, bytes, tuple[str, ...]]]:
    """(form, key, payload, flags) of the addresses of this type that a key has, the likely one first."""
    short = key.format()
    if address.kind == "p2pkh":
        said_short = header is None or header >= 31
        other = ("header_compression_bit",)
        yield "compressed", short, bitcoin.key_hash(address.network, short), () if said_short else other
        long = key.format(compressed=False)
        yield "uncompressed", long, bitcoin.key_hash(address.network, long), other if said_short and header is not None else ()
        return
    loose = ("loose_bip137",) if header in ANY else ()
    if address.kind == "p2wpkh":
        yield "p2wpkh", short, bitcoin.key_hash(address.network, short), loose
    elif bitcoin.NETWORKS[address.network].hrp:
        yield "p2sh-p2wpkh", short, bitcoin.key_hash(address.network, NESTED_KEY + bitcoin.key_hash(address.network, short)), loose


# --- a script -------------------------------------------------------------------------------------------------------------
def _multisig(row: Evidence, address: Address, redeem: bytes) -> Judgement:
    step("script", redeem)
    form = _form(address, redeem)
    if not form:
        return Judgement("invalid", "script_mismatch")
    if form == "p2sh" and len(redeem) == 22 and redeem[:2] == NESTED_KEY:
        return _single(row, address)  # the column holds the witness program of one key
    try:
        wanted = script.multisig(redeem)
    except InvalidAddress:
        return Judgement("unsupported", f"{form}_script")
    signers: list[bytes] = []
    flags: list[str] = []
    broken: InvalidSignature | None = None
    for column, text in enumerate(row.signatures, 1):
        if not text:
            continue
        try:
            signer, seen = _script_signer(row, _read(text), wanted.keys)
        except InvalidSignature as error:
            signer, seen, broken = None, (), broken or error
        flags += seen
        if signer is None:
            flags.append(f"extra_signature{column}")
        elif signer in signers:
            flags.append("same_key_twice")
        else:
            signers.append(signer)
    if broken and len(signers) < wanted.threshold:
        raise broken
    if not signers:
        return Judgement("invalid", "signer_not_in_script")
    if len(signers) < wanted.threshold:
        return Judgement("invalid", "below_threshold", tuple(dict.fromkeys(flags)))
    return Judgement("proven", form, tuple(dict.fromkeys(flags)), ",".join(key.hex() for key in signers))


def _form(address: Address, redeem: bytes) -> str:
    """How the script makes the address; '' where it does not."""
    for form, payload in _script_accounts(address, redeem):
        step("derived account", payload)
        if payload == address.payload:
            return form
    return ""


def _script_accounts(address: Address, redeem: bytes) -> Iterator[tuple[str, bytes]]:
    """(form, payload) of the addresses of this type that a script has."""
    if address.kind == "p2sh32":
        yield "p2sh32", hashes.sha256d(redeem)
    elif address.kind == "p2wsh":
        yield "p2wsh", hashes.sha256(redeem)
    else:
        yield "p2sh", bitcoin.key_hash(address.network, redeem)
        if bitcoin.NETWORKS[address.network].hrp:
            yield "p2sh-p2wsh", bitcoin.key_hash(address.network, NESTED_SCRIPT + hashes.sha256(redeem))


def _script_signer(row: Evidence, published: Signed, keys: tuple[bytes, ...]) -> tuple[bytes | None, tuple[str, ...]]:
    """The compressed key of the script that made a signature; None where none of them did. Two forms of one key are one signer."""
    signature, header = published
    if header is not None and header not in ANY:
        return None, ()
    for tried in _digests(row, header):
        key = _secp256k1.recover(signature, tried.digest)
        short = key.format()
        _tell(tried, short)
        # A push that is no point equals no key that signed: nobody can sign with it.
        if short in keys or any(len(pushed) == 65 and _is_long_form(pushed, key.format(compressed=False)) for pushed in keys):
            return short, signature.flags + tried.flags
    return None, ()


def _is_long_form(pushed: bytes, long: bytes) -> bool:
    """Whether 65 bytes are this key, uncompressed or hybrid (06 or 07 by the parity of y; scripts may hold such)."""
    return pushed[1:] == long[1:] and pushed[0] in (4, 6 | long[64] & 1)


# --- texts ----------------------------------------------------------------------------------------------------------------
def _digests(row: Evidence, header: int | None) -> tuple[Digest, ...]:
    return _digests_of("" if header is None else row.network or "", row.message)


@lru_cache(maxsize=1024)
def _digests_of(network: str, message: str) -> tuple[Digest, ...]:
    """What may have been signed, in the order in which it is tried: by the network's own header, then by Bitcoin's; '' is OKX's own."""
    headers = tuple(dict.fromkeys((HEADERS.get(network, BITCOIN), BITCOIN))) if network else (OKX,)
    found = []
    for spelled, flags in _message.spellings(message):
        for header in headers:
            signed = with_length(header) + with_length(spelled)
            digest = keccak256(signed) if header == OKX else hashes.sha256d(signed)
            found.append(Digest(digest, signed, flags if header == headers[0] else (*flags, "alt_header")))
    return tuple(found)


def _tell(tried: Digest, key: bytes) -> None:
    step("bytes signed", tried.signed)
    step("digest", tried.digest)
    step("recovered key", key)


def _read(text: str) -> Signed:
    """Raises InvalidSignature: bad_base64, length, bad_header, bad_hex, bad_v."""
    if text.startswith("0x"):
        signature, header = _secp256k1.from_hex(text), None
    else:
        raw = _base64(text)
        if len(raw) != _secp256k1.BYTES:
            raise InvalidSignature("length", f"{len(raw)} bytes; a compact signature has {_secp256k1.BYTES}")
        header = raw[0]
        if not ANY.start <= header < NATIVE.stop:
            raise InvalidSignature("bad_header", f"the first byte is {header}; BIP-137 knows 27 to 42")
        signature = _secp256k1.signature(raw[1:], (header - 27) % 4)
    step("signature", signature.rs)
    return signature, header


def _base64(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError as error:
        raise InvalidSignature("bad_base64", f"no base64: {text[:200]!r}") from error


def _script(row: Evidence) -> bytes:
    """The script column. Raises InvalidSignature (bad_script)."""
    try:
        return bytes.fromhex(row.key_or_script.removeprefix("0x"))
    except ValueError as error:
        raise InvalidSignature("bad_script", f"no hex: {row.key_or_script[:200]!r}") from error
