"""The methods by which an EVM node is asked for many balances, the one that asks most at once first.

Each `ask` gives one word for each account (`words`), from the pinned block and no other: the programs and
Multicall3 answer with the block's number and its parent's hash, which are compared; batches and single calls ask
questions beside whose answers are known and are of that block alone (`Canary`). Raises Unsupported where the node does
not know the method, TooBig where it wants fewer, Refused where it refuses in a text that is not known, OtherBlock where
it answers from another block. https://github.com/mds1/multicall, https://eips.ethereum.org/EIPS/eip-1898,
https://eips.ethereum.org/EIPS/eip-3860
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from porlake import numbers
from porlake.chains._columns import Words, words_of
from porlake.chains.evm.errors import code_failed
from porlake.chains.evm.programs import FAILED, LARGE, MOST_HELD, PLACE, SHORT, program
from porlake.chains.evm.words import Accounts, digits, words_from
from porlake.errors import BadAnswer, ChainError, RequestFailed, TooBig, TransportError
from porlake.registry import EvmNetwork, Network, Token
from porlake.transport import JsonRpc

ONES = 2**256 - 1
GET_BLOCK_NUMBER, GET_BLOCK_HASH, GET_BALANCE, AGGREGATE = "42cbb15c", "ee82ac5e", "4d2301cc", "82ad56cb"
BALANCE_OF, DECIMALS = "70a08231", "313ce567"


#: Codes of JSON-RPC 2.0 that say that a question is none for this node: no batch, no such method, no such parameters.
_NEVER = (-32600, -32601, -32602)
_NEVER_WORDS = (
    "not supported",
    "unsupported",
    "too many arguments",
    "not allowed",
    "not whitelisted",
    "does not exist",
)


class Unsupported(ChainError):
    """The node does not know this way of asking."""


class Refused(ChainError):
    """The node refuses, in a text that is not known: it may be its load, the size of the question, the way of asking,
    or one account.
    """


class OtherBlock(ChainError):
    """An answer is of another block than the pinned one; or the chain means something else by its blocks' numbers and
    hashes.
    """


def refusal(error: RequestFailed, what: str) -> Unsupported | Refused:
    """What a node's refusal of a way of asking is."""
    certain = error.code in _NEVER or any(words in str(error).lower() for words in _NEVER_WORDS)
    return Unsupported(f"{error}: it refuses {what}") if certain else Refused(f"{error}: it refuses {what}")


@dataclass(frozen=True, slots=True)
class Canary:
    """Questions whose answers are known, and are others at other blocks: they go with every batch."""

    questions: tuple[tuple[str, list[Any]], ...]
    answers: tuple[int, ...]

    def check(self, host: str, answers: Sequence[Any]) -> None:
        """Raises OtherBlock, TransportError where one of them was not answered."""
        for (method, _), expected, answer in zip(self.questions, self.answers, answers, strict=True):
            if isinstance(answer, RequestFailed):
                raise refusal(answer, "the question beside") from answer
            if isinstance(answer, TransportError):
                raise answer
            if number_in(host, method, answer) != expected:
                raise OtherBlock(f"{host}: {method}: it gives one state for two blocks, or another than before")


@dataclass(frozen=True, slots=True)
class Pin:
    """A block, as one node is asked for it: by its hash (EIP-1898), else by its number."""

    network: Network
    facts: EvmNetwork
    height: int
    hash: str
    parent: str
    by_hash: bool
    canary: Canary = Canary((), ())

    @property
    def param(self) -> Any:
        return named(self.height, self.hash, by_hash=self.by_hash)

    def check(self, host: str, height: int, parent: int) -> None:
        """Raises OtherBlock where an answer is of another block than the pinned one, Unsupported where it does not say
        of which.
        """
        if height == ONES or (self.facts.self_check == "none" and height != self.height):
            raise Unsupported(f"{host}: the block does not show itself")
        if height != self.height:
            raise OtherBlock(
                f"{host}: asked for block {self.height:,} of {self.network.name}, it answered from block {height:,}"
            )
        if parent != int(self.parent, 16):
            raise OtherBlock(
                f"{host}: block {self.height:,} of {self.network.name} follows 0x{parent:064x} in its answer, not "
                f"{self.parent}"
            )


def named(height: int, hash_: str, *, by_hash: bool) -> Any:
    """The block parameter of a question."""
    return {"blockHash": hash_, "requireCanonical": True} if by_hash else hex(height)


@dataclass(frozen=True, slots=True)
class Answer:
    """A word for each account; those of `failed` have none, and why."""

    words: Words
    failed: Mapping[int, TransportError | ChainError] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Method:
    """`first` accounts are in the first questions, never more than `most`; `checks`: whether an answer shows the block
    it is of.
    """

    name: str
    first: int
    most: int
    checks: bool
    ask: Callable[[JsonRpc, Pin, Token, Accounts], Answer]


# --- programs of our own ----------------------------------------------------------------------------------------------
def override(rpc: JsonRpc, pin: Pin, token: Token, accounts: Accounts) -> Answer:
    """`eth_call` with a code override, geth's third parameter. A node that ignores it finds no code and answers
    `0x`.
    """
    code = "0x" + program(token.kind, pin.facts.self_check).hex()
    data = "0x" + token.contract[2:] + digits(accounts)
    answer = _eth_call(rpc, [{"to": PLACE, "data": data}, pin.param, {PLACE: {"code": code}}], "a code override")
    return _checked(rpc.host, pin, _bytes(rpc.host, answer), len(accounts))


def creation(rpc: JsonRpc, pin: Pin, token: Token, accounts: Accounts) -> Answer:
    """`eth_call` without `to`: the program runs as the code that makes a contract, and reverts with what it read."""
    data = "0x" + program(token.kind, pin.facts.self_check, creation=True).hex() + token.contract[2:] + digits(accounts)
    try:
        rpc.call("eth_call", [{"data": data}, pin.param], patient=False)
    except RequestFailed as error:
        answer = error.data.get("data") if isinstance(error.data, dict) else error.data
        answer = answer.removeprefix("Reverted ") if isinstance(answer, str) else ""  # so does Nethermind begin it
        if not answer.startswith("0x"):
            raise refusal(error, "a simulated creation") from error
        return _checked(rpc.host, pin, _bytes(rpc.host, answer), len(accounts))
    raise Unsupported(f"{rpc.host}: eth_call: a creation that reverts came back without an error")


def _checked(host: str, pin: Pin, data: bytes, count: int) -> Answer:
    """The words of a program's answer: 64 bytes of which block it is, 16 for each account. Zeros are never filled
    in.
    """
    if not data:
        raise Unsupported(f"{host}: eth_call: the node ignores our program (empty answer)")
    if len(data) != 64 + 16 * count:
        raise Unsupported(f"{host}: eth_call: {len(data)} bytes for {count} balances")
    pin.check(host, int.from_bytes(data[:32], "big"), int.from_bytes(data[32:64], "big"))
    return Answer(words_of(data[64:]))


# --- Multicall3 -------------------------------------------------------------------------------------------------------
def multicall(rpc: JsonRpc, pin: Pin, token: Token, accounts: Accounts) -> Answer:
    """`aggregate3` with the contract's own getBlockNumber and getBlockHash in front. Before its deployment there is no
    code: `0x`.
    """
    place = pin.facts.multicall3
    if not place:
        raise Unsupported(f"{pin.network.name} has no Multicall3 that is known")
    if pin.facts.self_check == "arbsys":
        raise Unsupported(f"NUMBER is another chain's on {pin.network.name}")
    own = f"{int(place, 16):064x}"
    calls = [(own, GET_BLOCK_NUMBER), (own, GET_BLOCK_HASH + f"{pin.height - 1:064x}"), *_calls(own, token, accounts)]
    answer = _eth_call(rpc, [{"to": place, "data": "0x" + aggregate(calls)}, pin.param], "Multicall3")
    results = aggregated(rpc.host, _bytes(rpc.host, answer), len(calls))
    if not all(good and len(data) == 32 for good, data in results[:2]):
        raise Unsupported(f"{rpc.host}: eth_call: Multicall3 does not tell the block")
    pin.check(rpc.host, *(int.from_bytes(data, "big") for _, data in results[:2]))
    succeeded = [good for good, _ in results[2:]]
    if succeeded[0] and not succeeded[-1] and not any(succeeded[succeeded.index(False) :]):
        raise TooBig(f"{rpc.host}: eth_call: from some account on every call failed, as where the gas runs out")
    return Answer(words_from([_word(data) if good else FAILED for good, data in results[2:]]))


def _calls(own: str, token: Token, accounts: Accounts) -> Iterable[tuple[str, str]]:
    """(target, data) of a call for each account, or for each pair of token and account."""
    hexed = digits(accounts)
    if token.kind == "pairs":
        for i in range(0, len(hexed), 80):
            place, account = hexed[i : i + 40], hexed[i + 40 : i + 80].rjust(64, "0")
            yield (place.rjust(64, "0"), BALANCE_OF + account) if place.strip("0") else (own, GET_BALANCE + account)
        return
    target, selector = (own, GET_BALANCE) if token.kind == "native" else (f"{int(token.contract, 16):064x}", BALANCE_OF)
    for i in range(0, len(hexed), 40):
        yield target, selector + hexed[i : i + 40].rjust(64, "0")


def aggregate(calls: Sequence[tuple[str, str]]) -> str:
    """The call data of aggregate3((address target, bool allowFailure, bytes callData)[]), by hand: eth-abi takes 30
    times as long.
    """
    places, tuples, at = [], [], 32 * len(calls)
    for target, data in calls:
        size = len(data) // 2
        padded = data.ljust(-(-len(data) // 64) * 64, "0")
        tuples.append(f"{target}{1:064x}{96:064x}{size:064x}{padded}")
        places.append(f"{at:064x}")
        at += len(tuples[-1]) // 2
    return AGGREGATE + f"{32:064x}{len(calls):064x}" + "".join(places) + "".join(tuples)


def aggregated(host: str, data: bytes, count: int) -> list[tuple[bool, bytes]]:
    """The (bool success, bytes returnData)[] of aggregate3. Raises Unsupported for what is not of that form."""

    def uint(at: int) -> int:
        if at + 32 > len(data):
            raise Unsupported(f"{host}: eth_call: {len(data)} bytes are no answer of Multicall3 to {count} calls")
        return int.from_bytes(data[at : at + 32], "big")

    base = uint(0) + 32
    if uint(base - 32) != count:
        raise Unsupported(f"{host}: eth_call: Multicall3 answers {uint(base - 32)} of {count} calls")
    results = []
    for index in range(count):
        at = base + uint(base + 32 * index)
        begin, size = at + uint(at + 32) + 32, uint(at + uint(at + 32))
        if begin + size > len(data):
            raise Unsupported(f"{host}: eth_call: the answer of Multicall3 breaks off")
        results.append((bool(uint(at)), data[begin : begin + size]))
    return results


# --- JSON-RPC batches and single calls --------------------------------------------------------------------------------
def batch(rpc: JsonRpc, pin: Pin, token: Token, accounts: Accounts) -> Answer:
    """`eth_getBalance` or `eth_call` of balanceOf for each account, in one request."""
    try:
        answers = rpc.batch([*pin.canary.questions, *questions(pin, token, accounts)], patient=False)
    except RequestFailed as error:
        raise refusal(error, "batches") from error
    except BadAnswer as error:
        if len(accounts) > 1:
            raise TooBig(f"{error}: asking for less") from error
        raise Unsupported(f"{error}: it takes no batches") from error
    return _each(rpc.host, pin, token, answers)


def single(rpc: JsonRpc, pin: Pin, token: Token, accounts: Accounts) -> Answer:
    """One request an account, a few of them under way at once."""
    return _each(rpc.host, pin, token, list(rpc.tried([*pin.canary.questions, *questions(pin, token, accounts)])))


def questions(pin: Pin, token: Token, accounts: Accounts, sender: str = "") -> Iterable[tuple[str, list[Any]]]:
    """A question for each account; `sender` is who calls a token: '' the zero address, `self` the account itself."""
    hexed = digits(accounts)
    for i in range(0, len(hexed), 40):
        account = hexed[i : i + 40]
        if token.kind == "native":
            yield "eth_getBalance", ["0x" + account, pin.param]
        else:
            asking = {"from": "0x" + account} if sender == "self" else {}
            yield (
                "eth_call",
                [{"to": token.contract, "data": "0x" + BALANCE_OF + account.rjust(64, "0")} | asking, pin.param],
            )


def _each(host: str, pin: Pin, token: Token, answers: Sequence[Any]) -> Answer:
    """The balances behind the canary's answers. Where none of them was answered, the first failure is the whole's."""
    beside = len(pin.canary.questions)
    pin.canary.check(host, answers[:beside])
    found, failed = list[int](), dict[int, TransportError | ChainError]()
    for place, answer in enumerate(answers[beside:]):
        try:
            found.append(balance_in(host, token, answer))
        except (TransportError, Unsupported, Refused) as error:
            found.append(0)
            failed[place] = error
    if failed and len(failed) == len(found):
        raise failed[0]
    return Answer(words_from(found), failed)


def balance_in(host: str, token: Token, answer: Any) -> int:
    """What an answer says that an account holds. Raises what stands in its place, BadAnswer."""
    if isinstance(answer, RequestFailed | TooBig) and token.kind != "native" and code_failed(answer):
        return FAILED
    if isinstance(answer, RequestFailed):
        raise refusal(answer, "it") from answer
    if isinstance(answer, TransportError):
        raise answer
    if token.kind != "native":
        return _word(_bytes(host, answer))
    return _held(number_in(host, "eth_getBalance", answer))


# --- answers ----------------------------------------------------------------------------------------------------------
def _eth_call(rpc: JsonRpc, params: list[Any], what: str) -> Any:
    try:
        return rpc.call("eth_call", params, patient=False)
    except RequestFailed as error:
        raise refusal(error, what) from error


def _bytes(host: str, answer: Any) -> bytes:
    return numbers.data(answer, what=f"{host}: eth_call: the answer is no hex")


def number_in(host: str, method: str, answer: Any) -> int:
    """A quantity, or the one word that a call returned. `0x` is no zero. Raises BadAnswer."""
    return numbers.quantity(answer, what=f"{host}: {method}")


def decimals_in(host: str, answer: Any) -> int | None:
    """The uint8 that decimals() gave, or None for an answer that is none."""
    data = _bytes(host, answer)
    found = int.from_bytes(data, "big")
    return found if len(data) == 32 and found < 256 else None


def _word(data: bytes) -> int:
    """The first word that a token returned."""
    return _held(int.from_bytes(data[:32], "big")) if len(data) >= 32 else SHORT


def _held(raw: int) -> int:
    return raw if raw < MOST_HELD else LARGE


#: From the top of the ladder down. 100,000 bytes of return data is the cap of Erigon and Bor, 49,152 bytes of code
#: EIP-3860's; a batch may hold 100 calls at Erigon and Bor and 1,000 at geth.
LADDER = (
    Method("eth_call_override", 5_000, 6_000, True, override),
    Method("eth_call_creation", 2_400, 2_400, True, creation),
    Method("multicall3", 1_000, 2_000, True, multicall),
    Method("eth_batch", 100, 1_000, False, batch),
    Method("eth_single", 100, 100, False, single),
)

#: Of these, those that can be asked for pairs of token and account: their answers show the block by themselves.
MANY = tuple(replace(method, first=min(method.first, 4_000)) for method in LADDER if method.checks)
