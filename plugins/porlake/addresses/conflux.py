"""Conflux accounts: CIP-37 base32, short or verbose, and the hex of before it.
https://github.com/Conflux-Chain/CIPs/blob/master/CIPs/cip-37.md
"""

from __future__ import annotations

import re

from porlake.addresses._address import Address
from porlake.encoding import bech32
from porlake.encoding.keccak import keccak256
from porlake.errors import InvalidAddress

ALPHABET = "abcdefghjkmnprstuvwxyz0123456789"
TYPES = "018"
"""First hex digits of an account: built in, a user's, a contract."""

_HEX = re.compile(r"0[xX]([0-9a-fA-F]{40})")
_TO_CASH = str.maketrans(ALPHABET, bech32.CHARSET)
_FROM_CASH = str.maketrans(bech32.CHARSET, ALPHABET)


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_base32, bad_checksum, wrong_network, wrong_version)."""
    account = _of_hex(match[1], text) if (match := _HEX.fullmatch(text)) else decode(text)
    return Address(network, encode(account), account, "conflux")


def _of_hex(digits: str, text: str) -> bytes:
    if digits[0] not in TYPES:
        raise InvalidAddress("wrong_version", f"{text!r} begins with a type that Conflux does not know")
    return bytes.fromhex(digits)


def decode(text: str) -> bytes:
    """The 20 bytes of an account."""
    lower = text.lower()
    if text not in (lower, text.upper()):
        raise InvalidAddress("bad_base32", f"{text!r} mixes upper and lower case")
    network, _, body = lower.partition(":")
    if network != "cfx" or not body:
        raise InvalidAddress("wrong_network", f"{text!r} does not begin with cfx:")
    body = body.rpartition(":")[2]  # the verbose form names the type between the colons
    if len(body) != 42 or set(body) - set(ALPHABET):
        raise InvalidAddress("bad_base32", f"{text!r} does not hold 42 digits of CIP-37's base32")
    # CIP-37 takes cashaddr's code and grouping under an alphabet of its own.
    version, account = bech32.cash_decode("cfx:" + body.translate(_TO_CASH), "cfx")
    if version != 0 or len(account) != 20:
        raise InvalidAddress("wrong_version", f"{text!r} has version {version} and {len(account)} bytes")
    return account


def encode(account: bytes) -> str:
    return "cfx:" + bech32.cash_encode("cfx", 0, account).partition(":")[2].translate(_FROM_CASH)


def from_public_key(key: bytes) -> bytes:
    """The account of a 65-byte public key: Ethereum's with its first nibble set to 1."""
    account = keccak256(key[1:])[-20:]
    return bytes([0x10 | account[0] & 0x0F]) + account[1:]
