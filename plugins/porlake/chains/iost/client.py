"""IOST by a node's HTTP API: one account a question, as it is at the last block that cannot be reversed.
https://developers.iost.io/docs/en/6-reference/API.html

`getTokenBalance` and `getAccount` write balances as doubles, which hold no more than fifteen digits: what the token's
contract keeps is read in their place, whole numbers with the block that they are of (`TB` and the account's name: its
coins; `TF`: those that were frozen until a time). An account that never held any is `null`, of a node that has the
contract's state. Coins that are pledged for gas or staked in votes lie in contracts.
"""

from __future__ import annotations

from typing import Any

from porlake import numbers
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import ByAccount, parts
from porlake.chains._by_moment import BlocksByTime
from porlake.chains._identity import check_name
from porlake.chains._questions import asked_once, of_one_address
from porlake.encoding import base58
from porlake.errors import BadAnswer, ChainError, InvalidAddress
from porlake.registry import Network
from porlake.transport import Endpoint, Http, Recording
from porlake.transport.strict_json import loads

METHOD = "getContractStorage"
CONTRACT, TOKEN = "token.iost", "iost"
MOST = 2**63 - 1  # the contract's int64
AGAIN = 3


class Client(BlocksByTime, ByAccount):
    in_flight = 4  # the rate that public nodes allow is not published

    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> None:
        place = of_one_address(endpoint)
        self._network, self._http = network, Http(network.network, place, recording)

    def block(self, height: int) -> BlockRef:
        """Raises ChainError for a block that the node does not have, TransportError."""
        self._check_chain()
        what = f"{self._http.host}: block {height:,}"
        block = self._object(self._http.get(f"/getBlockByNumber/{height}/false"), what).get("block")
        if not isinstance(block, dict):
            raise ChainError(f"{what}: there is none")
        if numbers.height(block.get("number"), what=what) != height:
            raise ChainError(f"{what}: it gave another one")
        moment = numbers.moment(block.get("time"), what=what, per_second=10**9)
        return BlockRef(height, _hash(block.get("hash"), what), moment)

    def head(self) -> BlockRef:
        """The last block that cannot be reversed."""
        return self.block(self.final())

    def final(self) -> int:
        return numbers.height(self._info().get("lib_block"), what=f"{self._http.host}: lib_block")

    def ping(self) -> object:
        return self._info()

    def ready(self, at: BlockRef) -> None:
        """Whether the node has the contract's state: how much of the token there is."""
        self._check_chain()
        supply, _ = self._stored(f"TI{TOKEN}", "supply")
        if not numbers.whole(supply, what=f"{self._http.host}: the token's supply", most=MOST):
            raise ChainError(f"{self._http.host}: knows of no {TOKEN}")

    def read_account(self, want: Wanted, at: BlockRef) -> list[Reading] | Unread:
        liquid, frozen, read = self._held(want.address)
        held = {"liquid": liquid or 0} | ({"frozen": frozen} if frozen else {})
        return parts(
            want, held, self._named(*read), "head", METHOD, self._http.host, no_history=liquid is None and not frozen
        )

    # --- answers ---
    def _held(self, account: str) -> tuple[int | None, int, tuple[int, str]]:
        """Base units that are free, None where the account never held any; those that are frozen; the block of both."""
        what = f"{self._http.host}: {METHOD}"
        for _ in range(AGAIN):
            free, read = self._stored(f"TB{account}", TOKEN)
            told, other = self._stored(f"TF{account}", TOKEN)
            if read == other:
                frozen = self._frozen(told, what)
                return None if free == "null" else numbers.whole(free, what=what, most=MOST), frozen, read
        raise ChainError(f"{what}: the node moved on in each of {AGAIN} readings")

    def _frozen(self, told: str, what: str) -> int:
        """The sum of what is frozen: a list of amounts and times, as a text of JSON."""
        if told == "null":
            return 0
        items = loads(told.encode(), self._http.host)
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise BadAnswer(f"{what}: what is frozen is no list")
        return sum(numbers.whole(item.get("Amount"), what=f"{what}: Amount", most=MOST) for item in items)

    def _stored(self, key: str, field: str) -> tuple[str, tuple[int, str]]:
        """What the contract keeps, as a text of JSON, and height and hash of the block."""
        question = {"id": CONTRACT, "key": key, "field": field, "by_longest_chain": False}
        what = f"{self._http.host}: {METHOD}"
        told = self._object(self._http.post("/getContractStorage", question), what)
        data, height = told.get("data"), numbers.height(told.get("block_number"), what=what)
        if not isinstance(data, str):
            raise BadAnswer(f"{what}: no data")
        return data, (height, _hash(told.get("block_hash"), what))

    def _named(self, height: int, name: str) -> BlockRef:
        if (found := self.block(height)).hash != name:
            raise ChainError(f"{self._http.host}: block {height:,} is another one than the balance's")
        return found

    def _info(self) -> dict[str, Any]:
        what = f"{self._http.host}: /getChainInfo"
        return self._object(self._http.get("/getChainInfo"), what)

    @asked_once
    def _check_chain(self) -> None:
        check_name(self._network, self._http.host, self._info().get("chain_id"))

    def _object(self, told: Any, what: str) -> dict[str, Any]:
        """An error is an object with a code and a message."""
        if not isinstance(told, dict):
            raise BadAnswer(f"{what}: the answer is no object")
        if "message" in told and "code" in told:
            raise ChainError(f"{what}: {str(told['message'])[:200]}")
        return told


def _hash(value: object, what: str) -> str:
    """A hash that is written in base58, in hexadecimal digits."""
    try:
        data = base58.decode(value) if isinstance(value, str) else b""
    except InvalidAddress as error:
        raise BadAnswer(f"{what}: a hash of another form") from error
    if len(data) != 32:
        raise BadAnswer(f"{what}: a hash of another form")
    return data.hex()
