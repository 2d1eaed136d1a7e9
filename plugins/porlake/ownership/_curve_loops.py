"""libsecp256k1's recovery with Keccak-256, and libsodium's verification, of many signatures: compiled loops over the
libraries' own functions, so that the interpreter is asked once for all of them.

See `_secp256k1` and `batch.ed25519`, which alone use this.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from coincurve import GLOBAL_CONTEXT
from coincurve._libsecp256k1 import ffi, lib
from nacl import _sodium  # private, as coincurve's: the versions are pinned in requirements

from porlake.encoding import keccak_lanes
from porlake.encoding.keccak_lanes import ACCOUNT, KEY, LANES
from porlake.encoding.native import called, compiled

_COMPACT, _WHOLE, _SHORT = 65, 65, 33
_UNCOMPRESSED, _COMPRESSED = np.int32(lib.SECP256K1_EC_UNCOMPRESSED), np.int32(lib.SECP256K1_EC_COMPRESSED)
_LAST_RECOVERY, _OBJECT = 3, 128
"""Room for an object of the library: a signature with its recovery id has 65 bytes, a key 64."""


def _address(pointer: object, library: Any = ffi) -> int:
    return int(library.cast("intptr_t", pointer))


_FUNCTIONS = np.array(
    [
        _address(GLOBAL_CONTEXT.ctx),
        *(
            _address(ffi.addressof(lib, f"secp256k1_{name}"))
            for name in ("ecdsa_recoverable_signature_parse_compact", "ecdsa_recover", "ec_pubkey_serialize")
        ),
    ],
    np.int64,
)
_OPEN = _address(_sodium.ffi.addressof(_sodium.lib, "crypto_sign_open"), _sodium.ffi)
_SIGNATURE, _SIGNED = 64, 96


def accounts(signatures: npt.NDArray[np.uint8], digest: bytes) -> npt.NDArray[np.uint8]:
    """The accounts (ACCOUNT bytes each) of the keys that made signatures of one digest, zeros where no key can have.

    `signatures`: r, s and the recovery id, 0 to 3; shape (signatures, 65).
    """
    points, good = np.empty((len(signatures), KEY), np.uint8), np.empty(len(signatures), np.bool_)
    made = np.empty((len(signatures), ACCOUNT), np.uint8)
    _recover(_FUNCTIONS, np.ascontiguousarray(signatures), _bytes(digest), _UNCOMPRESSED, points, good)
    _accounts(points, good, np.empty(keccak_lanes.STATE, np.uint64), made)
    return made


def keys(signatures: npt.NDArray[np.uint8], digest: bytes) -> npt.NDArray[np.uint8]:
    """As `accounts`: the compressed keys, 33 bytes each."""
    made, good = np.empty((len(signatures), _SHORT), np.uint8), np.empty(len(signatures), np.bool_)
    _recover(_FUNCTIONS, np.ascontiguousarray(signatures), _bytes(digest), _COMPRESSED, made, good)
    made[~good] = 0
    return made


def ed25519(signed: npt.NDArray[np.uint8], message: bytes) -> npt.NDArray[np.uint8]:
    """1 where the key made the signature of the message, else 0; shape (signatures, 1). `signed`: a signature (64
    bytes) and its key (32) each.
    """
    made = np.empty((len(signed), 1), np.uint8)
    _verify(_OPEN, np.ascontiguousarray(signed), _bytes(message), made)
    return made


def _bytes(digest: bytes) -> npt.NDArray[np.uint8]:
    return np.frombuffer(digest, np.uint8)


@compiled
def _recover(functions, signatures, digest, form, made, good):  # type: ignore[no-untyped-def]
    """The last bytes of each key in the form asked for: the whole compressed one, the point of the other."""
    context, parse, recover, serialize = functions[0], functions[1], functions[2], functions[3]
    signature, key = np.empty(_OBJECT, np.uint8), np.empty(_OBJECT, np.uint8)
    out, length = np.empty(_WHOLE, np.uint8), np.empty(1, np.int64)
    size = _SHORT if form == _COMPRESSED else _WHOLE
    skipped = size - made.shape[1]
    for row in range(len(signatures)):
        start = signatures.ctypes.data + _COMPACT * row
        good[row] = (
            signatures[row, _COMPACT - 1] <= _LAST_RECOVERY  # the library ends the process over any other
            and called(parse, (context, signature.ctypes.data, start, np.int32(signatures[row, _COMPACT - 1]))) != 0
            and called(recover, (context, key.ctypes.data, signature.ctypes.data, digest.ctypes.data)) != 0
        )
        if good[row]:
            length[0] = size
            called(serialize, (context, out.ctypes.data, length.ctypes.data, key.ctypes.data, form))
            for i in range(made.shape[1]):
                made[row, i] = out[skipped + i]


@compiled
def _accounts(points, good, state, made):  # type: ignore[no-untyped-def]
    flat, out = points.reshape(points.size), made.reshape(made.size)
    for first in range(0, len(points), LANES):
        keccak_lanes.accounts(flat, first, min(LANES, len(points) - first), state, out)
    for row in range(len(points)):
        if not good[row]:
            for i in range(made.shape[1]):
                made[row, i] = np.uint8(0)


@compiled
def _verify(function, signed, message, made):  # type: ignore[no-untyped-def]
    size = _SIGNATURE + len(message)
    given, out, length = np.empty(size, np.uint8), np.empty(size, np.uint8), np.empty(1, np.int64)
    given[_SIGNATURE:] = message
    for row in range(len(signed)):
        given[:_SIGNATURE] = signed[row, :_SIGNATURE]
        key = signed.ctypes.data + _SIGNED * row + _SIGNATURE
        made[row, 0] = called(function, (out.ctypes.data, length.ctypes.data, given.ctypes.data, size, key)) == 0
