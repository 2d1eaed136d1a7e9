"""The ladder of methods by which an EVM node is asked for many balances, from the one that asks most at once to single calls.

Each `ask` gives one word for each account (`_evm_words`), from the pinned block and no other: the programs and Multicall3 answer with the
block's number and its parent's hash, which are compared; batches and single calls cannot, so that a node must first show that it keeps
the past (`Pin.shows_the_past`). Raises Unsupported where the node does not know the method, TooBig where it wants fewer.
https://github.com/mds1/multicall, https://eips.ethereum.org/EIPS/eip-1898, https://eips.ethereum.org/EIPS/eip-3860
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from porlake.chains._evm_words import Accounts, Words, digits, words_from, words_of
from porlake.chains._programs import FAILED, LARGE, PLACE, SHORT, program
from porlake.errors import BadAnswer, ChainError, RequestFailed, TooBig, TransportError
from porlake.registry import EvmNetwork, Network, Token
from porlake.transport import JsonRpc

ONES = 2**256 - 1
GET_BLOCK_NUMBER, GET_BLOCK_HASH, GET_BALANCE, AGGREGATE = "42cbb15c", "ee82ac5e", "4d2301cc", "82ad56cb"
BALANCE_OF, DECIMALS = "70a08231", "313ce567"


class Unsupported(ChainError):
    """The node does not know this way of asking."""


@dataclass(frozen=True, slots=True)
class Pin:
    """A block, as one node is asked for it: by its hash (EIP-1898), else by its number."""

    network: Network
    facts: EvmNetwork
    height: int
    hash: str
    parent: str
    by_hash: bool

    @property
    def param(self) -> Any:
        return {"blockHash": self.hash, "requireCanonical": True} if self.by_hash else hex(self.height)

    def check(self, host: str, height: int, parent: int) -> None:
        """Raises ChainError where an answer is of another block than the pinned one."""
        if self.by_hash and height == ONES and self.facts.self_check == "arbsys":
            return  # the chain's own contract did not answer: the hash alone pins the block
        if height == ONES or (self.facts.self_check == "none" and height != self.height):
            raise Unsupported(f"{host}: the block does not show itself")
        if height != self.height:
            raise ChainError(f"{host}: asked for block {self.height:,} of {self.network.name}, it answered from block {height:,}")
        if parent != int(self.parent, 16):
            raise ChainError(f"{host}: block {self.height:,} of {self.network.name} follows 0x{parent:064x} in its answer, not {self.parent}")


@dataclass(frozen=True, slots=True)
class Method:
    """`first` accounts are in the first questions, never more than `most`; `checks`: whether an answer shows the block it is of."""

    name: str
    first: int
    most: int
    checks: bool
    ask: Callable[[JsonRpc, Pin, Token, Accounts], Words]


# --- programs of our own --------------------------------------------------------------------------------------------------
def override(rpc: JsonRpc, pin: Pin, token: Token, accounts: Accounts) -> Words:
    """`eth_call` with a code override, geth's third parameter. A node that ignores it finds no code and answers `0x`."""
    code = "0x" + program(token.kind, pin.facts.self_check).hex()
    data = "0x" + token.contract[2:] + digits(accounts)
    answer = _asked(rpc, [{"to": PLACE, "data": data}, pin.param, {PLACE: {"code": code}}], "a code override")
    return _checked(rpc.host, pin, _bytes(rpc.host, answer), len(accounts))


def creation(rpc: JsonRpc, pin: Pin, token: Token, accounts: Accounts) -> Words:
    """`eth_call` without `to`: the program runs as the code that makes a contract, and reverts with what it read."""
    data = "0x" + program(token.kind, pin.facts.self_check, creation=True).hex() + token.contract[2:] + digits(accounts)
    try:
        rpc.call("eth_call", [{"data": data}, pin.param], patient=False)
    except RequestFailed as error:
        answer = error.data.get("data") if isinstance(error.data, dict) else error.data
        if not isinstance(answer, str) or not answer.startswith("0x"):
            raise Unsupported(f"{error}: it refuses a simulated creation") from error
        return _checked(rpc.host, pin, _bytes(rpc.host, answer), len(accounts))
    raise Unsupported(f"{rpc.host}: eth_call: a creation that reverts came back without an error")


def _checked(host: str, pin: Pin, data: bytes, count: int) -> Words:
    """The words of a program's answer: 64 bytes of which block it is, 16 for each account. Zeros are never filled in."""
    if not data:
        raise Unsupported(f"{host}: eth_call: the node ignores our program (empty answer)")
    if len(data) != 64 + 16 * count:
        raise Unsupported(f"{host}: eth_call: {len(data)} bytes for {count} balances")
    pin.check(host, int.from_bytes(data[:32], "big"), int.from_bytes(data[32:64], "big"))
    return words_of(data[64:])


# --- Multicall3 -----------------------------------------------------------------------------------------------------------
def multicall(rpc: JsonRpc, pin: Pin, token: Token, accounts: Accounts) -> Words:
    """`aggregate3` with the contract's own getBlockNumber and getBlockHash in front. Before its deployment there is no code: `0x`."""
    place = pin.facts.multicall3
    if not place:
        raise Unsupported(f"{pin.network.name} has no Multicall3 that is known")
    if pin.facts.self_check == "arbsys":
        raise Unsupported(f"NUMBER is another chain's on {pin.network.name}")
    own = f"{int(place, 16):064x}"
    calls = [(own, GET_BLOCK_NUMBER), (own, GET_BLOCK_HASH + f"{pin.height - 1:064x}")]
    hexed = digits(accounts)
    target, selector = (own, GET_BALANCE) if token.kind == "native" else (f"{int(token.contract, 16):064x}", BALANCE_OF)
    calls += [(target, selector + hexed[i : i + 40].rjust(64, "0")) for i in range(0, len(hexed), 40)]
    answer = _asked(rpc, [{"to": place, "data": "0x" + aggregate(calls)}, pin.param], "Multicall3")
    results = aggregated(rpc.host, _bytes(rpc.host, answer), len(calls))
    if not all(good and len(data) == 32 for good, data in results[:2]):
        raise Unsupported(f"{rpc.host}: eth_call: Multicall3 does not tell the block")
    pin.check(rpc.host, *(int.from_bytes(data, "big") for _, data in results[:2]))
    succeeded = [good for good, _ in results[2:]]
    if succeeded[0] and not succeeded[-1] and not any(succeeded[succeeded.index(False) :]):
        raise TooBig(f"{rpc.host}: eth_call: from some account on every call failed, as where the gas runs out")
    return words_from([_word(data) if good else FAILED for good, data in results[2:]])


def aggregate(calls: Sequence[tuple[str, str]]) -> str:
    """The call data of aggregate3((address target, bool allowFailure, bytes callData)[]), by hand: eth-abi takes 30 times as long."""
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


# --- JSON-RPC batches and single calls ------------------------------------------------------------------------------------
def batch(rpc: JsonRpc, pin: Pin, token: Token, accounts: Accounts) -> Words:
    """`eth_getBalance` or `eth_call` of balanceOf for each account, in one request."""
    try:
        answers = rpc.batch(list(questions(pin, token, accounts)), patient=False)
    except RequestFailed as error:
        raise Unsupported(f"{error}: it takes no batches") from error
    except BadAnswer as error:
        if len(accounts) > 1:
            raise TooBig(f"{error}: asking for less") from error
        raise Unsupported(f"{error}: it takes no batches") from error
    return words_from([_balance(rpc.host, token, answer) for answer in answers])


def single(rpc: JsonRpc, pin: Pin, token: Token, accounts: Accounts) -> Words:
    """One request an account, a few of them under way at once."""
    return words_from([_balance(rpc.host, token, answer) for answer in rpc.tried(questions(pin, token, accounts))])


def questions(pin: Pin, token: Token, accounts: Accounts) -> Iterable[tuple[str, list[Any]]]:
    hexed = digits(accounts)
    for i in range(0, len(hexed), 40):
        account = hexed[i : i + 40]
        if token.kind == "native":
            yield "eth_getBalance", ["0x" + account, pin.param]
        else:
            yield "eth_call", [{"to": token.contract, "data": "0x" + BALANCE_OF + account.rjust(64, "0")}, pin.param]


#: What a node says where one call failed inside the token, not for the size of the question.
_TOKENS_OWN = ("revert", "out of gas", "outofgas", "invalid opcode", "invalid jump")


def _balance(host: str, token: Token, answer: Any) -> int:
    if isinstance(answer, RequestFailed | TooBig) and token.kind != "native" and any(mark in str(answer).lower() for mark in _TOKENS_OWN):
        return FAILED
    if isinstance(answer, RequestFailed):
        raise Unsupported(str(answer)) from answer
    if isinstance(answer, TransportError):
        raise answer
    if token.kind != "native":
        return _word(_bytes(host, answer))
    try:
        if not isinstance(answer, str) or not answer.startswith("0x"):
            raise ValueError(answer)
        return min(int(answer[2:], 16), LARGE)
    except ValueError as error:  # `0x` too: it is no zero
        raise BadAnswer(f"{host}: eth_getBalance: {str(answer)[:40]!r} is no hex number") from error


# --- answers --------------------------------------------------------------------------------------------------------------
def _asked(rpc: JsonRpc, params: list[Any], what: str) -> Any:
    try:
        return rpc.call("eth_call", params, patient=False)
    except RequestFailed as error:
        raise Unsupported(f"{error}: it refuses {what}") from error


def _bytes(host: str, answer: Any) -> bytes:
    try:
        if not answer.startswith("0x"):
            raise ValueError(answer[:2])
        return bytes.fromhex(answer[2:])
    except (AttributeError, TypeError, ValueError) as error:
        raise BadAnswer(f"{host}: eth_call: the answer is no hex") from error


def decimals_in(host: str, answer: Any) -> int | None:
    """The uint8 that decimals() gave, or None for an answer that is none."""
    data = _bytes(host, answer)
    found = int.from_bytes(data, "big")
    return found if len(data) == 32 and found < 256 else None


def _word(data: bytes) -> int:
    """The first word that a token returned."""
    return min(int.from_bytes(data[:32], "big"), LARGE) if len(data) >= 32 else SHORT


#: From the top of the ladder down. 100,000 bytes of return data is the cap of Erigon and Bor, 49,152 bytes of code EIP-3860's; a batch may hold
#: 100 calls at Erigon and Bor and 1,000 at geth.
LADDER = (
    Method("eth_call_override", 5_000, 6_000, True, override),
    Method("eth_call_creation", 2_400, 2_400, True, creation),
    Method("multicall3", 1_000, 2_000, True, multicall),
    Method("eth_batch", 100, 1_000, False, batch),
    Method("eth_single", 100, 100, False, single),
)
