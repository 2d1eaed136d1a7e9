"""Sui accounts: 32 bytes in hex. https://docs.sui.io/concepts/cryptography/transaction-auth/keys-addresses"""

from __future__ import annotations

from porlake.addresses import _hex32
from porlake.addresses._address import Address
from porlake.encoding.hashes import blake2b


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_hex, bad_length)."""
    return _hex32.parse(text, network, "sui")


def from_public_key(key: bytes) -> bytes:
    """The account of an ed25519 key (flag 0)."""
    return blake2b(b"\x00" + key, 32)
