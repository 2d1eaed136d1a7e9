"""EVM chains: balances of the native coin and of ERC-20 tokens, thousands of addresses in one `eth_call` at a pinned
block.

The call carries a program of ours as a code override (geth's third parameter) and names the block by its hash
(EIP-1898); the program returns the block's number and its parent's hash with the balances, so that a node that answers
with another state is caught. A node that does not take it is asked in other ways (`methods`). Balances stay in columns
(`words`). JSON-RPC is spoken over a lean HTTP client: web3.py's formatting of each answer costs more than the node's
work.

client = open_client(network, Endpoint("https://a.example"), Recording.off())
at = client.block(19506528)
for answer in client.readings(chains.holdings("ETH", token, addresses, ACCOUNTS), at): ...
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt

from porlake import registry
from porlake.chains import _columns
from porlake.chains._answers import BlockRef, Link, Outcome, Reading, Stated, Transfer, Unread, Wanted
from porlake.chains._by_moment import block_at
from porlake.chains._columns import TOTAL, Holdings, Readings, Unreadable, Words, all_of, number
from porlake.chains.evm import pairs
from porlake.chains.evm.errors import ERRORS
from porlake.chains.evm.links import OwnerReader
from porlake.chains.evm.methods import DECIMALS, Answer, Pin, balance_in, decimals_in, questions
from porlake.chains.evm.nodes import Node, NothingShows, Span
from porlake.chains.evm.programs import NOT_SHOWN, REFUSED
from porlake.chains.evm.proof import Prover, provable
from porlake.chains.evm.transfers import transfer
from porlake.chains.evm.words import REASONS, Accounts, accounts_from, reasons_of, words_from
from porlake.errors import ChainError, RequestFailed, TooBig, TransportError
from porlake.registry import Network, Token
from porlake.transport import Endpoint, JsonRpc, Recording

IN_FLIGHT = 4
MOST_TRIES = 3  # of an account that fails while others of its question are answered
LONGEST_ANSWER = 40.0  # seconds: nodes end a call after 5 to 20
MOST_ANSWER = 16 << 20  # bytes: no question of ours has a longer answer; what is longer is not read to its end
NOBODY = ""  # the source of accounts that the endpoint refused


@dataclass(frozen=True, slots=True)
class Piece:
    """Words of the accounts from `start` on, how they were read, and the host that gave them."""

    start: int
    words: Words
    method: str
    source: str


def open_client(network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
    """A client of one endpoint."""
    if endpoint is not None:
        endpoint = replace(
            endpoint,
            timeout=min(endpoint.timeout, LONGEST_ANSWER),
            answer_bytes=min(endpoint.answer_bytes, MOST_ANSWER),
        )
    rpc = JsonRpc(network.network, endpoint, recording, ERRORS, plain=True)
    return Client(network, rpc, endpoint.pause if endpoint else 0.0)


class Client:
    """`pause`: how long the endpoint is left alone before it is asked again, in seconds; none in a replay."""

    def __init__(self, network: Network, rpc: JsonRpc, pause: float = 0.0) -> None:
        self._network, self._facts = network, registry.load().evm_networks[network.network]
        self._rpc, self._pause = rpc, pause
        self._node = self._opened(plain=False)
        self._plain: Node | None = None

    def _opened(self, *, plain: bool) -> Node:
        return Node(self._network, self._facts, self._rpc, pause=self._pause, plain=plain)

    def _checked_node(self) -> Node:
        """The node, once it has said which chain it is of. Raises ChainError, TransportError, and what it was lost for
        where it was.
        """
        node = _usable(self._node)
        node.check_chain()
        return node

    # --- blocks ---
    def block(self, height: int) -> BlockRef:
        """Raises ChainError where the endpoint is of another chain or gives another block, TransportError."""
        return self._checked_node().block(height)

    def head(self) -> BlockRef:
        return self._checked_node().block_by_tag("latest")

    def final(self) -> int:
        """The height up to which blocks are final by the network's rule. Raises ChainError, TransportError."""
        return self._checked_node().final()

    def block_at(self, moment: datetime) -> BlockRef:
        """The last block of that moment or before it. Raises ChainError where it is not final yet, or the chain is
        younger.
        """
        return block_at(self._network, moment, self.block(self.final()), self.block)

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
        return self._answers_of(self._node, token, accounts, at)

    def readings(self, holdings: Holdings, at: BlockRef) -> Iterator[_columns.Answer]:
        """Raises ChainError, TransportError."""
        return _answers(self.pieces(holdings.token, holdings.accounts, at), at)

    def together(self, asked: Sequence[Holdings], at: BlockRef) -> Iterator[tuple[int, _columns.Answer]]:
        """Readings of several assets in the same questions, each with the place of its asset among those asked; of what
        could not be read so, nothing. Raises ChainError, TransportError where the endpoint does not have the block.
        """
        node = self._checked_node()
        node.pin(at)
        lacking = {"eth_call_override", "eth_call_creation"} if self._facts.self_check == "none" else set()
        ends = np.cumsum([len(holdings) for holdings in asked])
        for start, words, method in pairs.read(node, pairs.pairs_of(asked), at, lacking):
            stop, place = start + len(words), int(np.searchsorted(ends, start, side="right"))
            while start < stop:
                begin = int(ends[place]) - len(asked[place])
                here = min(stop, int(ends[place]))
                piece = Piece(start - begin, words[: here - start], method, node.rpc.host)
                for answer in _answers([piece], at):
                    yield place, answer
                words, start, place = words[here - start :], here, place + 1
                while place < len(asked) and not len(asked[place]):
                    place += 1

    def decimals(self, token: Token, at: BlockRef) -> int | None:
        """What a token's contract says of its own decimals (EIP-20, where it is optional); None where it says nothing
        of the kind. Raises ChainError, TransportError.
        """
        rpc = self._checked_node().rpc
        try:
            answer = rpc.call("eth_call", [{"to": token.contract, "data": "0x" + DECIMALS}, hex(at.height)])
        except (RequestFailed, TooBig):
            return None  # the contract reverts, or runs out of gas
        return decimals_in(rpc.host, answer)

    def plain(self, holdings: Holdings, at: BlockRef) -> Iterator[_columns.Answer]:
        """As `readings`, by plain calls of the token."""
        if self._plain is None:
            self._plain = self._opened(plain=True)
        return _answers(self._answers_of(self._plain, holdings.token, holdings.accounts, at), at)

    def called(self, holdings: Holdings, at: BlockRef) -> tuple[Words, Words] | None:
        """The balances that a token returns to the zero address, and those that it returns to each account itself;
        None where the endpoint does not take such calls. Raises TransportError, ChainError.
        """
        token, accounts, node = holdings.token, holdings.accounts, self._checked_node()
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

    # --- proofs, owners ---
    proved_by = "proved"
    of_signers, owner_network = False, "ethereum"

    def provable(self, token: Token) -> bool:
        """Whether it is known where the state keeps the token's balances."""
        return provable(token)

    def prove(self, held: Sequence[tuple[Wanted, int]], at: BlockRef) -> Iterator[Outcome]:
        """See `Prover.prove`."""
        return Prover(self._network, self._checked_node().rpc).prove(held, at)

    def owner_links(self, accounts: Sequence[Stated], at: BlockRef) -> Iterator[Link]:
        """What each account says of its owners, at a block. Raises TransportError."""
        controls = OwnerReader(self._checked_node().rpc).controls([account.address for account in accounts], at)
        for account, control in zip(accounts, controls, strict=True):
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

    def transfer(self, transaction: str, token: Token, sender: str, recipient: str) -> Transfer | None:
        """What a transaction moved of a token from one account to another; None where the chain holds no such
        transaction. Raises ChainError, TransportError.
        """
        node = self._checked_node()
        return transfer(node.rpc, node.block, transaction, token, sender, recipient)

    def pod_owners(self, pods: Sequence[str], at: BlockRef) -> dict[str, str | None]:
        """What podOwner() of each contract answers; None where it answers nothing. Raises TransportError."""
        return OwnerReader(self._checked_node().rpc).pod_owners(pods, at)

    def _answers_of(self, node: Node, token: Token, accounts: Accounts, at: BlockRef) -> Iterator[Piece]:
        """Answers are taken in the order of the questions, so that what is learned from them, and a replay, does not
        depend on timing.

        Accounts that the endpoint will not tell are words of REFUSED or NOT_SHOWN; the others are kept. What failed is
        asked for last.
        """
        todo, under_way = deque([Span(0, len(accounts))] if len(accounts) else []), deque[_Question]()
        _usable(node).check_chain()
        node.start_token()
        with ThreadPoolExecutor(max_workers=IN_FLIGHT) as pool:
            try:
                while todo or under_way:
                    while todo and len(under_way) < (IN_FLIGHT if _usable(node).proven else 1):
                        put = _next_question(pool, node, token, accounts, at, todo)
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
                        todo.extend(node.failed_with(error, asked.rung, asked.what))
                        continue
                    node.succeeded(asked.rung)
                    if answer.failed:
                        node.pause(1)
                    yield from asked.pieces(answer, todo)
            finally:
                pool.shutdown(cancel_futures=True)
        node.check_not_replaced(at)


def _usable(node: Node) -> Node:
    """Raises what the node was lost for where it was."""
    if node.lost is not None:
        raise node.lost
    return node


def _next_question(
    pool: ThreadPoolExecutor, node: Node, token: Token, accounts: Accounts, at: BlockRef, todo: deque[Span]
) -> _Question | Piece:
    """The next question, put to the node; the words that say so where it will not answer it."""
    what = todo.popleft()
    pin: Pin | None = None
    if not what.refused and node.refuses is None:
        try:
            pin = node.alone_pin(at, token) if what.alone else node.ready(at, token)
        except NothingShows:
            node.refuses = node.refuses or NOT_SHOWN
        except (TransportError, ChainError) as error:
            node.lost = error
            raise
    if pin is None:
        return Piece(what.start, all_of(node.refuses or REFUSED, what.count), "", NOBODY)
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
            answered = piece.source != NOBODY and REASONS[reason] not in _columns.UNANSWERED
            yield Unreadable(rows[reasons == reason], REASONS[reason], answered=answered)


@dataclass(frozen=True, slots=True)
class _Question:
    """Accounts, asked of a node on a rung of its ladder."""

    node: Node
    rung: int
    method: str
    what: Span
    answer: Future[Answer]

    def pieces(self, answer: Answer, todo: deque[Span]) -> Iterator[Piece]:
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
            todo.extend(self.node.split(left) if left.tries >= MOST_TRIES else [left])


def _gaps(covered: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The stretches that are not covered, as (start, stop)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([True], covered, [True])).astype(np.int8)))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]
