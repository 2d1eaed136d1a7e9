"""What readers of an index by address share: the balance of now without what happened since, one address a request.

An index tells what an address holds now and lists its transactions; the balance at a height is worked back from both.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from porlake import numbers
from porlake.chains import _questions as _alone
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._columns import OneByOne
from porlake.chains._identity import check_chain
from porlake.chains._questions import asked_once, of_one_address
from porlake.chains.utxo.scripts import Watched, watched
from porlake.chains.utxo.times import MedianTimes
from porlake.errors import BadAnswer, ChainError, TransportError
from porlake.registry import Network
from porlake.transport import Endpoint, Http, Recording

IN_FLIGHT = 4
AGAIN = 3


@dataclass(frozen=True, slots=True)
class Now:
    """What an address holds at the tip; `transactions`: how many there were, and `moves`: all that changes with the
    balance.
    """

    held: int
    transactions: int
    moves: tuple[int, ...] = ()


class AddressIndex(OneByOne, MedianTimes, ABC):
    """`method`: as it stands in the readings."""

    method: str

    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> None:
        place = of_one_address(endpoint.plain if endpoint else None)
        self._network, self._http = network, Http(network.network, place, recording)

    def block(self, height: int) -> BlockRef:
        """Raises TransportError, ChainError for a height above the tip."""
        self._check_chain()
        return self._block_at(height)

    def head(self) -> BlockRef:
        self._check_chain()
        return self._tip()

    @abstractmethod
    def _block_at(self, height: int) -> BlockRef: ...

    @abstractmethod
    def _tip(self) -> BlockRef: ...

    @abstractmethod
    def _now(self, address: str) -> Now:
        """Raises RequestFailed where the server refuses the address."""

    @abstractmethod
    def _since(self, found: Watched, height: int) -> int | None:
        """What the transactions in blocks after a height added; None where there are too many."""

    def balances(self, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading | Unread]:
        """One answer for each holding wanted; an address that was never used holds zero. Raises ChainError,
        TransportError.
        """
        asked, unread = watched(self._network, wanted)
        yield from unread
        if not asked:
            return
        self._check_chain()
        busy: list[Reading] = []
        answers = _alone.one_by_one(asked, partial(self._balance, at=at), self._tip, IN_FLIGHT)
        for found, answer in zip(asked, answers, strict=True):
            if isinstance(answer, TransportError | ChainError):
                yield Unread(found.want.asset, found.want.address, _alone.reason_of(answer))
            elif isinstance(answer, Reading) and answer.as_of == "head":
                busy.append(answer)
            else:
                yield answer
        tip = self._tip() if busy else at
        for reading in busy:
            yield replace(reading, block=tip)
        if self._block_at(at.height).hash != at.hash:
            raise ChainError(f"{self._http.host}: block {at.height:,} was replaced while balances were read")

    @asked_once
    def _check_chain(self) -> None:
        check_chain(self._network, self._http.host, lambda height: self._block_at(height).hash)

    def _balance(self, found: Watched, at: BlockRef) -> Reading | Unread:
        """The balance of now, the transactions since, and the balance again: all three must be of one moment.

        Where too much happened since, the balance of now alone (`head`).
        """
        want = found.want
        for _ in range(AGAIN):
            before, change, wrong = self._now(want.address), None, None
            try:
                change = self._since(found, at.height)
            except BadAnswer as error:  # pages that shift while they are turned, or a lie
                wrong = error
            if self._now(want.address) != before:
                continue
            if wrong:
                raise wrong
            if (held := before.held - (change or 0)) < 0:
                return Unread(want.asset, want.address, "negative_balance")
            numbers.whole(held, what=f"{self._http.host}: a balance")
            as_of = "head" if change is None else "exact"
            return Reading(
                want.asset,
                want.address,
                "total",
                held,
                at,
                as_of,
                self.method,
                self._http.host,
                no_history=not before.transactions,
            )
        raise ChainError(f"{self._http.host}: an address changed in each of {AGAIN} readings")
