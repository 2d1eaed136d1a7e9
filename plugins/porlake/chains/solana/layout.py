"""Accounts of Solana as their programs lay them out, and the address of a wallet's own account of a token.

Numbers are little-endian. https://solana.com/docs/core/accounts
"""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from porlake import numbers
from porlake.encoding import base58
from porlake.errors import BadAnswer, InvalidAddress

SYSTEM = "11111111111111111111111111111111"
STAKE = "Stake11111111111111111111111111111111111111"
TOKEN = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"
TOKEN_2022 = "TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb"
TOKEN_PROGRAMS = frozenset({TOKEN, TOKEN_2022})
CLOCK = "SysvarC1ock11111111111111111111111111111111"
SYSVAR = "Sysvar1111111111111111111111111111111111111"

MOST = 2**64 - 1
NEVER = 2**64 - 1  # an epoch that does not come: the stake is not being withdrawn
SLICE = 200  # bytes of an account that are asked for: a whole stake account, the fixed part of a token's
WITHDRAWER = 44  # where a stake account names who may withdraw from it

_ATA_PROGRAM = base58.decode("ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL")
_DERIVED = b"ProgramDerivedAddress"
_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P


@dataclass(frozen=True, slots=True)
class Account:
    """`data`: its first SLICE bytes; `owner`: the program that may change it."""

    lamports: int
    owner: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Stake:
    """A stake account: lamports delegated, delegated but being withdrawn (or withdrawn, and not moved yet), and not
    delegated, which is its reserve for rent and what came later.
    """

    staked: int
    unstaking: int
    undelegated: int


@dataclass(frozen=True, slots=True)
class TokenAccount:
    mint: bytes
    owner: bytes
    amount: int
    is_frozen: bool


def account(value: Any, *, what: str) -> Account | None:
    """An account of an answer in base64; None where there is none. Raises BadAnswer."""
    if value is None:
        return None
    try:
        lamports, owner, (text, encoding) = value["lamports"], value["owner"], value["data"]
        if encoding != "base64" or len(base58.decode(owner)) != 32:
            raise ValueError
        data = b64decode(text, validate=True)
    except (LookupError, TypeError, ValueError, AttributeError, InvalidAddress) as error:
        raise BadAnswer(f"{what}: an account that is not of the form that the method defines") from error
    return Account(numbers.whole(lamports, what=f"{what}: lamports", most=MOST), owner, data)


def clock(found: Account | None, *, what: str) -> int:
    """The slot of the state that an answer was made from, as the chain itself keeps it: 8 bytes of the sysvar Clock.
    Raises BadAnswer where the node does not have it: then it has no state at all.
    """
    if found is None or found.owner != SYSVAR or len(found.data) < 40:
        raise BadAnswer(f"{what}: the node does not show the chain's clock")
    return int.from_bytes(found.data[:8], "little")


def token_account(found: Account | None) -> TokenAccount | None:
    """None where the account is none of a token, or not set up. Both token programs lay out the first 165 bytes alike;
    what is longer says in byte 165 that it is an account (2).
    https://github.com/solana-program/token-2022/blob/main/interface/src/extension/mod.rs
    """
    if found is None or found.owner not in TOKEN_PROGRAMS or len(found.data) < 165:
        return None
    data = found.data
    if (len(data) > 165 and data[165] != 2) or data[108] not in (1, 2):
        return None
    return TokenAccount(data[:32], data[32:64], int.from_bytes(data[64:72], "little"), data[108] == 2)


def mint_decimals(found: Account | None) -> int | None:
    """None where the account is no mint of a token program, or not set up."""
    if found is None or found.owner not in TOKEN_PROGRAMS or len(found.data) < 82 or found.data[45] != 1:
        return None
    if len(found.data) != 82 and (len(found.data) < 166 or found.data[165] != 1):
        return None
    return found.data[44]


def stake(found: Account, *, what: str) -> Stake:
    """The parts of an account of the stake program. Raises BadAnswer.
    https://github.com/solana-program/stake/blob/main/interface/src/state.rs
    """
    data = found.data
    state = int.from_bytes(data[:4], "little") if len(data) >= 200 else -1
    if state in (0, 1):
        return Stake(0, 0, found.lamports)
    delegated, deactivated = (int.from_bytes(data[at : at + 8], "little") for at in (156, 172))
    if state != 2 or delegated > found.lamports:
        raise BadAnswer(f"{what}: a stake account that is not as its program lays it out")
    rest = found.lamports - delegated
    return Stake(delegated, 0, rest) if deactivated == NEVER else Stake(0, delegated, rest)


def associated(owner: bytes, mint: bytes, program: str) -> str:
    """The account of a token that belongs to a wallet by itself: a hash that is no public key.
    https://github.com/solana-program/associated-token-account
    """
    start = owner + base58.decode(program) + mint
    for bump in range(255, -1, -1):
        found = sha256(start + bytes([bump]) + _ATA_PROGRAM + _DERIVED).digest()
        if not _is_key(found):
            return base58.encode(found)
    raise BadAnswer("no account of a token belongs to this wallet")  # 2^-256


def _is_key(data: bytes) -> bool:
    """Whether 32 bytes are a point of ed25519, compressed: RFC 8032, 5.1.3, as Solana's library takes it."""
    y = int.from_bytes(data, "little") % 2**255 % _P
    u, v = (y * y - 1) % _P, (_D * y * y + 1) % _P
    return u == 0 or pow(u * v, (_P - 1) // 2, _P) == 1
