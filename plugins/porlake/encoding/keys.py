"""secp256k1 public keys: compressed to uncompressed and back, by libsecp256k1."""

from __future__ import annotations

import coincurve

from porlake.errors import InvalidAddress


def uncompressed(key: bytes) -> bytes:
    """The 65-byte form of a 33- or 65-byte key. Raises InvalidAddress (bad_key) for a point that is not on the
    curve.
    """
    return bytes(_key(key).format(compressed=False))


def compressed(key: bytes) -> bytes:
    """The 33-byte form of a 33- or 65-byte key. Raises InvalidAddress (bad_key)."""
    return bytes(_key(key).format(compressed=True))


def _key(key: bytes) -> coincurve.PublicKey:
    try:
        return coincurve.PublicKey(key)
    except ValueError as error:
        raise InvalidAddress("bad_key", f"{key.hex()[:140]} is no secp256k1 public key") from error


def public_key(secret: bytes) -> bytes:
    """The 65-byte public key of a secret of 32 bytes."""
    return bytes(coincurve.PrivateKey(secret).public_key.format(compressed=False))


def recoverable_signature(secret: bytes, digest: bytes) -> bytes:
    """65 bytes: r, s and the number of the key among those that it recovers to. RFC 6979, so always the same."""
    return bytes(coincurve.PrivateKey(secret).sign_recoverable(digest, hasher=None))
