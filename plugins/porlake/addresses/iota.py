"""IOTA addresses: bech32 of a type and 32 bytes (Stardust, TIP-31), or the 32 bytes in hex (since the move to objects).

https://github.com/iotaledger/tips/blob/main/tips/TIP-0031/tip-0031.md. Type 00 is the BLAKE2b of an ed25519 key; the
account kept it.
"""

from __future__ import annotations

from porlake.addresses import _hex32
from porlake.addresses._address import Address
from porlake.encoding import bech32
from porlake.encoding.hashes import blake2b
from porlake.errors import InvalidAddress

IN_LOWER_CASE = True
ED25519 = 0


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_hex, bad_length, bad_bech32, bad_checksum, wrong_network)."""
    if text[:5].lower() != "iota1":
        return _hex32.parse(text, network, "iota")
    data = bech32.decode_bytes(text, "iota")
    if len(data) != 33:
        raise InvalidAddress("bad_length", f"{text!r} holds {len(data)} bytes, not 33")
    if data[0] == ED25519:
        return Address(network, "0x" + data[1:].hex(), data[1:], "iota")
    return Address(network, text.lower(), data, f"iota_{data[0]}")


def from_public_key(key: bytes) -> bytes:
    return blake2b(key, 32)
