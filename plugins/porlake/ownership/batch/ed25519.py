"""Accounts that are ed25519 keys in base58 and sign for themselves with OKX's header, by column: those that are proven,
and no others.
"""

from __future__ import annotations

import numpy as np

from porlake.encoding import fixed_width
from porlake.encoding.fixed_width import HEX, Bytes, Mask
from porlake.errors import InvalidSignature
from porlake.ownership import _columns, _message, ed25519
from porlake.ownership.batch.columns import EvidenceColumns, Rows, Verdicts, networks
from porlake.ownership.batch.recovery import RecoveryCache

SCHEME, FORM = "okx_ed25519", "solana"
SIGNATURE, KEY = 2 + 2 * 64, 2 + 2 * 32
"""Characters of 0x and the bytes in hex."""
_DIGITS = range(32, 45)
"""Base58 digits of a key: a zero byte is one digit, all others together are 44 at the most."""


def judge(columns: EvidenceColumns, cache: RecoveryCache, found: Verdicts) -> Rows:
    """Adds the verdicts of rows of this form to `found`; gives the numbers of the rows that are done."""
    signed = columns.signatures
    usual = (
        columns.among("scheme", {SCHEME})
        & columns.among("network", networks(FORM) - frozenset(ed25519.NETWORKS))
        & columns.without_owners
        & (signed.count == 1)
        & (signed.width(0) == SIGNATURE)
        & (columns.length("key_or_script") == KEY)
    )
    widths, done = columns.length("address_published"), [np.zeros(0, np.intp)]
    for width in np.unique(widths[usual]).tolist():
        if width in _DIGITS:
            done.append(_judge_width(columns, np.flatnonzero(usual & (widths == width)), width, cache, found))
    return np.concatenate(done)


def _judge_width(columns: EvidenceColumns, rows: Rows, width: int, cache: RecoveryCache, found: Verdicts) -> Rows:
    published, stated = columns.taken(rows, "address_published", "key_or_script")
    letters = fixed_width.matrix(published, width)
    accounts, good = fixed_width.base58_of(letters, 32)
    keys, are_keys = _from_hex(fixed_width.matrix(stated, KEY))
    signatures, are_signatures = _from_hex(fixed_width.matrix(columns.signatures.texts(rows, 0), SIGNATURE))
    places = np.flatnonzero(good & are_keys & are_signatures & (accounts == keys).all(axis=1))
    pairs, texts = np.concatenate([signatures, keys], axis=1), fixed_width.texts_of(letters)
    done = [np.zeros(0, np.intp)]
    for (network, asset, message), members in columns.groups(rows, places, "network", "asset", "message"):
        data = _data(message)
        if data is None:
            continue
        holds = members[cache.ed25519(pairs[members], data)]
        signers = [texts[at] for at in holds.tolist()]
        flags = _columns.remarked(network, asset)
        found.fill(rows[holds], "proven", ed25519.FORMS[FORM].reason, flags, signers, signers)
        done.append(rows[holds])
    return np.concatenate(done)


def _from_hex(letters: Bytes) -> tuple[Bytes, Mask]:
    """(bytes, which of them are 0x and hex digits)."""
    digits = HEX[letters[:, 2:]]
    good = (letters[:, 0] == ord("0")) & (letters[:, 1] == ord("x")) & (digits < 16).all(axis=1)
    return fixed_width.joined_nibbles(digits), good


def _data(message: str) -> bytes | None:
    """The bytes that are signed where a message is signed as it stands; None where it is none."""
    if _message.is_none(message):
        return None
    try:
        (data, flags), *_ = ed25519.data(message, SCHEME)
    except InvalidSignature:
        return None
    return None if flags else data
