"""Tezos accounts: base58check with a prefix for each kind. https://tezos.gitlab.io/developer/encodings.html"""

from __future__ import annotations

from porlake.addresses._address import Address
from porlake.encoding import base58
from porlake.encoding.hashes import blake2b
from porlake.errors import InvalidAddress

PREFIX = {
    bytes.fromhex("06a19f"): "tz1",
    bytes.fromhex("06a1a1"): "tz2",
    bytes.fromhex("06a1a4"): "tz3",
    bytes.fromhex("06a1a6"): "tz4",
    bytes.fromhex("025a79"): "kt1",
}


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_base58, bad_checksum, bad_length, wrong_version)."""
    payload = base58.decode_check(text)
    kind = PREFIX.get(payload[:3])
    if kind is None or len(payload) != 23:
        raise InvalidAddress("wrong_version", f"{text!r} has prefix {payload[:3].hex()} and {len(payload)} bytes")
    return Address(network, text, payload, kind)


def from_public_key(key: bytes) -> bytes:
    """The payload of the tz1 account of an ed25519 key."""
    return bytes.fromhex("06a19f") + blake2b(key, 20)
