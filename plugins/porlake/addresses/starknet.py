"""Starknet accounts: a field element in hex. https://docs.starknet.io/architecture/accounts"""

from __future__ import annotations

from porlake.addresses import _hex32
from porlake.addresses._address import Address
from porlake.errors import InvalidAddress

BOUND = 2**251 - 256


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_hex, length, bad_address)."""
    address = _hex32.parse(text, network, "starknet")
    if not 0 < int.from_bytes(address.payload, "big") < BOUND:
        raise InvalidAddress("bad_address", f"{text!r} is no contract address: not between 0 and 2^251 - 256")
    return address
