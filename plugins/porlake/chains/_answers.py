"""What a client is asked and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from porlake.registry import Token


@dataclass(frozen=True, slots=True)
class Wanted:
    """An asset at an address, canonical; `token` says how the asset exists on the network."""

    asset: str
    token: Token
    address: str


@dataclass(frozen=True, slots=True)
class BlockRef:
    height: int
    hash: str
    time: datetime


@dataclass(frozen=True, slots=True)
class Reading:
    """What an address held. `raw` is in the token's own base units; `block` is the one that was really read; `as_of`: exact or head."""

    asset: str
    address: str
    component: str
    raw: int
    block: BlockRef
    as_of: str
    method: str
    source: str


@dataclass(frozen=True, slots=True)
class Unread:
    """What could not be read, and why; never a number."""

    asset: str
    address: str
    reason: str
