"""Kaspa addresses: kaspa:, a version and a key or the hash of a script, with the checksum of cash addresses.
https://github.com/kaspanet/rusty-kaspa/blob/master/crypto/addresses/src/lib.rs
"""

from __future__ import annotations

from porlake.addresses._address import Address
from porlake.encoding import bech32
from porlake.errors import InvalidAddress

IN_LOWER_CASE = True
PREFIX = "kaspa"
KINDS = {0: ("schnorr", 32), 1: ("ecdsa", 33), 8: ("p2sh", 32)}
"""Of each version its kind and how many bytes follow: an x-only key, a compressed key, the BLAKE2b of a script."""


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_bech32, bad_checksum, wrong_network, wrong_version)."""
    version, data = bech32.cash_decode(text, PREFIX)
    kind, size = KINDS.get(version, ("", 0))
    if not kind or len(data) != size:
        raise InvalidAddress("wrong_version", f"{text!r} has version {version} and {len(data)} bytes")
    return Address(network, bech32.cash_encode(PREFIX, version, data), bytes([version]) + data, kind)
