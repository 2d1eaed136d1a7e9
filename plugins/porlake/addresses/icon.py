"""ICON accounts: hx (a key) or cx (a contract) and 20 bytes in hex. https://docs.icon.community/concepts/accounts"""

from __future__ import annotations

import re

from porlake.addresses._address import Address
from porlake.encoding.hashes import sha3_256
from porlake.errors import InvalidAddress

_TEXT = re.compile(r"(hx|cx)([0-9a-f]{40})")


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_form)."""
    match = _TEXT.fullmatch(text)
    if match is None:
        raise InvalidAddress("bad_form", f"{text!r} is not hx or cx and 40 hex digits")
    return Address(network, text, bytes.fromhex(match[2]), match[1])


def from_public_key(key: bytes) -> bytes:
    """The account of a 65-byte key."""
    return sha3_256(key[1:])[-20:]
