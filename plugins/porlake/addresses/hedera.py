"""Hedera accounts: shard.realm.number. https://docs.hedera.com/hedera/core-concepts/accounts

A number is no function of a key: no signature alone can prove it. An account also goes by an alias (a key, an EVM
address), and wallets add a checksum to the number; what is no number is kept as it is, and proves as little.
"""

from __future__ import annotations

import re

from porlake.addresses._address import Address

_NUMBER = re.compile(r"(0|[1-9]\d{0,9})\.(0|[1-9]\d{0,9})\.(0|[1-9]\d{0,18})")


def parse(text: str, network: str) -> Address:
    """Refuses nothing that `addresses.parse` let through."""
    return Address(network, text, text.encode(), "hedera" if _NUMBER.fullmatch(text) else "alias")
