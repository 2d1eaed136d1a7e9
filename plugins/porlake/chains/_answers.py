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
class Reading:
    """What an address held. `raw` is in the token's own base units; `block` is the one that was really read; `as_of`:
    exact or head.

    `confirmed_by`: the host of another operator that said the same of the same block, None where none did.
    `no_history`: the source knows of nothing that ever happened at the address.
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
