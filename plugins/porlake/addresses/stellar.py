"""Stellar accounts: strkey G... https://github.com/stellar/stellar-protocol/blob/master/ecosystem/sep-0023.md"""

from __future__ import annotations

import base64
import re

from porlake.addresses._address import Address
from porlake.encoding.crc import crc16
from porlake.errors import InvalidAddress

ACCOUNT = 0x30
_STRKEY = re.compile(r"[A-Z2-7]{56}")


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_base32, bad_checksum, wrong_version)."""
    if not _STRKEY.fullmatch(text):
        raise InvalidAddress("bad_base32", f"{text!r} is not 56 digits of base32")
    data = base64.b32decode(text)
    if crc16(data[:33]) != int.from_bytes(data[33:], "little"):
        raise InvalidAddress("bad_checksum", f"the checksum of {text!r} does not hold")
    if data[0] != ACCOUNT:
        raise InvalidAddress("wrong_version", f"{text!r} is no account: version {data[0]:#04x}")
    return Address(network, text, data[1:33], "stellar")
