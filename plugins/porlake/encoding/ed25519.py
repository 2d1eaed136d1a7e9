"""Ed25519 signatures (RFC 8032) by libsodium, which refuses points of small order and forms not canonical."""

from __future__ import annotations

from nacl.bindings import crypto_sign_open
from nacl.exceptions import BadSignatureError

KEY, SIGNATURE = 32, 64


def holds(key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the key (32 bytes) made the signature (64 bytes) of the message."""
    try:
        crypto_sign_open(signature + message, key)
    except BadSignatureError:
        return False
    return True
