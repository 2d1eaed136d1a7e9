"""Bech32 (BIP-173), bech32m (BIP-350) and segwit addresses; cashaddr's base32 and its 40-bit code.

https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki, bip-0350.mediawiki;
https://github.com/bitcoincashorg/bitcoincash.org/blob/master/spec/cashaddr.md
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache, reduce
from operator import xor

from porlake.errors import InvalidAddress

CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
BECH32, BECH32M = 1, 0x2BC830A3
P2A = bytes.fromhex("4e73")  # pay to anchor, the program of version 1 that anybody may spend: Bitcoin Core since 28.0

_NONE = 0xFF
_VALUES = bytes(CHARSET.index(chr(code)) if chr(code) in CHARSET else _NONE for code in range(256))
_DIGITS_OF = b"0123456789abcdefghijklmnopqrstuv" + bytes(224)  # a 5-bit value as a digit of int(text, 32)
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CASH_GENERATOR = (0x98F2BC8E61, 0x79B76D99E2, 0xF33E5FB3C4, 0xAE2EABE2A8, 0x1E4F43E470)


def _remainders(generator: tuple[int, ...]) -> tuple[int, ...]:
    """What each 5-bit top of the code's register adds when it is shifted out."""
    return tuple(reduce(xor, (g for i, g in enumerate(generator) if top >> i & 1), 0) for top in range(32))


TOP, _CASH_TOP = _remainders(_GENERATOR), _remainders(_CASH_GENERATOR)


def decode(text: str, limit: int = 90) -> tuple[str, bytes, int]:
    """(human-readable part, 5-bit values, checksum constant: BECH32 or BECH32M). Raises InvalidAddress (bad_bech32,
    bad_checksum).

    BIP-173 refuses mixed case. A capital first letter is what a spreadsheet makes of a word and is taken; who cares
    compares the spellings.
    """
    lower = text.lower()
    if text not in (lower, text.upper()) and text[1:] != lower[1:]:
        raise InvalidAddress("bad_bech32", f"{text[:100]!r} mixes upper and lower case")
    hrp, separator, data = lower.rpartition("1")
    if (
        not separator
        or not hrp
        or len(data) < 6
        or len(text) > limit
        or not hrp.isascii()
        or not hrp.isprintable()
        or " " in hrp
    ):
        raise InvalidAddress("bad_bech32", f"{text[:100]!r} is no bech32")
    values = values_of(data, text)
    constant = polymod(values, _started(hrp))
    if constant not in (BECH32, BECH32M):
        raise InvalidAddress("bad_checksum", f"the checksum of {text[:100]!r} does not hold")
    return hrp, values[:-6], constant


def encode(hrp: str, values: list[int], constant: int = BECH32) -> str:
    check = polymod(values + [0] * 6, _started(hrp)) ^ constant
    return hrp + "1" + "".join(CHARSET[v] for v in values + [(check >> 5 * (5 - i)) & 31 for i in range(6)])


def decode_bytes(text: str, hrp: str, limit: int = 90) -> bytes:
    """The bytes of plain bech32 text with that human-readable part. Raises InvalidAddress."""
    found, values, constant = decode(text, limit)
    if found != hrp:
        raise InvalidAddress("wrong_network", f"{text[:100]!r} begins with {found!r}, not {hrp!r}")
    if constant != BECH32:
        raise InvalidAddress("bad_checksum", f"{text[:100]!r} has the checksum of bech32m")
    return regroup(values, 5, 8, text)


def encode_bytes(hrp: str, data: bytes, constant: int = BECH32) -> str:
    return encode(hrp, pad(data), constant)


def segwit(text: str, hrp: str) -> tuple[int, bytes]:
    """(witness version, program) of a segwit address. Raises InvalidAddress."""
    found, values, constant = decode(text)
    if found != hrp:
        raise InvalidAddress("wrong_network", f"{text[:100]!r} begins with {found!r}, not {hrp!r}")
    if not values or values[0] > 16:
        raise InvalidAddress("bad_bech32", f"{text[:100]!r} has no witness version")
    version, program = values[0], regroup(values[1:], 5, 8, text)
    if (
        not 2 <= len(program) <= 40
        or (version == 0 and len(program) not in (20, 32))
        or (version == 1 and len(program) != 32 and program != P2A)
    ):
        raise InvalidAddress("bad_length", f"{text[:100]!r} has a program of {len(program)} bytes")
    if constant != (BECH32 if version == 0 else BECH32M):
        raise InvalidAddress("bad_checksum", f"{text[:100]!r} has the checksum of the other bech32")
    return version, program


def segwit_text(hrp: str, version: int, program: bytes) -> str:
    return encode(hrp, [version, *pad(program)], BECH32M if version else BECH32)


def cash_decode(text: str, prefix: str) -> tuple[int, bytes]:
    """(version byte, hash) of a cash address, with its prefix or without. Raises InvalidAddress."""
    lower = text.lower()
    if text not in (lower, text.upper()):
        raise InvalidAddress("bad_bech32", f"{text[:100]!r} mixes upper and lower case")
    before, colon, data = lower.rpartition(":")
    if colon and before != prefix:
        raise InvalidAddress("wrong_network", f"{text[:100]!r} begins with {before!r}, not {prefix!r}")
    values = values_of(data, text)
    if len(values) < 9 or _cash_polymod(_prefix(prefix) + values):
        raise InvalidAddress("bad_checksum", f"the checksum of {text[:100]!r} does not hold")
    payload = regroup(values[:-8], 5, 8, text)
    return payload[0], payload[1:]


def cash_encode(prefix: str, version: int, data: bytes) -> str:
    values = pad(bytes([version]) + data)
    check = _cash_polymod([*_prefix(prefix), *values, *bytes(8)])
    return f"{prefix}:" + "".join(CHARSET[v] for v in values + [(check >> 5 * (7 - i)) & 31 for i in range(8)])


def _prefix(prefix: str) -> bytes:
    return bytes(ord(c) & 31 for c in prefix) + b"\0"


def values_of(data: str, text: str) -> bytes:
    values = data.encode("ascii", "replace").translate(_VALUES)
    if _NONE in values:
        bad = next(letter for letter in data if letter not in CHARSET)
        raise InvalidAddress("bad_bech32", f"{text[:100]!r} has {bad!r}, which is no bech32 digit")
    return values


def regroup(values: Iterable[int], width: int, to: int, text: str) -> bytes:
    """Values of `width` bits (at most 5) as bytes (`to` is 8); padding that is not zero or too long is refused."""
    digits = bytes(values)
    spare = len(digits) * width % to
    number = int(digits.translate(_DIGITS_OF), 1 << width) if digits else 0
    if spare >= width or number & ((1 << spare) - 1):
        raise InvalidAddress("bad_bech32", f"{text[:100]!r} has wrong padding")
    return (number >> spare).to_bytes(len(digits) * width // to, "big")


def pad(data: bytes) -> list[int]:
    """Bytes as 5-bit values, the last one padded with zeros."""
    number, length = int.from_bytes(data, "big"), len(data) * 8
    width = -(-length // 5)
    number <<= width * 5 - length
    return [(number >> 5 * (width - 1 - i)) & 31 for i in range(width)]


@lru_cache(maxsize=256)  # the part comes from published text
def _started(hrp: str) -> int:
    """The register after the human-readable part."""
    return polymod([ord(c) >> 5 for c in hrp] + [0] + [ord(c) & 31 for c in hrp], 1)


def polymod(values: Iterable[int], check: int = 1) -> int:
    """The register of bech32's BCH code: BECH32 or BECH32M over values whose checksum holds."""
    for value in values:
        check = (check & 0x1FFFFFF) << 5 ^ value ^ TOP[check >> 25]
    return check


def _cash_polymod(values: Iterable[int]) -> int:
    check = 1
    for value in values:
        check = (check & 0x07FFFFFFFF) << 5 ^ value ^ _CASH_TOP[check >> 35]
    return check ^ 1
