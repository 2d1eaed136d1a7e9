"""aelf accounts: base58check of 32 bytes without a version, bare or as ELF_..._AELF. https://docs.aelf.com"""

from __future__ import annotations

import re

from porlake.addresses._address import Address
from porlake.encoding import base58
from porlake.encoding.hashes import sha256d
from porlake.errors import InvalidAddress

_WRAPPED = re.compile(r"ELF_([^_]+)_AELF")


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_base58, bad_checksum, bad_length)."""
    match = _WRAPPED.fullmatch(text)
    bare = match[1] if match else text
    account = base58.decode_check(bare)
    if len(account) != 32:
        raise InvalidAddress("bad_length", f"{text!r} holds {len(account)} bytes, not 32")
    return Address(network, bare, account, "aelf")


def from_public_key(key: bytes) -> bytes:
    """The account of a 65-byte key."""
    return sha256d(key)
