"""CRC-16/XMODEM, of Stellar and TON addresses."""

from __future__ import annotations

import binascii


def crc16(data: bytes) -> int:
    return binascii.crc_hqx(data, 0)
