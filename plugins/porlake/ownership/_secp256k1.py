"""ECDSA signatures from which the public key is recovered. SEC 1 section 4.1.6, https://www.secg.org/sec1-v2.pdf

Recovery alone proves nothing: about half of all 65-byte texts recover some key. A key counts once it gives the address,
a script key or a stated owner.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from coincurve import GLOBAL_CONTEXT, PublicKey
from coincurve._libsecp256k1 import ffi, lib  # private: the version is pinned in requirements

from porlake.encoding import fixed_width
from porlake.encoding.keccak import keccak256
from porlake.errors import InvalidSignature, NoKey
from porlake.ownership import _columns
from porlake.ownership._steps import step

Bytes = npt.NDArray[Any]

HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
BYTES = 65
ACCOUNT, SHORT_KEY = 20, 33
LAST_RECOVERY = 3
"""libsecp256k1 ends the process over a larger recovery id."""


@dataclass(frozen=True, slots=True)
class Signature:
    """`rs`: r then s, 32 bytes each; `recovery`: 0..3, which of the keys that fit; `flags`: what is unusual about its
    form.
    """

    rs: bytes
    recovery: int
    flags: tuple[str, ...]


def signature(rs: bytes, recovery: int, *flags: str) -> Signature:
    """High S is the other spelling of a signature that holds; chains refuse it to stop copies, which do no harm
    here.
    """
    high = int.from_bytes(rs[32:]) > HALF_ORDER
    return Signature(rs, recovery, (*flags, "high_s") if high else flags)


def from_hex(text: str) -> Signature:
    """r, s and v as 130 hex digits, 0x before them or not. Raises InvalidSignature: signature_bad_hex,
    signature_bad_length, signature_bad_v.

    v is 1B or 1C; wallets and HTX also write 00 or 01 (flag v_0_1), and OKX's tool reads 1D..22 by their remainder
    (v_nonstandard).
    """
    with _columns.of("signature"):
        raw = _columns.from_hex(text, BYTES)
    step("signature", raw)
    rs, v = raw[:64], raw[64]
    if v in (0, 1):
        return signature(rs, v, "v_0_1")
    if v in (27, 28):
        return signature(rs, v - 27)
    if 29 <= v <= 34:
        return signature(rs, (v - 27) % 4, "v_nonstandard")
    raise InvalidSignature("signature_bad_v", f"v is {v:#04x}")


def recover(signed: Signature, digest: bytes) -> PublicKey:
    """The public key that made this signature of a 32-byte digest. Raises NoKey (bad_signature) where none can have."""
    step("digest", digest)
    try:
        key = PublicKey.from_signature_and_message(signed.rs + bytes([signed.recovery]), digest, hasher=None)
    except ValueError as error:
        raise NoKey("bad_signature", f"no key can have made it: {error}") from error
    step("recovered key", key.format())
    return key


class _Objects(threading.local):
    """What libsecp256k1 works in, made once a thread; coincurve's own face makes new objects for every key."""

    def __init__(self) -> None:
        self.signature = ffi.new("secp256k1_ecdsa_recoverable_signature *")
        self.key = ffi.new("secp256k1_pubkey *")
        self.out = ffi.new("unsigned char[65]")
        self.length = ffi.new("size_t *")


_objects = _Objects()


def recover_many(signatures: Iterable[bytes], digest: bytes, size: int = BYTES) -> list[bytes]:
    """The public keys (65 or 33 bytes each) that made some signatures of one digest; b"" where none can have.

    A signature is r, s and the recovery id, 65 bytes. As `recover`, without what a single row can afford and half a
    million cannot.
    """
    mine, context, keys = _objects, GLOBAL_CONTEXT.ctx, []
    signature, key, out, length, view = mine.signature, mine.key, mine.out, mine.length, ffi.buffer(mine.out, size)
    parse, recover_key, serialize = (
        lib.secp256k1_ecdsa_recoverable_signature_parse_compact,
        lib.secp256k1_ecdsa_recover,
        lib.secp256k1_ec_pubkey_serialize,
    )
    form = lib.SECP256K1_EC_UNCOMPRESSED if size == BYTES else lib.SECP256K1_EC_COMPRESSED
    for signed in signatures:
        is_read = signed[64] <= LAST_RECOVERY and parse(context, signature, signed, signed[64])
        if is_read and recover_key(context, key, signature, digest):
            length[0] = size
            serialize(context, out, length, key, form)
            keys.append(view[:])
        else:
            keys.append(b"")
    return keys


def accounts(signatures: Bytes, digest: bytes, *, is_compiled: bool = False) -> Bytes:
    """The last 20 bytes of the Keccak-256 of the keys that made signatures of one digest, zeros where none can have.

    `signatures`: r, s and the recovery id (0 to 3), shape (signatures, 65). `is_compiled`: by loops that hold no lock
    of the interpreter and take a second to load.
    """
    if is_compiled:
        from porlake.ownership import _curve_loops

        return _curve_loops.accounts(signatures, digest)
    found = (keccak256(key[1:])[12:] if key else bytes(ACCOUNT) for key in recover_many(_rows(signatures), digest))
    return _matrix(found, ACCOUNT)


def short_keys(signatures: Bytes, digest: bytes, *, is_compiled: bool = False) -> Bytes:
    """As `accounts`: the compressed keys, 33 bytes each."""
    if is_compiled:
        from porlake.ownership import _curve_loops

        return _curve_loops.keys(signatures, digest)
    found = (key or bytes(SHORT_KEY) for key in recover_many(_rows(signatures), digest, SHORT_KEY))
    return _matrix(found, SHORT_KEY)


def _rows(signatures: Bytes) -> list[bytes]:
    return fixed_width.split(signatures.tobytes(), BYTES)


def _matrix(rows: Iterable[bytes], width: int) -> Bytes:
    return np.frombuffer(b"".join(rows), np.uint8).reshape(-1, width)
