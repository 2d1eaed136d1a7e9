"""EVM and TRON accounts that sign for themselves, by column: 0x, r, s and v, and no owners."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from porlake.encoding import fixed_width
from porlake.encoding.fixed_width import HEX, Bytes, Mask
from porlake.encoding.keccak import keccak256
from porlake.errors import InvalidSignature
from porlake.ownership import _accounts, _message, eip191, tron
from porlake.ownership.batch.columns import EvidenceColumns, Rows, Verdicts, networks
from porlake.ownership.batch.recovery import RecoveryCache, has_high_s

RULES = eip191.RULES | tron.RULES
SIGNATURE = 132
"""Characters of 0x and 65 bytes in hex."""

#: Flags of a signature that holds, by _FORM of its v, 3 where S is high, 6 where the address has a bad checksum.
_FLAGS = [
    (*form, *high, *case)
    for case in ((), ("bad_eip55",))
    for high in ((), ("high_s",))
    for form in ((), ("v_0_1",), ("v_nonstandard",))
]
_RECOVERY, _FORM = np.full(256, 255, np.uint8), np.zeros(256, np.uint8)
_RECOVERY[[0, 1, 27, 28]] = [0, 1, 0, 1]
_RECOVERY[29:35] = (np.arange(29, 35) - 27) % 4
_FORM[[0, 1]] = 1
_FORM[29:35] = 2


def judge(columns: EvidenceColumns, cache: RecoveryCache, found: Verdicts) -> Rows:
    """Adds the verdicts of rows of this form to `found`; gives the numbers of the rows that are done. Owners, and texts
    of any other form, are left.
    """
    signed = columns.signatures
    usual = (
        columns.without_owners
        & (signed.count == 1)
        & (signed.width(0) == SIGNATURE)
        & ~columns.among("holding", {_accounts.EIGENLAYER})
    )
    done = [np.zeros(0, np.intp)]
    for form, width, schemes, read in (
        ("evm", 42, frozenset(eip191.RULES), _read_evm),
        ("tron", 34, frozenset(tron.RULES), _read_tron),
    ):
        here = (
            usual
            & columns.among("network", networks(form))
            & columns.among("scheme", schemes)
            & (columns.length("address_published") == width)
        )
        rows = np.flatnonzero(here)
        if len(rows):
            (texts,) = columns.taken(rows, "address_published")
            done.append(_judge_read(columns, rows, read(fixed_width.matrix(texts, width)), cache, found))
    return np.concatenate(done)


@dataclass(frozen=True, slots=True)
class _Addresses:
    """Addresses that were read: which are good, their 20 bytes, their canonical texts, which of them have a wrong
    EIP-55 checksum.
    """

    good: Mask
    payloads: Bytes
    texts: list[str]
    bad_checksum: Mask


def _read_evm(letters: Bytes) -> _Addresses:
    digits = HEX[letters[:, 2:]]
    good = (letters[:, 0] == ord("0")) & (letters[:, 1] | 32 == ord("x")) & (digits < 16).all(axis=1)
    lower = letters | 32  # digits have this bit
    checked = _bad_checksum(letters[:, 2:], lower[:, 2:], good)
    return _Addresses(good, fixed_width.joined_nibbles(digits), fixed_width.texts_of(lower), checked)


def _bad_checksum(letters: Bytes, lower: Bytes, good: Mask) -> Mask:
    """Where letters of both cases stand that are not those of EIP-55; as `evm.checksum_holds`."""
    is_upper, is_letter = (letters >= 65) & (letters <= 70), letters >= 65
    bad = good & is_upper.any(axis=1) & (is_letter & ~is_upper).any(axis=1)
    rows = np.flatnonzero(bad)
    if len(rows):
        digests = np.frombuffer(
            b"".join(keccak256(text)[:20] for text in fixed_width.split(lower[rows].tobytes(), 40)), np.uint8
        ).reshape(-1, 20)
        nibbles = np.stack((digests >> 4, digests & 15), axis=2).reshape(-1, 40)
        bad[rows] = (is_letter[rows] & (is_upper[rows] != (nibbles > 7))).any(axis=1)
    return bad


def _read_tron(letters: Bytes) -> _Addresses:
    payloads, good = fixed_width.base58check(letters)
    none_bad = np.zeros(len(letters), np.bool_)
    return _Addresses(good & (payloads[:, 0] == 0x41), payloads[:, 1:21], fixed_width.texts_of(letters), none_bad)


def _judge_read(columns: EvidenceColumns, rows: Rows, read: _Addresses, cache: RecoveryCache, found: Verdicts) -> Rows:
    letters = fixed_width.matrix(columns.signatures.texts(rows, 0), SIGNATURE)
    digits = HEX[letters[:, 2:]]
    raw = fixed_width.joined_nibbles(digits)
    form, recovery = _FORM[raw[:, 64]], _RECOVERY[raw[:, 64]]
    good = (
        read.good
        & (letters[:, 0] == ord("0"))
        & (letters[:, 1] == ord("x"))
        & (digits < 16).all(axis=1)
        & (recovery < 4)
    )
    raw[:, 64] = recovery
    high = has_high_s(raw)
    flags, flags_failed = form + 3 * high + 6 * read.bad_checksum, 6 * read.bad_checksum
    done = [np.zeros(0, np.intp)]
    for (scheme, message), members in columns.groups(rows, np.flatnonzero(good), "scheme", "message"):
        holds, fails = _compared(scheme, message, members, raw, read.payloads, cache)
        texts, others = ([read.texts[at] for at in places.tolist()] for places in (holds, fails))
        found.rows += rows[np.append(holds, fails)].tolist()
        found.verdicts += ["proven"] * len(holds) + ["invalid"] * len(fails)
        found.reasons += [RULES[scheme].reason] * len(holds) + ["address_mismatch"] * len(fails)
        found.flags += [_FLAGS[at] for at in flags[holds].tolist() + flags_failed[fails].tolist()]
        found.signers += texts
        found.signers += [None] * len(fails)
        found.accounts += texts + others
        done += [holds, fails]
    return rows[np.concatenate(done)]


def _compared(
    scheme: str, message: str, members: Rows, signatures: Bytes, payloads: Bytes, cache: RecoveryCache
) -> tuple[Rows, Rows]:
    """(those whose key gives the account, those whose key gives another); signatures that no key can have made, and
    messages in blanks that may have been signed without them, are left to the rule for one row.
    """
    digests, has_one_spelling = _digests(scheme, message)
    holds = nothing = np.zeros(0, np.intp)
    for digest in digests:
        made = cache.accounts(signatures[members], digest)
        is_made, is_same = made.any(axis=1), (made == payloads[members]).all(axis=1)
        holds = np.append(holds, members[is_made & is_same])
        members = members[is_made & ~is_same]
        if not len(members):
            return holds, nothing
    return holds, members if digests and has_one_spelling else nothing


@lru_cache(maxsize=1_024)
def _digests(scheme: str, message: str) -> tuple[tuple[bytes, ...], bool]:
    """The digests of a message as it stands, and whether there is no other spelling of it. No digest where the text is
    no message.
    """
    if _message.is_none(message):
        return (), False
    try:
        spelled = list(_message.spellings(message))
    except InvalidSignature:
        return (), False
    return tuple(RULES[scheme].digests(spelled[0][0])), len(spelled) == 1
