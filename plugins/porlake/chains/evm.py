"""EVM chains: balances of the native coin and of ERC-20 tokens, thousands of addresses in one `eth_call` at a pinned block.

The call carries a program of ours as a code override (geth's third parameter) and names the block by its hash (EIP-1898); the program
returns the block's number and its parent's hash with the balances, so that a node that answers with another state is caught. Nodes that
do not take it are asked in other ways (`_evm_methods`), and several endpoints take over from each other. Balances stay in columns
(`_evm_words`). JSON-RPC is spoken over a lean HTTP client: web3.py's formatting of each answer costs more than the node's work.

client = open_client(network, [Endpoint("https://a.example"), Endpoint("https://b.example")], Tape.live())
at = client.block(19506528)
for piece in client.sweep(token, accounts, at): ...
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from porlake import registry
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._evm_methods import DECIMALS, decimals_in
from porlake.chains._evm_nodes import Node
from porlake.chains._evm_words import (
    DISAGREE,
    REASONS,
    TOO_LARGE,
    Accounts,
    Words,
    accounts_from,
    accounts_of,
    addresses_of,
    at_least,
    decimals_of,
    distinct,
    number,
    reasons_of,
    total,
    words_of,
)
from porlake.errors import ChainError, RequestFailed, TooBig, TransportError
from porlake.registry import Network, Token
from porlake.transport import Endpoint, JsonRpc, Tape

__all__ = [
    "DISAGREE", "NOTHING_KEPT", "REASONS", "TOO_LARGE", "Accounts", "Client", "Kept", "Piece", "Words", "accounts_from", "accounts_of",
    "addresses_of", "at_least", "decimals_of", "distinct", "number", "open_client", "reasons_of", "total", "words_of",
]  # fmt: skip

IN_FLIGHT = 4
LONGEST_ANSWER = 40.0  # seconds: nodes end a call after 5 to 20
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Piece:
    """Words of the accounts from `start` on, how they were read, and the host that gave them."""

    start: int
    words: Words
    method: str
    source: str


class Kept(Protocol):
    """Pieces of a sweep that outlive the process."""

    def pieces(self) -> Iterable[Piece]: ...
    def keep(self, piece: Piece) -> None: ...
    def flush(self) -> None:
        """What was given to `keep` is safe when this comes back."""


class _NothingKept:
    def pieces(self) -> Iterable[Piece]:
        return ()

    def keep(self, piece: Piece) -> None:
        pass

    def flush(self) -> None:
        pass


NOTHING_KEPT: Kept = _NothingKept()


def open_client(network: Network, endpoints: Endpoint | Sequence[Endpoint] | None, tape: Tape) -> Client:
    """A client that asks the endpoints in their order. A recording keeps the answers of the second under <network>.2, and so on."""
    places = [endpoints] if isinstance(endpoints, Endpoint) else list(endpoints or ())
    places = [replace(place, timeout=min(place.timeout, LONGEST_ANSWER)) for place in places]
    names = [network.network] + [f"{network.network}.{place}" for place in range(2, len(places) + 1)]
    if tape.replays:
        names = [network.network]
        while tape.holds(f"{network.network}.{len(names) + 1}"):
            names.append(f"{network.network}.{len(names) + 1}")
    nodes = [JsonRpc(name, places[i] if i < len(places) else None, tape, plain=True) for i, name in enumerate(names)]
    return Client(network, nodes)


class Client:
    def __init__(self, network: Network, rpcs: JsonRpc | Sequence[JsonRpc]) -> None:
        self._network = network
        facts = registry.load().evm_networks[network.network]
        self._nodes = [Node(network, facts, rpc) for rpc in ([rpcs] if isinstance(rpcs, JsonRpc) else rpcs)]

    @property
    def rpc(self) -> JsonRpc:
        """The endpoint that is asked now."""
        return self._usable(self._nodes)[0].rpc

    @property
    def rpcs(self) -> list[JsonRpc]:
        """The endpoints that are still asked, in their order."""
        return [node.rpc for node in self._usable(self._nodes)]

    # --- blocks ---
    def block(self, height: int) -> BlockRef:
        """Raises ChainError where the endpoint is of another chain or gives another block, TransportError."""
        return self._first(lambda node: node.block(height))

    def head(self) -> BlockRef:
        return self._first(lambda node: node.tagged("latest"))

    def final(self) -> int:
        """The height up to which blocks are final by the network's rule. Raises ChainError, TransportError."""
        return self._first(lambda node: node.final())

    def block_at(self, moment: datetime) -> BlockRef:
        """The last block of that moment or before it. Raises ChainError where it is not final yet, or the chain is younger."""
        high = low = self.block(self.final())
        if high.time < moment:
            raise ChainError(f"{self._network.name}: the last final block, {high.height:,}, is of {high.time:%Y-%m-%d %H:%M:%S}, before {moment}")
        step = 1_024
        while low.time > moment:
            if low.height == 0:
                raise ChainError(f"{self._network.name} begins after {moment}")
            high, low, step = low, self.block(max(0, low.height - step)), step * 4
        by_halves = False
        while high.height - low.height > 1:
            share = 0.5 if by_halves else (moment - low.time) / max(high.time - low.time, high.time.resolution)
            middle = self.block(min(high.height - 1, max(low.height + 1, low.height + int((high.height - low.height) * share))))
            low, high = (middle, high) if middle.time <= moment else (low, middle)
            by_halves = not by_halves
        return high if high.time <= moment else low

    def _first(self, ask: Callable[[Node], Found]) -> Found:
        """The answer of the first endpoint that has one; one that fails is not asked again."""
        while True:
            node = self._usable(self._nodes)[0]
            try:
                return ask(node)
            except (TransportError, ChainError) as error:
                if len(self._nodes) == 1:
                    raise
                node.lost = error

    def _usable(self, nodes: Sequence[Node]) -> list[Node]:
        """Raises what the nodes were lost for where none is left."""
        if usable := [node for node in nodes if node.lost is None]:
            return usable
        lost = [node.lost for node in nodes if node.lost is not None]
        if len(lost) == 1:
            raise lost[0]
        kind = ChainError if any(isinstance(error, ChainError) for error in lost) else TransportError
        raise kind("; ".join(map(str, lost)))

    # --- balances ---
    def balances(self, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading | Unread]:
        """One answer for each holding wanted, zero included. Raises ChainError, TransportError."""
        by_token: dict[Token, list[Wanted]] = defaultdict(list)
        for want in wanted:
            by_token[want.token].append(want)
        for token, wants in by_token.items():
            for piece in self.sweep(token, accounts_from([want.address for want in wants]), at):
                reasons = reasons_of(piece.words)
                for place, reason in enumerate(reasons.tolist()):
                    want = wants[piece.start + place]
                    if reason:
                        yield Unread(want.asset, want.address, REASONS[reason])
                    else:
                        raw = number(piece.words, place)
                        yield Reading(want.asset, want.address, "total", raw, at, "exact", piece.method, piece.source)

    def sweep(self, token: Token, accounts: Accounts, at: BlockRef, kept: Kept = NOTHING_KEPT) -> Iterator[Piece]:
        """A word for each account, in pieces: those that were kept, then what is still to be asked. Raises ChainError, TransportError."""
        covered = np.zeros(len(accounts), np.bool_)
        for piece in kept.pieces():
            covered[piece.start : piece.start + len(piece.words)] = True
            yield piece
        try:
            for piece in self._asked(self._nodes, token, accounts, at, _gaps(covered)):
                kept.keep(piece)
                yield piece
        finally:
            kept.flush()

    def decimals(self, token: Token, at: BlockRef) -> int | None:
        """What a token's contract says of its own decimals (EIP-20, where it is optional); None where it says nothing of the kind.

        Raises ChainError, TransportError where no endpoint answers.
        """

        def ask(node: Node) -> int | None:
            try:
                answer = node.rpc.call("eth_call", [{"to": token.contract, "data": "0x" + DECIMALS}, hex(at.height)])
            except (RequestFailed, TooBig):
                return None  # the contract reverts, or runs out of gas
            return decimals_in(node.rpc.host, answer)

        return self._first(ask)

    def second_opinion(self, token: Token, accounts: Accounts, at: BlockRef, sources: set[str]) -> Words | None:
        """The words that an endpoint other than `sources` gives; None where there is no other that still answers.

        Raises TransportError, ChainError where the others fail too.
        """
        others = [node for node in self._nodes if node.lost is None and node.rpc.host not in sources]
        if not others:
            return None
        words = np.zeros((len(accounts), 2), np.uint64)
        for piece in self._asked(others, token, accounts, at, [(0, len(accounts))]):
            words[piece.start : piece.start + len(piece.words)] = piece.words
        return words

    def _asked(self, nodes: Sequence[Node], token: Token, accounts: Accounts, at: BlockRef, gaps: Iterable[tuple[int, int]]) -> Iterator[Piece]:
        """Answers are taken in the order of the questions, so that what is learned from them, and a replay, does not depend on timing."""
        todo, under_way = deque(gaps), deque[_Question]()
        with ThreadPoolExecutor(max_workers=IN_FLIGHT) as pool:
            try:
                while todo or under_way:
                    while todo and len(under_way) < (IN_FLIGHT if self._usable(nodes)[0].proven else 1):
                        under_way.append(self._put(pool, nodes, token, accounts, at, todo))
                    asked = under_way.popleft()
                    try:
                        words = asked.answer.result()
                    except (TransportError, ChainError) as error:
                        asked.node.met(error, asked.rung, asked.stop - asked.start)
                        todo.appendleft((asked.start, asked.stop))
                        continue
                    asked.node.did(asked.rung)
                    yield Piece(asked.start, words, asked.method, asked.node.rpc.host)
            finally:
                pool.shutdown(cancel_futures=True)
        for node in nodes:
            if node.lost is None:
                node.still(at)

    def _put(
        self, pool: ThreadPoolExecutor, nodes: Sequence[Node], token: Token, accounts: Accounts, at: BlockRef, todo: deque[tuple[int, int]]
    ) -> _Question:
        """The next question, put to the first endpoint that is fit for it."""
        while True:
            node = self._usable(nodes)[0]
            try:
                pin = node.ready(at)
                break
            except (TransportError, ChainError) as error:
                node.lost = error
        start, stop = todo.popleft()
        if stop - start > node.size:
            todo.appendleft((start + node.size, stop))
            stop = start + node.size
        answer = pool.submit(node.ask, node.rung, pin, token, accounts[start:stop])
        return _Question(node, node.rung, node.method.name, start, stop, answer)


@dataclass(frozen=True, slots=True)
class _Question:
    """Accounts `start` to `stop`, asked of a node on a rung of its ladder."""

    node: Node
    rung: int
    method: str
    start: int
    stop: int
    answer: Future[Words]


def _gaps(covered: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The stretches that are not covered, as (start, stop)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([True], covered, [True])).astype(np.int8)))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]
