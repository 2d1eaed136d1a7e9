"""Stacks accounts: S, a version, and c32check.
https://github.com/stacksgov/sips/blob/main/sips/sip-005/sip-005-blocks-and-transactions.md
"""

from __future__ import annotations

from porlake.addresses._address import Address
from porlake.encoding.hashes import hash160, sha256d
from porlake.errors import InvalidAddress

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
KIND = {22: "stacks_key", 20: "stacks_script"}


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_base32, bad_checksum, wrong_version)."""
    body = text[1:].upper().replace("O", "0").replace("L", "1").replace("I", "1")
    if text[:1] != "S" or len(body) < 2 or set(body) - set(ALPHABET):
        raise InvalidAddress("bad_base32", f"{text!r} is not S and c32 digits")
    version, number = ALPHABET.index(body[0]), 0
    for digit in body[1:]:
        number = number * 32 + ALPHABET.index(digit)
    if number.bit_length() > 192:
        raise InvalidAddress("bad_length", f"{text!r} holds more than 24 bytes")
    data = number.to_bytes(24, "big")
    if sha256d(bytes([version]) + data[:20])[:4] != data[20:]:
        raise InvalidAddress("bad_checksum", f"the checksum of {text!r} does not hold")
    if version not in KIND:
        raise InvalidAddress("wrong_version", f"{text!r} has version {version}: not of the main network")
    return Address(network, text_of(version, data[:20]), data[:20], KIND[version])


def text_of(version: int, digest: bytes) -> str:
    data = digest + sha256d(bytes([version]) + digest)[:4]
    number, digits = int.from_bytes(data, "big"), ""
    while number:
        number, digit = divmod(number, 32)
        digits = ALPHABET[digit] + digits
    return "S" + ALPHABET[version] + "0" * (len(data) - len(data.lstrip(b"\0"))) + digits


def from_public_key(key: bytes) -> bytes:
    return hash160(key)
