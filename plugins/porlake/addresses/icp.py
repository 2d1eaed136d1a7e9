"""Internet Computer: a ledger account, or a principal, whose default account it stands for.

https://internetcomputer.org/docs/references/ledger#_accounts,
https://internetcomputer.org/docs/references/ic-interface-spec#principal
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import zlib

from porlake.addresses._address import Address
from porlake.errors import InvalidAddress

_ACCOUNT = re.compile(r"[0-9a-fA-F]{64}")
_HEXLIKE = re.compile(r"[0-9a-fA-F]+")
_PRINCIPAL = re.compile(r"(?:[a-z2-7]{5}-)+[a-z2-7]{1,5}")
_DER = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: an ed25519 key follows
_SELF_AUTHENTICATING = b"\x02"


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_hex, bad_base32, bad_checksum, bad_length)."""
    if _PRINCIPAL.fullmatch(text):
        return _of(network, _account(_principal(text)))
    if not _ACCOUNT.fullmatch(text):
        code = "bad_length" if _HEXLIKE.fullmatch(text) else "bad_hex"
        raise InvalidAddress(code, f"{text!r} is neither 64 hex digits nor a principal")
    account = bytes.fromhex(text)
    if zlib.crc32(account[4:]) != int.from_bytes(account[:4], "big"):
        raise InvalidAddress("bad_checksum", f"the checksum of {text!r} does not hold")
    return _of(network, account)


def from_public_key(key: bytes) -> bytes:
    """The default account of the principal of an ed25519 key."""
    return _account(hashlib.sha224(_DER + key).digest() + _SELF_AUTHENTICATING)


def _account(principal: bytes) -> bytes:
    digest = hashlib.sha224(b"\x0aaccount-id" + principal + bytes(32)).digest()
    return zlib.crc32(digest).to_bytes(4, "big") + digest


def _principal(text: str) -> bytes:
    digits = text.replace("-", "").upper()
    try:
        data = base64.b32decode(digits + "=" * (-len(digits) % 8))
    except binascii.Error as error:
        raise InvalidAddress("bad_base32", f"{text!r} is no base32") from error
    if base64.b32encode(data).decode().rstrip("=") != digits:
        raise InvalidAddress("bad_base32", f"{text!r} has bits after its last byte")
    if not 5 <= len(data) <= 33:
        raise InvalidAddress("bad_length", f"{text!r} holds {len(data)} bytes")
    if zlib.crc32(data[4:]) != int.from_bytes(data[:4], "big"):
        raise InvalidAddress("bad_checksum", f"the checksum of {text!r} does not hold")
    return data[4:]


def _of(network: str, account: bytes) -> Address:
    return Address(network, account.hex(), account, "icp")
