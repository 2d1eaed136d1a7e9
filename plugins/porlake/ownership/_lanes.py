"""Fast lanes for the plain rows of a published file: half a million of them differ in address and signature and in
nothing else.

A lane looks at a batch by columns and judges the rows whose form it knows to the letter; what it says of them is what
`judge` says, at nearly the cost of the curve alone. Every other row it leaves to `judge`. Lanes: EVM and TRON accounts
that sign for themselves; P2PKH addresses and multisig scripts with 65-byte signatures in base64.
"""

from __future__ import annotations

import binascii
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache, partial
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from porlake import registry
from porlake.addresses import bitcoin
from porlake.addresses import parse as parse_address
from porlake.encoding import base58, hashes, script
from porlake.encoding.keccak import keccak256
from porlake.encoding.varint import with_length
from porlake.errors import InvalidAddress, InvalidSignature
from porlake.ownership import _accounts, _message, _multisig, _secp256k1, eip191, tron, utxo

Bytes = npt.NDArray[Any]
Mask = npt.NDArray[Any]
Rows = npt.NDArray[Any]
Numbers = npt.NDArray[Any]

Block = TypeVar("Block", bytes, str)

KEPT = 500_000
"""Keys that are remembered by their signature: one key signs for many coins, in rows far apart. About 250 bytes
each.
"""


@dataclass(slots=True)
class Found:
    """Verdicts of some rows of a batch, by column; `rows` are their places in it, `accounts` their canonical
    addresses.
    """

    rows: list[int] = field(default_factory=list)
    verdicts: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    flags: list[tuple[str, ...]] = field(default_factory=list)
    signers: list[str | None] = field(default_factory=list)
    accounts: list[str] = field(default_factory=list)

    def add(
        self, row: int, verdict: str, reason: str, flags: tuple[str, ...], signer: str | None, account: str
    ) -> None:
        self.rows.append(row)
        self.verdicts.append(verdict)
        self.reasons.append(reason)
        self.flags.append(flags)
        self.signers.append(signer)
        self.accounts.append(account)

    def extend(self, other: Found) -> None:
        self.rows += other.rows
        self.verdicts += other.verdicts
        self.reasons += other.reasons
        self.flags += other.flags
        self.signers += other.signers
        self.accounts += other.accounts


class Memory:
    """What the keys of signatures came to, so that no signature is recovered twice. Shared by threads; forgotten when
    it is full.
    """

    def __init__(self, limit: int = KEPT) -> None:
        self._limit, self._held = limit, 0
        self._known: defaultdict[bytes, dict[bytes, bytes]] = defaultdict(dict)
        self._lock = threading.Lock()

    def accounts(self, signatures: Sequence[bytes], digest: bytes) -> list[bytes]:
        """The last 20 bytes of the Keccak-256 of the key of each signature; b"" where none can have signed."""
        return self._recalled(signatures, digest, _account_of)

    def keys(self, signatures: Sequence[bytes], digest: bytes) -> list[bytes]:
        """The compressed key of each signature; b"" where none can have signed."""
        return self._recalled(signatures, digest, partial(_secp256k1.recover_many, size=33))

    def _recalled(
        self, signatures: Sequence[bytes], digest: bytes, recover: Callable[[Sequence[bytes], bytes], list[bytes]]
    ) -> list[bytes]:
        with self._lock:
            known = self._known[digest]
        new = [signed for signed in dict.fromkeys(signatures) if signed not in known]
        values = recover(new, digest)
        made = dict(zip(new, values, strict=True))
        with self._lock:
            if self._held > self._limit:
                self._known.clear()
                self._held = 0
            self._known[digest].update(made)
            self._held += len(made) + 1
        if len(new) == len(signatures):
            return values
        return [made[signed] if signed in made else known[signed] for signed in signatures]


def _account_of(signatures: Sequence[bytes], digest: bytes) -> list[bytes]:
    return [keccak256(key[1:])[12:] if key else b"" for key in _secp256k1.recover_many(signatures, digest)]


# --- columns ----------------------------------------------------------------------------------------------------------
class Columns:
    """A record batch of evidence, as the lanes ask for it."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        self.batch, self.size = batch, batch.num_rows

    def __getitem__(self, name: str) -> pa.Array:
        return self.batch.column(name)

    @cached_property
    def signatures(self) -> Texts:
        return Texts(self["signatures"])

    @cached_property
    def plain(self) -> Mask:
        """Rows without owners."""
        without: Mask = Texts(self["owners"]).count == 0
        return without

    def among(self, name: str, wanted: set[str] | frozenset[str]) -> Mask:
        """Where a column that repeats a few values holds one of some."""
        encoded = self[name].dictionary_encode(null_encoding="encode")
        is_wanted: Mask = np.array([value in wanted for value in encoded.dictionary.to_pylist()] or [False])
        found: Mask = is_wanted[encoded.indices.to_numpy()]
        return found

    def length(self, name: str) -> Numbers:
        return _lengths(self[name])


class Texts:
    """A column of lists of texts: `values` of all lists, `first` the place of each list's first, `count` of those that
    are not empty.
    """

    def __init__(self, column: pa.ListArray) -> None:
        ends = column.offsets.to_numpy()
        self.values = column.values.slice(ends[0], ends[-1] - ends[0])
        self.first, ends = (ends - ends[0])[:-1], ends - ends[0]
        self.length = np.append(_lengths(self.values), [0, 0])
        full = np.append(0, np.cumsum(self.length > 0))
        self.count = full[ends[1:]] - full[ends[:-1]]
        self._size = ends[1:] - ends[:-1]

    def width(self, column: int) -> Numbers:
        """Length of the text in each list's column, 0 where the list ends before it."""
        return np.where(self._size > column, self.length[np.minimum(self.first + column, len(self.length) - 1)], 0)

    def texts(self, rows: Rows, column: int) -> pa.Array:
        return self.values.take(pa.array(self.first[rows] + column))


def _lengths(column: pa.Array) -> Numbers:
    found: Numbers = pc.fill_null(pc.binary_length(column), 0).to_numpy(zero_copy_only=False)
    return found


def _matrix(texts: pa.Array, width: int) -> Bytes:
    """The bytes of texts that are all `width` long."""
    _, ends, data = texts.buffers()
    if data is None or not len(texts):
        return np.zeros((0, width), np.uint8)
    first = np.frombuffer(ends, np.int32)[texts.offset]
    return np.frombuffer(data, np.uint8)[first : first + len(texts) * width].reshape(len(texts), width)


def _cut(block: Block, width: int) -> list[Block]:
    return [block[at : at + width] for at in range(0, len(block), width)]


def _pairs(digits: Bytes) -> Bytes:
    return digits[:, ::2] << 4 | digits[:, 1::2]


def _values_of(letters: str, *others: str) -> Bytes:
    """What each byte means as a digit, 255 where it is none."""
    table = np.full(256, 255, np.uint8)
    for text in (letters, *others):
        for value, letter in enumerate(text):
            table[ord(letter)] = value
    return table


_HEX = _values_of("0123456789abcdef", "0123456789ABCDEF")
_BASE58 = _values_of(base58.BITCOIN)


# --- EVM and TRON -----------------------------------------------------------------------------------------------------
RULES = eip191.RULES | tron.RULES
_HALF = np.frombuffer(_secp256k1.HALF_ORDER.to_bytes(32, "big"), ">u8").astype(np.uint64)
_REMARKS = [
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


def accounts(columns: Columns, memory: Memory, found: Found) -> Rows:
    """Judges accounts that sign for themselves with 0x, r, s, v; the rows that are done. Owners, and texts of any other
    form, are left.
    """
    signed = columns.signatures
    usual = (
        columns.plain
        & (signed.count == 1)
        & (signed.width(0) == 132)
        & ~columns.among("holding", {_accounts.EIGENLAYER})
    )
    done = [np.zeros(0, np.intp)]
    for form, width, schemes, read in (
        ("evm", 42, frozenset(eip191.RULES), _evm),
        ("tron", 34, frozenset(tron.RULES), _tron),
    ):
        here = (
            usual
            & columns.among("network", _networks(form))
            & columns.among("scheme", schemes)
            & (columns.length("address_published") == width)
        )
        rows = np.flatnonzero(here)
        if len(rows):
            texts = columns["address_published"].take(pa.array(rows))
            done.append(_self_signed(columns, rows, read(_matrix(texts, width)), memory, found))
    return np.concatenate(done)


@dataclass(frozen=True, slots=True)
class _Read:
    """Addresses that were read: which are good, their bytes, their canonical texts, which of them have a wrong EIP-55
    checksum.
    """

    good: Mask
    payloads: Bytes
    texts: list[str]
    bad_case: Mask


def _evm(letters: Bytes) -> _Read:
    digits = _HEX[letters[:, 2:]]
    good = (letters[:, 0] == ord("0")) & (letters[:, 1] | 32 == ord("x")) & (digits < 16).all(axis=1)
    lower = letters | 32  # digits have this bit
    texts = _cut(lower.tobytes().decode("latin-1"), 42)
    return _Read(good, _pairs(digits), texts, _bad_case(letters[:, 2:], lower[:, 2:], good))


def _bad_case(letters: Bytes, lower: Bytes, good: Mask) -> Mask:
    """Where letters of both cases stand that are not those of EIP-55; as `evm.checksum_holds`."""
    is_upper, is_letter = (letters >= 65) & (letters <= 70), letters >= 65
    bad = good & is_upper.any(axis=1) & (is_letter & ~is_upper).any(axis=1)
    rows = np.flatnonzero(bad)
    if len(rows):
        digests = np.frombuffer(
            b"".join(keccak256(text)[:20] for text in _cut(lower[rows].tobytes(), 40)), np.uint8
        ).reshape(-1, 20)
        nibbles = np.stack((digests >> 4, digests & 15), axis=2).reshape(-1, 40)
        bad[rows] = (is_letter[rows] & (is_upper[rows] != (nibbles > 7))).any(axis=1)
    return bad


def _tron(letters: Bytes) -> _Read:
    payloads, good = _base58check(letters)
    return _Read(good & (payloads[:, 0] == 0x41), payloads[:, 1:21], _texts(letters), np.zeros(len(letters), np.bool_))


def _self_signed(columns: Columns, rows: Rows, read: _Read, memory: Memory, found: Found) -> Rows:
    letters = _matrix(columns.signatures.texts(rows, 0), 132)
    digits = _HEX[letters[:, 2:]]
    raw = _pairs(digits)
    form, recovery = _FORM[raw[:, 64]], _RECOVERY[raw[:, 64]]
    good = (
        read.good
        & (letters[:, 0] == ord("0"))
        & (letters[:, 1] == ord("x"))
        & (digits < 16).all(axis=1)
        & (recovery < 4)
    )
    raw[:, 64] = recovery
    high = _is_high(raw)
    signatures, payloads = _cut(raw.tobytes(), 65), _cut(read.payloads.tobytes(), 20)
    remarks, spelled = (form + 3 * high + 6 * read.bad_case).tolist(), (6 * read.bad_case).tolist()
    done = []
    for (scheme, message), members in _groups(columns, rows, np.flatnonzero(good).tolist(), "scheme", "message"):
        holds, fails = _compared(scheme, message, members, signatures, payloads, memory)
        texts, others = [read.texts[at] for at in holds], [read.texts[at] for at in fails]
        found.rows += rows[holds + fails].tolist()
        found.verdicts += ["proven"] * len(holds) + ["invalid"] * len(fails)
        found.reasons += [RULES[scheme].reason] * len(holds) + ["address_mismatch"] * len(fails)
        found.flags += [_REMARKS[remarks[at]] for at in holds] + [_REMARKS[spelled[at]] for at in fails]
        found.signers += texts
        found.signers += [None] * len(fails)
        found.accounts += texts + others
        done += holds + fails
    return rows[done]


def _compared(
    scheme: str, message: str, members: list[int], signatures: list[bytes], payloads: list[bytes], memory: Memory
) -> tuple[list[int], list[int]]:
    """(those whose key gives the account, those whose key gives another); signatures that no key can have made, and
    messages in blanks that may have been signed without them, are left to `judge`.
    """
    digests, is_trimmed = _digests(scheme, message)
    holds: list[int] = []
    for digest in digests:
        made = memory.accounts([signatures[at] for at in members], digest)
        right = [at for at, account in zip(members, made, strict=True) if account == payloads[at]]
        holds += right
        if len(right) == len(members):
            return holds, []
        members = [at for at, account in zip(members, made, strict=True) if account and account != payloads[at]]
    return holds, members if digests and is_trimmed else []


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


def _is_high(raw: Bytes) -> Mask:
    """Where s is over half of the curve's order."""
    words = np.ascontiguousarray(raw[:, 32:64]).view(">u8").astype(np.uint64)
    high, same = np.zeros(len(raw), np.bool_), np.ones(len(raw), np.bool_)
    for at in range(4):
        high |= same & (words[:, at] > _HALF[at])
        same &= words[:, at] == _HALF[at]
    return high


# --- UTXO -------------------------------------------------------------------------------------------------------------
_HALF_BYTES = _secp256k1.HALF_ORDER.to_bytes(32, "big")


def keys(columns: Columns, memory: Memory, found: Found) -> Rows:
    """Judges P2PKH addresses of a compressed key with one ordinary signature: those that are proven, and no others."""
    signed = columns.signatures
    usual = columns.among("scheme", {"utxo"}) & columns.among("network", _networks("bitcoin")) & columns.plain
    usual &= (signed.count == 1) & (signed.width(0) == 88) & (columns.length("key_or_script") == 0)
    widths = columns.length("address_published")
    done: list[int] = []
    for width in (33, 34):
        rows = np.flatnonzero(usual & (widths == width))
        if not len(rows):
            continue
        letters = _matrix(columns["address_published"].take(pa.array(rows)), width)
        payloads, good = _base58check(letters)
        hashed, versions, texts = _cut(payloads[:, 1:21].tobytes(), 20), payloads[:, 0].tolist(), _texts(letters)
        raws = _compact(signed.texts(rows, 0))
        for (network, message), members in _groups(columns, rows, np.flatnonzero(good).tolist(), "network", "message"):
            version = bitcoin.NETWORKS[network].p2pkh[0]
            members = [at for at in members if raws[at] and bytes([versions[at]]) == version]
            for digest in _utxo_digest(network, message):
                made = memory.keys([raws[at] for at in members], digest)
                for at, key in zip(members, made, strict=True):
                    if key and hashes.hash160(key) == hashed[at]:
                        found.add(int(rows[at]), "proven", "compressed", (), texts[at], texts[at])
                        done.append(int(rows[at]))
    return np.array(done, np.intp)


def scripts(columns: Columns, memory: Memory, found: Found) -> Rows:
    """Judges scripts of compressed keys of which two signed, as many as are needed: those that are proven, and no
    others.
    """
    signed = columns.signatures
    usual = columns.among("scheme", {"utxo"}) & columns.among("network", _networks("bitcoin")) & columns.plain
    usual &= (
        (signed.count == 2) & (signed.width(0) == 88) & (signed.width(1) == 88) & (columns.length("key_or_script") > 0)
    )
    rows = np.flatnonzero(usual)
    if not len(rows):
        return rows
    both = _compact(signed.texts(rows, 0)), _compact(signed.texts(rows, 1))
    picked = [
        columns[name].take(pa.array(rows)) for name in ("network", "address_published", "key_or_script", "message")
    ]
    members: defaultdict[tuple[str, str], list[tuple[int, str, str, frozenset[bytes], tuple[str, ...]]]] = defaultdict(
        list
    )
    for at, network, address, text, message in _picked(list(range(len(rows))), *picked):
        if both[0][at] and both[1][at] and (known := _script(network, address, text)):
            members[network, message].append((at, *known))
    done = []
    for (network, message), known_scripts in members.items():
        for digest in _utxo_digest(network, message):
            firsts, seconds = (memory.keys([column[at] for at, *_ in known_scripts], digest) for column in both)
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
    for text in texts.to_numpy(zero_copy_only=False).tolist():
        try:
            raw = binascii.a2b_base64(text, strict_mode=True)
        except (binascii.Error, ValueError):
            raw = b""
        made.append(
            raw[1:] + bytes([raw[0] - 31]) if len(raw) == 65 and 31 <= raw[0] <= 34 and raw[33:] <= _HALF_BYTES else b""
        )
    return made


@lru_cache(maxsize=1_024)
def _utxo_digest(network: str, message: str) -> tuple[bytes, ...]:
    """The digest of a message under its network's own header; none where the text is no message."""
    if _message.is_none(message):
        return ()
    try:
        return (hashes.sha256d(with_length(utxo.HEADERS.get(network, utxo.BITCOIN)) + with_length(message.encode())),)
    except UnicodeEncodeError:
        return ()


# --- shared -----------------------------------------------------------------------------------------------------------
@lru_cache
def _networks(form: str) -> frozenset[str]:
    """The networks of an address form; Decred, whose hashes are its own, is left to `judge`."""
    return frozenset(row.network for row in registry.load().networks.values() if row.address_form == form) - {"decred"}


def _groups(columns: Columns, rows: Rows, places: list[int], *names: str) -> Iterator[tuple[Any, list[int]]]:
    """Some of the rows' places, put together by what they hold in some columns."""
    taken = [columns[name].take(pa.array(rows)).dictionary_encode() for name in names]
    values = [column.dictionary.to_pylist() for column in taken]
    if all(len(held) == 1 for held in values):
        yield tuple(held[0] for held in values), places
        return
    groups: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
    for at, *codes in _picked(places, *(column.indices for column in taken)):
        groups[tuple(codes)].append(at)
    for held_codes, members in groups.items():
        yield tuple(held[code] for held, code in zip(values, held_codes, strict=True)), members


def _picked(places: list[int], *columns: pa.Array) -> Iterator[tuple[Any, ...]]:
    """(place, its value in each column), as Python values."""
    lists = [column.to_numpy(zero_copy_only=False).tolist() for column in columns]
    if len(places) == len(lists[0]):
        return zip(places, *lists, strict=True)
    return ((at, *(values[at] for values in lists)) for at in places)


def _texts(letters: Bytes) -> list[str]:
    return _cut(letters.tobytes().decode("latin-1"), letters.shape[1])


def _base58check(letters: Bytes) -> tuple[Bytes, Mask]:
    """(25 bytes each, which of them are base58check of 25 bytes) of texts of one length, at most 35."""
    digits = np.pad(_BASE58[letters].astype(np.uint64), ((0, 0), (35 - letters.shape[1], 0)))
    good = (digits < 58).all(axis=1)
    limbs = np.zeros((7, len(letters)), np.uint64)  # 32 bits each, the lowest first
    fives = digits.reshape(len(letters), 7, 5) @ np.array([58**4, 58**3, 58**2, 58, 1], np.uint64)
    for five in range(7):
        carry = fives[:, five]
        for limb in range(7):
            carry = limbs[limb] * np.uint64(58**5) + carry
            limbs[limb], carry = carry & np.uint64(0xFFFFFFFF), carry >> np.uint64(32)
    number = np.ascontiguousarray(limbs[::-1].T).astype(">u4").view(np.uint8)
    made = np.ascontiguousarray(number[:, 3:])
    ones = np.cumprod(letters == ord("1"), axis=1).sum(axis=1)
    zeros = np.cumprod(made == 0, axis=1).sum(axis=1)
    good &= (number[:, :3] == 0).all(axis=1) & (ones == zeros)
    for at, data in zip(np.flatnonzero(good).tolist(), _cut(made[good].tobytes(), 25), strict=True):
        good[at] = hashes.sha256d(data[:21])[:4] == data[21:]
    return made, good
