"""Casper accounts: a public key behind its tag (01 ed25519, 02 secp256k1), or the hash that is the account itself.

https://docs.casper.network/concepts/accounts-and-keys. Letter case may carry a checksum (CEP-57), which is optional and
not looked at.
"""

from __future__ import annotations

import re

from porlake.addresses._address import Address
from porlake.encoding.hashes import blake2b
from porlake.errors import InvalidAddress

_HASH = re.compile(r"(?:account-hash-)?([0-9a-fA-F]{64})")
_KEY = re.compile(r"01([0-9a-fA-F]{64})|02([0-9a-fA-F]{66})")
_HEXLIKE = re.compile(r"[0-9a-fA-F]+")


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_hex, bad_length)."""
    if match := _HASH.fullmatch(text):
        return _of(network, bytes.fromhex(match[1]))
    if match := _KEY.fullmatch(text):
        name, digits = (b"ed25519", match[1]) if match[1] else (b"secp256k1", match[2])
        return _of(network, blake2b(name + b"\x00" + bytes.fromhex(digits), 32))
    raise InvalidAddress(
        "bad_length" if _HEXLIKE.fullmatch(text) else "bad_hex",
        f"{text!r} is neither a tagged public key nor an account hash",
    )


def from_public_key(key: bytes) -> bytes:
    """The account of an ed25519 key."""
    return blake2b(b"ed25519\x00" + key, 32)


def _of(network: str, account: bytes) -> Address:
    return Address(network, f"account-hash-{account.hex()}", account, "casper")
