"""P2PKH addresses and multisig scripts with 65-byte signatures in base64, by column: those that are proven, and no
others.
"""

from __future__ import annotations

import binascii
from collections import defaultdict
from functools import lru_cache

import numpy as np
import pyarrow as pa

from porlake.addresses import bitcoin
from porlake.addresses import parse as parse_address
from porlake.encoding import fixed_width, hashes, script
from porlake.encoding.fixed_width import Mask
from porlake.encoding.varint import with_length
from porlake.errors import InvalidAddress
from porlake.ownership import _message, _multisig, _secp256k1, utxo
from porlake.ownership.batch.columns import EvidenceColumns, Rows, Verdicts, networks, values_of, zipped
from porlake.ownership.batch.recovery import RecoveryCache

SIGNATURE = 88
"""Characters of 65 bytes in base64."""

_HALF_ORDER = _secp256k1.HALF_ORDER.to_bytes(32, "big")


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
    done: list[int] = []
    for width in (33, 34):
        rows = np.flatnonzero(usual & (widths == width))
        if not len(rows):
            continue
        (addresses,) = columns.taken(rows, "address_published")
        letters = fixed_width.matrix(addresses, width)
        payloads, good = fixed_width.base58check(letters)
        versions, texts = payloads[:, 0].tolist(), fixed_width.texts_of(letters)
        key_hashes = fixed_width.split(payloads[:, 1:21].tobytes(), 20)
        raws = _compact(columns.signatures.texts(rows, 0))
        for (network, message), members in columns.groups(rows, np.flatnonzero(good).tolist(), "network", "message"):
            version = bitcoin.parameters(network).p2pkh[0]
            members = [at for at in members if raws[at] and bytes([versions[at]]) == version]
            for digest in _digests(network, message):
                made = cache.keys([raws[at] for at in members], digest)
                for at, key in zip(members, made, strict=True):
                    if key and hashes.hash160(key) == key_hashes[at]:
                        found.add(int(rows[at]), "proven", "compressed", (), texts[at], texts[at])
                        done.append(int(rows[at]))
    return np.array(done, np.intp)


def judge_multisig(columns: EvidenceColumns, cache: RecoveryCache, found: Verdicts) -> Rows:
    """Adds the verdicts of scripts of compressed keys of which two signed, as many as are needed, to `found`; gives the
    numbers of the rows that are done.
    """
    signed = columns.signatures
    usual = _usual(columns) & (signed.count == 2) & (signed.width(1) == SIGNATURE)
    rows = np.flatnonzero(usual & (columns.length("key_or_script") > 0))
    if not len(rows):
        return rows
    both = _compact(signed.texts(rows, 0)), _compact(signed.texts(rows, 1))
    taken = columns.taken(rows, "network", "address_published", "key_or_script", "message")
    members: defaultdict[tuple[str, str], list[tuple[int, str, str, frozenset[bytes], tuple[str, ...]]]] = defaultdict(
        list
    )
    for at, network, address, text, message in zipped(list(range(len(rows))), *taken):
        if both[0][at] and both[1][at] and (known := _script(network, address, text)):
            members[network, message].append((at, *known))
    done = []
    for (network, message), known_scripts in members.items():
        for digest in _digests(network, message):
            firsts, seconds = (cache.keys([column[at] for at, *_ in known_scripts], digest) for column in both)
            for (at, account, form, script_keys, flags), first, second in zip(
                known_scripts, firsts, seconds, strict=True
            ):
                if first != second and first in script_keys and second in script_keys:
                    found.add(int(rows[at]), "proven", form, flags, f"{first.hex()},{second.hex()}", account)
                    done.append(int(rows[at]))
    return np.array(done, np.intp)


def _script(network: str, text: str, field: str) -> tuple[str, str, frozenset[bytes], tuple[str, ...]] | None:
    """(canonical address, how the script makes it, its keys, flags) of a script of at most two needed keys; None for
    everything else.
    """
    try:
        redeem = bytes.fromhex(field.removeprefix("0x"))
        wanted = script.multisig(redeem)
        address = parse_address(network, text)
    except (ValueError, InvalidAddress):
        return None
    makes = hashes.sha256(redeem) if address.kind == "p2wsh" else hashes.hash160(redeem)
    if (
        address.kind not in ("p2sh", "p2wsh")
        or makes != address.payload
        or wanted.threshold > 2
        or any(len(key) != 33 for key in wanted.keys)
    ):
        return None
    if address.kind == "p2sh" and len(redeem) > script.MOST_PUSHED:
        return None
    return address.text, address.kind, frozenset(wanted.keys), _multisig.flags(wanted)


def _compact(texts: pa.Array) -> list[bytes]:
    """r, s and the recovery id of ordinary signatures: headers 31 to 34, low S; b"" for any other text."""
    made = []
    for text in values_of(texts):
        try:
            raw = binascii.a2b_base64(text, strict_mode=True)
        except (binascii.Error, ValueError):
            raw = b""
        is_ordinary = len(raw) == _secp256k1.BYTES and 31 <= raw[0] <= 34 and raw[33:] <= _HALF_ORDER
        made.append(raw[1:] + bytes([raw[0] - 31]) if is_ordinary else b"")
    return made


@lru_cache(maxsize=1_024)
def _digests(network: str, message: str) -> tuple[bytes, ...]:
    """The digest of a message under its network's own header; none where the text is no message."""
    if _message.is_none(message):
        return ()
    try:
        return (hashes.sha256d(with_length(utxo.header_of(network)) + with_length(message.encode())),)
    except UnicodeEncodeError:
        return ()
