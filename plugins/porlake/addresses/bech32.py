"""Accounts in plain bech32: the Cosmos family, MultiversX, Harmony, Avalanche's X-Chain. BIP-173.

Harmony and Injective have an EVM key behind the account, and its hex spelling is taken too.
"""

from __future__ import annotations

import re

from porlake.addresses._address import Address
from porlake.encoding import bech32
from porlake.encoding.hashes import hash160
from porlake.errors import InvalidAddress

IN_LOWER_CASE = True
HRP = {
    "cosmos_hub": "cosmos",
    "terra_classic": "terra",
    "terra": "terra",
    "cronos_pos": "cro",
    "dydx": "dydx",
    "celestia": "celestia",
    "injective": "inj",
    "dora": "dora",
    "babylon": "bbn",
    "mantra": "mantra",
    "sei": "sei",
    "umee": "umee",
    "osmosis": "osmo",
    "akash": "akash",
    "secret": "secret",
    "kava_cosmos": "kava",
    "agoric": "agoric",
    "band": "band",
    "elys": "elys",
    "neutron": "neutron",
    "nibiru": "nibi",
    "thorchain": "thor",
    "xpla": "xpla",
    "allora": "allo",
    "saga": "saga",
    "aura": "aura",
    "zigchain": "zig",
    "multiversx": "erd",
    "harmony": "one",
    "avalanche_x": "avax",
}
LENGTHS = {"multiversx": (32,)}
EVM_KEYS = frozenset({"harmony", "injective"})
_HEX = re.compile(r"0x([0-9a-fA-F]{40})")


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_bech32, bad_checksum, wrong_network, bad_length)."""
    hrp = HRP[network]
    if network in EVM_KEYS and (match := _HEX.fullmatch(text)):
        return of(network, bytes.fromhex(match[1]))
    account = bech32.decode_bytes(text.removeprefix("X-") if network == "avalanche_x" else text, hrp)
    if len(account) not in LENGTHS.get(network, (20, 32)):
        raise InvalidAddress("bad_length", f"{text!r} holds {len(account)} bytes")
    return of(network, account)


def of(network: str, account: bytes) -> Address:
    text = bech32.encode_bytes(HRP[network], account)
    return Address(network, f"X-{text}" if network == "avalanche_x" else text, account, "bech32")


def from_public_key(compressed: bytes) -> bytes:
    """The account of a Cosmos or Avalanche key: its HASH160."""
    return hash160(compressed)
