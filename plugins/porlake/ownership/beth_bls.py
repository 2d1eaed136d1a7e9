"""Ethereum validators that sign with their own key: BLS12-381 over the 32-byte EVM digest. The address is the public
key.

https://github.com/ethereum/consensus-specs/blob/dev/specs/phase0/beacon-chain.md#bls-signatures. A row that names the
validator's withdrawal owner is signed by that EVM account instead.
"""

from __future__ import annotations

from porlake.addresses import Address
from porlake.encoding import bls
from porlake.model import Evidence
from porlake.ownership import _accounts, _columns, _message, _signers, eip191
from porlake.ownership._judgement import Judgement
from porlake.ownership._steps import attempt, fits, step


def judge(row: Evidence, address: Address) -> Judgement:
    """Raises InvalidSignature and InvalidAddress where a column does not hold what it should."""
    if address.kind != "validator":
        return Judgement("unsupported", f"no_bls_{address.kind}")
    rules = eip191.RULES["okx_evm"]
    if any(row.owners):
        return _accounts.judge(row, address, rules)
    flags = _columns.remarks(row) + _signers.extra_signatures(row)
    if row.key_or_script:
        flags += ("key_field_unused",)
    signature = _signature(row)
    step("account in the row", address.payload)
    step("signature", signature)
    for message, spelled in _message.spellings(row.message):
        for digest in rules.digests(message):
            attempt(_message.spelling(spelled))
            step("digest", digest)
            if bls.holds(address.payload, signature, digest):
                fits()
                return Judgement("proven", "beth", flags + spelled, address.text)
    return Judgement("invalid", "bad_signature", flags)


def _signature(row: Evidence) -> bytes:
    """Raises InvalidSignature: no_signature1, signature_bad_hex, signature_bad_length."""
    text = _columns.signature(row, 0)
    with _columns.of("signature"):
        return _columns.from_hex(text, bls.SIGNATURE)
