"""Account names of EOS, Vaulta and WAX. https://docs.eosnetwork.com/docs/latest/core-concepts/accounts

A name is no function of a key: no signature alone can prove it.
"""

from __future__ import annotations

import re

from porlake.addresses._address import Address
from porlake.errors import InvalidAddress

_NAME = re.compile(r"[a-z1-5.]{0,11}[a-z1-5]")


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_form)."""
    if not _NAME.fullmatch(text):
        raise InvalidAddress("bad_form", f"{text!r} is no account name: up to 12 of a-z, 1-5 and the point")
    return Address(network, text, text.encode(), "eos")
