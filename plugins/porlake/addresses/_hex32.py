"""Accounts of 32 bytes in hex, whose leading zeros may be left off."""

from __future__ import annotations

import re

from porlake.addresses._address import Address
from porlake.errors import InvalidAddress

_HEX = re.compile(r"0x([0-9a-fA-F]+)")


def parse(text: str, network: str, kind: str) -> Address:
    """Raises InvalidAddress (bad_hex, bad_length)."""
    match = _HEX.fullmatch(text)
    if match is None:
        raise InvalidAddress("bad_hex", f"{text!r} is not 0x and hex digits")
    if len(match[1]) > 64:
        raise InvalidAddress("bad_length", f"{text!r} is longer than 32 bytes")
    account = bytes.fromhex(match[1].zfill(64))
    return Address(network, "0x" + account.hex(), account, kind)
