"""Aptos accounts: 32 bytes in hex, short form allowed.
https://github.com/aptos-foundation/AIPs/blob/main/aips/aip-40.md
"""

from __future__ import annotations

from porlake.addresses import _hex32
from porlake.addresses._address import Address
from porlake.encoding.hashes import sha3_256


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_hex, bad_length)."""
    return _hex32.parse(text, network, "aptos")


def from_public_key(key: bytes) -> bytes:
    """The authentication key of one ed25519 key, which is the account until it is rotated."""
    return sha3_256(key + b"\x00")
