"""Hedera accounts: shard.realm.number. https://docs.hedera.com/hedera/core-concepts/accounts

A number is no function of a key: no signature alone can prove it.
"""

from __future__ import annotations

import re

from porlake.addresses._address import Address
from porlake.errors import InvalidAddress

_NUMBER = re.compile(r"(0|[1-9]\d{0,9})\.(0|[1-9]\d{0,9})\.(0|[1-9]\d{0,18})")


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_address)."""
    if not _NUMBER.fullmatch(text):
        raise InvalidAddress("bad_address", f"{text!r} is not shard.realm.number")
    return Address(network, text, text.encode(), "hedera")
