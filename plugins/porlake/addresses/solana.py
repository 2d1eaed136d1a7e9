"""Solana accounts: base58 of 32 bytes. https://solana.com/docs/core/accounts"""

from __future__ import annotations

from porlake.addresses._address import Address
from porlake.encoding import base58
from porlake.errors import InvalidAddress


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_base58, bad_length)."""
    account = base58.decode(text)
    if len(account) != 32:
        raise InvalidAddress("bad_length", f"{text!r} holds {len(account)} bytes, not 32")
    return Address(network, text, account, "solana")
