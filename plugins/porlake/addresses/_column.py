"""Many addresses of one network at once: the common forms by matrices of letters, all others one by one.

What a column gives is what `parse` gives; a text of which it is not sure is left to `parse`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from porlake import registry
from porlake.addresses import LONGEST, bitcoin, parse, ss58
from porlake.encoding import base58, bech32, fixed_width, hashes
from porlake.encoding.fixed_width import HEX, Bytes, Mask
from porlake.errors import InvalidAddress

_EVM, _TRON, _HEX32 = 42, 34, 66
_KEY = 32
_KEY_DIGITS = range(_KEY, 45)
"""Base58 digits of 32 bytes: a zero byte is one digit, all others together are 44 at the most."""
_BASE58 = range(26, fixed_width.MOST_DIGITS + 1)
_CHARSET = np.full(256, 255, np.uint8)
for _value, _letter in enumerate(bech32.CHARSET.encode()):
    _CHARSET[_letter] = _value
_CHECKSUM = 6


def parse_column(network: str, texts: pa.StringArray) -> tuple[pa.StringArray, Mask]:
    """(canonical spellings, for which of them `parse` raises nothing and remarks nothing); `texts` without nulls. The
    other spellings mean nothing.
    """
    sure = _SURE.get(registry.load().networks[network].address_form)
    spelled, good = sure(network, texts) if sure else (texts, np.zeros(len(texts), bool))
    left = np.flatnonzero(~good)
    if not len(left):
        return spelled, good
    rest = texts.take(pa.array(left)).dictionary_encode()
    few = [_parsed(network, text) for text in rest.dictionary.to_pylist()]
    found = pa.array(few, pa.string()).take(rest.indices)
    good[left] = found.is_valid().to_numpy(zero_copy_only=False)
    mask = np.zeros(len(texts), bool)
    mask[left] = True
    return pc.replace_with_mask(spelled, pa.array(mask), pc.fill_null(found, "")), good


def _parsed(network: str, text: str) -> str | None:
    """None where the text is for the rule of one row."""
    if len(text) > LONGEST:
        return None
    try:
        address = parse(network, text)
    except InvalidAddress:
        return None
    return None if address.remark else address.text


def _by_width(texts: pa.StringArray, widths: range) -> Iterator[tuple[Bytes, Bytes]]:
    """(places, letters) of the texts of each width that there is of `widths`."""
    lengths = pc.binary_length(texts).to_numpy(zero_copy_only=False)
    for width in np.unique(lengths).tolist():
        if width in widths:
            rows = np.flatnonzero(lengths == width)
            yield rows, fixed_width.matrix(texts if len(rows) == len(texts) else texts.take(pa.array(rows)), width)


def _evm(network: str, texts: pa.StringArray) -> tuple[pa.StringArray, Mask]:
    good = np.zeros(len(texts), bool)
    for rows, letters in _by_width(texts, range(_EVM, _EVM + 1)):
        begins = (letters[:, 0] == ord("0")) & ((letters[:, 1] | 0x20) == ord("x"))
        good[rows] = begins & (HEX[letters[:, 2:]].max(axis=1) < 16)
    return pc.ascii_lower(texts), good


def _tron(network: str, texts: pa.StringArray) -> tuple[pa.StringArray, Mask]:
    good = np.zeros(len(texts), bool)
    for rows, letters in _by_width(texts, range(_TRON, _TRON + 1)):
        payloads, holds = fixed_width.base58check(letters)
        good[rows] = holds & (payloads[:, 0] == 0x41)
    return texts, good


def _solana(network: str, texts: pa.StringArray) -> tuple[pa.StringArray, Mask]:
    good = np.zeros(len(texts), bool)
    for rows, letters in _by_width(texts, _KEY_DIGITS):
        good[rows] = fixed_width.base58_of(letters, _KEY)[1]
    return texts, good


def _xrp(network: str, texts: pa.StringArray) -> tuple[pa.StringArray, Mask]:
    good = np.zeros(len(texts), bool)
    for rows, letters in _by_width(texts, range(25, fixed_width.MOST_DIGITS + 1)):
        payloads, holds = fixed_width.base58check(letters, base58.RIPPLE)
        good[rows] = holds & (payloads[:, 0] == 0)
    return texts, good


def _ss58(network: str, texts: pa.StringArray) -> tuple[pa.StringArray, Mask]:
    """Under the network's own prefix, where that is one byte."""
    good, prefix = np.zeros(len(texts), bool), ss58.PREFIX[network]
    if prefix >= ss58.ONE_BYTE:
        return texts, good
    for rows, letters in _by_width(texts, range(1 + _KEY + 2, 50)):
        made, holds = fixed_width.base58_of(letters, 1 + _KEY + 2)
        holds &= made[:, 0] == prefix
        for at, data in zip(np.flatnonzero(holds), fixed_width.split(made[holds].tobytes(), 1 + _KEY + 2), strict=True):
            holds[at] = ss58.checksum(data[:-2]) == data[-2:]
        good[rows] = holds
    return texts, good


def _hex32(network: str, texts: pa.StringArray) -> tuple[pa.StringArray, Mask]:
    """Of full length."""
    good = np.zeros(len(texts), bool)
    for rows, letters in _by_width(texts, range(_HEX32, _HEX32 + 1)):
        begins = (letters[:, 0] == ord("0")) & (letters[:, 1] == ord("x"))
        good[rows] = begins & (HEX[letters[:, 2:]].max(axis=1) < 16)
    return pc.ascii_lower(texts), good


def _bitcoin(network: str, texts: pa.StringArray) -> tuple[pa.StringArray, Mask]:
    known, good = bitcoin.parameters(network), np.zeros(len(texts), bool)
    if known.checksum is hashes.sha256d:
        current = np.zeros(256, bool)
        for version, (_, is_current) in known.versions.items():
            if is_current and len(version) == 1:
                current[version[0]] = True
        for rows, letters in _by_width(texts, _BASE58):
            payloads, holds = fixed_width.base58check(letters)
            good[rows] = holds & current[payloads[:, 0]] & ~_may_be_another(letters, known)
    if known.hrp:
        start = len(known.hrp) + 1
        for size in (20, 32):
            symbols = 1 + -(-size * 8 // 5)
            width = start + symbols + _CHECKSUM
            for rows, letters in _by_width(texts, range(width, width + 1)):
                good[rows] |= _segwit(letters, known.hrp, size)
    return texts, good


def script_hashes(network: str, texts: pa.StringArray, kind: str) -> tuple[Bytes, Mask]:
    """(hashes of scripts, which of the texts are such addresses of the network in their canonical spelling); of `kind`
    p2sh (20 bytes) or p2wsh (32).
    """
    known = bitcoin.parameters(network)
    made, good = np.zeros((len(texts), 20 if kind == "p2sh" else 32), np.uint8), np.zeros(len(texts), bool)
    if kind == "p2sh" and known.checksum is hashes.sha256d and len(known.p2sh[0]) == 1:
        for rows, letters in _by_width(texts, _BASE58):
            payloads, holds = fixed_width.base58check(letters)
            good[rows] = holds & (payloads[:, 0] == known.p2sh[0][0]) & ~_may_be_another(letters, known)
            made[rows] = payloads[:, 1:21]
    if kind == "p2wsh" and known.hrp:
        start, symbols = len(known.hrp) + 1, 53
        width = start + symbols + _CHECKSUM
        for rows, letters in _by_width(texts, range(width, width + 1)):
            values = _CHARSET[letters[:, start : start + symbols]]
            good[rows] = _segwit(letters, known.hrp, 32) & (values[:, 0] == 0)
            bits = np.unpackbits(values[:, 1:, None], axis=2)[:, :, 3:].reshape(len(values), -1)
            made[rows] = np.packbits(bits, axis=1)[:, :32]
    return made, good


def _may_be_another(letters: Bytes, known: bitcoin.Parameters) -> Mask:
    """Which may be in a form of the network that is not base58, as far as their first letters say."""
    lower = letters[:, :3] | 0x20
    other = np.zeros(len(letters), bool)
    for start in (*known.hidden, *([f"{known.hrp}1"] if known.hrp else [])):
        first = np.frombuffer(start[:3].lower().encode(), np.uint8) | 0x20
        other |= (lower[:, : len(first)] == first).all(axis=1)
    if known.cash:
        other |= (letters[:, 0] != ord("1")) & (letters[:, 0] != ord("3"))
    return other


def _segwit(letters: Bytes, hrp: str, size: int) -> Mask:
    """Which are witness programs of `size` bytes in lower case: version 0 by BIP-173, of 32 bytes version 1 by
    BIP-350.
    """
    start = len(hrp) + 1
    good: Mask = (letters[:, :start] == np.frombuffer(f"{hrp}1".encode(), np.uint8)).all(axis=1)
    values = _CHARSET[letters[:, start:]]
    good &= values.max(axis=1) < 32
    constant = _polymod(hrp, values)
    version = values[:, 0]
    good &= ((version == 0) & (constant == bech32.BECH32)) | (
        (version == 1) & (constant == bech32.BECH32M) & (size == 32)
    )
    unused = -size * 8 % 5  # bits of the last symbol that say nothing must be zero
    good &= values[:, -_CHECKSUM - 1] & ((1 << unused) - 1) == 0
    return good


def _polymod(hrp: str, values: Bytes) -> Bytes:
    """BIP-173's checksum of the human-readable part and the values of each row."""
    made = np.ones(len(values), np.uint32)
    expanded = [ord(letter) >> 5 for letter in hrp] + [0] + [ord(letter) & 31 for letter in hrp]
    top_of = np.array(bech32.TOP, np.uint32)
    for value in (*expanded, *values.T):
        made = (made & np.uint32(0x1FFFFFF)) << np.uint32(5) ^ np.asarray(value, np.uint32) ^ top_of[made >> 25]
    return made


_SURE: dict[str, Callable[[str, pa.StringArray], tuple[pa.StringArray, Mask]]] = {
    "aptos": _hex32,
    "bitcoin": _bitcoin,
    "evm": _evm,
    "solana": _solana,
    "ss58": _ss58,
    "sui": _hex32,
    "tron": _tron,
    "xrp": _xrp,
}
"""Of these forms most are told at once."""
