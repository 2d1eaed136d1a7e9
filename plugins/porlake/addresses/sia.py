"""Siacoin addresses: the hash of unlock conditions and six bytes of its BLAKE2b, in hex.

https://github.com/SiaFoundation/siad/blob/master/doc/Encoding.md. A wallet's own address stands for one ed25519 key, no
time lock and one signature: the root of the Merkle tree over these three, leaves hashed behind 00 and nodes behind 01.
"""

from __future__ import annotations

import re

from porlake.addresses._address import Address
from porlake.encoding.hashes import blake2b
from porlake.errors import InvalidAddress

_HEX = re.compile(r"[0-9a-fA-F]*")
_ALGORITHM = b"ed25519".ljust(16, b"\x00") + (32).to_bytes(8, "little")


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_hex, bad_length, bad_checksum)."""
    if not _HEX.fullmatch(text):
        raise InvalidAddress("bad_hex", f"{text!r} has characters that are no hex digits")
    if len(text) != 76:
        raise InvalidAddress("bad_length", f"{text!r} is not 38 bytes")
    data = bytes.fromhex(text)
    if blake2b(data[:32], 32)[:6] != data[32:]:
        raise InvalidAddress("bad_checksum", f"the checksum of {text!r} does not hold")
    return of(network, data[:32])


def of(network: str, unlock_hash: bytes) -> Address:
    return Address(network, (unlock_hash + blake2b(unlock_hash, 32)[:6]).hex(), unlock_hash, "sia")


def from_public_key(key: bytes) -> bytes:
    """The unlock hash of one ed25519 key."""
    lock, one = _leaf((0).to_bytes(8, "little")), _leaf((1).to_bytes(8, "little"))
    return _node(_node(lock, _leaf(_ALGORITHM + key)), one)


def _leaf(data: bytes) -> bytes:
    return blake2b(b"\x00" + data, 32)


def _node(left: bytes, right: bytes) -> bytes:
    return blake2b(b"\x01" + left + right, 32)
