"""XRP Ledger accounts: base58check in Ripple's alphabet.
https://xrpl.org/docs/references/protocol/data-types/base58-encodings
"""

from __future__ import annotations

from porlake.addresses._address import Address
from porlake.encoding import base58
from porlake.encoding.hashes import hash160
from porlake.errors import InvalidAddress


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_base58, bad_checksum, bad_length, wrong_version)."""
    payload = base58.decode_check(text, base58.RIPPLE)
    if payload[:1] != b"\x00" or len(payload) != 21:
        raise InvalidAddress("wrong_version", f"{text!r} has version {payload[:1].hex()} and {len(payload)} bytes")
    return Address(network, text, payload[1:], "xrp")


def from_public_key(compressed: bytes) -> bytes:
    return hash160(compressed)
