"""NEAR accounts: implicit (hex of an ed25519 key), Ethereum-implicit, or a name.
https://nomicon.io/DataStructures/Account
"""

from __future__ import annotations

import re

from porlake.addresses._address import Address
from porlake.errors import InvalidAddress

_IMPLICIT = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"(?:[a-z0-9]+[-_])*[a-z0-9]+(?:\.(?:[a-z0-9]+[-_])*[a-z0-9]+)*")


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_form)."""
    if _IMPLICIT.fullmatch(text):
        return Address(network, text, bytes.fromhex(text), "implicit")
    if 2 <= len(text) <= 64 and _NAME.fullmatch(text):
        return Address(network, text, text.encode(), "named")
    raise InvalidAddress("bad_form", f"{text!r} is no account id")
