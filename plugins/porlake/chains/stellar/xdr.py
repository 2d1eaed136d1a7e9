"""The few XDR forms that are asked for and read here: keys of ledger entries, accounts and trust lines.
https://github.com/stellar/stellar-xdr/blob/main/Stellar-ledger-entries.x, RFC 4506
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from porlake import numbers
from porlake.addresses import stellar as form
from porlake.errors import BadAnswer

ACCOUNT, TRUST_LINE, CONFIG_SETTING = 0, 1, 8
ED25519 = 0
ALPHANUM_4, ALPHANUM_12 = 1, 2


@dataclass(frozen=True, slots=True)
class Held:
    """What an account or a trust line holds, in base units of 10^-7; `selling`: what its own offers promise of it."""

    key: bytes
    balance: int
    selling: int


def account_key(account: bytes) -> bytes:
    """The key of an account's entry; `account`: the 32 bytes of its public key."""
    return _number(ACCOUNT) + _public_key(account)


def trust_line_key(account: bytes, code: str, issuer: bytes) -> bytes:
    return _number(TRUST_LINE) + _public_key(account) + _asset(code, issuer)


def setting_key(setting: int) -> bytes:
    """The key of one of the network's own settings: an entry that every ledger of protocol 20 and later holds."""
    return _number(CONFIG_SETTING) + _number(setting)


def held(data: bytes, what: str) -> Held:
    """What a LedgerEntryData of an account or a trust line says. Raises BadAnswer."""
    read = _Reader(data, what)
    kind = read.number()
    if kind == ACCOUNT:
        return _of_account(read)
    if kind == TRUST_LINE:
        return _of_trust_line(read)
    raise BadAnswer(f"{what}: an entry of type {kind}, neither an account nor a trust line")


def from_base64(value: object, what: str) -> bytes:
    """Raises BadAnswer."""
    try:
        if type(value) is not str:
            raise ValueError
        return base64.b64decode(value, validate=True)
    except (ValueError, binascii.Error) as error:
        raise BadAnswer(f"{what}: {numbers.shown(value)} is no base64") from error


def asset_of(contract: str) -> tuple[str, bytes]:
    """(code, the issuer's public key) of an asset as SEP-11 writes it, `USDC:GA5Z...`."""
    code, _, issuer = contract.partition(":")
    return code, form.parse(issuer, "stellar").payload


def _of_account(read: _Reader) -> Held:
    key = _number(ACCOUNT) + read.raw(36)
    balance = read.amount()
    read.raw(8 + 4)  # sequence number, number of subentries
    if read.flag():
        read.raw(36)  # inflation destination
    read.raw(4)  # flags
    read.text(32)  # home domain
    read.raw(4)  # thresholds
    for _ in range(read.number(20)):
        read.signer()
    return Held(key, balance, read.selling())


def _of_trust_line(read: _Reader) -> Held:
    key = _number(TRUST_LINE) + read.raw(36)
    kind = read.number()
    if kind not in (ALPHANUM_4, ALPHANUM_12):
        raise BadAnswer(f"{read.what}: a trust line of an asset of type {kind}")
    key += _number(kind) + read.raw(4 if kind == ALPHANUM_4 else 12) + read.raw(36)
    balance = read.amount()
    read.raw(8 + 4)  # limit, flags
    return Held(key, balance, read.selling())


def _number(value: int) -> bytes:
    return value.to_bytes(4, "big")


def _public_key(key: bytes) -> bytes:
    return _number(ED25519) + key


def _asset(code: str, issuer: bytes) -> bytes:
    size = 4 if len(code) <= 4 else 12
    kind = ALPHANUM_4 if size == 4 else ALPHANUM_12
    return _number(kind) + code.encode("ascii").ljust(size, b"\0") + _public_key(issuer)


class _Reader:
    """Bytes in their order. Raises BadAnswer where there are too few, or a value is none of its form."""

    def __init__(self, data: bytes, what: str) -> None:
        self._data, self._at, self.what = data, 0, what

    def raw(self, size: int) -> bytes:
        found = self._data[self._at : self._at + size]
        if len(found) != size:
            raise BadAnswer(f"{self.what}: the entry ends early")
        self._at += size
        return found

    def number(self, most: int = 2**32 - 1) -> int:
        found = int.from_bytes(self.raw(4), "big")
        if found > most:
            raise BadAnswer(f"{self.what}: {found} where at most {most} is allowed")
        return found

    def flag(self) -> bool:
        return bool(self.number(1))

    def amount(self) -> int:
        return numbers.whole(int.from_bytes(self.raw(8), "big", signed=True), what=self.what)

    def text(self, longest: int) -> None:
        size = self.number(longest)
        self.raw(size + -size % 4)

    def signer(self) -> None:
        kind = self.number(3)
        self.raw(32)
        if kind == 3:  # ed25519 with a payload
            self.text(64)
        self.raw(4)

    def selling(self) -> int:
        """The selling liabilities of the first extension, 0 where there is none; what stands behind it is not read."""
        version = self.number()
        if version not in (0, 1):
            raise BadAnswer(f"{self.what}: an extension of version {version}")
        if version == 0:
            if self._at != len(self._data):
                raise BadAnswer(f"{self.what}: bytes behind the entry")
            return 0
        self.amount()  # buying
        found = self.amount()
        self.number()
        return found
