"""ARK accounts: base58check of version 23 and the RIPEMD-160 of the compressed key. https://docs.ark.io"""

from __future__ import annotations

from porlake.addresses._address import Address
from porlake.encoding import base58
from porlake.encoding.hashes import ripemd160
from porlake.errors import InvalidAddress

VERSION = b"\x17"


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_base58, bad_checksum, bad_length, wrong_version)."""
    payload = base58.decode_check(text)
    if payload[:1] != VERSION or len(payload) != 21:
        raise InvalidAddress("wrong_version", f"{text!r} has version {payload[:1].hex()} and {len(payload)} bytes")
    return Address(network, text, payload[1:], "ark")


def from_public_key(compressed: bytes) -> bytes:
    return ripemd160(compressed)
