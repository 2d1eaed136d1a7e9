"""Who agreed on a block: the validators that the block before it names, by their signatures.
https://github.com/cometbft/cometbft/blob/main/spec/core/data_structures.md (Commit, ValidatorSet, CanonicalVote),
https://github.com/cometbft/cometbft/blob/main/spec/light-client/verification/README.md

A block's header holds the hash of the validators of the next one. More than two thirds of their power must have signed
it: then whoever trusts the hash of a block need not believe the node about the block that follows.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from porlake import numbers
from porlake.chains.cosmos.header import bytes_field, bytes_of, root_of, time_of, varint, varint_field
from porlake.encoding import ed25519
from porlake.errors import BadAnswer, ChainError

KEY_TYPE = "/cosmos.crypto.ed25519.PubKey"
SIGNED = "BLOCK_ID_FLAG_COMMIT"
PRECOMMIT = 2
MOST_POWER = 2**60  # CometBFT: MaxTotalVotingPower is 2^63 / 8


@dataclass(frozen=True, slots=True)
class Validator:
    key: bytes
    power: int


def validator(row: Any, what: str) -> Validator:
    """Raises BadAnswer, also for a key of another kind than ed25519."""
    key = row.get("pub_key") if isinstance(row, dict) else None
    if not isinstance(key, dict) or key.get("@type") != KEY_TYPE:
        raise BadAnswer(f"{what}: a validator without a key of ed25519")
    found = bytes_of(key.get("key"), what)
    if len(found) != ed25519.KEY:
        raise BadAnswer(f"{what}: a validator's key of {len(found)} bytes")
    return Validator(found, numbers.whole(row.get("voting_power"), what=f"{what}: voting_power", most=MOST_POWER))


def hash_of(validators: Sequence[Validator]) -> bytes:
    """The hash that headers hold of a set of validators: a tree over SimpleValidators, in the set's order."""
    return root_of([
        bytes_field(1, bytes_field(1, one.key)) + varint_field(2, one.power) for one in validators
    ])  # fmt: skip


def check(commit: Any, chain: str, height: int, block_hash: bytes, validators: Sequence[Validator], what: str) -> None:
    """Raises ChainError where not more than two thirds of the power signed the block, BadAnswer."""
    try:
        named, signatures = commit["block_id"], commit["signatures"]
        parts = named.get("part_set_header") or named.get("parts") or {}
        total, parts_hash = (
            numbers.whole(parts.get("total", 0), what=f"{what}: total"),
            bytes_of(parts.get("hash"), what),
        )
        rounds = numbers.whole(commit.get("round", 0), what=f"{what}: round", most=2**31)
        found = numbers.height(commit.get("height"), what=f"{what}: height"), bytes_of(named.get("hash"), what)
    except (LookupError, TypeError, AttributeError) as error:
        raise BadAnswer(f"{what}: no commit") from error
    if found != (height, block_hash):
        raise ChainError(f"{what}: the commit is of another block than {height:,}")
    if not isinstance(signatures, list) or len(signatures) != len(validators):
        raise ChainError(f"{what}: the commit is not of the {len(validators)} validators of block {height:,}")
    power, before = 0, _vote(height, rounds, block_hash, total, parts_hash)
    for one, signature in zip(validators, signatures, strict=True):
        if not isinstance(signature, dict):
            raise BadAnswer(f"{what}: a signature that is none")
        if signature.get("block_id_flag") == SIGNED:
            seconds, nanos = time_of(signature.get("timestamp"), what)
            message = before + _end(seconds, nanos, chain)
            if _holds(one.key, signature.get("signature"), varint(len(message)) + message):
                power += one.power
    whole = sum(one.power for one in validators)
    if 3 * power <= 2 * whole:
        raise ChainError(f"{what}: {power:,} of {whole:,} of the power signed block {height:,}")


def _holds(key: bytes, signature: Any, message: bytes) -> bool:
    try:
        made = base64.b64decode(signature or "", validate=True)
    except (binascii.Error, ValueError, TypeError):
        return False
    return len(made) == ed25519.SIGNATURE and ed25519.holds(key, made, message)


def sign_bytes(
    chain: str, height: int, rounds: int, block_hash: bytes, total: int, parts_hash: bytes, time: tuple[int, int]
) -> bytes:
    """What a validator signs: a CanonicalVote behind its length; `time` in seconds since 1970 and nanoseconds."""
    message = _vote(height, rounds, block_hash, total, parts_hash) + _end(*time, chain)
    return varint(len(message)) + message


def _vote(height: int, rounds: int, block_hash: bytes, total: int, parts_hash: bytes) -> bytes:
    parts = varint_field(1, total) + bytes_field(2, parts_hash)
    named = bytes_field(1, block_hash) + bytes_field(2, parts, always=True) if block_hash else b""
    return varint_field(1, PRECOMMIT) + _fixed_field(2, height) + _fixed_field(3, rounds) + bytes_field(4, named)


def _end(seconds: int, nanos: int, chain: str) -> bytes:
    moment = varint_field(1, seconds % 2**64) + varint_field(2, nanos)
    return bytes_field(5, moment, always=True) + bytes_field(6, chain.encode())


def _fixed_field(place: int, number: int) -> bytes:
    return varint(place << 3 | 1) + number.to_bytes(8, "little") if number else b""
