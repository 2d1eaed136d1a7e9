"""XRP Ledger accounts: base58check in Ripple's alphabet; an X-address holds an account and a tag of who is paid there.
https://xrpl.org/docs/references/protocol/data-types/base58-encodings, XLS-5
"""

from __future__ import annotations

from porlake.addresses._address import Address
from porlake.encoding import base58
from porlake.encoding.hashes import hash160
from porlake.errors import InvalidAddress

_X, _X_TEST = b"\x05\x44", b"\x04\x93"
_TAGS = (b"\x00", b"\x01")  # none, one of 32 bits


def parse(text: str, network: str) -> Address:
    """An X-address is its account's, whatever its tag. Raises InvalidAddress (bad_base58, bad_checksum, bad_length,
    wrong_version, wrong_network).
    """
    payload = base58.decode_check(text, base58.RIPPLE)
    if len(payload) == 31 and payload[:2] in (_X, _X_TEST):
        return _of_x(text, network, payload)
    if payload[:1] != b"\x00" or len(payload) != 21:
        raise InvalidAddress("wrong_version", f"{text!r} has version {payload[:1].hex()} and {len(payload)} bytes")
    return Address(network, text, payload[1:], "xrp")


def from_public_key(compressed: bytes) -> bytes:
    return hash160(compressed)


def _of_x(text: str, network: str, payload: bytes) -> Address:
    account, has_tag, tag = payload[2:22], payload[22:23], payload[23:]
    if payload[:2] == _X_TEST:
        raise InvalidAddress("wrong_network", f"{text!r} is of the test network")
    if has_tag not in _TAGS or any(tag[4:]) or (has_tag == b"\x00" and any(tag)):
        raise InvalidAddress("bad_form", f"{text!r} has a tag of another form")
    return Address(
        network, base58.encode_check(b"\x00" + account, base58.RIPPLE), account, "xrp", remark="spelled_otherwise"
    )
