"""SS58 accounts of Substrate chains. https://docs.polkadot.com/reference/glossary/#ss58

One key has an address under every prefix: any prefix is taken, the key is the account, and the text is that of the
network's own prefix.
"""

from __future__ import annotations

from porlake.addresses._address import Address
from porlake.encoding import base58
from porlake.encoding.hashes import blake2b
from porlake.errors import InvalidAddress

ONE_BYTE = 64
"""Prefixes below it are one byte, all others two."""
PREFIX = {
    "polkadot": 0,
    "polkadot_asset_hub": 0,
    "kusama": 2,
    "kusama_asset_hub": 2,
    "shiden": 5,
    "astar": 5,
    "karura": 8,
    "acala": 10,
    "khala": 30,
    "phala": 30,
    "centrifuge": 36,
    "bittensor": 42,
    "clover": 42,
    "reef": 42,
    "edgeware": 7,
    "stafi": 20,
    "sora": 69,
    "manta_atlantic": 77,
    "polkadex": 88,
    "avail": 42,
    "enjin_relay": 1110,
    "enjin": 2135,
}


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_base58, bad_length, bad_checksum)."""
    _, key = decode(text)
    return Address(network, encode(PREFIX[network], key), key, "ss58")


def decode(text: str) -> tuple[int, bytes]:
    """(prefix, key)"""
    data = base58.decode(text)
    width = 2 if data[:1] and data[0] & 0x40 else 1
    if len(data) != width + 34 or data[0] & 0x80:
        raise InvalidAddress("bad_length", f"{text!r} holds {len(data)} bytes, not 35 or 36")
    if checksum(data[:-2]) != data[-2:]:
        raise InvalidAddress("bad_checksum", f"the checksum of {text!r} does not hold")
    prefix = data[0] if width == 1 else (data[0] & 0x3F) << 2 | data[1] >> 6 | (data[1] & 0x3F) << 8
    return prefix, data[width:-2]


def encode(prefix: int, key: bytes) -> str:
    before = (
        bytes([prefix]) if prefix < ONE_BYTE else bytes([0x40 | (prefix >> 2) & 0x3F, prefix >> 8 | (prefix & 3) << 6])
    )
    return base58.encode(before + key + checksum(before + key))


def checksum(data: bytes) -> bytes:
    """The two bytes behind a prefix and a key."""
    return blake2b(b"SS58PRE" + data, 64)[:2]
