"""Cash addresses of Bitcoin Cash and eCash, with their prefix or without, and the legacy base58 spelling.

https://github.com/bitcoincashorg/bitcoincash.org/blob/master/spec/cashaddr.md
"""

from __future__ import annotations

from porlake.addresses import bitcoin
from porlake.addresses._address import Address
from porlake.encoding import bech32
from porlake.errors import InvalidAddress

IN_LOWER_CASE = True
# Types 2 and 3 mark a wallet that understands CashTokens; the account is that of types 0 and 1.
KIND = {0x00: "p2pkh", 0x08: "p2sh", 0x10: "p2pkh", 0x18: "p2sh", 0x0B: "p2sh32", 0x1B: "p2sh32"}
TYPE = {"p2pkh": 0x00, "p2sh": 0x08, "p2sh32": 0x0B}


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_bech32, bad_checksum, wrong_network, wrong_version, and those of base58)."""
    prefix = bitcoin.parameters(network).cash
    if ":" not in text and text[:1] in "13":
        legacy = bitcoin.parse(text, network)
        return of(network, legacy.kind, legacy.payload)
    version, digest = bech32.cash_decode(text, prefix)
    if version not in KIND or len(digest) != (32 if KIND[version] == "p2sh32" else 20):
        raise InvalidAddress("wrong_version", f"{text!r} has version {version} and a hash of {len(digest)} bytes")
    return of(network, KIND[version], digest)


def of(network: str, kind: str, digest: bytes) -> Address:
    return Address(network, bech32.cash_encode(bitcoin.parameters(network).cash, TYPE[kind], digest), digest, kind)
