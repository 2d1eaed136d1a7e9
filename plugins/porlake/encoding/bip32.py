"""Extended public keys and their children. BIP-32, https://github.com/bitcoin/bips/blob/master/bip-0032.mediawiki

bitcoinlib knows the version bytes of each network and wallet (xpub, ypub, zpub, Ltub, dgub ...) and derives. What it
takes too lightly is checked before it is asked: the checksum, private keys, hardened steps, points off the curve.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from porlake.encoding import _bitcoinlib, base58, keys
from porlake.errors import InvalidAddress

HARDENED = 1 << 31
"""Children from this number on have no public derivation."""
DEEPEST = 255
"""Steps below the master key: the depth is one byte."""
SIZE = 78
"""Bytes of an extended key: version 4, depth 1, fingerprint 4, number 4, chain code 32, key 33."""


def child(text: str, path: tuple[int, ...]) -> bytes:
    """The compressed public key at `path` below an extended public key in base58check.

    Raises InvalidAddress: bad_base58, bad_length, bad_checksum, bad_key (a private key, a version that no network has,
    no point of the curve, a key without such a child), bad_path (a hardened or too deep step).
    """
    for number in path:
        if not 0 <= number < HARDENED:
            raise InvalidAddress("bad_path", f"{number} is no step that a public key can take: 0 to {HARDENED - 1}")
    return bytes(_node(text, path).public_byte)


@lru_cache(maxsize=4_096)  # a wallet's addresses share all of their path but the last step
def _node(text: str, path: tuple[int, ...]) -> Any:
    if not path:
        return _extended(text)
    above = _node(text, path[:-1])
    if above.depth >= DEEPEST:
        raise InvalidAddress("bad_path", f"a key of depth {above.depth} has no children")
    library = _bitcoinlib.keys()
    try:
        return above.child_public(path[-1])
    except library.BKeyError as error:
        raise InvalidAddress("bad_key", f"the extended key has no child {path[-1]}: {error}") from error


def _extended(text: str) -> Any:
    try:
        raw = base58.decode_check(text)
    except InvalidAddress as error:  # its text quotes the key, which may be a secret
        raise InvalidAddress(error.code, f"{text[:4]}... is no base58check") from None
    if len(raw) != SIZE:
        raise InvalidAddress("bad_length", f"{len(raw)} bytes; an extended key has {SIZE}")
    if raw[45] not in (2, 3):
        raise InvalidAddress("bad_key", "a private extended key, or none: only public keys belong in a report")
    keys.compressed(raw[45:])
    if raw[4] == 0 and raw[5:13] != bytes(8):
        raise InvalidAddress("bad_key", "a master key that names a parent")
    library = _bitcoinlib.keys()
    versions = library.wif_prefix_search(raw[:4].hex())
    if not versions or any(version["is_private"] for version in versions):
        raise InvalidAddress("bad_key", f"{text[:4]}... is no version of a public key of a known network")
    return library.HDKey.from_wif(text)
