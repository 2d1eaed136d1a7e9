"""Stellar accounts: strkey G...; M... is such an account and a number of who is paid there (muxed).
https://github.com/stellar/stellar-protocol/blob/master/ecosystem/sep-0023.md
"""

from __future__ import annotations

import base64
import re

from porlake.addresses._address import Address
from porlake.encoding.crc import crc16
from porlake.errors import InvalidAddress

ACCOUNT, MUXED = 0x30, 0x60
_STRKEY = re.compile(r"[A-Z2-7]{56}|[A-Z2-7]{69}")


def parse(text: str, network: str) -> Address:
    """A muxed account is the account below it. Raises InvalidAddress (bad_base32, bad_checksum, wrong_version)."""
    if not _STRKEY.fullmatch(text):
        raise InvalidAddress("bad_base32", f"{text!r} is not 56 digits of base32, nor 69")
    data = base64.b32decode(text + "=" * (-len(text) % 8))
    if crc16(data[:-2]) != int.from_bytes(data[-2:], "little") or _text(data) != text:
        raise InvalidAddress("bad_checksum", f"the checksum of {text!r} does not hold")
    if data[0] != (ACCOUNT if len(text) == 56 else MUXED):
        raise InvalidAddress("wrong_version", f"{text!r} is no account: version {data[0]:#04x}")
    if data[0] == ACCOUNT:
        return Address(network, text, data[1:33], "stellar")
    account = bytes([ACCOUNT]) + data[1:33]
    whole = account + crc16(account).to_bytes(2, "little")
    return Address(network, _text(whole), data[1:33], "stellar", remark="spelled_otherwise")


def _text(data: bytes) -> str:
    return base64.b32encode(data).decode().rstrip("=")
