"""Canton parties: a hint and the fingerprint of the key that rules its namespace.
https://docs.daml.com/canton/usermanual/identity_management.html

The fingerprint is a SHA-256 multihash (12 20) over a purpose number and the key. The hint is free text: two hints are
two parties.
"""

from __future__ import annotations

import re

from porlake.addresses._address import Address
from porlake.encoding.hashes import sha256
from porlake.errors import InvalidAddress

MULTIHASH = b"\x12\x20"
PURPOSE = (12).to_bytes(4, "big")  # a public key's fingerprint
_PARTY = re.compile(r"([A-Za-z0-9:_ -]{1,185})::(1220[0-9a-f]{64})")


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_form)."""
    match = _PARTY.fullmatch(text)
    if match is None:
        raise InvalidAddress("bad_form", f"{text!r} is not a hint, :: and a fingerprint")
    return Address(network, text, match[1].encode() + b"::" + bytes.fromhex(match[2]), "canton")


def fingerprint(key: bytes) -> bytes:
    """34 bytes: the end of the payload of every party that a key rules."""
    return MULTIHASH + sha256(PURPOSE + key)
