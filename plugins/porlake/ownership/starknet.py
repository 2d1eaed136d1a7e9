"""Starknet accounts that sign typed data. SNIP-12 (first revision), https://github.com/starknet-io/SNIPs/blob/main/SNIPS/snip-12.md

The account is only one input of what is signed: any key can sign for any address. It is proven where the address is that of an account
class known here for the stated key; else the signature shows the key and no more.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from porlake.addresses import Address, starknet
from porlake.encoding import stark
from porlake.errors import InvalidSignature
from porlake.model import Evidence
from porlake.ownership import _labels, _message
from porlake.ownership._judgement import Judgement
from porlake.ownership._steps import step

_HEX = re.compile(r"(?:0x)?([0-9a-fA-F]*)")
DIGITS = 64


def judge(row: Evidence, address: Address) -> Judgement:
    """Raises InvalidSignature where a column does not hold what it should."""
    if address.kind != "starknet":
        return Judgement("unsupported", f"no_starknet_{address.kind}")
    flags = _labels.remarks(row) + tuple(f"extra_signature{column}" for column, text in enumerate(row.signatures[1:], 2) if text)
    if any(row.owners):
        return Judgement("unsupported", "owner_of_starknet_account", flags)
    key = _key(row)
    r, s = _signature(row)
    spelled = _signed(row, address, key, r, s)
    if spelled is None:
        return Judgement("invalid", "bad_signature", flags)
    flags += spelled
    step("account in the row", address.payload)
    for name, payload in starknet.accounts(key):
        step("account class", name)
        step("derived account", payload)
        if payload == address.payload:
            return Judgement("proven", "starknet", flags, address.text)
    return Judgement("signature_only", "account_class_unknown", flags, f"{key:#x}")


def message_hash(account: bytes, message: str) -> int:
    """The hash of OKX's typed data for an account. Raises InvalidSignature (bad_message) for a text that is no short string."""
    try:
        contents = stark.short_string(message)
    except ValueError as error:
        raise InvalidSignature("bad_message", str(error)) from error
    return stark.pedersen(stark.chain((int.from_bytes(account, "big"), _struct(contents)), _before()), 4)


@cache
def _before() -> int:
    """What is hashed before account and message: the prefix and the domain."""
    kind = stark.selector("StarkNetDomain(name:felt,version:felt,chainId:felt)")
    domain = stark.list_hash((kind, stark.short_string("OKX POR MESSAGE"), 1, stark.short_string("SN_MAIN")))
    return stark.chain((stark.short_string("StarkNet Message"), domain))


@lru_cache(maxsize=64)  # a file has a few messages
def _struct(contents: int) -> int:
    return stark.list_hash((stark.selector("Message(contents:felt)"), contents))


def _signed(row: Evidence, address: Address, key: int, r: int, s: int) -> tuple[str, ...] | None:
    """The flags under which the key made the signature; None where it did not."""
    for message, flags in _message.spellings(row.message):
        step("message", message)
        digest = message_hash(address.payload, message.decode())
        step("digest", digest.to_bytes(32, "big"))
        if stark.signed(key, digest, r, s):
            return flags
    return None


def _key(row: Evidence) -> int:
    """Raises InvalidSignature: no_key, bad_key."""
    if not row.key_or_script:
        raise InvalidSignature("no_key", "the key column is empty; the signature does not give its key")
    match = _HEX.fullmatch(row.key_or_script.strip())
    if match is None or not 0 < len(match[1]) <= DIGITS:
        raise InvalidSignature("bad_key", f"not up to {DIGITS} hex digits: {row.key_or_script[:200]!r}")
    step("stated key", bytes.fromhex(match[1].zfill(DIGITS)))
    return int(match[1], 16)


def _signature(row: Evidence) -> tuple[int, int]:
    """(r, s). Raises InvalidSignature: no_signature1, bad_hex, length."""
    if not row.signatures[0]:
        raise InvalidSignature("no_signature1", "the first signature column is empty")
    match = _HEX.fullmatch(row.signatures[0].strip())
    if match is None:
        raise InvalidSignature("bad_hex", f"no hex digits: {row.signatures[0][:200]!r}")
    digits = match[1]
    if len(digits) != 2 * DIGITS:
        raise InvalidSignature("length", f"{len(digits)} hex digits; r and s have {2 * DIGITS}")
    step("signature", bytes.fromhex(digits))
    return int(digits[:DIGITS], 16), int(digits[DIGITS:], 16)
