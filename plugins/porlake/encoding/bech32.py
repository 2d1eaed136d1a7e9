"""Bech32 (BIP-173), bech32m (BIP-350) and segwit addresses; cashaddr's base32 and its 40-bit code.

https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki, bip-0350.mediawiki;
https://github.com/bitcoincashorg/bitcoincash.org/blob/master/spec/cashaddr.md
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import xor

from porlake.errors import InvalidAddress

CHARSET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
BECH32, BECH32M = 1, 0x2BC830A3

_VALUE = {letter: value for value, letter in enumerate(CHARSET)}
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CASH_GENERATOR = (0x98F2BC8E61, 0x79B76D99E2, 0xF33E5FB3C4, 0xAE2EABE2A8, 0x1E4F43E470)


def decode(text: str, limit: int = 90) -> tuple[str, list[int], int]:
    """(human-readable part, 5-bit values, checksum constant: BECH32 or BECH32M). Raises InvalidAddress (bad_bech32, bad_checksum)."""
    lower = text.lower()
    if text not in (lower, text.upper()):
        raise InvalidAddress("bad_bech32", f"{text[:100]!r} mixes upper and lower case")
    hrp, separator, data = lower.rpartition("1")
    if not separator or not hrp or len(data) < 6 or len(text) > limit or not all(33 <= ord(c) <= 126 for c in hrp):
        raise InvalidAddress("bad_bech32", f"{text[:100]!r} is no bech32")
    values = values_of(data, text)
    constant = polymod(_expand(hrp) + values)
    if constant not in (BECH32, BECH32M):
        raise InvalidAddress("bad_checksum", f"the checksum of {text[:100]!r} does not hold")
    return hrp, values[:-6], constant


def encode(hrp: str, values: list[int], constant: int = BECH32) -> str:
    check = polymod(_expand(hrp) + values + [0] * 6) ^ constant
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
    if not 2 <= len(program) <= 40 or (version == 0 and len(program) not in (20, 32)) or (version == 1 and len(program) != 32):
        raise InvalidAddress("length", f"{text[:100]!r} has a program of {len(program)} bytes")
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
    if len(values) < 9 or _cash_polymod([ord(c) & 31 for c in prefix] + [0] + values):
        raise InvalidAddress("bad_checksum", f"the checksum of {text[:100]!r} does not hold")
    payload = regroup(values[:-8], 5, 8, text)
    return payload[0], payload[1:]


def cash_encode(prefix: str, version: int, data: bytes) -> str:
    values = pad(bytes([version]) + data)
    check = _cash_polymod([ord(c) & 31 for c in prefix] + [0] + values + [0] * 8)
    return f"{prefix}:" + "".join(CHARSET[v] for v in values + [(check >> 5 * (7 - i)) & 31 for i in range(8)])


def values_of(data: str, text: str) -> list[int]:
    try:
        return [_VALUE[letter] for letter in data]
    except KeyError as error:
        raise InvalidAddress("bad_bech32", f"{text[:100]!r} has {error.args[0]!r}, which is no bech32 digit") from error


def regroup(values: Iterable[int], width: int, to: int, text: str) -> bytes:
    """5-bit values as bytes; padding that is not zero or too long is refused."""
    number = bits = 0
    out = bytearray()
    for value in values:
        number, bits = (number << width) | value, bits + width
        while bits >= to:
            bits -= to
            out.append(number >> bits)
            number &= (1 << bits) - 1
    if bits >= width or number:
        raise InvalidAddress("bad_bech32", f"{text[:100]!r} has wrong padding")
    return bytes(out)


def pad(data: bytes) -> list[int]:
    """Bytes as 5-bit values, the last one padded with zeros."""
    number, length = int.from_bytes(data, "big"), len(data) * 8
    width = -(-length // 5)
    number <<= width * 5 - length
    return [(number >> 5 * (width - 1 - i)) & 31 for i in range(width)]


def _expand(hrp: str) -> list[int]:
    return [ord(c) >> 5 for c in hrp] + [0] + [ord(c) & 31 for c in hrp]


def polymod(values: Iterable[int]) -> int:
    """The remainder of bech32's BCH code: BECH32 or BECH32M over values whose checksum holds."""
    check = 1
    for value in values:
        check = (check & 0x1FFFFFF) << 5 ^ value ^ _FOLDED[check >> 25]
    return check


def _cash_polymod(values: Iterable[int]) -> int:
    check = 1
    for value in values:
        check = (check & 0x07FFFFFFFF) << 5 ^ value ^ _CASH_FOLDED[check >> 35]
    return check ^ 1


def _folded(generator: tuple[int, ...]) -> tuple[int, ...]:
    """What the five bits that fall out at the top add, for each of their values."""
    return tuple(reduce(xor, (word for i, word in enumerate(generator) if top >> i & 1), 0) for top in range(32))


_FOLDED, _CASH_FOLDED = _folded(_GENERATOR), _folded(_CASH_GENERATOR)
