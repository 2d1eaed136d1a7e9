"""The block of a moment on chains of Bitcoin's family, whose blocks' times may fall: a block is only later than the
median of the eleven before it. https://github.com/bitcoin/bitcoin/blob/master/src/validation.cpp
(ContextualCheckBlockHeader)
"""

from __future__ import annotations

from abc import abstractmethod
from datetime import datetime

from porlake.chains._answers import BlockRef
from porlake.chains._by_moment import block_at
from porlake.registry import Network

MEDIAN_OF = 11


class MedianTimes:
    """What a client with blocks and a head can beside: it finds the block of a moment."""

    _network: Network

    @abstractmethod
    def block(self, height: int) -> BlockRef: ...

    @abstractmethod
    def head(self) -> BlockRef: ...

    def block_at(self, moment: datetime) -> BlockRef:
        """The last block whose time is not after the moment: no later one can have such a time, for eleven in a row are
        later. Raises NotFinal before there are so many, ChainError, TransportError.
        """
        return block_at(self._network, moment, self.head(), self.block, MEDIAN_OF)
