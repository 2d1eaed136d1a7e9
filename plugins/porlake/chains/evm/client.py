"""EVM chains: balances of the native coin and of ERC-20 tokens, thousands of addresses in one `eth_call` at a pinned
block.

The call carries a program of ours as a code override (geth's third parameter) and names the block by its hash
(EIP-1898); the program returns the block's number and its parent's hash with the balances, so that a node that answers
with another state is caught. Nodes that do not take it are asked in other ways (`_evm_methods`), and several endpoints
take over from each other. Balances stay in columns (`_evm_words`). JSON-RPC is spoken over a lean HTTP client:
web3.py's formatting of each answer costs more than the node's work.

client = open_client(network, [Endpoint("https://a.example"), Endpoint("https://b.example")], Recording.off())
at = client.block(19506528)
for answer in client.readings(chains.holdings("ETH", token, addresses, ACCOUNTS), at): ...
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from porlake import registry
from porlake.chains import _columns
from porlake.chains._answers import BlockRef, Link, Reading, Stated, Unread, Wanted
from porlake.chains._columns import TOTAL, Holdings, Readings, Unreadable, Words, all_of, number
from porlake.chains.evm.errors import ERRORS
from porlake.chains.evm.links import Asker
from porlake.chains.evm.methods import DECIMALS, Answer, balance_in, decimals_in, questions
from porlake.chains.evm.nodes import Node, NothingShows, Stretch
from porlake.chains.evm.programs import NOT_SHOWN, REFUSED
from porlake.chains.evm.proof import Prover, provable
from porlake.chains.evm.words import REASONS, Accounts, accounts_from, reasons_of, words_from
from porlake.errors import BadAnswer, ChainError, RequestFailed, TooBig, TransportError
from porlake.registry import Network, Token
from porlake.transport import Endpoint, JsonRpc, Recording

IN_FLIGHT = 4
MOST_TRIES = 3  # of an account that fails while others of its question are answered
LONGEST_ANSWER = 40.0  # seconds: nodes end a call after 5 to 20
MOST_ANSWER = 16 << 20  # bytes: no question of ours has a longer answer; what is longer is not read to its end
NOBODY = ""  # the source of accounts that every endpoint refused
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Piece:
    """Words of the accounts from `start` on, how they were read, and the host that gave them."""

    start: int
    words: Words
    method: str
    source: str


def open_client(network: Network, endpoints: Endpoint | Sequence[Endpoint] | None, recording: Recording) -> Client:
    """A client that asks the endpoints in their order. A recording keeps the answers of the second under <network>.2,
    and so on.
    """
    places = [endpoints] if isinstance(endpoints, Endpoint) else list(endpoints or ())
    places = [
        replace(place, timeout=min(place.timeout, LONGEST_ANSWER), answer_bytes=min(place.answer_bytes, MOST_ANSWER))
        for place in places
    ]
    names = [network.network] + [f"{network.network}.{place}" for place in range(2, len(places) + 1)]
    if recording.replays:
        names = [network.network]
        while recording.holds(f"{network.network}.{len(names) + 1}"):
            names.append(f"{network.network}.{len(names) + 1}")
    nodes = [
        JsonRpc(name, places[i] if i < len(places) else None, recording, ERRORS, plain=True)
        for i, name in enumerate(names)
    ]
    return Client(network, nodes, [place.pause for place in places])


class Client:
    """`pauses`: how long each endpoint is left alone before it is asked again, in seconds; none in a replay."""

    def __init__(self, network: Network, rpcs: JsonRpc | Sequence[JsonRpc], pauses: Sequence[float] = ()) -> None:
        self._network, self._facts = network, registry.load().evm_networks[network.network]
        self._rpcs = [rpcs] if isinstance(rpcs, JsonRpc) else list(rpcs)
        self._pauses = [*pauses, *(0.0 for _ in self._rpcs[len(pauses) :])]
        self._nodes = self._made(plain=False)
        self._plain: list[Node] = []
        self._known = len(self._nodes) == 1  # one endpoint is checked when it is asked for its first block

    def _made(self, *, plain: bool) -> list[Node]:
        return [
            Node(self._network, self._facts, rpc, number, pause=pause, plain=plain)
            for number, (rpc, pause) in enumerate(zip(self._rpcs, self._pauses, strict=True))
        ]

    @property
    def rpc(self) -> JsonRpc:
        """The endpoint that is asked now, of this chain. Raises ChainError, TransportError."""
        return self._first(lambda node: node.rpc)

    @property
    def rpcs(self) -> list[JsonRpc]:
        """The endpoints that are still asked, in their order."""
        self._check_chains()
        return [node.rpc for node in self._usable(self._nodes)]

    @property
    def lost(self) -> list[TransportError | ChainError]:
        """Why endpoints are not asked any more."""
        return [node.lost for node in self._nodes if node.lost is not None]

    def _check_chains(self) -> None:
        """Every endpoint says which chain it is of before the first is asked for anything else; one that does not
        answer is asked later.
        """
        if self._known:
            return
        self._known = True
        with ThreadPoolExecutor(max_workers=len(self._nodes)) as pool:
            asked = [(node, pool.submit(node.check_chain)) for node in self._nodes]
        for node, answer in asked:
            error = answer.exception()
            if isinstance(error, ChainError | BadAnswer):
                node.lost = error
            elif error is not None and not isinstance(error, TransportError):
                raise error

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
        """The last block of that moment or before it. Raises ChainError where it is not final yet, or the chain is
        younger.
        """
        high = low = self.block(self.final())
        if high.time < moment:
            raise ChainError(
                f"{self._network.name}: the last final block, {high.height:,}, is of {high.time:%Y-%m-%d %H:%M:%S}, "
                f"before {moment}"
            )
        step = 1_024
        while low.time > moment:
            if low.height == 0:
                raise ChainError(f"{self._network.name} begins after {moment}")
            high, low, step = low, self.block(max(0, low.height - step)), step * 4
        by_halves = False
        while high.height - low.height > 1:
            share = 0.5 if by_halves else (moment - low.time) / max(high.time - low.time, high.time.resolution)
            middle = self.block(
                min(high.height - 1, max(low.height + 1, low.height + int((high.height - low.height) * share)))
            )
            low, high = (middle, high) if middle.time <= moment else (low, middle)
            by_halves = not by_halves
        return high if high.time <= moment else low

    def _first(self, ask: Callable[[Node], Found]) -> Found:
        """The answer of the first endpoint that has one; one that fails is not asked again."""
        self._check_chains()
        while True:
            node = self._usable(self._nodes)[0]
            try:
                node.check_chain()
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
            for piece in self.pieces(token, accounts_from([want.address for want in wants]), at):
                reasons = reasons_of(piece.words)
                for place, reason in enumerate(reasons.tolist()):
                    want = wants[piece.start + place]
                    if reason:
                        yield Unread(want.asset, want.address, REASONS[reason])
                    else:
                        raw = number(piece.words, place)
                        yield Reading(want.asset, want.address, "total", raw, at, "exact", piece.method, piece.source)

    def pieces(self, token: Token, accounts: Accounts, at: BlockRef) -> Iterator[Piece]:
        """A word for each account. Raises ChainError, TransportError."""
        return self._asked(self._nodes, token, accounts, at, [(0, len(accounts))])

    def readings(self, holdings: Holdings, at: BlockRef) -> Iterator[_columns.Answer]:
        """Raises ChainError, TransportError."""
        return _answers(self.pieces(holdings.token, holdings.accounts, at), at)

    def decimals(self, token: Token, at: BlockRef) -> int | None:
        """What a token's contract says of its own decimals (EIP-20, where it is optional); None where it says nothing
        of the kind.

        Raises ChainError, TransportError where no endpoint answers.
        """

        def ask(node: Node) -> int | None:
            try:
                answer = node.rpc.call("eth_call", [{"to": token.contract, "data": "0x" + DECIMALS}, hex(at.height)])
            except (RequestFailed, TooBig):
                return None  # the contract reverts, or runs out of gas
            return decimals_in(node.rpc.host, answer)

        return self._first(ask)

    def others(self, sources: Iterable[str]) -> list[Node]:
        """The endpoints that still answer and are another operator's than every source: two hosts of one operator are
        one witness.
        """
        self._check_chains()
        operator = registry.load().operator
        told = {operator(source) for source in sources}
        return [node for node in self._nodes if node.lost is None and operator(node.rpc.host) not in told]

    def again(self, witnesses: Sequence[Node], holdings: Holdings, at: BlockRef) -> Iterator[_columns.Answer]:
        """As `readings`, of some endpoints. Raises TransportError, ChainError where all of them fail."""
        count = len(holdings)
        return _answers(self._asked(witnesses, holdings.token, holdings.accounts, at, [(0, count)]), at)

    def plain(self, holdings: Holdings, at: BlockRef) -> Iterator[_columns.Answer]:
        """As `readings`, by calls that anybody may make and no contract is in between."""
        if not self._plain:
            self._plain = self._made(plain=True)
            for node, known in zip(self._plain, self._nodes, strict=True):
                node.lost = known.lost
        count = len(holdings)
        return _answers(self._asked(self._plain, holdings.token, holdings.accounts, at, [(0, count)]), at)

    def called(self, holdings: Holdings, at: BlockRef) -> tuple[Words, Words] | None:
        """What a token says to nobody (the zero address) and to each account of itself; None where the endpoint does
        not let it be called so.

        Raises TransportError, ChainError where no endpoint answers.
        """

        token, accounts = holdings.token, holdings.accounts

        def ask(node: Node) -> tuple[Words, Words] | None:
            pin = node.pin(at)
            asked = [question for sender in ("", "self") for question in questions(pin, token, accounts, sender)]
            try:
                answers = node.rpc.batch(asked, patient=False)
            except TransportError:
                answers = list(node.rpc.tried(asked))
            try:
                words = words_from([balance_in(node.rpc.host, token, answer) for answer in answers])
            except (TransportError, ChainError):
                return None
            return words[: len(accounts)], words[len(accounts) :]

        return self._first(ask)

    # --- proofs, owners ---
    proved_by = "proved"
    of_signers, owner_network = False, "ethereum"

    def provable(self, token: Token) -> bool:
        """Whether it is known where the state keeps the token's balances."""
        return provable(token)

    def provers(self) -> list[Prover]:
        """Raises ChainError, TransportError where no endpoint answers."""
        return [Prover(self._network, rpc) for rpc in self.rpcs]

    def owner_links(self, accounts: Sequence[Stated], at: BlockRef) -> Iterator[Link]:
        """What each account says of its owners, at a block. Raises TransportError."""
        said = Asker(self.rpc).controls([account.address for account in accounts], at)
        for account, control in zip(accounts, said, strict=True):
            count = len(control.owners) if control.relation != "none" else None
            for owner in account.owners:
                yield Link(
                    address=account.address,
                    owner=owner,
                    relation=control.relation,
                    holds=owner in control.owners,
                    threshold=control.threshold,
                    owner_count=count,
                    answer=control.answer,
                    method=control.method,
                    source=control.source,
                )

    def pod_owners(self, pods: Sequence[str], at: BlockRef) -> dict[str, str | None]:
        """What podOwner() of each contract answers; None where it answers nothing. Raises TransportError."""
        return Asker(self.rpc).pod_owners(pods, at)

    def _asked(
        self, nodes: Sequence[Node], token: Token, accounts: Accounts, at: BlockRef, gaps: Iterable[tuple[int, int]]
    ) -> Iterator[Piece]:
        """Answers are taken in the order of the questions, so that what is learned from them, and a replay, does not
        depend on timing.

        Accounts that no endpoint will tell are words of REFUSED or NOT_SHOWN; the others are kept. What failed is asked
        for last.
        """
        self._check_chains()
        todo, under_way = deque(Stretch(start, stop) for start, stop in gaps if start < stop), deque[_Question]()
        for node in nodes:
            node.begin()
        with ThreadPoolExecutor(max_workers=IN_FLIGHT) as pool:
            try:
                while todo or under_way:
                    while todo and len(under_way) < (IN_FLIGHT if self._usable(nodes)[0].proven else 1):
                        put = self._put(pool, nodes, token, accounts, at, todo)
                        if isinstance(put, Piece):
                            yield put
                        else:
                            under_way.append(put)
                    if not under_way:
                        continue
                    asked = under_way.popleft()
                    try:
                        answer = asked.answer.result()
                    except (TransportError, ChainError) as error:
                        todo.extend(asked.node.met(error, asked.rung, asked.what))
                        continue
                    asked.node.did(asked.rung)
                    if answer.failed:
                        asked.node.rest(1)
                    yield from asked.pieces(answer, todo)
            finally:
                pool.shutdown(cancel_futures=True)
        for node in nodes:
            if node.lost is None:
                node.still(at)

    def _put(
        self,
        pool: ThreadPoolExecutor,
        nodes: Sequence[Node],
        token: Token,
        accounts: Accounts,
        at: BlockRef,
        todo: deque[Stretch],
    ) -> _Question | Piece:
        """The next question, put to the first endpoint that is fit for it; the words that say so where none is."""
        what = todo.popleft()
        while True:
            fit = [node for node in self._usable(nodes) if node.number not in what.refused_by and node.refuses is None]
            if not fit:
                word = next((node.refuses for node in nodes if node.refuses is not None), REFUSED)
                return Piece(what.start, all_of(word, what.count), "", NOBODY)
            node = fit[0]
            try:
                pin = node.alone_pin(at, token) if what.alone else node.ready(at, token)
                break
            except NothingShows:
                node.refuses = node.refuses or NOT_SHOWN
            except (TransportError, ChainError) as error:
                node.lost = error
        if what.count > node.size:
            todo.appendleft(replace(what, start=what.start + node.size))
            what = replace(what, stop=what.start + node.size)
        rung = node.alone() if what.alone else node.rung
        answer = pool.submit(node.ask, rung, pin, token, accounts[what.start : what.stop])
        return _Question(node, rung, node.method_at(rung), what, answer)


def _answers(pieces: Iterable[Piece], at: BlockRef) -> Iterator[_columns.Answer]:
    """Words as readings, and what is no balance with its reason."""
    for piece in pieces:
        rows = np.arange(piece.start, piece.start + len(piece.words))
        reasons = reasons_of(piece.words)
        if not reasons.any():
            yield Readings(rows, piece.words, TOTAL, at, "exact", piece.method, piece.source)
            continue
        if (good := reasons == 0).any():
            yield Readings(rows[good], piece.words[good], TOTAL, at, "exact", piece.method, piece.source)
        for reason in np.unique(reasons[reasons != 0]).tolist():
            answered = piece.source != NOBODY and REASONS[reason] not in SILENT
            yield Unreadable(rows[reasons == reason], REASONS[reason], answered=answered)


#: Reasons for which nothing is known of an account.
SILENT = frozenset({"refused_by_server", "block_not_shown"})


@dataclass(frozen=True, slots=True)
class _Question:
    """Accounts, asked of a node on a rung of its ladder."""

    node: Node
    rung: int
    method: str
    what: Stretch
    answer: Future[Answer]

    def pieces(self, answer: Answer, todo: deque[Stretch]) -> Iterator[Piece]:
        """What was answered, in one stretch after the other; what was not is put at the end of `todo`."""
        start = self.what.start
        if not answer.failed:
            yield Piece(start, answer.words, self.method, self.node.rpc.host)
            return
        good = np.ones(len(answer.words), np.bool_)
        good[list(answer.failed)] = False
        for begin, end in _gaps(~good):
            yield Piece(start + begin, answer.words[begin:end], self.method, self.node.rpc.host)
        for begin, end in _gaps(good):
            left = replace(self.what, start=start + begin, stop=start + end, tries=self.what.tries + 1)
            todo.extend(self.node.apart(left) if left.tries >= MOST_TRIES else [left])


def _gaps(covered: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The stretches that are not covered, as (start, stop)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([True], covered, [True])).astype(np.int8)))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]
