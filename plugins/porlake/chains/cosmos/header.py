"""Headers of CometBFT and the hash that names a block: the root of a Merkle tree over a header's fields.
https://github.com/cometbft/cometbft/blob/main/spec/core/data_structures.md (Header), crypto/merkle (RFC 6962)
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from porlake import numbers
from porlake.encoding.hashes import sha256
from porlake.errors import BadAnswer

HASHES = (
    "last_commit_hash", "data_hash", "validators_hash", "next_validators_hash", "consensus_hash", "app_hash",
    "last_results_hash", "evidence_hash",
)  # fmt: skip
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Header:
    """`fields`: what is hashed, in its order, each as protobuf."""

    height: int
    last_block: bytes
    next_validators: bytes
    app_hash: bytes
    fields: tuple[bytes, ...]


def block_hash(header: Header) -> bytes:
    return root_of(header.fields)


def header_of(value: Any, what: str) -> Header:
    """A header as the gateway writes it: 64-bit numbers as text, bytes in base64. Raises BadAnswer."""
    try:
        version, last = value["version"], value["last_block_id"]
        parts = last.get("part_set_header") or last.get("parts") or {}
        chain, moment, proposer = value["chain_id"], value["time"], value["proposer_address"]
    except (LookupError, TypeError, AttributeError) as error:
        raise BadAnswer(f"{what}: it lacks fields") from error
    if not isinstance(version, dict) or not isinstance(parts, dict) or not isinstance(chain, str):
        raise BadAnswer(f"{what}: a field of another form")
    height = numbers.height(value.get("height"), what=f"{what}: height")
    block, app = (numbers.whole(version.get(name, 0), what=f"{what}: version") for name in ("block", "app"))
    total = numbers.whole(parts.get("total", 0), what=f"{what}: total")
    last_hash, parts_hash = bytes_of(last.get("hash"), what), bytes_of(parts.get("hash"), what)
    hashes = {name: bytes_of(value.get(name), what) for name in HASHES}
    part_set = varint_field(1, total) + bytes_field(2, parts_hash)
    seconds, nanos = time_of(moment, what)
    return Header(
        height,
        last_hash,
        hashes["next_validators_hash"],
        hashes["app_hash"],
        (
            varint_field(1, block) + varint_field(2, app),
            bytes_field(1, chain.encode()),
            varint_field(1, height),
            varint_field(1, seconds) + varint_field(2, nanos),
            bytes_field(1, last_hash) + bytes_field(2, part_set, always=True),
            *(bytes_field(1, hashes[name]) for name in HASHES),
            bytes_field(1, bytes_of(proposer, what)),
        ),
    )


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root of RFC 6962: a tree's left half is the largest power of two below its size."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0])
    half = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\x01" + root_of(leaves[:half]) + root_of(leaves[half:]))


def time_of(value: Any, what: str) -> tuple[int, int]:
    """(seconds since 1970, nanoseconds) of a time in UTC: datetimes keep microseconds, a hash needs all nine digits."""
    moment = numbers.instant(value, what=f"{what}: time").replace(microsecond=0)
    behind = value.partition(".")[2].removesuffix("Z")
    return int((moment - _EPOCH).total_seconds()), int(f"{behind:0<9}") if behind else 0


def bytes_of(value: Any, what: str) -> bytes:
    """Bytes in base64; none where there is nothing."""
    try:
        return base64.b64decode(value, validate=True) if value else b""
    except (binascii.Error, ValueError, TypeError) as error:
        raise BadAnswer(f"{what}: {numbers.shown(value)} is no base64") from error


# --- protobuf, https://protobuf.dev/programming-guides/encoding/ ------------------------------------------------------
def varint(number: int) -> bytes:
    found = bytearray()
    while number >= 0x80:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*found, number))


def varint_field(place: int, number: int) -> bytes:
    return varint(place << 3) + varint(number) if number else b""


def bytes_field(place: int, data: bytes, *, always: bool = False) -> bytes:
    return varint(place << 3 | 2) + varint(len(data)) + data if data or always else b""
