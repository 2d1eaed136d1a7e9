"""Base58 and base58check. https://en.bitcoin.it/wiki/Base58Check_encoding"""

from __future__ import annotations

from porlake.encoding.hashes import Hash, sha256d
from porlake.errors import InvalidAddress

BITCOIN = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
RIPPLE = "rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz"

_VALUES = {alphabet: {letter: value for value, letter in enumerate(alphabet)} for alphabet in (BITCOIN, RIPPLE)}


def decode(text: str, alphabet: str = BITCOIN) -> bytes:
    """The bytes of base58 text. Raises InvalidAddress (bad_base58)."""
    values, number = _VALUES[alphabet], 0
    try:
        for letter in text:
            number = number * 58 + values[letter]
    except KeyError as error:
        raise InvalidAddress("bad_base58", f"{text[:100]!r} has {error.args[0]!r}, which is no base58 digit") from error
    zeros = len(text) - len(text.lstrip(alphabet[0]))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def encode(data: bytes, alphabet: str = BITCOIN) -> str:
    number, digits = int.from_bytes(data, "big"), []
    while number:
        number, digit = divmod(number, 58)
        digits.append(alphabet[digit])
    return alphabet[0] * (len(data) - len(data.lstrip(b"\0"))) + "".join(reversed(digits))


def decode_check(text: str, alphabet: str = BITCOIN, checksum: Hash = sha256d) -> bytes:
    """The payload, version included, of base58check text. Raises InvalidAddress (bad_base58, bad_length,
    bad_checksum).
    """
    data = decode(text, alphabet)
    if len(data) < 5:
        raise InvalidAddress("bad_length", f"{text[:100]!r} is too short for base58check")
    if checksum(data[:-4])[:4] != data[-4:]:
        raise InvalidAddress("bad_checksum", f"the checksum of {text[:100]!r} does not hold")
    return data[:-4]


def encode_check(payload: bytes, alphabet: str = BITCOIN, checksum: Hash = sha256d) -> str:
    return encode(payload + checksum(payload)[:4], alphabet)
