"""Ethereum validators that sign with their own key: BLS12-381 over the 32-byte EVM digest. The address is the public key.

https://github.com/ethereum/consensus-specs/blob/dev/specs/phase0/beacon-chain.md#bls-signatures. A row that names the validator's withdrawal
owner is signed by that EVM account instead.
"""

from __future__ import annotations

import re

from porlake.addresses import Address
from porlake.encoding import bls
from porlake.errors import InvalidSignature
from porlake.model import Evidence
from porlake.ownership import _accounts, _labels, _message, eip191
from porlake.ownership._judgement import Judgement
from porlake.ownership._steps import step

_HEX = re.compile(r"0x([0-9a-fA-F]*)|([0-9a-fA-F]+)")


def judge(row: Evidence, address: Address) -> Judgement:
    """Raises InvalidSignature and InvalidAddress where a column does not hold what it should."""
    if address.kind != "validator":
        return Judgement("unsupported", f"no_bls_{address.kind}")
    if any(row.owners):
        return _accounts.judge(row, address, eip191.RULES["okx_evm"])
    flags = _labels.remarks(row) + tuple(f"extra_signature{column}" for column, text in enumerate(row.signatures[1:], 2) if text)
    if row.key_or_script:
        flags += ("key_field_unused",)
    signature = _signature(row)
    step("account in the row", address.payload)
    for message, spelled in _message.spellings(row.message):
        for digest in eip191.okx_digests(message):
            step("message", message)
            step("digest", digest)
            if bls.holds(address.payload, signature, digest):
                return Judgement("proven", "beth", flags + spelled, address.text)
    return Judgement("invalid", "bad_signature", flags)


def _signature(row: Evidence) -> bytes:
    """Raises InvalidSignature: no_signature1, bad_hex, length."""
    if not row.signatures[0]:
        raise InvalidSignature("no_signature1", "the first signature column is empty")
    match = _HEX.fullmatch(row.signatures[0].strip())
    if match is None:
        raise InvalidSignature("bad_hex", f"no hex digits: {row.signatures[0][:200]!r}")
    digits = match[1] or match[2] or ""
    if len(digits) != 2 * bls.SIGNATURE:
        raise InvalidSignature("length", f"{len(digits)} hex digits, not {2 * bls.SIGNATURE}")
    step("signature", bytes.fromhex(digits))
    return bytes.fromhex(digits)
