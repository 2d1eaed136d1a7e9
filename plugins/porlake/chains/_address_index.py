"""What readers of an index by address share: the balance of now without what happened since, one address a request.

An index tells what an address holds now and lists its transactions; the balance at a height is worked back from both.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._utxo import Watched, check_chain, watched
from porlake.errors import ChainError, RequestFailed
from porlake.registry import Network
from porlake.transport import Http

IN_FLIGHT = 4
AGAIN = 3


class AddressIndex(ABC):
    """`method`: as it stands in the readings."""

    method: str

    def __init__(self, network: Network, http: Http) -> None:
        self._network, self._http = network, http
        self._checked = False

    def block(self, height: int) -> BlockRef:
        """Raises TransportError, ChainError for a height above the tip."""
        self._check_chain()
        return self._at(height)

    def head(self) -> BlockRef:
        self._check_chain()
        return self._tip()

    @abstractmethod
    def _at(self, height: int) -> BlockRef: ...

    @abstractmethod
    def _tip(self) -> BlockRef: ...

    @abstractmethod
    def _now(self, address: str) -> tuple[int, ...]:
        """The balance of now, and what changes with it. Raises RequestFailed where the server refuses the address."""

    @abstractmethod
    def _since(self, found: Watched, height: int) -> int | None:
        """What the transactions in blocks after a height added; None where there are too many."""

    def balances(self, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading | Unread]:
        """One answer for each holding wanted; an address that was never used holds zero. Raises ChainError, TransportError."""
        asked, unread = watched(self._network, wanted)
        yield from unread
        if asked:
            self._check_chain()
        busy: list[tuple[Wanted, int]] = []
        with ThreadPoolExecutor(max_workers=IN_FLIGHT) as pool:
            for answer in pool.map(lambda found: self._balance(found, at), asked):
                if isinstance(answer, tuple):
                    busy.append(answer)
                else:
                    yield answer
        tip = self.head() if busy else at
        for want, held in busy:
            yield Reading(want.asset, want.address, "total", held, tip, "head", self.method, self._http.host)
        if asked and self.block(at.height).hash != at.hash:
            raise ChainError(f"{self._http.host}: block {at.height:,} was replaced while balances were read")

    def _check_chain(self) -> None:
        if not self._checked:
            check_chain(self._network, self._http.host, lambda height: self._at(height).hash)
            self._checked = True

    def _balance(self, found: Watched, at: BlockRef) -> Reading | Unread | tuple[Wanted, int]:
        """The balance of now, the transactions since, and the balance again: all three must be of one moment.

        Where too much happened since, the balance of now alone.
        """
        want = found.want
        for _ in range(AGAIN):
            try:
                before = self._now(want.address)
            except RequestFailed:
                return Unread(want.asset, want.address, "refused_by_server")
            change = self._since(found, at.height)
            if self._now(want.address) == before:
                held = before[0] - (change or 0)
                if held < 0:
                    raise ChainError(f"{self._http.host}: more was spent from an address than it got")
                if change is None:
                    return want, held
                return Reading(want.asset, want.address, "total", held, at, "exact", self.method, self._http.host)
        raise ChainError(f"{self._http.host}: an address changed in each of {AGAIN} readings")
