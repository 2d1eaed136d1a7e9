"""Where a Substrate chain keeps accounts, and what their bytes say. Keys: https://docs.polkadot.com, "Storage keys";
SCALE: https://docs.polkadot.com/reference/glossary/#scale-codec

A key is the hash of the pallet's name, that of the item's (two rounds of XXH64 each), and for each key of a map its
hash and the key itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from porlake.encoding.hashes import blake2b
from porlake.errors import BadAnswer

SYSTEM_ACCOUNT = bytes.fromhex("26aa394eea5630e07c48ae0c9558cef7b99d880ec681799c0cf30e8886371da9")
TIMESTAMP_NOW = bytes.fromhex("f0c365c3cf59d671eb72da0e7a4113c49f1f0515f462cdcf84e0f1d6045dfcbb")
ASSETS_ACCOUNT = bytes.fromhex("682a59d51ab9e48a8c8cc418ff9708d2b99d880ec681799c0cf30e8886371da9")
ASSETS_METADATA = bytes.fromhex("682a59d51ab9e48a8c8cc418ff9708d2b5f3822e35ca2f31ce3526eab1363fd2")
#: Paras.Heads of parachain 1000, which is the Asset Hub of its relay chain: its newest header, in SCALE.
HEAD_OF_THE_HUB = bytes.fromhex(
    "cd710b30bd2eab0352ddcc26417aa1941b3c252fcb29d88eff4f3de5de4476c3b6ff6f7d467b87a9e8030000"
)

#: Bytes of AccountInfo where balances have 8 bytes each, and the flags behind them 16: Bittensor.
SHORT_SIZE = 56
#: Bytes of AccountInfo: since 2021 (sufficients), before (providers, consumers), and of 2020 (one counter of 4 bytes).
ACCOUNT_SIZES = frozenset({80, 76, 72})
NEW_LOGIC = 1 << 127
"""In `flags`, the fourth number of an account that was touched since locks and holds were told apart (2023): before it
that number was `fee_frozen`, and the third `misc_frozen`.
"""


@dataclass(frozen=True, slots=True)
class Held:
    """What an account holds. `frozen` is a lock on it and no part beside it: it lies within free and reserved."""

    free: int
    reserved: int
    frozen: int

    @property
    def total(self) -> int:
        return self.free + self.reserved


NOTHING = Held(0, 0, 0)


def account_key(key: bytes) -> bytes:
    """Where the native coin of an account of 32 bytes stands."""
    return SYSTEM_ACCOUNT + _hashed(key)


def asset_key(number: int, key: bytes) -> bytes:
    """Where an account's holding of an asset of the pallet `assets` stands."""
    return ASSETS_ACCOUNT + _hashed(number.to_bytes(4, "little")) + _hashed(key)


def metadata_key(number: int) -> bytes:
    return ASSETS_METADATA + _hashed(number.to_bytes(4, "little"))


def _hashed(key: bytes) -> bytes:
    """Blake2_128Concat"""
    return blake2b(key, 16) + key


def held(value: bytes | None, what: str) -> Held:
    """An AccountInfo; None, which the chain keeps for who has nothing, is nothing. Raises BadAnswer."""
    if value is None:
        return NOTHING
    if len(value) not in {*ACCOUNT_SIZES, SHORT_SIZE}:
        raise BadAnswer(f"{what}: {len(value):,} bytes are no AccountInfo")
    free, reserved, third, fourth = (
        int.from_bytes(value[at : at + size], "little") for at, size in _places(len(value))
    )
    frozen = third if fourth & NEW_LOGIC else max(third, fourth)
    return Held(free, reserved, frozen)


def _places(size: int) -> list[tuple[int, int]]:
    """Where the four numbers behind the counters begin, and their bytes."""
    if size == SHORT_SIZE:
        return [(16, 8), (24, 8), (32, 8), (40, 16)]
    return [(at, 16) for at in range(size - 64, size, 16)]


def asset_balance(value: bytes | None, what: str) -> int:
    """The balance of an AssetAccount. Raises BadAnswer."""
    if value is None:
        return 0
    if len(value) < 18:  # balance, status or frozen, reason
        raise BadAnswer(f"{what}: {len(value):,} bytes are no AssetAccount")
    return int.from_bytes(value[:16], "little")


def asset_decimals(value: bytes, what: str) -> int:
    """Decimals of an AssetMetadata: deposit, name, symbol, decimals, is_frozen. Raises BadAnswer."""
    at = 16
    for _ in range(2):
        size, at = compact(value, at, what)
        at += size
    if len(value) != at + 2:
        raise BadAnswer(f"{what}: {len(value):,} bytes are no AssetMetadata")
    return value[at]


def compact(data: bytes, at: int, what: str) -> tuple[int, int]:
    """(a number in SCALE's compact form, the place behind it). Raises BadAnswer where the bytes end, or a shorter form
    would have done.
    """
    mode = data[at] & 3 if at < len(data) else -1
    size = {0: 1, 1: 2, 2: 4}.get(mode) or (5 + (data[at] >> 2) if mode == 3 else 0)
    if not size or at + size > len(data):
        raise BadAnswer(f"{what}: the bytes end within a number")
    if mode == 3:
        number, least = int.from_bytes(data[at + 1 : at + size], "little"), 1 << max(30, 8 * (size - 2))
    else:
        number, least = int.from_bytes(data[at : at + size], "little") >> 2, {0: 0, 1: 1 << 6, 2: 1 << 14}[mode]
    if number < least:
        raise BadAnswer(f"{what}: a number is not in its shortest form")
    return number, at + size


def compacted(number: int) -> bytes:
    """A number up to 2^30 in SCALE's compact form, or above it in as many bytes as it needs."""
    if number < 1 << 6:
        return bytes([number << 2])
    if number < 1 << 14:
        return (number << 2 | 1).to_bytes(2, "little")
    if number < 1 << 30:
        return (number << 2 | 2).to_bytes(4, "little")
    size = max(4, (number.bit_length() + 7) // 8)
    return bytes([(size - 4) << 2 | 3]) + number.to_bytes(size, "little")
