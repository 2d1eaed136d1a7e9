"""Signed messages of Bitcoin and its relatives: a compact signature, 65 bytes in base64, of the double SHA-256 of header text and message.

The first byte says which key fits and how its address is made: BIP-137, https://github.com/bitcoin/bips/blob/master/bip-0137.mediawiki
A key proves the address of its own hash; of a multisig script the threshold of distinct keys must have signed. OKX also publishes
signatures as 0x and r, s, v over the Keccak-256 of its own header. BIP-322 signatures (Taproot, witness stacks) have no rule here yet.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass

from porlake.addresses import Address, bitcoin
from porlake.encoding import hashes, script
from porlake.encoding.keccak import keccak256
from porlake.encoding.keys import compressed
from porlake.encoding.varint import with_length
from porlake.errors import InvalidAddress, InvalidSignature
from porlake.model import Evidence
from porlake.ownership import _message, _secp256k1
from porlake.ownership._judgement import Judgement

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

WITNESS = {"p2wpkh", "p2wsh", "p2tr"}


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature as published: `header` is its first byte, None for the 0x form."""

    signature: _secp256k1.Signature
    header: int | None


def judge(row: Evidence, address: Address) -> Judgement:
    """Raises InvalidSignature and InvalidAddress where a column does not hold what it should."""
    if any(_is_bip322(text, address) for text in row.signatures if text):
        return Judgement("unsupported", "bip322")
    witness_script = _script(row)
    if address.kind in ("p2sh", "p2wsh") and witness_script:
        return _multisig(row, address, witness_script)
    if address.kind == "p2wsh":
        raise InvalidSignature("no_script", "a P2WSH address shows nothing without its witness script")
    if address.kind not in ("p2pkh", "p2sh", "p2wpkh"):
        return Judgement("unsupported", address.kind)
    return _single(row, address, witness_script)


# --- one key --------------------------------------------------------------------------------------------------------------
def _single(row: Evidence, address: Address, field: bytes) -> Judgement:
    if not row.signatures or not row.signatures[0]:
        raise InvalidSignature("no_signature1", "the first signature column is empty")
    signed = _read(row.signatures[0])
    flags = tuple(f"extra_signature{column}" for column, text in enumerate(row.signatures[1:], 2) if text)
    if field and field != bitcoin.script(address):
        flags += ("key_field_unused",)
    if signed.header is not None and signed.header >= NESTED.start and signed.header not in _named(address):
        return Judgement("invalid", "header_of_other_type", flags)
    for digest, spelled in _digests(row, signed):
        key = _secp256k1.recover(signed.signature, digest)
        for form, payload, seen in _accounts(address, key.format(), key.format(compressed=False), signed.header):
            if payload == address.payload:
                return Judgement("proven", form, signed.signature.flags + spelled + flags + seen, address.text)
    return Judgement("invalid", "address_mismatch", flags)


def _named(address: Address) -> range:
    """The first bytes above 34 that name this type of address."""
    return {"p2sh": NESTED, "p2wpkh": NATIVE}.get(address.kind, range(0))


def _accounts(address: Address, short: bytes, long: bytes, header: int | None) -> Iterator[tuple[str, bytes, tuple[str, ...]]]:
    """(form, payload, flags) of the addresses of this type that a key has."""
    loose = ("loose_bip137",) if header in ANY else ()
    if address.kind == "p2wpkh":
        yield "p2wpkh", bitcoin.key_hash(address.network, short), loose
    elif address.kind == "p2sh" and bitcoin.NETWORKS[address.network].hrp:
        yield "p2sh-p2wpkh", bitcoin.key_hash(address.network, b"\x00\x14" + bitcoin.key_hash(address.network, short)), loose
    elif address.kind == "p2pkh":
        said_short = header is None or header >= 31
        other = ("header_compression_bit",)
        yield "compressed", bitcoin.key_hash(address.network, short), () if said_short else other
        yield "uncompressed", bitcoin.key_hash(address.network, long), other if said_short and header is not None else ()


# --- a script -------------------------------------------------------------------------------------------------------------
def _multisig(row: Evidence, address: Address, redeem: bytes) -> Judgement:
    form = _form(address, redeem)
    if not form:
        return Judgement("invalid", "script_mismatch")
    if form == "p2sh" and len(redeem) == 22 and redeem[:2] == b"\x00\x14":
        return _single(row, address, b"")  # the column holds the witness program of one key
    wanted = script.multisig(redeem)
    keys = {known for key in wanted.keys if (known := _point(key))}
    signers: list[bytes] = []
    flags: list[str] = []
    for column, text in enumerate(row.signatures, 1):
        if not text:
            continue
        signer, seen = _script_signer(row, _read(text), keys)
        flags += seen
        if signer is None:
            flags.append(f"extra_signature{column}")
        elif signer in signers:
            flags.append("same_key_twice")
        else:
            signers.append(signer)
    if not signers:
        return Judgement("invalid", "signer_not_in_script")
    if len(signers) < wanted.threshold:
        return Judgement("invalid", "below_threshold", tuple(dict.fromkeys(flags)))
    return Judgement("proven", form, tuple(dict.fromkeys(flags)), ",".join(key.hex() for key in signers))


def _form(address: Address, redeem: bytes) -> str:
    """How the script makes the address; '' where it does not."""
    if address.kind == "p2wsh":
        return "p2wsh" if hashes.sha256(redeem) == address.payload else ""
    if bitcoin.key_hash(address.network, redeem) == address.payload:
        return "p2sh"
    nested = bitcoin.key_hash(address.network, b"\x00\x20" + hashes.sha256(redeem)) == address.payload
    return "p2sh-p2wsh" if nested and bitcoin.NETWORKS[address.network].hrp else ""


def _point(key: bytes) -> bytes:
    """The compressed form of a script's key; b'' for a push that is no point: nobody can sign with it."""
    try:
        return compressed(key)
    except InvalidAddress:
        return b""


def _script_signer(row: Evidence, signed: Signed, keys: set[bytes]) -> tuple[bytes | None, tuple[str, ...]]:
    if signed.header is not None and signed.header not in ANY:
        return None, ()
    for digest, spelled in _digests(row, signed):
        key = _secp256k1.recover(signed.signature, digest).format()
        if key in keys:
            return key, signed.signature.flags + spelled
    return None, ()


# --- texts ----------------------------------------------------------------------------------------------------------------
def _digests(row: Evidence, signed: Signed) -> Iterator[tuple[bytes, tuple[str, ...]]]:
    """The digests that may have been signed, with their flags: by the network's own header, then by Bitcoin's."""
    own = HEADERS.get(row.network or "", BITCOIN)
    for message, flags in _message.spellings(row.message):
        if signed.header is None:
            yield keccak256(with_length(OKX) + with_length(message)), flags
            continue
        yield hashes.sha256d(with_length(own) + with_length(message)), flags
        if own != BITCOIN:
            yield hashes.sha256d(with_length(BITCOIN) + with_length(message)), (*flags, "alt_header")


def _read(text: str) -> Signed:
    """Raises InvalidSignature: bad_base64, length, bad_header, bad_hex, bad_v."""
    if text.startswith("0x"):
        return Signed(_secp256k1.from_hex(text), None)
    raw = _base64(text)
    if len(raw) != _secp256k1.BYTES:
        raise InvalidSignature("length", f"{len(raw)} bytes; a compact signature has {_secp256k1.BYTES}")
    header = raw[0]
    if not ANY.start <= header < NATIVE.stop:
        raise InvalidSignature("bad_header", f"the first byte is {header}; BIP-137 knows 27 to 42")
    return Signed(_secp256k1.signature(raw[1:], (header - 27) % 4), header)


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidSignature("bad_base64", f"no base64: {text[:200]!r}") from error


def _is_bip322(text: str, address: Address) -> bool:
    """A witness stack, or a text with BIP-322's prefixes: no rule for it here."""
    if text[:3] in ("smp", "ful", "pof") or address.kind == "p2tr":
        return True
    if address.kind not in WITNESS or text.startswith("0x"):
        return False
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(raw) > _secp256k1.BYTES and raw[0] in (1, 2, 3, 4)


def _script(row: Evidence) -> bytes:
    """The script column. Raises InvalidSignature (bad_script)."""
    text = row.key_or_script.removeprefix("0x")
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise InvalidSignature("bad_script", f"no hex: {row.key_or_script[:200]!r}") from error
