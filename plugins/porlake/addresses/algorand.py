"""Algorand accounts: base32 of the key and four bytes of its SHA-512/256.
https://developer.algorand.org/docs/get-details/accounts/
"""

from __future__ import annotations

import base64
import re

from porlake.addresses._address import Address
from porlake.encoding.hashes import sha512_256
from porlake.errors import InvalidAddress

_TEXT = re.compile(r"[A-Z2-7]{58}")


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_base32, bad_checksum)."""
    if not _TEXT.fullmatch(text):
        raise InvalidAddress("bad_base32", f"{text!r} is not 58 digits of base32")
    data = base64.b32decode(text + "======")
    if sha512_256(data[:32])[-4:] != data[32:] or _text(data[:32]) != text:
        raise InvalidAddress("bad_checksum", f"the checksum of {text!r} does not hold")
    return Address(network, text, data[:32], "algorand")


def _text(key: bytes) -> str:
    return base64.b32encode(key + sha512_256(key)[-4:]).decode().rstrip("=")
