"""NULS accounts: NULSd and base58 of chain id, type, HASH160 and an XOR byte. https://docs.nuls.io"""

from __future__ import annotations

from functools import reduce
from operator import xor

from porlake.addresses._address import Address
from porlake.encoding import base58
from porlake.encoding.hashes import hash160
from porlake.errors import InvalidAddress

PREFIX = "NULSd"
MAINNET = b"\x01\x00"


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (wrong_network, bad_base58, bad_length, bad_checksum)."""
    if not text.startswith(PREFIX):
        raise InvalidAddress("wrong_network", f"{text!r} does not begin with {PREFIX}")
    data = base58.decode(text[len(PREFIX) :])
    if len(data) != 24:
        raise InvalidAddress("bad_length", f"{text!r} holds {len(data)} bytes, not 24")
    if reduce(xor, data[:23]) != data[23]:
        raise InvalidAddress("bad_checksum", f"the checksum of {text!r} does not hold")
    if data[:2] != MAINNET:
        raise InvalidAddress("wrong_network", f"{text!r} is of chain {data[:2].hex()}")
    return Address(network, text, data[2:23], "nuls")


def from_public_key(compressed: bytes) -> bytes:
    """The payload of a key's account: type 1 and HASH160."""
    return b"\x01" + hash160(compressed)
