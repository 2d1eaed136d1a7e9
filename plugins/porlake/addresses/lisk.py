"""Accounts of Lisk's own chain and of Klayr: Lisk32 (LIP 18), or the older number with L behind it.

https://github.com/LiskHQ/lips/blob/main/proposals/lip-0018.md. Lisk32 has bech32's code without a human-readable part,
and its own alphabet.
"""

from __future__ import annotations

import re

from porlake.addresses._address import Address
from porlake.encoding import bech32
from porlake.encoding.hashes import sha256
from porlake.errors import InvalidAddress

ALPHABET = "zxvcpmbn3465o978uyrtkqew2adsjhfg"
PREFIX = {"lisk_legacy": "lsk", "klayr": "kly"}
_VALUE = {letter: value for value, letter in enumerate(ALPHABET)}
_NUMBER = re.compile(r"(0|[1-9]\d{0,19})L")


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (wrong_network, bad_length, bad_base32, bad_checksum, bad_form)."""
    if match := _NUMBER.fullmatch(text):
        if int(match[1]) >> 64:
            raise InvalidAddress("bad_form", f"{text!r} is more than 64 bits")
        return Address(network, text, int(match[1]).to_bytes(8, "big"), "number")
    prefix = PREFIX[network]
    if text[:3] != prefix:
        raise InvalidAddress("wrong_network", f"{text!r} does not begin with {prefix}")
    if len(text) != 41:
        raise InvalidAddress("bad_length", f"{text!r} has {len(text)} characters, not 41")
    if unknown := set(text[3:]) - set(ALPHABET):
        raise InvalidAddress("bad_base32", f"{text!r} has {min(unknown)!r}, which is no Lisk32 digit")
    values = [_VALUE[letter] for letter in text[3:]]
    if bech32.polymod(values) != bech32.BECH32:
        raise InvalidAddress("bad_checksum", f"the checksum of {text!r} does not hold")
    return of(network, bech32.regroup(values[:-6], 5, 8, text))


def of(network: str, account: bytes) -> Address:
    values = bech32.pad(account)
    check = bech32.polymod([*values, *[0] * 6]) ^ bech32.BECH32
    digits = values + [(check >> 5 * (5 - i)) & 31 for i in range(6)]
    return Address(network, PREFIX[network] + "".join(ALPHABET[v] for v in digits), account, "lisk32")


def from_public_key(key: bytes) -> bytes:
    """The 20 bytes of a key's account."""
    return sha256(key)[:20]


def number_of(key: bytes) -> bytes:
    """The 8 bytes, the highest first, of the older number of a key's account."""
    return sha256(key)[:8][::-1]
