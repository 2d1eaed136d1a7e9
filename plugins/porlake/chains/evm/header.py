"""A block's header as an EVM node tells it: encoded anew and hashed, so that its state root is the block's and nobody
else's.

The Yellow Paper's fifteen fields, then those that forks added, in their order: EIP-1559 (London), EIP-4895 (Shanghai),
EIP-4844 and EIP-4788 (Cancun), EIP-7685 (Prague). Avalanche's C-Chain has fields of its own instead of some of these. A
chain whose headers have other fields still is found out by the hash: its state cannot be proved here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from porlake import numbers
from porlake.encoding import rlp
from porlake.encoding.keccak import keccak256

NUMBER = 0
FIELDS: tuple[tuple[str, int], ...] = (
    ("parentHash", 32), ("sha3Uncles", 32), ("miner", 20), ("stateRoot", 32), ("transactionsRoot", 32),
    ("receiptsRoot", 32), ("logsBloom", 256), ("difficulty", NUMBER), ("number", NUMBER), ("gasLimit", NUMBER),
    ("gasUsed", NUMBER), ("timestamp", NUMBER), ("extraData", -1), ("mixHash", 32), ("nonce", 8),
)  # fmt: skip
LATER: tuple[tuple[str, int], ...] = (
    ("baseFeePerGas", NUMBER), ("withdrawalsRoot", 32), ("blobGasUsed", NUMBER), ("excessBlobGas", NUMBER),
    ("parentBeaconBlockRoot", 32), ("requestsHash", 32),
)  # fmt: skip
AVALANCHE: tuple[tuple[str, int], ...] = (
    ("extDataHash", 32), ("baseFeePerGas", NUMBER), ("extDataGasUsed", NUMBER), ("blockGasCost", NUMBER),
    ("blobGasUsed", NUMBER), ("excessBlobGas", NUMBER), ("parentBeaconBlockRoot", 32),
)  # fmt: skip
"""Names and bytes of a header's fields; NUMBER is a whole number without leading zeros, -1 is any length."""


def block_hash(header: Mapping[str, Any]) -> bytes:
    """The hash of a header in the form of eth_getBlockBy*. Raises BadAnswer where a field is missing or is not of its
    form.
    """
    later = AVALANCHE if header.get("extDataHash") is not None else LATER
    last = max((place for place, (name, _) in enumerate(later, 1) if header.get(name) is not None), default=0)
    fields = [_field(header, name, size) for name, size in FIELDS]
    # A chain that has a later field and lacks an earlier one encodes nothing in its place.
    fields += [_field(header, name, size) if header.get(name) is not None else b"" for name, size in later[:last]]
    return keccak256(rlp.encode(fields))


def _field(header: Mapping[str, Any], name: str, size: int) -> bytes:
    what = f"the header's {name}"
    if size == NUMBER:
        return rlp.whole(numbers.quantity(header.get(name), what=what))
    return numbers.data(header.get(name), what=what, size=None if size < 0 else size)
