"""Flow accounts: 8 bytes in hex. https://developers.flow.com/build/cadence/basics/accounts

A number is no function of a key: no signature alone can prove it.
"""

from __future__ import annotations

import re

from porlake.addresses._address import Address
from porlake.errors import InvalidAddress

_HEX = re.compile(r"(?:0x)?([0-9a-fA-F]{16})")


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_form)."""
    match = _HEX.fullmatch(text)
    if match is None:
        raise InvalidAddress("bad_form", f"{text!r} is not 16 hex digits")
    return Address(network, f"0x{match[1].lower()}", bytes.fromhex(match[1]), "flow")
