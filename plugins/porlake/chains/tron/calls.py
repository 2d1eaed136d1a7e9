"""Balances of a TRC-20 token, many in one constant call, in the ways that java-tron endpoints have, the widest first:

creation   the simulated creation of a contract that reads them (HTTP API; see _tron_program)
multicall  the Multicall3 that is deployed on Tron, https://www.multicall3.com/
single     one balanceOf for each account

A way that an endpoint refuses is not tried on it again. The public network gives a constant call 80 ms: a call that
takes too long, or too much energy, is asked again in halves; what goes through is the size from then on, and a larger
one is tried now and then, for one bad account shrinks the calls of all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from porlake import numbers
from porlake.chains._questions import MOST, reason_of
from porlake.chains.tron import program as _tron_program
from porlake.chains.tron.errors import TOO_MUCH
from porlake.chains.tron.program import FAILED
from porlake.encoding import base58
from porlake.encoding.keccak import keccak256
from porlake.errors import RequestFailed, TooBig, TransportError

FIRST_SIZE = 150
PATIENCE = 8  # calls that go through before a larger one is tried
MULTICALL = base58.decode_check("TEazPvZwDjDtFeJupyo7QunvnrnUjPH8ED")[1:]
_AGGREGATE, _NUMBER, _BALANCE = (
    keccak256(text)[:4] for text in (b"aggregate3((address,bool,bytes)[])", b"getBlockNumber()", b"balanceOf(address)")
)


class Caller(Protocol):
    """What an endpoint can be asked. A call that fails raises RequestFailed, one that takes too much TooBig."""

    @property
    def host(self) -> str: ...
    def ping(self) -> None: ...
    def creation(self, code: bytes) -> bytes: ...
    def call(self, contract: bytes, data: bytes) -> bytes: ...
    def single(self, token: bytes, account: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class TokenBalance:
    """`raw` is None where the balance could not be read, for `reason`; `number` is that of the block that was read,
    None where the way is silent.
    """

    raw: int | None
    number: int | None
    method: str
    reason: str = "token_call_failed"


def asks_too_much(message: str) -> bool:
    return any(mark in message.lower() for mark in TOO_MUCH)


class Reader:
    """`methods`: the ways that the caller has, with the name of each in the datasets."""

    def __init__(self, caller: Caller, methods: Mapping[str, str]) -> None:
        self._caller, self._methods, self._size, self._lost = caller, methods, FIRST_SIZE, 0
        known: dict[str, Callable[[bytes, list[bytes]], list[TokenBalance]]] = {
            "creation": self._creation,
            "multicall": self._multicall,
        }
        self._ways = [known[way] for way in known if way in methods]

    def balances(self, token: bytes, accounts: list[bytes]) -> Iterator[TokenBalance]:
        """What each account holds of `token`, in order. Raises TransportError, also where the endpoint fails for every
        account.
        """
        at = went_through = good = 0
        failed: TransportError | None = None
        while at < len(accounts):
            chunk = accounts[at : at + self._size]
            try:
                held = self._chunk(token, chunk)
            except TransportError as error:
                if not isinstance(error, TooBig):
                    self._passed_over(error)
                    failed = error
                went_through = 0
                if len(chunk) > 1:
                    self._size = len(chunk) // 2
                    continue
                held = [self._single(token, chunk[0])]
            yield from held
            good += sum(found.reason not in ("server_failed", "timed_out") for found in held)
            at, went_through = at + len(chunk), went_through + 1
            if went_through % PATIENCE == 0:
                self._size = min(2 * self._size, FIRST_SIZE)
        if failed is not None and not good:
            raise failed

    def _passed_over(self, error: TransportError) -> str:
        """Why one account is not read, where the endpoint goes on answering otherwise. Raises the error where it does
        not, or is a bad answer.
        """
        reason = reason_of(error)
        self._lost += 1
        if reason == "bad_answer" or self._lost >= MOST:
            raise error
        self._caller.ping()
        return reason

    def _chunk(self, token: bytes, accounts: list[bytes]) -> list[TokenBalance]:
        while self._ways:
            try:
                return self._ways[0](token, accounts)
            except RequestFailed:
                self._ways.pop(0)
        return [self._single(token, account) for account in accounts]

    def _creation(self, token: bytes, accounts: list[bytes]) -> list[TokenBalance]:
        answer = self._caller.creation(_tron_program.question(token, accounts))
        if len(answer) != 32 * (len(accounts) + 1):
            raise RequestFailed(
                f"{self._caller.host}: {len(answer)} bytes for {len(accounts)} balances: the program did not run to "
                f"its end"
            )
        number, *raws = _tron_program.words(answer)
        return [TokenBalance(None if raw == FAILED else raw, number, self._methods["creation"]) for raw in raws]

    def _multicall(self, token: bytes, accounts: list[bytes]) -> list[TokenBalance]:
        from eth_abi.abi import decode, encode  # imports pydantic, half a second of the start of every command
        from eth_abi.exceptions import DecodingError

        inner = [
            (MULTICALL, True, _NUMBER),
            *((token, True, _BALANCE + account.rjust(32, b"\0")) for account in accounts),
        ]
        answer = self._caller.call(MULTICALL, _AGGREGATE + encode(["(address,bool,bytes)[]"], [inner]))
        try:
            (results,) = decode(["(bool,bytes)[]"], answer)
        except (DecodingError, OverflowError) as error:
            raise RequestFailed(f"{self._caller.host}: aggregate3: the answer is none") from error
        if len(results) != len(inner) or not results[0][0]:
            raise RequestFailed(f"{self._caller.host}: aggregate3: {len(results)} results for {len(inner)} calls")
        number = int.from_bytes(results[0][1], "big")
        return [
            TokenBalance(_word(data) if good else None, number, self._methods["multicall"])
            for good, data in results[1:]
        ]

    def _single(self, token: bytes, account: bytes) -> TokenBalance:
        try:
            held = TokenBalance(_word(self._caller.single(token, account)), None, self._methods["single"])
        except (RequestFailed, TooBig):
            return TokenBalance(None, None, self._methods["single"])
        except TransportError as error:
            return TokenBalance(None, None, self._methods["single"], self._passed_over(error))
        self._lost = 0
        return held


def _word(data: bytes) -> int | None:
    """The balance; None where the contract returned less than a word: there is none there, or it is no token."""
    return int.from_bytes(data[:32], "big") if len(data) >= 32 else None


def unhexed(text: object, what: str) -> bytes:
    return numbers.data(text.removeprefix("0x") if isinstance(text, str) else text, what=what, prefix="")
