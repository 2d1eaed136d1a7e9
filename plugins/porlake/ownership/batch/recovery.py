"""Keys of ECDSA signatures, each recovered once: one key signs for many coins, in rows far apart."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable

import numpy as np

from porlake.encoding import fixed_width
from porlake.encoding.fixed_width import Bytes, Mask
from porlake.ownership import _secp256k1, ed25519

KEPT = 500_000
"""Keys that are remembered by their signature; about 250 bytes each."""

MANY = 200_000
"""Rows from which compiled loops are worth loading."""

TRIED = 20_000
"""Keys that are recovered without them: of a file whose rows were judged a month ago no more may be left."""

_HALF_ORDER = np.frombuffer(_secp256k1.HALF_ORDER.to_bytes(32, "big"), ">u8").astype(np.uint64)


class RecoveryCache:
    """What the keys of signatures came to. Shared by threads; emptied when it is full.

    A signature is r, s and the recovery id, shape (signatures, 65); a digest 32 bytes. `rows`: how many rows of
    evidence may come.
    """

    def __init__(self, limit: int = KEPT, rows: int = 0) -> None:
        self._limit, self._held, self._are_many = limit, 0, rows >= MANY
        self._recovered = 0
        self._known: defaultdict[bytes, dict[bytes, bytes]] = defaultdict(dict)
        self._lock = threading.Lock()

    def accounts(self, signatures: Bytes, digest: bytes) -> Bytes:
        """The last 20 bytes of the Keccak-256 of the key of each signature; zeros where none can have signed."""
        return self._made(signatures, digest, _secp256k1.accounts, _secp256k1.ACCOUNT)

    def keys(self, signatures: Bytes, digest: bytes) -> Bytes:
        """The compressed key of each signature; zeros where none can have signed."""
        return self._made(signatures, digest, _secp256k1.short_keys, _secp256k1.SHORT_KEY)

    def ed25519(self, signed: Bytes, message: bytes) -> Mask:
        """Where the key made the signature of the message: a signature and its key each, shape (signatures, 96)."""
        made: Mask = self._made(signed, message, ed25519.many, 1)[:, 0] == 1
        return made

    def _made(self, signatures: Bytes, digest: bytes, recover: Callable[..., Bytes], width: int) -> Bytes:
        signed = fixed_width.split(signatures.tobytes(), signatures.shape[1])
        with self._lock:
            known = self._known[digest]
            new = {text: at for at, text in enumerate(signed) if text not in known}
            self._recovered += len(new)
            is_compiled = self._are_many and self._recovered > TRIED
        are_all = len(new) == len(signed)
        values = recover(signatures if are_all else signatures[list(new.values())], digest, is_compiled=is_compiled)
        made = dict(zip(new, fixed_width.split(values.tobytes(), width), strict=True))
        with self._lock:
            if self._held > self._limit:
                self._known.clear()
                self._held = 0
            self._known[digest].update(made)
            self._held += len(made) + 1
        if are_all:
            return values
        found = b"".join([made[text] if text in made else known[text] for text in signed])
        return np.frombuffer(found, np.uint8).reshape(-1, width)


def has_high_s(raw: Bytes) -> Mask:
    """Where s is over half of the curve's order."""
    words = np.ascontiguousarray(raw[:, 32:64]).view(">u8").astype(np.uint64)
    high, same = np.zeros(len(raw), np.bool_), np.ones(len(raw), np.bool_)
    for at in range(4):
        high |= same & (words[:, at] > _HALF_ORDER[at])
        same &= words[:, at] == _HALF_ORDER[at]
    return high
