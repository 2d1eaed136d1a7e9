"""Pocket accounts: the first 20 bytes of the SHA-256 of an ed25519 key, in hex. https://docs.pokt.network"""

from __future__ import annotations

import re

from porlake.addresses._address import Address
from porlake.encoding.hashes import sha256
from porlake.errors import InvalidAddress

_HEX = re.compile(r"(?:0x)?([0-9a-fA-F]*)")


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_hex, bad_length)."""
    match = _HEX.fullmatch(text)
    if match is None:
        raise InvalidAddress("bad_hex", f"{text!r} has characters that are no hex digits")
    if len(match[1]) != 40:
        raise InvalidAddress("bad_length", f"{text!r} is not 20 bytes")
    return Address(network, match[1].lower(), bytes.fromhex(match[1]), "pocket")


def from_public_key(key: bytes) -> bytes:
    return sha256(key)[:20]
