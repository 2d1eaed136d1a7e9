"""TON accounts: raw workchain:hash, or 36 bytes in base64. https://docs.ton.org/learn/overviews/addresses"""

from __future__ import annotations

import base64
import binascii
import re

from porlake.addresses._address import Address
from porlake.encoding.crc import crc16
from porlake.errors import InvalidAddress

BOUNCEABLE, NON_BOUNCEABLE, TEST_ONLY = 0x11, 0x51, 0x80
_RAW = re.compile(r"(-1|0):([0-9a-fA-F]{64})")
_FRIENDLY = re.compile(r"[A-Za-z0-9_-]{48}|[A-Za-z0-9+/]{48}")


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_address, bad_checksum, wrong_network)."""
    if match := _RAW.fullmatch(text):
        return of(network, int(match[1]), bytes.fromhex(match[2]))
    if not _FRIENDLY.fullmatch(text):
        raise InvalidAddress("bad_address", f"{text!r} is neither raw nor 48 digits of base64")
    try:
        data = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except binascii.Error as error:
        raise InvalidAddress("bad_address", f"{text!r} is no base64") from error
    if crc16(data[:34]) != int.from_bytes(data[34:], "big"):
        raise InvalidAddress("bad_checksum", f"the checksum of {text!r} does not hold")
    if data[0] not in (BOUNCEABLE, NON_BOUNCEABLE):
        raise InvalidAddress("wrong_network", f"{text!r} has tag {data[0]:#04x}: not of the main network")
    return of(network, int.from_bytes(data[1:2], "big", signed=True), data[2:34])


def of(network: str, workchain: int, digest: bytes) -> Address:
    return Address(network, f"{workchain}:{digest.hex()}", workchain.to_bytes(1, "big", signed=True) + digest, "ton")
