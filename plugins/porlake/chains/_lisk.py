"""What ARK and Klayr share, which both come of Lisk: an index over HTTP, one account a question, as it is now. Whoever
makes blocks is paid without a transaction, so that nothing shows that a balance stayed the same.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from porlake import numbers
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import ByAccount, parts
from porlake.chains._by_moment import BlocksByTime
from porlake.chains._identity import hash_of
from porlake.chains._questions import asked_once, of_one_address
from porlake.errors import BadAnswer, ChainError
from porlake.registry import Network
from porlake.transport import Endpoint, Http, Recording


class LiskClient(BlocksByTime, ByAccount, ABC):
    method: ClassVar[str]
    in_flight = 4

    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> None:
        place = of_one_address(endpoint)
        self._network, self._http = network, Http(network.network, place, recording)

    def block(self, height: int) -> BlockRef:
        """Raises ChainError for a block above the tip, TransportError."""
        self._check_chain()
        return self._block(height)[0]

    def head(self) -> BlockRef:
        """The newest final block."""
        return self.block(self.final())

    @abstractmethod
    def final(self) -> int: ...

    def ping(self) -> object:
        return self._tip()

    def ready(self, at: BlockRef) -> None:
        self._read_from(at)

    @asked_once
    def _read_from(self, at: BlockRef) -> BlockRef:
        """The newest block before the first account of a block is asked about: what is read is of it, or newer. The
        index must know the account of its maker.
        """
        self._check_chain()
        tip, maker = self._block(self._tip())
        if not self._knows(maker):
            raise ChainError(f"{self._http.host}: does not know the account of who made block {tip.height:,}")
        return tip

    def read_account(self, want: Wanted, at: BlockRef) -> list[Reading] | Unread:
        held, read = self._held(want.address), self._read_from(at)
        return parts(want, held or {}, read, "head", self.method, self._http.host, no_history=not held)

    @abstractmethod
    def _check_chain(self) -> None:
        """Raises ChainError where the endpoint is of another chain."""

    @abstractmethod
    def _tip(self) -> int:
        """The height of the newest block."""

    @abstractmethod
    def _told_of(self, height: int, what: str) -> Any:
        """A block as it is written, its time under `timestamp` in seconds. Raises ChainError where there is none."""

    @abstractmethod
    def _held(self, address: str) -> dict[str, int] | None:
        """Base units by component; nothing of an account that nobody used."""

    def _knows(self, address: str) -> bool:
        return bool(self._held(address))

    def _block(self, height: int) -> tuple[BlockRef, str]:
        """(a block, the address of its maker)."""
        what = f"{self._http.host}: block {height:,}"
        block = self._told_of(height, what)
        try:
            number, name, moment = block["height"], block["id"], block["timestamp"]
            maker = block["generator"]["address"]
        except (TypeError, LookupError) as error:
            raise BadAnswer(f"{what}: a block of another form") from error
        if numbers.height(number, what=what) != height:
            raise ChainError(f"{what}: it gave another one")
        if not isinstance(maker, str) or not maker.isalnum():
            raise BadAnswer(f"{what}: a block without its maker")
        return BlockRef(height, hash_of(name, what=what), numbers.moment(moment, what=what)), maker
