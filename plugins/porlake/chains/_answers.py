"""What a client is asked and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from porlake.errors import ChainError
from porlake.registry import Token


@dataclass(frozen=True, slots=True)
class Wanted:
    """An asset at an address, canonical; `token` says how the asset exists on the network."""

    asset: str
    token: Token
    address: str


@dataclass(frozen=True, slots=True)
class BlockRef:
    """`moment` is None where a file of coins is all that is known of the block."""

    height: int
    hash: str
    moment: datetime | None

    @property
    def time(self) -> datetime:
        """Raises ChainError where it is not known."""
        if self.moment is None:
            raise ChainError(f"the time of block {self.height:,} is not known: a file of coins does not say it")
        return self.moment

    def seconds_after(self, other: BlockRef) -> int:
        """Its time minus the other's; 0 for the same block, whose time need not be known."""
        return 0 if self.hash == other.hash else round((self.time - other.time).total_seconds())


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a balance of a later block counts as that of the block asked for: nothing happened at the account between.

    `head`: the final block up to which the account was looked at; `last_change`: the last one that was seen (a height,
    a moment in UTC, `none`); `answer`: what the chain said of it, in short.
    """

    head: BlockRef
    last_change: str
    answer: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What an address held. `raw` is in the token's own base units; `block` is the one that was really read; `as_of`:
    exact or head.

    `confirmed_by`: the host of another operator that said the same of the same block, None where none did.
    `no_history`: the source knows of nothing that ever happened at the address. `evidence`: where a later block was
    read, why it counts as the block that is named (`_unchanged`).
    """

    asset: str
    address: str
    component: str
    raw: int
    block: BlockRef
    as_of: str
    method: str
    source: str
    confirmed_by: str | None = None
    no_history: bool = False
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """What could not be read, and why; never a number."""

    asset: str
    address: str
    reason: str


@dataclass(frozen=True, slots=True)
class Coin:
    """An unspent output below a Reading; `height` is that of the block that holds its transaction."""

    asset: str
    address: str
    txid: str
    vout: int
    raw: int
    height: int
    coinbase: bool


@dataclass(frozen=True, slots=True)
class Transfer:
    """What a transaction moved of one token from one account to another, in base units of the token.

    `between_parties`: whether it moved anything of it from the one to the other at all. `parts`: what it moved in each
    single output, where the change of a transfer to oneself is one of them; empty where a chain has no outputs.
    """

    raw: int
    between_parties: bool
    succeeded: bool
    height: int
    block_hash: str
    method: str
    source: str
    parts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Stated:
    """An account, the owners that a file states for it (canonical), and the highest block at which it is claimed, None
    where none is named; `holding` as in a claim.
    """

    address: str
    owners: tuple[str, ...]
    height: int | None
    holding: str


@dataclass(frozen=True, slots=True)
class Link:
    """What a chain says of an account and a stated owner. `relation` is none where it says nothing that is known here;
    `answer` is the evidence; `height`: of the block that was read, None for the one that was asked for.
    """

    address: str
    owner: str
    relation: str
    holds: bool
    threshold: int | None
    owner_count: int | None
    answer: str
    method: str
    source: str
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a holding's proof.

    `reason` is empty where the proof shows exactly what was read; proof_fails, or proof_differs where it verifies and
    shows another balance.
    """

    asset: str
    address: str
    reason: str
    why: str
