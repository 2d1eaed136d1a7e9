"""Proofs of liabilities: one file a proof format; published files in, root, totals and a verdict out.

Every module here whose name begins with no underscore is a format, named by its NAME; nothing lists them. A format
rebuilds what can be rebuilt: it refuses what is not canonical, recomputes each hash and each sum, and says in
`not_shown` what even a proof that holds leaves open. It never raises for what a file holds: a file that cannot be read
is a verdict with its reason. Where users get a file of their own it also tells whether they are counted
(`inclusion`); such a file is looked at and never kept.

Sources: the formats as their publishers' verifiers read them (OKX, Bybit, Bitget, BitMEX ...), named in each module.
"""

from __future__ import annotations

from porlake.formats import Formats, looked_for
from porlake.liabilities._found import known_by, user_formats, verified
from porlake.liabilities._protocol import (
    EVERY_CHECK_HOLDS,
    KINDS,
    NOT_OF_THE_FORMAT,
    VERDICTS,
    Bundle,
    Check,
    Finding,
    ForUsers,
    Inclusion,
    Kind,
    Proof,
    ProofFormat,
    PublishedFile,
    TellsProgress,
    Total,
    Verdict,
)

__all__ = [
    "EVERY_CHECK_HOLDS",
    "FORMATS",
    "KINDS",
    "NOT_OF_THE_FORMAT",
    "VERDICTS",
    "Bundle",
    "Check",
    "Finding",
    "ForUsers",
    "Inclusion",
    "Kind",
    "Proof",
    "ProofFormat",
    "PublishedFile",
    "TellsProgress",
    "Total",
    "Verdict",
    "known_by",
    "looked_for",
    "user_formats",
    "verified",
]

FORMATS: Formats[ProofFormat] = Formats(__name__, ("NAME", "KIND", "NOT_SHOWN", "matches", "verify"))
