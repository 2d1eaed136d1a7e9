"""One endpoint of an EVM network as it turns out to be: its chain, its blocks, what it can be asked and how much of it
at once.

All of it is learned from answers, in the order in which they are taken, and remembered for the run: a replay takes the
same steps.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from porlake import numbers
from porlake.chains._answers import BlockRef
from porlake.chains._ethereum import block_of
from porlake.chains._identity import check_id
from porlake.chains._questions import asked_once
from porlake.chains.evm.errors import code_failed
from porlake.chains.evm.methods import (
    BALANCE_OF,
    GET_BLOCK_HASH,
    GET_BLOCK_NUMBER,
    LADDER,
    Answer,
    Canary,
    Method,
    OtherBlock,
    Pin,
    Refused,
    Unsupported,
    named,
    number_in,
    refusal,
)
from porlake.chains.evm.programs import REFUSED
from porlake.chains.evm.transfers import TRANSFER
from porlake.chains.evm.words import Accounts
from porlake.errors import (
    BadAnswer,
    ChainError,
    NotRecorded,
    RateLimited,
    RequestFailed,
    TimedOut,
    TooBig,
    TransportError,
    Unavailable,
)
from porlake.registry import EvmNetwork, Network, Token
from porlake.transport import JsonRpc

GROW_AFTER = 8
SLOW = 3  # questions in a row without an answer in time: the node is not asked any more
FAULTS = 4  # so with failures on the way and states that are not there
REFUSALS = 7  # and with refusals, after which another way of asking is tried
# good answers until the better way is tried again: twice as many each time that it fails
BACK_AFTER, BACK_MOST = 8, 1_024
LOOK_BACK, LOOK_AT = 20, 6  # blocks, and accounts in them, by which a node shows that it keeps the past
LOOK_BACK_LOGS = 5
# kinds of transactions that count their sender's nonce up; 0x71 is zkSync's own
ORDINARY = frozenset({"0x0", "0x1", "0x2", "0x71"})
# of the event Transfer(address,address,uint256)


class NothingShows(ChainError):
    """Nothing near a block is known to differ from the block before it."""


class OneState(ChainError):
    """A node gives one state for the time before a block and after it."""


@dataclass(frozen=True, slots=True)
class Span:
    """Accounts `start` to `stop` that are to be asked for: after how many failures, whether the node will not answer,
    and whether by a call of its own.
    """

    start: int
    stop: int
    tries: int = 0
    refused: bool = False
    alone: bool = False

    @property
    def count(self) -> int:
        return self.stop - self.start


class Node:
    """`lost`: the error for which the node is no longer asked, None while it is. `refuses`: the word (`words`) that
    stands for the accounts of the present token where the node does not answer about it, None while it does. With
    `plain` tokens are read by plain calls: without programs of ours.
    """

    def __init__(
        self,
        network: Network,
        facts: EvmNetwork,
        rpc: JsonRpc,
        *,
        pause: float = 0.0,
        plain: bool = False,
    ) -> None:
        self._network, self._facts, self.rpc, self._pause = network, facts, rpc, pause
        self.lost: TransportError | ChainError | None = None
        self.refuses: int | None = None
        lacking = (PROGRAMS if facts.self_check == "none" else set()) | (PROGRAMS | {"multicall3"} if plain else set())
        self._rungs = [
            (method, by_hash) for method in LADDER if method.name not in lacking for by_hash in (True, False)
        ]
        self._out: set[int] = set()  # rungs that are not known here
        self._refused: list[str] = []
        self.rung, self.size, self.proven = 0, self._rungs[0][0].first, False
        self._good, self._slow, self._failed = 0, 0, 0
        self._trusted, self._below, self._back_in, self._back_after = False, -1, BACK_AFTER, BACK_AFTER
        self._headers: dict[int, dict[str, Any]] = {}
        self._canaries: dict[tuple[str, bool, bool], Canary] = {}

    @property
    def method(self) -> Method:
        return self._rungs[self.rung][0]

    def method_at(self, rung: int) -> str:
        return self._rungs[rung][0].name

    # --- blocks ---
    def block(self, height: int) -> BlockRef:
        """Raises ChainError where the endpoint is of another chain or gives another block, TransportError."""
        header = self._header(hex(height), height)
        self._headers[height] = header
        return self._ref(header)

    def block_by_tag(self, tag: str) -> BlockRef:
        return self._ref(self._header(tag, None))

    def final(self) -> int:
        """The height up to which no block can be reversed any more, by the network's rule."""
        if self._facts.final_tag:
            try:
                return self.block_by_tag(self._facts.final_tag).height
            except (RequestFailed, Unavailable, BadAnswer):
                pass  # a node that does not know the tag: the depth decides
        return max(0, self.block_by_tag("latest").height - self._facts.final_depth)

    def pin(self, at: BlockRef) -> Pin:
        """The block as the present way of asking names it. Raises ChainError where this node has another block
        there.
        """
        if at.height not in self._headers:
            self.block(at.height)
        header = self._headers[at.height]
        if header["hash"].lower() != at.hash:
            raise ChainError(
                f"{self.rpc.host}: block {at.height:,} of {self._network.name} is {header['hash']} there, not {at.hash}"
            )
        return Pin(self._network, self._facts, at.height, at.hash, header["parentHash"], self._rungs[self.rung][1])

    def pin_by(self, at: BlockRef, *, by_hash: bool) -> Pin:
        """The block by its hash or its number. Raises ChainError where this node has another block there."""
        return replace(self.pin(at), by_hash=by_hash)

    def ready(self, at: BlockRef, token: Token) -> Pin:
        """The pin, with what shows that answers are of it. Raises NothingShows where nothing does for a token,
        ChainError, TransportError.
        """
        while True:
            pin = self.pin(at)
            if self.method.checks:
                return pin
            try:
                return replace(pin, canary=self._canary(pin, token))
            # it does not take a block's hash (EIP-1898), or takes it and looks elsewhere
            except (RequestFailed, OneState) as error:
                if isinstance(error, OneState) and not pin.by_hash:
                    raise
                self._step_down(error if isinstance(error, OneState) else refusal(error, "the question"), for_good=True)
                if self.lost is not None:
                    raise self.lost from error
                if self.refuses is not None:
                    raise NothingShows(str(error)) from error

    def check_not_replaced(self, at: BlockRef) -> None:
        """Raises ChainError where the block was replaced while it was read, which answers by its number would not
        show.
        """
        if any(hash_ == at.hash for hash_, _, _ in self._canaries) and self.block(at.height).hash != at.hash:
            raise ChainError(
                f"{self.rpc.host}: block {at.height:,} of {self._network.name} was replaced while it was read"
            )

    @asked_once
    def check_chain(self) -> None:
        """Raises ChainError where the endpoint is of another chain, TransportError."""
        found = number_in(self.rpc.host, "eth_chainId", self._call("eth_chainId", []))
        check_id(self._network, self.rpc.host, found)

    def _header(self, name: str, height: int | None) -> dict[str, Any]:
        self.check_chain()
        header = self._call("eth_getBlockByNumber", [name, False])
        what = f"block {height:,}" if height is not None else f"block {name!r}"
        if header is None:
            raise Unavailable(f"{self.rpc.host}: {self._network.name} has no {what}")
        found = self._ref(header)
        if height is not None and found.height != height:
            raise ChainError(f"{self.rpc.host}: asked for {what}, it gave {found.height:,}")
        return dict(header)

    def _ref(self, header: Any) -> BlockRef:
        what = f"{self.rpc.host}: eth_getBlockByNumber"
        found = block_of(header, what)
        numbers.data(header.get("parentHash"), what=f"{what}: parentHash", size=32)
        return found

    def _call(self, method: str, params: list[Any]) -> Any:
        return self.rpc.call(method, params)

    # --- what shows the past ---
    def _canary(self, pin: Pin, token: Token) -> Canary:
        native = token.kind == "native"
        key = (pin.hash, native, pin.by_hash)
        if key not in self._canaries:
            self._canaries[key] = self._of_balances(pin) if native else self._of_calls(pin, token)
        return self._canaries[key]

    def _of_balances(self, pin: Pin) -> Canary:
        """What a sender held before and after the block of his transaction, for which he paid. Raises ChainError where
        it is the same.
        """
        same, free = "", None
        for block in self._blocks(pin, LOOK_BACK, whole=True):
            for sender, paid in _senders(block)[:LOOK_AT]:
                found = self._pair(pin, block, "eth_getBalance", [sender])
                if found.answers[0] != found.answers[1]:
                    return found
                if paid:
                    same = same or block["number"]
                elif free is None:
                    free = (sender, block)
            if same:
                raise self._one_state(int(same, 16))
        # a node that leaves prices away says nothing of what a sender paid: his nonce stands in the same account
        if free is not None:
            found = self._pair(pin, free[1], "eth_getTransactionCount", [free[0]])
            if found.answers[0] < found.answers[1]:
                return found
            raise self._one_state(int(free[1]["number"], 16))
        raise ChainError(f"{self._nothing(pin)}: no transaction near the block")

    def _of_calls(self, pin: Pin, token: Token) -> Canary:
        """The block's number and its parent's hash as Multicall3 tells them; else a token's balance before and after a
        transfer.
        """
        other = None
        if self._facts.multicall3 and self._facts.self_check != "arbsys" and pin.height:
            said = self._by_multicall(pin)
            if said.answers == (pin.height, int(pin.parent, 16)):
                return said
            other = said.answers[0] if said.answers else None
        same = ""
        for block in self._blocks(pin, LOOK_BACK_LOGS, whole=False):
            for contract, account in self._moved(block, token)[:LOOK_AT]:
                data = "0x" + BALANCE_OF + account[2:].rjust(64, "0")
                try:
                    found = self._pair(pin, block, "eth_call", [{"to": contract, "data": data}])
                except (BadAnswer, TooBig, RequestFailed) as error:
                    if isinstance(error, RequestFailed) and not code_failed(error):
                        raise
                    continue  # not a token
                if found.answers[0] != found.answers[1]:
                    return found
                same = same or block["number"]
            if same:
                raise self._one_state(int(same, 16))
        if other is not None and self._facts.self_check == "number":
            raise OtherBlock(
                f"{self.rpc.host}: asked for block {pin.height:,} of {self._network.name}, it answered from block "
                f"{other:,}"
            )
        raise NothingShows(f"{self._nothing(pin)}: no contract tells the block, and no token moved near it")

    def _nothing(self, pin: Pin) -> str:
        return f"{self.rpc.host}: nothing shows that it keeps the past of {self._network.name} at block {pin.height:,}"

    def _one_state(self, height: int) -> OneState:
        return OneState(
            f"{self.rpc.host}: asked for the state before and after block {height:,} of {self._network.name}, it "
            f"gives one for both" + (f" ({'; '.join(self._refused)})" if self._refused else "")
        )

    def _by_multicall(self, pin: Pin) -> Canary:
        """The two calls, with what they answered; without answers where no contract is there that answers them."""
        calls = (GET_BLOCK_NUMBER, GET_BLOCK_HASH + f"{pin.height - 1:064x}")
        asked = tuple(("eth_call", [{"to": self._facts.multicall3, "data": "0x" + data}, pin.param]) for data in calls)
        try:
            return Canary(asked, self._numbers(asked))
        except (BadAnswer, TooBig, RequestFailed) as error:
            if isinstance(error, RequestFailed) and not code_failed(error):
                raise
            return Canary((), ())

    def _numbers(self, questions: tuple[tuple[str, list[Any]], ...]) -> tuple[int, ...]:
        return tuple(number_in(self.rpc.host, method, self._call(method, params)) for method, params in questions)

    def _pair(self, pin: Pin, block: dict[str, Any], method: str, params: list[Any]) -> Canary:
        """A question about the state before a block and after it, and the answers."""
        height = int(block["number"], 16)
        before, after = (
            named(height - 1, block["parentHash"], by_hash=pin.by_hash),
            named(height, block["hash"], by_hash=pin.by_hash),
        )
        questions = ((method, [*params, before]), (method, [*params, after]))
        return Canary(questions, self._numbers(questions))

    def _blocks(self, pin: Pin, most: int, *, whole: bool) -> Iterator[dict[str, Any]]:
        """The pinned block and those before it, which follow each other; with their transactions."""
        expected = pin.hash
        for height in range(pin.height, max(0, pin.height - most), -1):
            block = self._call("eth_getBlockByNumber", [hex(height), whole])
            if not isinstance(block, dict) or self._ref(block).height != height or block["hash"] != expected:
                if height == pin.height:
                    raise ChainError(
                        f"{self.rpc.host}: block {height:,} of {self._network.name} is another than before"
                    )
                return
            expected = block["parentHash"]
            yield block

    def _moved(self, block: dict[str, Any], token: Token) -> list[tuple[str, str]]:
        """(contract, account) of transfers in a block, the wanted token's first; none where the node does not tell."""
        try:
            logs = self._call(
                "eth_getLogs", [{"fromBlock": block["number"], "toBlock": block["number"], "topics": [TRANSFER]}]
            )
        except (RequestFailed, TooBig, TimedOut, Unavailable):
            return []
        found = dict[tuple[str, str], bool]()
        for log in logs if isinstance(logs, list) else []:
            topics, contract = (log.get("topics"), log.get("address")) if isinstance(log, dict) else (None, None)
            if isinstance(topics, list) and len(topics) == 3 and isinstance(contract, str):
                for topic in topics[1:]:
                    if (
                        isinstance(topic, str)
                        and len(topic) == 66
                        and topic.startswith("0x" + "0" * 24)
                        and topic.strip("0x")
                    ):
                        found[contract.lower(), "0x" + topic[26:].lower()] = True
        return sorted(found, key=lambda moved: moved[0] != token.contract)

    # --- balances ---
    def ask(self, rung: int, pin: Pin, token: Token, accounts: Accounts) -> Answer:
        return self._rungs[rung][0].ask(self.rpc, pin, token, accounts)

    def start_token(self) -> None:
        """Another token is asked for: what the last one was refused says little of it."""
        self.refuses, self._failed, self._slow = None, 0, 0
        if self.rung != self._best_rung():
            self._step_up()

    def succeeded(self, rung: int) -> None:
        """An answer was good: after a row of them the node is asked for more, or in the better way again."""
        if rung != self.rung:
            return
        self.proven = self._trusted = True
        self._slow, self._failed = 0, 0
        if self._below >= 0:
            self._below, self._back_after = -1, BACK_AFTER
        self._good += 1
        if self._good >= GROW_AFTER and self.size < self.method.most:
            self.size, self._good = min(self.method.most, self.size + max(1, self.size // 4)), 0
        if self.rung != self._best_rung():
            self._back_in -= 1
            if self._back_in <= 0:
                self._step_up()

    def failed_with(self, error: TransportError | ChainError, rung: int, asked: Span) -> list[Span]:
        """A question failed: what is to be asked instead: again, for less, in another way, or not at all any more."""
        if asked.alone:
            return [self._given_up(asked)]
        if self.lost is not None or rung != self.rung:
            return [asked]  # learned already, from an earlier answer
        if self._below >= 0 and not isinstance(error, RateLimited | NotRecorded | TooBig | TimedOut):
            self._step_back(error)
            return [asked]
        if isinstance(error, Unsupported):
            self._step_down(error, for_good=True)
            return [replace(asked, tries=0)]
        asked = replace(asked, tries=asked.tries + 1)
        if isinstance(error, TooBig | TimedOut):
            return self._overloaded(error, asked)
        if isinstance(error, Refused | OtherBlock):
            return self._refused_question(error, asked)
        self._failed += 1
        if isinstance(error, RateLimited | BadAnswer | NotRecorded) or self._failed >= FAULTS:
            self.lost = error
        elif self.proven and asked.tries >= 2:
            return self.split(asked)
        elif isinstance(error, Unavailable) and self._failed == 1:
            self.pause(1)  # one server of several may lag behind
        else:
            self._ask_for_less(asked.count)
        return [asked]

    def _overloaded(self, error: TransportError | ChainError, asked: Span) -> list[Span]:
        self._slow += isinstance(error, TimedOut)
        if self._slow >= SLOW:
            self.lost = error
        elif self.proven and asked.tries >= 2:
            return self.split(asked)
        elif asked.count == 1:
            self._step_down(error, for_good=False)
            return [replace(asked, tries=0)]
        else:
            self._ask_for_less(asked.count)
        return [asked]

    def _refused_question(self, error: TransportError | ChainError, asked: Span) -> list[Span]:
        """A refusal: after a pause again, then for less, then in another way."""
        self._failed += 1
        of_size = isinstance(error, Refused) and asked.count > 1
        if self._failed >= (REFUSALS if of_size else SLOW if isinstance(error, Refused) else SLOW - 1):
            self._step_down(error, for_good=False)
            return [replace(asked, tries=0)]
        if self.proven and asked.tries >= 2 and isinstance(error, Refused):
            return self.split(asked)
        if self._failed >= SLOW:
            self._ask_for_less(asked.count)
        else:
            self.pause(self._failed)
        return [asked]

    def split(self, asked: Span) -> list[Span]:
        """It is these accounts, not the node: the halves of them, and one account by a call of its own."""
        if asked.count > 1:
            middle = asked.start + asked.count // 2
            return [replace(asked, stop=middle, tries=1), replace(asked, start=middle, tries=1)]
        return [self._given_up(asked) if self.method.name == "eth_single" else replace(asked, alone=True)]

    def pause(self, times: int) -> None:
        time.sleep(self._pause * times)

    def alone(self) -> int:
        """The rung of single calls that name the block as the present rung does."""
        _method, by_hash = self._rungs[self.rung]
        return next(
            rung for rung, known in enumerate(self._rungs) if known[0].name == "eth_single" and known[1] == by_hash
        )

    def alone_pin(self, at: BlockRef, token: Token) -> Pin:
        """As `ready`, for a call of its own. Raises ChainError, TransportError."""
        pin = self.pin(at)
        return replace(pin, canary=self._canary(pin, token))

    def _given_up(self, asked: Span) -> Span:
        return replace(asked, refused=True, tries=0, alone=False)

    def _ask_for_less(self, count: int) -> None:
        if 1 < count <= self.size:
            self.size, self._good = count // 2, 0

    # --- the ladder ---
    def _best_rung(self) -> int:
        return next((rung for rung in range(len(self._rungs)) if rung not in self._out), len(self._rungs) - 1)

    def _set_rung(self, rung: int) -> None:
        self.rung, self.size, self.proven = rung, self._rungs[rung][0].first, False
        self._good, self._failed = 0, 0

    def _step_down(self, error: TransportError | ChainError, *, for_good: bool) -> None:
        method, by_hash = self._rungs[self.rung]
        self._refused.append(f"{method.name} {'at a block hash' if by_hash else 'at a block number'}: {error}")
        if for_good:
            self._out.add(self.rung)
        below = [rung for rung in range(self.rung + 1, len(self._rungs)) if rung not in self._out]
        if below:
            self._set_rung(below[0])
            self._back_in = self._back_after
        elif self._trusted and isinstance(error, Refused):
            self.refuses = REFUSED  # its answers before this token were good
        else:
            self.lost = ChainError(
                f"{self.rpc.host}: no way of asking it for balances works; " + "; ".join(self._refused)
            )

    def _step_up(self) -> None:
        self._below = self.rung if self.proven else -1
        self._set_rung(self._best_rung())

    def _step_back(self, error: TransportError | ChainError) -> None:
        """What was tried again fails still."""
        if isinstance(error, Unsupported):
            self._out.add(self.rung)
        below, self._below = self._below, -1
        self._set_rung(below)
        self._back_after = min(BACK_MOST, 2 * self._back_after)
        self._back_in = self._back_after


#: Methods that run programs of ours.
PROGRAMS = {"eth_call_override", "eth_call_creation"}


def _senders(block: dict[str, Any]) -> list[tuple[str, bool]]:
    """(sender, did he pay for it) of the ordinary transactions of a block, the last first, each sender once."""
    found: dict[str, bool] = {}
    sent = block.get("transactions")
    for transaction in reversed(sent if isinstance(sent, list) else []):
        if (
            isinstance(transaction, dict)
            and transaction.get("type", "0x0") in ORDINARY
            and isinstance(transaction.get("from"), str)
        ):
            price = transaction.get("gasPrice")
            found.setdefault(transaction["from"], isinstance(price, str) and price.strip("0x") != "")
    return list(found.items())
