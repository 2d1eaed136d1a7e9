"""BLS signatures of Ethereum validators on BLS12-381, by arkworks.
https://github.com/ethereum/consensus-specs/blob/dev/specs/phase0/beacon-chain.md#bls-signatures

Minimal public keys, proof of possession: draft-irtf-cfrg-bls-signature-05 with the suite below. Loaded on first use; it
lets the interpreter go.
"""

from __future__ import annotations

SUITE = b"BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_"
KEY, SIGNATURE = 48, 96
COMPRESSED, INFINITY = 0x80, 0x40


def holds(key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the key (48 bytes) made the signature (96 bytes) of the message.

    What is no point of the group in its one form, and the point at infinity, holds for nothing.
    """
    from py_arkworks_bls12381 import GT, G1Point, G2Point

    if any(text[0] & (COMPRESSED | INFINITY) != COMPRESSED for text in (key, signature)):
        return False
    try:
        public, made = G1Point.from_compressed_bytes(key), G2Point.from_compressed_bytes(signature)
    except ValueError:
        return False
    if not (public.is_in_subgroup() and made.is_in_subgroup()):
        return False
    return bool(GT.pairing_check([public, -G1Point()], [G2Point.hash_to_curve(message, SUITE), made]))
