"""Kadena accounts: k: and the ed25519 key that rules the account, or any other name, whose keys stand on the chain.

https://docs.kadena.io/guides/accounts/howto-use-principals
"""

from __future__ import annotations

import re

from porlake.addresses._address import Address
from porlake.errors import InvalidAddress

_KEY = re.compile(r"k:([0-9a-f]{64})")
_NAME = re.compile(r"[!-~]{3,200}")


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_hex, bad_form)."""
    if match := _KEY.fullmatch(text):
        return Address(network, text, bytes.fromhex(match[1]), "k")
    if text.startswith("k:"):
        raise InvalidAddress("bad_hex", f"{text!r} is not k: and 64 lower-case hex digits")
    if not _NAME.fullmatch(text):
        raise InvalidAddress("bad_form", f"{text!r} is no account name")
    return Address(network, text, text.encode(), "named")
