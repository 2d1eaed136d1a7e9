"""Who is asked: what an observation is told from outside, the one client of a report on a network, and endpoints that
take over from each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from operator import attrgetter
from typing import Any, TypeVar

import numpy as np

from porlake import chains, registry
from porlake.errors import ChainError, NotFinal, NotRecorded, TransportError
from porlake.lake import Lake
from porlake.progress import Tell, silent
from porlake.settings import CHECK_ABOVE, CHECK_SAMPLE, PROOF_SHARE
from porlake.transport import LEAST_RATE, Endpoint, Recording

Found = TypeVar("Found")
Failure = TransportError | ChainError
Read = Callable[[chains.Holdings, chains.BlockRef], Iterator[chains.Answer]]
Configured = Mapping[str, Endpoint | tuple[Endpoint, ...]]
"""Endpoints by network, in the order in which they are asked."""


@dataclass(frozen=True, slots=True)
class Run:
    """Where rows lie, who is asked, and how much is asked twice.

    Balances are read again from a second endpoint, where there is one: those of a share `check_sample` of the accounts,
    and all that hold at least the share `check_above` of what was read of their asset. `proof_share`: of the amount of
    each asset, how much is proved, the largest accounts first. `dumps`: sets of all coins, by network. `workers`: how
    many ask an endpoint at the same time, each at its part of the rate that is stated for all.
    """

    lake: Lake
    recording: Recording
    endpoints: Configured = field(default_factory=dict)
    progress: Tell = silent
    check_sample: Decimal = CHECK_SAMPLE
    check_above: Decimal = CHECK_ABOVE
    proof_share: Decimal = PROOF_SHARE
    dumps: Mapping[str, chains.Dump] = field(default_factory=dict)
    workers: int = 1

    def endpoints_of(self, network: str) -> tuple[Endpoint, ...]:
        """As `endpoints_of`, each at this worker's part of its rate."""
        return tuple(
            replace(place, per_second=max(place.per_second / self.workers, LEAST_RATE)) if place.per_second else place
            for place in endpoints_of(self.endpoints, network)
        )

    def can_be_asked(self, network: str) -> bool:
        """Whether somebody is there to be asked about a network; a replay has nobody but its recording."""
        if network in self.dumps:
            return True
        return self.recording.holds(network) if self.recording.replays else bool(self.endpoints_of(network))


def endpoints_of(configured: Configured, network: str) -> tuple[Endpoint, ...]:
    """Where a network is asked, in this order: as configured, else the registry's public default, at the rate that its
    operator allows.
    """
    if network in configured:
        found = configured[network]
        return (found,) if isinstance(found, Endpoint) else found
    facts = registry.load()
    if not (default := facts.networks[network].endpoint):
        return ()
    return (Endpoint(default, per_second=facts.per_second(Endpoint(default).host)),)


def open_client(run: Run, network: str, endpoints: Sequence[Endpoint] | None = None) -> Endpoints:
    """A network's client over all its endpoints or those named, with the one whose blocks it goes by beside it."""
    facts = registry.load().networks[network]
    places = run.endpoints_of(network) if endpoints is None else tuple(endpoints)
    other = chains.beside(facts)
    return Endpoints(run, facts, places, open_client(run, other) if other else None)


class Endpoints:
    """Clients of one endpoint each, which take over from each other: one that fails as a whole is not asked again, and
    who takes over must have the same blocks. A recording keeps the answers of the second under <network>.2, and so on.
    """

    def __init__(
        self, run: Run, network: registry.Network, places: Sequence[Endpoint], beside: chains.Beside | None = None
    ) -> None:
        self._run, self._network, self._places, self._beside = run, network, list(places), beside
        count = len(places)
        if run.recording.replays:
            count = 1
            while run.recording.beside(count + 1).holds(network.network):
                count += 1
        self._lost: dict[int, Failure] = {}
        self._clients: dict[int, dict[bool, Any]] = {}  # by number, and whether the file of coins is read
        self._count, self._blocks = max(1, count), dict[int, chains.BlockRef]()
        self._checked = set[tuple[int, str]]()

    @property
    def now(self) -> Any:
        """The client that is asked now: what it can beside blocks and balances its type says. Raises what the endpoints
        were lost for where none is left.
        """
        return self.ask(lambda client: client)

    @property
    def lost(self) -> Sequence[Failure]:
        """Why endpoints are not asked any more."""
        return list(self._lost.values())

    @property
    def asked(self) -> Sequence[int]:
        """The endpoints that are still asked, by their number, in their order."""
        return [number for number in range(self._count) if number not in self._lost]

    def block(self, height: int) -> chains.BlockRef:
        """Raises ChainError, TransportError where no endpoint has it."""
        found: chains.BlockRef = self.ask(lambda client: client.block(height))
        self._blocks.setdefault(height, found)
        self._checked.add((self._current(), found.hash))
        return found

    def head(self) -> chains.BlockRef:
        """Raises ChainError, TransportError."""
        found: chains.BlockRef = self.ask(lambda client: client.head())
        return found

    def ask(self, question: Callable[[Any], Found]) -> Found:
        """The answer of the first endpoint that has one; one that fails is not asked again."""
        while True:
            number = self._current()
            try:
                return question(self.client(number))
            except (TransportError, ChainError) as error:
                self._lose(number, error)

    def readings(
        self, holdings: chains.Holdings, at: chains.BlockRef, way: Callable[[Any], Read] = attrgetter("readings")
    ) -> Iterator[chains.Answer]:
        """As of a client, by its `readings` or another `way`. What an endpoint said before the connection failed
        stands; what it said before its own answers contradicted each other does not. Holdings that one does not answer
        about (chains.UNANSWERED) the next is asked for, and it is not lost for them.
        """
        if self._count == 1:
            yield from way(self.client(0))(holdings, at)
            return
        answered, unanswered = np.zeros(len(holdings), np.bool_), list[chains.Unreadable]()
        done = set[int]()
        while not answered.all() and (left_to_ask := [number for number in self.asked if number not in done]):
            left, number = np.flatnonzero(~answered), left_to_ask[0]
            given: list[chains.Rows] = []
            try:
                for answer in way(self.client(number))(holdings.taken(left), at):
                    moved = moved_to(answer, left)
                    if isinstance(moved, chains.Unreadable) and moved.reason in chains.UNANSWERED:
                        unanswered.append(moved)
                        continue
                    given.append(moved.rows)
                    answered[moved.rows] = True
                    yield moved
                done.add(number)
            except (TransportError, ChainError) as error:
                self._lose(number, error)
                if given and not isinstance(error, TransportError):
                    wrong = np.unique(np.concatenate(given))
                    answered[wrong] = False
                    yield chains.Withdrawn(wrong)
        for refused in unanswered:
            rows = refused.rows[~answered[refused.rows]]
            answered[rows] = True
            if len(rows):
                yield replace(refused, rows=rows)

    def others(self, sources: Sequence[str]) -> Sequence[int]:
        """The endpoints that still answer and are another operator's than every source, by their number: two hosts of
        one operator are one witness.
        """
        if self._count == 1:
            return []
        operator, first = registry.load().operator, self._current()
        known = {operator(source) for source in sources}
        if self._places and not self._run.recording.replays:
            known.add(operator(self._places[first].host))
        return [
            number
            for number in self.asked
            if number != first and (self._run.recording.replays or operator(self._places[number].host) not in known)
        ]

    def again(
        self, witnesses: Sequence[int], holdings: chains.Holdings, at: chains.BlockRef
    ) -> Iterator[chains.Answer]:
        """As `readings`, of the first of `others` that answers. Raises TransportError, ChainError where none does."""
        errors: list[Failure] = []
        for number in witnesses:
            try:
                client = self._opened(number, alone=True)
                self._check_block(number, client, at)
                answers = list(client.readings(holdings, at))
            except (TransportError, ChainError) as error:
                errors.append(error)
                if not isinstance(error, NotRecorded):  # of a replay: nobody asked it this, and it may take over yet
                    self._lose(number, error)
            else:
                yield from answers
                return
        raise errors[0] if len(errors) == 1 else TransportError("; ".join(map(str, errors)))

    def client(self, number: int) -> Any:
        """The client of one endpoint, which has the blocks that were asked for so far. Raises ChainError,
        TransportError.
        """
        client = self._opened(number)
        for at in self._blocks.values() if number else ():
            self._check_block(number, client, at)
        return client

    def _opened(self, number: int, *, alone: bool = False) -> Any:
        """`alone`: without the file of coins, which would be the same witness again."""
        run, name = self._run, self._network.network
        dump = None if alone else run.dumps.get(name)
        clients = self._clients.setdefault(number, {})
        if (key := dump is not None) not in clients:
            clients[key] = chains.open_client(
                self._network,
                self._places[number] if number < len(self._places) else None,
                run.recording if number == 0 else run.recording.beside(number + 1),
                self._beside,
                dump,
                run.progress,
            )
        return clients[key]

    def _check_block(self, number: int, client: Any, at: chains.BlockRef) -> None:
        """Whether an endpoint has the block that the one before it has; asked once."""
        if (number, at.hash) in self._checked:
            return
        if (found := client.block(at.height).hash) != at.hash:
            host = self._places[number].host if number < len(self._places) else self._network.network
            raise ChainError(
                f"{host}: block {at.height:,} of {self._network.name} is {found} there, and {at.hash} at the endpoint "
                f"before it"
            )
        self._checked.add((number, at.hash))

    def _current(self) -> int:
        if asked := self.asked:
            return asked[0]
        errors = self.lost
        kind: type[Failure] = TransportError
        if any(isinstance(error, ChainError) for error in errors):
            kind = NotFinal if all(isinstance(error, NotFinal) for error in errors) else ChainError
        raise errors[0] if len(errors) == 1 else kind("; ".join(map(str, errors)))

    def _lose(self, number: int, error: Failure) -> None:
        if self._count == 1:
            raise error
        self._lost[number] = error
        self._clients.pop(number, None)
        self._current()


def moved_to(answer: chains.Answer, places: chains.Rows) -> chains.Answer:
    """An answer about some holdings, as one about those that they were taken from."""
    return replace(answer, rows=places[answer.rows])
