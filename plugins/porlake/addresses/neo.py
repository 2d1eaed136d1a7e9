"""Neo accounts, and those of Ontology, which has Neo's first form: base58check of a version and the 20 bytes of a
script's hash. https://docs.neo.org/docs/n3/foundation/Wallets, https://dev-docs.ont.io
"""

from __future__ import annotations

from porlake.addresses._address import Address
from porlake.encoding import base58
from porlake.errors import InvalidAddress

VERSION = {"neo3": 0x35, "ontology": 0x17}


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_base58, bad_checksum, bad_length, wrong_version)."""
    payload = base58.decode_check(text)
    if len(payload) != 21:
        raise InvalidAddress("bad_length", f"{text!r} has {len(payload)} bytes, not 21")
    if payload[0] != VERSION[network]:
        raise InvalidAddress("wrong_version", f"{text!r} has version {payload[0]}, {network} has {VERSION[network]}")
    return of(network, payload[1:])


def of(network: str, account: bytes) -> Address:
    return Address(network, base58.encode_check(bytes([VERSION[network]]) + account), account, "neo")
