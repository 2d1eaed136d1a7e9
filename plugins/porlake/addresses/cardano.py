"""Cardano addresses: Shelley in bech32 (CIP-19, https://cips.cardano.org/cip/CIP-19) and Byron in base58 over CBOR."""

from __future__ import annotations

import zlib

from porlake.addresses._address import Address
from porlake.encoding import base58, bech32
from porlake.encoding.hashes import blake2b
from porlake.errors import InvalidAddress

IN_LOWER_CASE = True
MAINNET = 1
_LENGTH = {0: 57, 1: 57, 2: 57, 3: 57, 6: 29, 7: 29}  # by the header's type; pointers (4, 5) vary


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_bech32, bad_base58, bad_checksum, wrong_network, bad_length, bad_form)."""
    if text[:4].lower() == "addr":
        return _shelley(text, network)
    return _byron(text, network)


def payment_part(key: bytes) -> bytes:
    """The 28 bytes of an ed25519 key that follow the header of address types 0, 2, 4 and 6."""
    return blake2b(key, 28)


def _shelley(text: str, network: str) -> Address:
    hrp, values, constant = bech32.decode(text, limit=200)
    if hrp != "addr" or constant != bech32.BECH32:
        raise InvalidAddress("wrong_network", f"{text!r} is no address of the main network")
    data = bech32.regroup(values, 5, 8, text)
    if not data or data[0] & 0x0F != MAINNET or data[0] >> 4 > 7:
        raise InvalidAddress("wrong_network", f"{text!r} has header {data[:1].hex()}: no address of the main network")
    if len(data) != _LENGTH.get(data[0] >> 4, len(data)) or len(data) < 29:
        raise InvalidAddress("bad_length", f"{text!r} holds {len(data)} bytes")
    return Address(network, text.lower(), data, f"shelley_{data[0] >> 4}")


def _byron(text: str, network: str) -> Address:
    data = base58.decode(text)
    # CBOR: array of two: tag 24 over a byte string, and its CRC-32.
    head, size = (data[:5], data[4]) if data[3:4] == b"\x58" else (data[:4], (data[3] & 0x1F) if len(data) > 3 else 0)
    inner, check = data[len(head) : len(head) + size], data[len(head) + size :]
    if data[:3] != b"\x82\xd8\x18" or len(inner) != size or check[:1] != b"\x1a" or len(check) != 5:
        raise InvalidAddress("bad_form", f"{text!r} is neither Shelley nor Byron")
    if zlib.crc32(inner) != int.from_bytes(check[1:], "big"):
        raise InvalidAddress("bad_checksum", f"the checksum of {text!r} does not hold")
    return Address(network, text, data, "byron")
