"""Keys of ECDSA signatures, each recovered once: one key signs for many coins, in rows far apart."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial

from porlake.encoding.keccak import keccak256
from porlake.ownership import _secp256k1

KEPT = 500_000
"""Keys that are remembered by their signature; about 250 bytes each."""


class RecoveryCache:
    """What the keys of signatures came to. Shared by threads; emptied when it is full.

    A signature is r, s and the recovery id, 65 bytes; a digest 32 bytes.
    """

    def __init__(self, limit: int = KEPT) -> None:
        self._limit, self._held = limit, 0
        self._known: defaultdict[bytes, dict[bytes, bytes]] = defaultdict(dict)
        self._lock = threading.Lock()

    def accounts(self, signatures: Sequence[bytes], digest: bytes) -> list[bytes]:
        """The last 20 bytes of the Keccak-256 of the key of each signature; b"" where none can have signed."""
        return self._recovered(signatures, digest, _accounts)

    def keys(self, signatures: Sequence[bytes], digest: bytes) -> list[bytes]:
        """The compressed key of each signature; b"" where none can have signed."""
        return self._recovered(signatures, digest, partial(_secp256k1.recover_many, size=33))

    def _recovered(
        self, signatures: Sequence[bytes], digest: bytes, recover: Callable[[Sequence[bytes], bytes], list[bytes]]
    ) -> list[bytes]:
        with self._lock:
            known = self._known[digest]
        new = [signed for signed in dict.fromkeys(signatures) if signed not in known]
        values = recover(new, digest)
        made = dict(zip(new, values, strict=True))
        with self._lock:
            if self._held > self._limit:
                self._known.clear()
                self._held = 0
            self._known[digest].update(made)
            self._held += len(made) + 1
        if len(new) == len(signatures):
            return values
        return [made[signed] if signed in made else known[signed] for signed in signatures]


def _accounts(signatures: Sequence[bytes], digest: bytes) -> list[bytes]:
    return [keccak256(key[1:])[12:] if key else b"" for key in _secp256k1.recover_many(signatures, digest)]
