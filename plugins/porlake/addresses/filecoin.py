"""Filecoin addresses f0 to f4; an EVM account (f410f) also in its hex spelling.
https://spec.filecoin.io/appendix/address/
"""

from __future__ import annotations

import base64
import binascii
import re

from porlake.addresses._address import Address
from porlake.encoding.hashes import blake2b
from porlake.errors import InvalidAddress

EVM_NAMESPACE = 10
_HEX = re.compile(r"0[xX]([0-9a-fA-F]{40})")
_ID = re.compile(r"f0(0|[1-9]\d{0,19})")
_LENGTH = {"1": 20, "2": 20, "3": 48}


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_form, bad_base32, bad_checksum, bad_length)."""
    if _ID.fullmatch(text):
        return Address(network, text, text.encode(), "f0")
    if text[:3] == "f41":
        return _of_evm(network, text, delegated(text))
    if match := _HEX.fullmatch(text):
        return _of_evm(network, text, bytes.fromhex(match[1]))
    protocol = text[1:2]
    if text[:1] != "f" or protocol not in _LENGTH:
        raise InvalidAddress("bad_form", f"{text!r} is no Filecoin address")
    payload = _checked(text, text[2:], bytes([int(protocol)]))
    if len(payload) != _LENGTH[protocol]:
        raise InvalidAddress("bad_length", f"{text!r} holds {len(payload)} bytes, not {_LENGTH[protocol]}")
    return Address(network, text, bytes([int(protocol)]) + payload, f"f{protocol}")


def delegated(text: str) -> bytes:
    """The EVM account of an f410f address."""
    if not text.startswith("f410f"):
        raise InvalidAddress("bad_form", f"{text!r} is no delegated address of the EVM namespace")
    return _checked(text, text[5:], bytes([4, EVM_NAMESPACE]))


def of_evm(account: bytes) -> str:
    """An EVM account as f410f text."""
    return "f410f" + _text(account + blake2b(bytes([4, EVM_NAMESPACE]) + account, 4))


def from_public_key(key: bytes) -> bytes:
    """The payload of the f1 address of a 65-byte public key, protocol byte included."""
    return b"\x01" + blake2b(key, 20)


def _of_evm(network: str, text: str, account: bytes) -> Address:
    if len(account) != 20:
        raise InvalidAddress("bad_length", f"{text!r} holds {len(account)} bytes, not 20")
    return Address(network, of_evm(account), account, "f4")


def _checked(text: str, body: str, before: bytes) -> bytes:
    try:
        data = base64.b32decode(body.upper() + "=" * (-len(body) % 8))
    except binascii.Error as error:
        raise InvalidAddress("bad_base32", f"{text!r} is no base32") from error
    if body != body.lower() or _text(data) != body:
        raise InvalidAddress("bad_base32", f"{text!r} is no lower-case base32")
    if len(data) < 5 or blake2b(before + data[:-4], 4) != data[-4:]:
        raise InvalidAddress("bad_checksum", f"the checksum of {text!r} does not hold")
    return data[:-4]


def _text(data: bytes) -> str:
    return base64.b32encode(data).decode().lower().rstrip("=")
