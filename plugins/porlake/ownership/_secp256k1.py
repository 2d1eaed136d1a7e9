"""ECDSA signatures from which the public key is recovered. SEC 1 section 4.1.6, https://www.secg.org/sec1-v2.pdf

Recovery alone proves nothing: about half of all 65-byte texts recover some key. A key counts once it gives the address, a script key
or a stated owner.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from coincurve import PublicKey

from porlake.errors import InvalidSignature, NoKey

HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
HEX = re.compile(r"(?:0x)?([0-9a-fA-F]*)")
BYTES = 65


@dataclass(frozen=True, slots=True)
class Signature:
    """`rs`: r then s, 32 bytes each; `recovery`: 0..3, which of the keys that fit; `flags`: what is unusual about its form."""

    rs: bytes
    recovery: int
    flags: tuple[str, ...]


def signature(rs: bytes, recovery: int, *flags: str) -> Signature:
    """High S is the other spelling of a signature that holds; chains refuse it to stop copies, which do no harm here."""
    high = int.from_bytes(rs[32:]) > HALF_ORDER
    return Signature(rs, recovery, (*flags, "high_s") if high else flags)


def from_hex(text: str) -> Signature:
    """r, s and v as 130 hex digits, 0x before them or not. Raises InvalidSignature: bad_hex, length, bad_v.

    v is 1B or 1C; wallets and HTX also write 00 or 01 (flag v_0_1), and OKX's tool reads 1D..22 by their remainder (v_nonstandard).
    """
    digits = HEX.fullmatch(text.strip())
    if digits is None:
        raise InvalidSignature("bad_hex", f"no hex digits: {text[:200]!r}")
    if len(digits[1]) != 2 * BYTES:
        raise InvalidSignature("length", f"{len(digits[1])} hex digits; r, s and v have {2 * BYTES}")
    raw = bytes.fromhex(digits[1])
    rs, v = raw[:64], raw[64]
    if v in (0, 1):
        return signature(rs, v, "v_0_1")
    if v in (27, 28):
        return signature(rs, v - 27)
    if 29 <= v <= 34:
        return signature(rs, (v - 27) % 4, "v_nonstandard")
    raise InvalidSignature("bad_v", f"v is {v:#04x}")


def recover(signed: Signature, digest: bytes) -> PublicKey:
    """The public key that made this signature of a 32-byte digest. Raises NoKey (bad_signature) where none can have."""
    try:
        return PublicKey.from_signature_and_message(signed.rs + bytes([signed.recovery]), digest, hasher=None)
    except ValueError as error:
        raise NoKey("bad_signature", str(error)) from error
