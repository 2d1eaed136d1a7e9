"""P2PKH addresses and multisig scripts with 65-byte signatures in base64, by column: those that are proven, and no
others.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations

import numpy as np
import pyarrow as pa

from porlake import addresses
from porlake.addresses import bitcoin
from porlake.encoding import fixed_width, hashes, script
from porlake.encoding.fixed_width import HEX, Bytes, Mask
from porlake.encoding.varint import with_length
from porlake.ownership import _message, _secp256k1, utxo
from porlake.ownership.batch.columns import EvidenceColumns, Rows, Verdicts, networks
from porlake.ownership.batch.recovery import RecoveryCache, has_high_s

SIGNATURE = 88
"""Characters of 65 bytes in base64."""


def _usual(columns: EvidenceColumns) -> Mask:
    here = columns.among("scheme", {"utxo"}) & columns.among("network", networks("bitcoin"))
    usual: Mask = here & columns.without_owners & (columns.signatures.width(0) == SIGNATURE)
    return usual


def judge_p2pkh(columns: EvidenceColumns, cache: RecoveryCache, found: Verdicts) -> Rows:
    """Adds the verdicts of P2PKH addresses of a compressed key with one ordinary signature to `found`; gives the
    numbers of the rows that are done.
    """
    usual = _usual(columns) & (columns.signatures.count == 1) & (columns.length("key_or_script") == 0)
    widths = columns.length("address_published")
    done = [np.zeros(0, np.intp)]
    for width in (33, 34):
        rows = np.flatnonzero(usual & (widths == width))
        if not len(rows):
            continue
        (published,) = columns.taken(rows, "address_published")
        letters = fixed_width.matrix(published, width)
        payloads, good = fixed_width.base58check(letters)
        texts = fixed_width.texts_of(letters)
        raws, ordinary = _compact(columns.signatures.texts(rows, 0))
        for (network, message), members in columns.groups(rows, np.flatnonzero(good & ordinary), "network", "message"):
            version = bitcoin.parameters(network).p2pkh[0]
            members = members[payloads[members, 0] == version[0]] if len(version) == 1 else members[:0]
            for digest in _digests(network, message):
                made = cache.keys(raws[members], digest)
                holds = members[
                    made.any(axis=1) & (_hashed(made, hashes.hash160) == payloads[members, 1:21]).all(axis=1)
                ]
                signers = [texts[at] for at in holds.tolist()]
                found.fill(rows[holds], "proven", "compressed", (), signers, signers)
                done.append(rows[holds])
    return np.concatenate(done)


def judge_multisig(columns: EvidenceColumns, cache: RecoveryCache, found: Verdicts) -> Rows:
    """Adds the verdicts of scripts of compressed keys of which two signed, as many as are needed, to `found`; gives the
    numbers of the rows that are done.
    """
    signed, widths = columns.signatures, columns.length("key_or_script")
    usual = _usual(columns) & (signed.count == 2) & (signed.width(1) == SIGNATURE)
    done = [np.zeros(0, np.intp)]
    for width in np.unique(widths[usual]).tolist():
        keys = (width - 2 * _AROUND_KEYS) // (2 * _PUSH)  # 0x before the digits adds less than a push
        if not 2 <= keys <= _MOST_KEYS:
            continue
        rows = np.flatnonzero(usual & (widths == width))
        (texts,) = columns.taken(rows, "key_or_script")
        scripts, good = _scripts(fixed_width.matrix(texts, width), keys)
        (first, is_first), (second, is_second) = (_compact(signed.texts(rows, column)) for column in (0, 1))
        places = np.flatnonzero(good & is_first & is_second)
        for (network, message), members in columns.groups(rows, places, "network", "message"):
            done.append(_judge_scripts(columns, rows, members, network, message, scripts, first, second, cache, found))
    return np.concatenate(done)


_AROUND_KEYS, _PUSH, _MOST_KEYS = 3, 34, 16
_OP_0 = 0x50


def _scripts(letters: Bytes, keys: int) -> tuple[Bytes, Mask]:
    """(bytes, which of them are the script of one or two of so many different compressed keys) of hex digits, 0x before
    them or not.
    """
    size = _AROUND_KEYS + keys * _PUSH
    start = letters.shape[1] - 2 * size
    good = np.full(len(letters), start in (0, 2))
    if start == 2:
        good &= (letters[:, 0] == ord("0")) & (letters[:, 1] == ord("x"))
    digits = HEX[letters[:, start:]] if start in (0, 2) else np.zeros((len(letters), 2 * size), np.uint8)
    good &= (digits < 16).all(axis=1)
    made = fixed_width.joined_nibbles(digits)
    good &= (made[:, 0] == _OP_0 + 1) | (made[:, 0] == _OP_0 + 2)
    good &= (made[:, -2] == _OP_0 + keys) & (made[:, -1] == script.CHECKMULTISIG)
    pushed = _pushed(made)
    good &= (pushed[:, :, 0] == _PUSH - 1).all(axis=1)
    for one, other in combinations(range(keys), 2):
        good &= (pushed[:, one] != pushed[:, other]).any(axis=1)
    return made, good


def _pushed(scripts: Bytes) -> Bytes:
    """The pushes of each script: shape (scripts, keys, _PUSH)."""
    return scripts[:, 1:-2].reshape(len(scripts), (scripts.shape[1] - _AROUND_KEYS) // _PUSH, _PUSH)


def _judge_scripts(
    columns: EvidenceColumns, rows: Rows, members: Rows, network: str, message: str, scripts: Bytes, first: Bytes,
    second: Bytes, cache: RecoveryCache, found: Verdicts,
) -> Rows:  # fmt: skip
    """The numbers of the rows that are done, of `members` of one network and message."""
    (texts,) = columns.taken(rows[members], "address_published")
    scripts, done = scripts[members], [np.zeros(0, np.intp)]
    for kind, hashed, most in (
        ("p2sh", hashes.hash160, script.MOST_PUSHED),
        ("p2wsh", hashes.sha256, script.MOST_BYTES),
    ):
        payloads, good = addresses.script_hashes(network, texts, kind)
        mine = np.flatnonzero(good) if scripts.shape[1] <= most else np.zeros(0, np.intp)
        mine = mine[(_hashed(scripts[mine], hashed) == payloads[mine]).all(axis=1)]
        for digest in _digests(network, message):
            one, two = (cache.keys(column[members[mine]], digest) for column in (first, second))
            keys = _pushed(scripts[mine])[:, :, 1:]
            are_among = [(keys == key[:, None]).all(axis=2).any(axis=1) & key.any(axis=1) for key in (one, two)]
            holds = np.flatnonzero(are_among[0] & are_among[1] & (one != two).any(axis=1))
            signers = [f"{a.tobytes().hex()},{b.tobytes().hex()}" for a, b in zip(one[holds], two[holds], strict=True)]
            accounts = texts.take(pa.array(mine[holds])).to_pylist()
            thresholds = scripts[mine[holds], 0] - _OP_0
            for threshold in np.unique(thresholds).tolist():
                which = np.flatnonzero(thresholds == threshold).tolist()
                found.fill(
                    rows[members[mine[holds[which]]]], "proven", kind, (f"multisig_{threshold}_of_{keys.shape[1]}",),
                    [signers[at] for at in which], [accounts[at] for at in which],
                )  # fmt: skip
            done.append(rows[members[mine[holds]]])
    return np.concatenate(done)


def _hashed(blocks: Bytes, hashed: hashes.Hash) -> Bytes:
    """The hash of each row's bytes."""
    parts = fixed_width.split(blocks.tobytes(), blocks.shape[1])
    return np.frombuffer(b"".join(map(hashed, parts)), np.uint8).reshape(len(blocks), len(hashed(b"")))


_BASE64 = np.full(256, 255, np.uint8)
for _value, _letter in enumerate(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"):
    _BASE64[_letter] = _value


def _compact(texts: pa.Array) -> tuple[Bytes, Mask]:
    """(r, s and the recovery id each, which of the texts are ordinary signatures): SIGNATURE characters, headers 31 to
    34, low S.
    """
    letters = fixed_width.matrix(texts, SIGNATURE)
    values = _BASE64[letters]
    ordinary = (values[:, :-1] < 64).all(axis=1) & (letters[:, -1] == ord("="))
    values[:, -1] = 0
    fours = values.reshape(len(letters), -1, 4)
    made = np.empty((len(letters), fours.shape[1], 3), np.uint8)
    made[:, :, 0] = fours[:, :, 0] << 2 | fours[:, :, 1] >> 4
    made[:, :, 1] = fours[:, :, 1] << 4 | fours[:, :, 2] >> 2
    made[:, :, 2] = fours[:, :, 2] << 6 | fours[:, :, 3]
    raw = made.reshape(len(letters), -1)
    header = raw[:, 0].copy()
    ordinary &= (raw[:, _secp256k1.BYTES] == 0) & (header >= 31) & (header <= 34)  # the last digit has bits left over
    raw = np.concatenate([raw[:, 1 : _secp256k1.BYTES], (header - 31).reshape(-1, 1)], axis=1)
    return raw, ordinary & ~has_high_s(raw)


@lru_cache(maxsize=1_024)
def _digests(network: str, message: str) -> tuple[bytes, ...]:
    """The digest of a message under its network's own header; none where the text is no message."""
    if _message.is_none(message):
        return ()
    try:
        return (hashes.sha256d(with_length(utxo.header_of(network)) + with_length(message.encode())),)
    except UnicodeEncodeError:
        return ()
