"""The X-Chain at a moment, through the Data API of Ava Labs. https://build.avax.network/docs/api-reference/data-api

An answer sums the addresses that are asked for, so that each is asked for alone, at the time of the block. It does not
say for which moment it is: an account that holds something is asked for once more at a moment before the chain began,
when nobody held anything. Where no account holds anything that cannot be asked: then they are empty at the head, too,
or `as_of` would have to be believed, and the readings are those of the head.

`liquid` and `locked` (until a time) make the total. `atomic`, what was exported from another chain and waits to be
imported, lies beside it: it is spent on its way by whoever imports it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from porlake import numbers
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import ByAccount, parts
from porlake.chains._by_moment import HeadIsFinal
from porlake.chains._columns import TOTAL
from porlake.chains._questions import OverHttp, asked_once
from porlake.chains.avalanche_x.asset import AVAX, MOST
from porlake.chains.avalanche_x.errors import ERRORS
from porlake.errors import BadAnswer, ChainError
from porlake.registry import Network
from porlake.transport import Endpoint, Http, Recording

METHOD = "data_api_balances"
PLACE = "/v1/networks/mainnet/blockchains/x-chain"
CHAIN = {"chainName": "x-chain", "network": "mainnet"}
BEFORE = 1_600_000_000  # 2020-09-13; the chain began on the 21st
LISTS = {"liquid": ("unlocked",), "locked": ("locked",), "atomic": ("atomicMemoryUnlocked", "atomicMemoryLocked")}


def open_client(network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
    return Client(network, Http(network.network, endpoint, recording, _refused))


def _refused(host: str, path: str, answer: Any) -> None:
    """An error of the API is {"message": ..., "error": ..., "statusCode": ...}."""
    if isinstance(answer, dict) and "statusCode" in answer:
        said, code = str(answer.get("message"))[:200], answer["statusCode"]
        raise ERRORS.error(
            f"{host}: {path.partition('?')[0]}: {said} ({numbers.shown(code)})",
            code if type(code) is int else None,
            said,
        )


class Client(HeadIsFinal, OverHttp, ByAccount):
    in_flight = 8

    def __init__(self, network: Network, http: Http) -> None:
        self._network, self._http = network, http
        self._is_shown = False

    # --- blocks ---
    def block(self, height: int) -> BlockRef:
        """Raises ChainError, TransportError."""
        found = self._block(self._http.get(f"{PLACE}/blocks/{height}"))
        if found.height != height:
            raise ChainError(f"{self.host}: asked for block {height:,}, it gave {found.height:,}")
        return found

    def head(self) -> BlockRef:
        """The newest block, final when it is accepted."""
        answer, what = self._http.get(f"{PLACE}/blocks?pageSize=1"), f"{self.host}: the newest block"
        self._check_chain(answer, what)
        blocks = answer.get("blocks")
        if not isinstance(blocks, list) or len(blocks) != 1:
            raise BadAnswer(f"{what}: the answer is no list of one block")
        return self._block(blocks[0])

    def ping(self) -> object:
        return self._http.get(f"{PLACE}/blocks?pageSize=1")

    # --- balances ---
    def balances(self, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading | Unread]:
        """Raises ChainError, TransportError."""
        answers = list(super().balances(wanted, at))
        if not self._is_shown and answers:
            holding = [one for one in answers if isinstance(one, Reading) and one.raw]
            if holding:
                self._show(holding[0].address)
            else:
                answers = self._at_the_head(wanted, answers)
        yield from answers

    @asked_once
    def ready(self, at: BlockRef) -> None:
        """That no other block bears the time of this one: balances are told by the second. Raises ChainError,
        TransportError.
        """
        if self.head().height > at.height and self.block(at.height + 1).time <= at.time:
            raise ChainError(
                f"{self.host}: block {at.height + 1:,} is of the same second as block {at.height:,}, and balances are "
                f"told by the second"
            )

    def read_account(self, want: Wanted, at: BlockRef) -> list[Reading]:
        """Raises ChainError, TransportError."""
        found = self._held(want.address, round(at.time.timestamp()))
        total = found["liquid"] + found["locked"]
        return parts(want, found, at, "exact", METHOD, self.host, total=total)

    def _show(self, address: str) -> None:
        """That a moment which is asked for is looked at. Raises ChainError, TransportError."""
        if any(self._held(address, BEFORE).values()):
            raise ChainError(
                f"{self.host}: {address} holds something before the chain began: the moment that is asked for is not "
                f"looked at"
            )
        self._is_shown = True

    def _at_the_head(self, wanted: Sequence[Wanted], answers: list[Reading | Unread]) -> list[Reading | Unread]:
        """Of accounts that hold nothing what is known: they hold nothing now. Raises ChainError, TransportError."""
        head = self.head()
        again = {one.address: one for one in super().balances(wanted, head) if not isinstance(one, Unread)}
        holding = [one for one in again.values() if one.component == TOTAL and one.raw]
        if holding:
            self._show(holding[0].address)
            return answers
        return [
            replace(one, block=head, as_of="head") if isinstance(one, Reading) and one.address in again else one
            for one in answers
        ]

    def _held(self, address: str, seconds: int) -> dict[str, int]:
        """nAVAX by component."""
        text = quote(address.removeprefix("X-"), safe="")
        answer = self._http.get(f"{PLACE}/balances?addresses={text}&blockTimestamp={seconds}")
        what = f"{self.host}: balances"
        self._check_chain(answer, what)
        balances = answer.get("balances")
        if not isinstance(balances, dict):
            raise BadAnswer(f"{what}: the answer has no balances")
        return {part: sum(self._avax(balances.get(name), what) for name in names) for part, names in LISTS.items()}

    def _avax(self, amounts: Any, what: str) -> int:
        if not isinstance(amounts, list) or not all(isinstance(entry, dict) for entry in amounts):
            raise BadAnswer(f"{what}: the answer is no list of amounts")
        found, chains = 0, set[object]()
        for entry in amounts:
            if not isinstance(entry.get("assetId"), str):
                raise BadAnswer(f"{what}: an amount of no asset")
            if entry["assetId"] != AVAX:
                continue
            # of atomic memory an amount for each chain that it comes from
            mark = (entry.get("sharedWithChainId"), entry.get("type"))
            if not all(isinstance(part, str | None) for part in mark) or mark in chains:
                raise BadAnswer(f"{what}: the amount of one asset stands twice")
            chains.add(mark)
            if type(entry.get("amount")) is not str:
                raise BadAnswer(f"{what}: {numbers.shown(entry.get('amount'))} is no amount, which is written as text")
            found += numbers.whole(entry["amount"], what=what, most=MOST)
        return found

    # --- answers ---
    def _block(self, answer: Any) -> BlockRef:
        what = f"{self.host}: a block"
        if not isinstance(answer, dict):
            raise BadAnswer(f"{what}: the answer is no block")
        height = numbers.height(answer.get("blockNumber"), what=what)
        moment = numbers.moment(answer.get("blockTimestamp"), what=what)
        name = answer.get("blockHash")
        if not isinstance(name, str) or not (name.isascii() and name.isalnum() and 40 <= len(name) <= 60):
            raise BadAnswer(f"{what}: {numbers.shown(name)} is no hash of a block")
        return BlockRef(height, name, moment)

    def _check_chain(self, answer: Any, what: str) -> None:
        if not isinstance(answer, dict):
            raise BadAnswer(f"{what}: the answer is no object")
        told = answer.get("chainInfo")
        if not isinstance(told, dict) or any(told.get(name) != known for name, known in CHAIN.items()):
            raise ChainError(f"{self.host}: the answer is not of {self._network.name}, by its chainInfo")
