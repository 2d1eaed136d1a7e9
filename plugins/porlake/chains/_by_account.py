"""Clients that ask about single accounts, or about some at a time: concurrency, isolation of a bad account, an end
where the endpoint itself has failed, and the components of a holding beside their total.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from porlake.chains._answers import BlockRef, Evidence, Reading, Unread, Wanted
from porlake.chains._columns import TOTAL, OneByOne
from porlake.chains._questions import MOST, one_by_one, reason_of
from porlake.errors import BadAnswer, ChainError, TransportError
from porlake.transport.ordered import in_order


class ByAccount(OneByOne):
    """A chain of one account a question.

    A subclass says `ping` and `read_account`; `ready` where something must be known of an endpoint before an account is
    asked about. `in_flight`: questions under way at once, as far as the endpoint allows.
    """

    in_flight = 16

    def ping(self) -> object:
        """Ask for something that every node knows. Raises TransportError, ChainError."""
        raise NotImplementedError

    def ready(self, at: BlockRef) -> None:
        """Once before the accounts of a block: is it the right chain, has the node its state? Raises TransportError,
        ChainError.
        """

    def read_account(self, want: Wanted, at: BlockRef) -> Sequence[Reading] | Unread:
        """What an account holds: its components and their total (`parts`), or why that is not known. Raises
        TransportError, ChainError, which cost this account.
        """
        raise NotImplementedError

    def balances(self, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading | Unread]:
        """Raises TransportError, ChainError where the endpoint fails as a whole."""
        if not wanted:
            return
        self.ready(at)
        answers = one_by_one(wanted, lambda want: self.read_account(want, at), self.ping, self.in_flight)
        for want, found in zip(wanted, answers, strict=True):
            yield from _told(want, found)


class ByBatch(OneByOne):
    """A chain of many accounts a question.

    A subclass says `ping` and `read_batch`; `ready` as in ByAccount. `batch`: accounts a question; `in_flight`:
    questions under way at once. A batch that fails is asked again in halves, until what spoils it stands alone.
    """

    batch = 100
    in_flight = 4

    def ping(self) -> object:
        """Ask for something that every node knows. Raises TransportError, ChainError."""
        raise NotImplementedError

    def ready(self, at: BlockRef) -> None:
        """Once before the accounts of a block. Raises TransportError, ChainError."""

    def read_batch(self, wants: Sequence[Wanted], at: BlockRef) -> Sequence[Reading | Unread]:
        """What up to `batch` accounts hold of one asset, of each all components and the total, or an Unread. Raises
        TransportError, ChainError, which cost this batch.
        """
        raise NotImplementedError

    def balances(self, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading | Unread]:
        """Raises TransportError, ChainError where the endpoint fails as a whole."""
        if not wanted:
            return
        self.ready(at)
        batches = [
            some[start : start + self.batch]
            for _, same in groupby(wanted, key=lambda want: want.token)
            for some in [list(same)]
            for start in range(0, len(some), self.batch)
        ]
        tally = _Tally()
        for answers in in_order(lambda wants: self._halved(wants, at, tally), batches, self.in_flight):
            yield from answers
        if tally.bad and not tally.good:
            raise tally.bad[0]

    def _halved(self, wants: Sequence[Wanted], at: BlockRef, tally: _Tally) -> list[Reading | Unread]:
        if tally.is_over:
            return [Unread(want.asset, want.address, "endpoint_failed") for want in wants]
        try:
            found = _whole(wants, self.read_batch(wants, at))
        except (TransportError, ChainError) as error:
            reason = reason_of(error)
            if reason in ("timed_out", "server_failed"):
                self.ping()
            if len(wants) > 1:
                half = len(wants) // 2
                return self._halved(wants[:half], at, tally) + self._halved(wants[half:], at, tally)
            tally.failed(error, reason)
            return [Unread(wants[0].asset, wants[0].address, reason)]
        tally.good += len(wants)
        return found


class _Tally:
    """How many accounts were answered, and how many were lost alone: an endpoint at which most are is asked no more."""

    def __init__(self) -> None:
        self.good, self.slow = 0, 0
        self.bad: list[TransportError | ChainError] = []

    @property
    def is_over(self) -> bool:
        return self.slow >= MOST and self.slow > self.good

    def failed(self, error: TransportError | ChainError, reason: str) -> None:
        """Raises the error where all that was answered so far was bad: that is wrong with the endpoint."""
        if reason == "refused_by_server":
            self.good += 1
        elif reason == "bad_answer":
            self.bad.append(error)
            if len(self.bad) >= MOST and not self.good:
                raise self.bad[0]
        else:
            self.slow += 1


def _told(want: Wanted, found: Sequence[Reading] | Unread | TransportError | ChainError) -> Iterator[Reading | Unread]:
    if isinstance(found, TransportError | ChainError):
        yield Unread(want.asset, want.address, reason_of(found))
    elif isinstance(found, Unread):
        yield found
    else:
        yield from found


def _whole(wants: Sequence[Wanted], found: Sequence[Reading | Unread]) -> list[Reading | Unread]:
    """The answers of a batch, in the order in which they were asked for; one end to each holding wanted. Raises
    BadAnswer.
    """
    by_holding: dict[tuple[str, str], list[Reading | Unread]] = {(want.asset, want.address): [] for want in wants}
    for one in found:
        if (one.asset, one.address) not in by_holding:
            raise BadAnswer(f"{one.asset} at {one.address} was not asked for")
        by_holding[one.asset, one.address].append(one)
    for (asset, address), answers in by_holding.items():
        ends = sum(isinstance(one, Unread) or one.component == TOTAL for one in answers)
        if ends != 1:
            raise BadAnswer(f"{asset} at {address}: {ends} answers to one question")
    return [one for answers in by_holding.values() for one in answers]


def parts(
    want: Wanted,
    components: Mapping[str, int],
    block: BlockRef,
    as_of: str,
    method: str,
    source: str,
    *,
    total: int | None = None,
    no_history: bool = False,
    evidence: Evidence | None = None,
) -> list[Reading]:
    """The components of a holding in base units of the token, and their total last: their sum, or `total` where the
    chain counts otherwise (a part that lies within another, or is not owned).
    """
    amounts = {**components, TOTAL: sum(components.values()) if total is None else total}
    return [
        Reading(
            want.asset, want.address, component, raw, block, as_of, method, source,
            no_history=no_history, evidence=evidence,
        )
        for component, raw in amounts.items()
    ]  # fmt: skip
