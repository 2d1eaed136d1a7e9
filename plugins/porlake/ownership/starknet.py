"""Starknet accounts that sign typed data. SNIP-12 (first revision),
https://github.com/starknet-io/SNIPs/blob/main/SNIPS/snip-12.md

The account is only one input of what is signed: any key can sign for any address. It is proven where the address is
that of an account class known here for the stated key; else the signature shows the key and no more.
"""

from __future__ import annotations

from functools import cache, lru_cache

from porlake.addresses import Address, starknet
from porlake.encoding import stark
from porlake.errors import InvalidSignature
from porlake.model import Evidence
from porlake.ownership import _columns, _message, _signers
from porlake.ownership._judgement import Judgement
from porlake.ownership._steps import attempt, fits, step

DIGITS = 64
"""Of an element of the field; r and s have as many each."""


def judge(row: Evidence, address: Address) -> Judgement:
    """Raises InvalidSignature where a column does not hold what it should."""
    if address.kind != "starknet":
        return Judgement("unsupported", f"no_starknet_{address.kind}")
    flags = _columns.remarks(row) + _signers.extra_signatures(row)
    if any(row.owners):
        return Judgement("unsupported", "owner_of_starknet_account", flags)
    key = _key(row)
    r, s = _signature(row)
    spelled = _signed(row, address, key, r, s)
    if spelled is None:
        return Judgement("invalid", "bad_signature", flags)
    flags += spelled
    attempt()
    step("account in the row", address.payload)
    for name, payload in starknet.accounts(key):
        step("account class", name)
        step("derived account", payload)
        if payload == address.payload:
            return Judgement("proven", "starknet", flags, address.text)
    return Judgement("signature_only", "account_class_unknown", flags, f"{key:#x}")


def message_hash(account: bytes, message: str) -> int:
    """The hash of OKX's typed data for an account. Raises InvalidSignature (message_bad_text) for a text that is no
    short string.
    """
    try:
        contents = stark.short_string(message)
    except ValueError as error:
        raise InvalidSignature("message_bad_text", str(error)) from error
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
        attempt(_message.spelling(flags))
        digest = message_hash(address.payload, message.decode())
        step("digest", digest.to_bytes(32, "big"))
        if stark.signed(key, digest, r, s):
            fits()
            return flags
    return None


def _key(row: Evidence) -> int:
    """The key's x; leading zeros may be left off. Raises InvalidSignature: no_key, key_bad_hex, key_bad_length."""
    if not row.key_or_script:
        raise InvalidSignature("no_key", "the key column is empty; the signature does not give its key")
    digits = row.key_or_script.strip().removeprefix("0x")
    if not 0 < len(digits) <= DIGITS:
        raise InvalidSignature("key_bad_length", f"not up to {DIGITS} hex digits: {row.key_or_script[:200]!r}")
    with _columns.of("key"):
        raw = _columns.from_hex(digits.zfill(DIGITS))
    step("stated key", raw)
    return int.from_bytes(raw)


def _signature(row: Evidence) -> tuple[int, int]:
    """(r, s). Raises InvalidSignature: no_signature1, signature_bad_hex, signature_bad_length."""
    text = _columns.signature(row, 0)
    with _columns.of("signature"):
        raw = _columns.from_hex(text, DIGITS)
    step("signature", raw)
    return int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
