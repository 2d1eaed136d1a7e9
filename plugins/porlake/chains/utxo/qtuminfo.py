"""qtum.info's API, an index of Qtum that anybody may run: one address a request.

Beside the balance of now it keeps the balance after each transaction, so that of a height is looked up and not added
up. Coins that were staked and still mature are in it.
https://github.com/qtumproject/qtuminfo-api/blob/master/doc/address.md
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from porlake import numbers
from porlake.chains._answers import BlockRef
from porlake.chains._identity import hash_of
from porlake.chains.utxo.address_index import AddressIndex, Now
from porlake.chains.utxo.scripts import Watched
from porlake.errors import BadAnswer, ChainError
from porlake.registry import Network
from porlake.transport import Endpoint, Recording

METHOD = "qtuminfo"
PAGES, PAGE = 40, 100


def open_client(network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
    return Client(network, endpoint, recording)


@dataclass(frozen=True, slots=True)
class _Change:
    """A transaction: what it added to the address, and the balance after it."""

    txid: str
    height: int
    added: int
    balance: int


class Client(AddressIndex):
    method = METHOD

    def _block_at(self, height: int) -> BlockRef:
        block, what = self._http.get(f"/block/{height}"), f"{self._http.host}: block {height:,}"
        if not isinstance(block, dict):
            raise BadAnswer(f"{what}: the answer is none")
        if "hash" not in block:
            raise ChainError(f"{what}: there is none")
        found = BlockRef(
            numbers.height(block.get("height"), what=what), hash_of(block["hash"], what=what),
            numbers.moment(block.get("timestamp"), what=what)
        )  # fmt: skip
        if found.height != height:
            raise ChainError(f"{self._http.host}: gives block {found.height:,}, asked for was {height:,}")
        return found

    def _tip(self) -> BlockRef:
        answer = self._http.get("/info")
        if not isinstance(answer, dict):
            raise BadAnswer(f"{self._http.host}: a status of another form")
        return self._block_at(numbers.height(answer.get("height"), what=f"{self._http.host}: height"))

    def _now(self, address: str) -> Now:
        answer, what = self._http.get(f"/address/{address}"), f"{self._http.host}: the balance of an address"
        if not isinstance(answer, dict):
            raise BadAnswer(f"{what}: there is none")
        held = numbers.whole(answer.get("balance"), what=what)
        count = numbers.whole(answer.get("transactionCount"), what=what)
        if held and not count:
            raise BadAnswer(f"{what}: coins and no transaction")
        return Now(held, count, (held, count))

    def _since(self, found: Watched, height: int) -> int | None:
        """What the balance is more than after the last transaction up to the height. Each balance must be the one
        before it and what its transaction added, the newest that of now, and the oldest begin at nothing.
        """
        now, what = self._now(found.want.address), f"{self._http.host}: the history of a balance"
        if not now.transactions:
            return 0
        expected, top, seen = now.held, numbers.HIGHEST, set[str]()
        for page in range(PAGES):
            answer = self._http.get(
                f"/address/{found.want.address}/balance-history?limit={PAGE}&offset={page * PAGE}&reversed=true"
            )
            if not isinstance(answer, dict) or not isinstance(answer.get("transactions"), list):
                raise BadAnswer(f"{what}: there is none")
            for change in (self._change(told) for told in answer["transactions"]):
                if change.txid in seen or change.height > top or change.balance != expected:
                    raise BadAnswer(f"{what}: balances that do not follow from one another")
                if change.height <= height:
                    return now.held - change.balance
                seen.add(change.txid)
                expected, top = change.balance - change.added, change.height
            if (page + 1) * PAGE >= numbers.whole(answer.get("totalCount"), what=what) or not answer["transactions"]:
                if expected:
                    raise BadAnswer(f"{what}: it does not begin at nothing")
                return now.held
        return None

    def _change(self, told: Any) -> _Change:
        what = f"{self._http.host}: a transaction"
        try:  # `block` in the server's newest form, `blockHeight` in that of its document
            height = told["block"]["height"] if "block" in told else told["blockHeight"]
            return _Change(
                hash_of(told["id"], what=what),
                numbers.height(height, what=what),
                numbers.whole(told["amount"], what=what, least=-numbers.MOST),
                numbers.whole(told["balance"], what=what),
            )
        except (TypeError, LookupError) as error:
            raise BadAnswer(f"{what} of another form") from error
