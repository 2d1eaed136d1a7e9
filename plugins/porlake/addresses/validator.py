"""Ethereum validators: the 48-byte BLS public key in hex. https://eips.ethereum.org/EIPS/eip-2333"""

from __future__ import annotations

import re

from porlake.addresses._address import Address
from porlake.errors import InvalidAddress

_HEX = re.compile(r"0x([0-9a-fA-F]*)")


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_hex, bad_length)."""
    match = _HEX.fullmatch(text)
    if match is None:
        raise InvalidAddress("bad_hex", f"{text!r} is not 0x and hex digits")
    if len(match[1]) != 96:
        raise InvalidAddress("bad_length", f"{text!r} is not 48 bytes")
    return Address(network, text.lower(), bytes.fromhex(match[1]), "validator")
