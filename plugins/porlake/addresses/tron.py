"""TRON accounts: base58check of 0x41 and 20 bytes, or the same in hex. https://developers.tron.network/docs/account"""

from __future__ import annotations

import re

from porlake.addresses import evm
from porlake.addresses._address import Address
from porlake.encoding import base58
from porlake.errors import InvalidAddress

VERSION = b"\x41"
_HEX = re.compile(r"(?:0x)?41([0-9a-fA-F]{40})")


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_base58, bad_checksum, bad_length, wrong_version)."""
    if match := _HEX.fullmatch(text):
        return of(network, bytes.fromhex(match[1]))
    payload = base58.decode_check(text)
    if payload[:1] != VERSION or len(payload) != 21:
        raise InvalidAddress(
            "wrong_version", f"{text!r} has version {payload[:1].hex()} and {len(payload)} bytes: not of TRON"
        )
    return Address(network, text, payload[1:], "tron")


def of(network: str, account: bytes) -> Address:
    return Address(network, base58.encode_check(VERSION + account), account, "tron")


def from_public_key(key: bytes) -> bytes:
    """The account of a 65-byte public key, without the version."""
    return evm.from_public_key(key)
