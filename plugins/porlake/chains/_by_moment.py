"""The block of a moment, found by the times of blocks. Nothing but headers is asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from porlake.chains._answers import BlockRef
from porlake.errors import ChainError, NotFinal, Unavailable
from porlake.registry import Network

FIRST_STEP, WIDER = 1_024, 4  # blocks from the newest one back, and how much wider each step is


class BlocksByTime:
    """A client that finds the block of a moment by the times of its blocks, up to its head, which is final."""

    _network: Network

    def block(self, height: int) -> BlockRef:
        """Raises ChainError, TransportError."""
        raise NotImplementedError

    def head(self) -> BlockRef:
        """The newest final block. Raises ChainError, TransportError."""
        raise NotImplementedError

    def block_at(self, moment: datetime) -> BlockRef:
        """The last block of that moment or before it. Raises NotFinal, ChainError, TransportError."""
        return block_at(self._network, moment, self.head(), self.block)


class HeadIsFinal(BlocksByTime):
    """And that knows no other rule of what is final."""

    def final(self) -> int:
        """Raises ChainError, TransportError."""
        return self.head().height


def block_at(
    network: Network, moment: datetime, newest: BlockRef, block: Callable[[int], BlockRef], later: int = 1
) -> BlockRef:
    """The last block of a moment or before it.

    `newest`: no block above it counts; `block` gives that of a height. `later`: how many blocks in a row that are later
    than the moment show that all further ones are: 1 where the times of blocks never fall; 11 in Bitcoin's family,
    where a block's time is above the median of the eleven before it. Raises NotFinal where the chain up to `newest`
    does not show so many yet, ChainError where it begins after the moment, and what `block` raises. A node that keeps
    its newest blocks alone may keep the one that is looked for: where a step back leads to one that it lacks
    (Unavailable), shorter ones are tried.
    """
    high = low = newest
    if high.time < moment:
        raise NotFinal(
            f"{network.name}: the last final block, {high.height:,}, is of {high.time:%Y-%m-%d %H:%M:%S}, "
            f"before {moment}"
        )
    step, wider = FIRST_STEP, WIDER
    while low.time > moment:
        if low.height == 0:
            raise ChainError(f"{network.name} begins after {moment}")
        try:
            high, low, step = low, block(max(0, low.height - step)), step * wider
        except Unavailable:
            if step == 1:
                raise
            step, wider = step // 2, 1
    by_halves = False
    while high.height - low.height > 1:
        share = 0.5 if by_halves else (moment - low.time) / max(high.time - low.time, high.time.resolution)
        middle = block(min(high.height - 1, max(low.height + 1, low.height + int((high.height - low.height) * share))))
        low, high = (middle, high) if middle.time <= moment else (low, middle)
        by_halves = not by_halves
    found = high if high.time <= moment else low
    return found if later == 1 else _last(network, moment, newest, block, found, later)


def _last(
    network: Network, moment: datetime, newest: BlockRef, block: Callable[[int], BlockRef], found: BlockRef, later: int
) -> BlockRef:
    """The last of several blocks that are followed by later ones: whichever of them the search met."""
    height = found.height
    while height < found.height + later:
        height += 1
        if height > newest.height:
            raise NotFinal(
                f"{network.name}: {height - found.height - 1} blocks are later than {moment}; {later} are needed, so "
                f"that no earlier one can follow"
            )
        if (one := block(height)).time <= moment:
            found = one
    return found
