"""Hedera accounts: shard.realm.number. https://docs.hedera.com/hedera/core-concepts/accounts

A number is no function of a key: no signature alone can prove it. Wallets add a checksum to it (HIP-15), and EVM tools
write it as 20 bytes that begin with zeros. An account also goes by an alias (a key, an EVM address): what is no number
is kept as it is, and proves as little.
"""

from __future__ import annotations

import re

from porlake.addresses._address import Address
from porlake.errors import InvalidAddress

_NUMBER = re.compile(r"(0|[1-9]\d{0,9})\.(0|[1-9]\d{0,9})\.(0|[1-9]\d{0,18})")
_CHECKED = re.compile(rf"({_NUMBER.pattern})-([a-z]{{5}})")
_LONG_ZERO = re.compile(r"(?:0x)?0{24}([0-9a-fA-F]{16})")
_LEDGER = bytes(1)  # the id of the main network


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_checksum)."""
    if match := _CHECKED.fullmatch(text):
        if match[5] != checksum(match[1]):
            raise InvalidAddress("bad_checksum", f"the checksum of {text!r} does not hold")
        return Address(network, match[1], match[1].encode(), "hedera", remark="spelled_otherwise")
    if match := _LONG_ZERO.fullmatch(text):
        number = f"0.0.{int(match[1], 16)}"
        if _NUMBER.fullmatch(number):
            return Address(network, number, number.encode(), "hedera", remark="spelled_otherwise")
    return Address(network, text, text.encode(), "hedera" if _NUMBER.fullmatch(text) else "alias")


def checksum(number: str) -> str:
    """The five letters of a number on the main network. https://hips.hedera.com/hip/hip-15"""
    three, five = 26**3, 26**5
    digits = [10 if letter == "." else int(letter) for letter in number]
    weighted = ledger = 0
    for digit in digits:
        weighted = (weighted * 31 + digit) % three
    for byte in _LEDGER + bytes(6):
        ledger = (ledger * 31 + byte) % five
    even, odd = sum(digits[::2]) % 11, sum(digits[1::2]) % 11
    mixed = (((len(number) % 5 * 11 + even) * 11 + odd) * three + weighted + ledger) % five
    mixed = mixed * 1_000_003 % five
    letters = ""
    for _ in range(5):
        mixed, rest = divmod(mixed, 26)
        letters = chr(ord("a") + rest) + letters
    return letters
