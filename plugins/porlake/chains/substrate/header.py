"""A block's header: its bytes in SCALE, whose BLAKE2b-256 is the block's hash.
https://spec.polkadot.network/chap-state#defn-block-header
"""

from __future__ import annotations

from typing import Any

from porlake import numbers
from porlake.chains.substrate.storage import compact, compacted
from porlake.encoding.hashes import blake2b
from porlake.errors import BadAnswer

FIELDS = {"parentHash", "number", "stateRoot", "extrinsicsRoot", "digest"}


def number_of(header: Any, what: str) -> int:
    """The height in a header as `chain_getHeader` gives it. Raises BadAnswer."""
    if not isinstance(header, dict):
        raise BadAnswer(f"{what}: the answer is no header")
    return numbers.quantity(header.get("number"), what=what, most=numbers.HIGHEST)


def state_root(header: Any, block_hash: str, what: str) -> bytes:
    """The root of the state after a block, from a header that hashes to the block's hash. Raises BadAnswer, also for
    chains whose headers hold more than Substrate's (Avail).
    """
    height = number_of(header, what)
    if header.keys() != FIELDS:
        raise BadAnswer(f"{what}: the header has other fields than Substrate's")
    parent, root, extrinsics = (
        numbers.data(header[name], what=what, size=32) for name in ("parentHash", "stateRoot", "extrinsicsRoot")
    )
    logs = header["digest"].get("logs") if isinstance(header["digest"], dict) else None
    if not isinstance(logs, list):
        raise BadAnswer(f"{what}: the header has no digest")
    items = b"".join(numbers.data(log, what=what) for log in logs)
    encoded = parent + compacted(height) + root + extrinsics + compacted(len(logs)) + items
    if "0x" + blake2b(encoded, 32).hex() != block_hash:
        raise BadAnswer(f"{what}: the header does not hash to {block_hash}")
    return root


def of_parachain(value: bytes, what: str) -> tuple[int, str]:
    """(height, hash) of the header that a relay chain keeps of a parachain: its bytes behind their number. Raises
    BadAnswer.
    """
    size, at = compact(value, 0, what)
    header = value[at:]
    if size != len(header):
        raise BadAnswer(f"{what}: {len(header):,} bytes, and {size:,} are announced")
    height, _ = compact(header, 32, what)
    return height, "0x" + blake2b(header, 32).hex()
