"""Nervos CKB accounts: a lock script in bech32m, or in the two older forms.
https://github.com/nervosnetwork/rfcs/blob/master/rfcs/0021-ckb-address-format/0021-ckb-address-format.md

The payload is the lock script (code hash, hash type, arguments), by which all three forms of one account are one.
"""

from __future__ import annotations

from porlake.addresses._address import Address
from porlake.encoding import bech32
from porlake.encoding.hashes import blake2b
from porlake.errors import InvalidAddress

IN_LOWER_CASE = True
HRP, LONGEST = "ckb", 200
FULL, SHORT, DATA, TYPE = 0, 1, 2, 4
SECP256K1 = bytes.fromhex("9bd7e06f3ecf4be0f2fcd2188b23f1b9fcc88e5d4b65a8637b17723bbda3cce8") + b"\x01"
"""Code hash and hash type of the lock that one key opens: the genesis block's secp256k1_blake160."""

PERSON = b"ckb-default-hash"
HASH_TYPES = (0, 1, 2, 4)


def parse(text: str, network: str) -> Address:
    """Raises InvalidAddress (bad_bech32, bad_checksum, wrong_network, wrong_version, bad_length)."""
    hrp, values, constant = bech32.decode(text, limit=LONGEST)
    if hrp != HRP:
        raise InvalidAddress("wrong_network", f"{text!r} begins with {hrp!r}, not {HRP!r}")
    data = bech32.regroup(values, 5, 8, text)
    form = data[0] if data else -1
    if constant != (bech32.BECH32M if form == FULL else bech32.BECH32):
        raise InvalidAddress("bad_checksum", f"{text!r} has the checksum of the other bech32")
    lock = _lock(form, data[1:], text)
    return Address(network, of(lock), lock, "ckb_key" if lock[:33] == SECP256K1 and len(lock) == 53 else "ckb_script")


def of(lock: bytes) -> str:
    return bech32.encode_bytes(HRP, bytes([FULL]) + lock, bech32.BECH32M)


def from_public_key(compressed: bytes) -> bytes:
    """The lock script that a key opens."""
    return SECP256K1 + blake2b(compressed, 32, PERSON)[:20]


def _lock(form: int, data: bytes, text: str) -> bytes:
    if form == SHORT:
        if len(data) != 21:
            raise InvalidAddress("bad_length", f"{text!r} holds {len(data)} bytes, not 21")
        if data[0] != 0:
            raise InvalidAddress("wrong_version", f"{text!r} is of the short form {data[0]}, not that of a key")
        return SECP256K1 + data[1:]
    if form in (DATA, TYPE):
        data = data[:32] + bytes([form == TYPE]) + data[32:]
    elif form != FULL:
        raise InvalidAddress("wrong_version", f"{text!r} is of form {form}")
    if len(data) < 33:
        raise InvalidAddress("bad_length", f"{text!r} holds {len(data)} bytes of a lock script")
    if data[32] not in HASH_TYPES:
        raise InvalidAddress("wrong_version", f"{text!r} has hash type {data[32]}")
    return data
