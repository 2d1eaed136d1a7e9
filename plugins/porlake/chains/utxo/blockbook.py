"""Blockbook, Trezor's index of Bitcoin, Litecoin, Dogecoin, Bitcoin Cash, Dash and others: one address a request.

`from` and `to` choose transactions, not the balance: the balance at a height is that of now without the transactions
after it. The index counts coins paid to the bare public key as the address's own, which no other reader here does. An
address of too many transactions since then is given as it is at the tip (`head`).
https://github.com/trezor/blockbook/blob/master/docs/api.md
"""

from __future__ import annotations

from typing import Any

from porlake import addresses, numbers
from porlake.chains._answers import BlockRef
from porlake.chains._identity import hash_of
from porlake.chains.utxo.address_index import AddressIndex, Now
from porlake.chains.utxo.scripts import Transaction, Watched
from porlake.chains.utxo.transfers import Lookup
from porlake.errors import BadAnswer, ChainError, InvalidAddress, RequestFailed
from porlake.registry import Network
from porlake.transport import Endpoint, Recording

METHOD = "blockbook"
PAGES, PAGE = 10, 1_000


def open_client(network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
    return Client(network, endpoint, recording)


class Client(AddressIndex, Lookup):
    method, lookup = METHOD, "blockbook_tx"

    def _block_at(self, height: int) -> BlockRef:
        what = f"{self._http.host}: block {height:,}"
        found = self._got(f"/api/v2/block-index/{height}")
        if not isinstance(found, dict) or "blockHash" not in found:
            raise ChainError(f"{self._http.host}: has no block {height:,}")
        name = hash_of(found["blockHash"], what=what)
        block = self._got(f"/api/v2/block/{name}")
        if not isinstance(block, dict):
            raise BadAnswer(f"{what}: the answer is no block")
        block = BlockRef(
            numbers.height(block.get("height"), what=what), hash_of(block.get("hash"), what=what),
            numbers.moment(block.get("time"), what=what)
        )  # fmt: skip
        if (block.height, block.hash) != (height, name):
            raise ChainError(f"{self._http.host}: gives block {block.height:,}, asked for was {height:,}")
        return block

    def _tip(self) -> BlockRef:
        answer = self._got("/api/")
        try:
            best = answer["blockbook"]["bestHeight"]
        except (TypeError, LookupError) as error:
            raise BadAnswer(f"{self._http.host}: a status without its height") from error
        return self._block_at(numbers.height(best, what=f"{self._http.host}: bestHeight"))

    def _now(self, address: str) -> Now:
        answer, what = (
            self._got(f"/api/v2/address/{address}?details=basic"),
            f"{self._http.host}: the balance of an address",
        )
        if not isinstance(answer, dict):
            raise BadAnswer(f"{what}: there is none")
        held = numbers.whole(answer.get("balance"), what=what, least=-numbers.MOST)  # below zero: reported as such
        count = numbers.whole(answer.get("txs"), what=what)
        return Now(held, count, (held, count))

    def _since(self, found: Watched, height: int) -> int | None:
        address, change, pages, seen = found.want.address, 0, 1, set[str]()
        for page in range(1, PAGES + 1):
            answer = self._got(f"/api/v2/address/{address}?details=txs&from={height + 1}&pageSize={PAGE}&page={page}")
            if not isinstance(answer, dict) or not isinstance(answer.get("transactions", []), list):
                raise BadAnswer(f"{self._http.host}: transactions of another form")
            for transaction in answer.get("transactions", []):
                at, txid, added = self._transaction(transaction, address)
                if txid in seen:
                    raise BadAnswer(f"{self._http.host}: a transaction that stands twice")
                seen.add(txid)
                change += added if at > height else 0  # those in no block yet are not in the balance
            pages = numbers.whole(
                answer.get("totalPages", 1), what=f"{self._http.host}: totalPages", most=numbers.HIGHEST
            )
            if page >= pages:
                return change
        return None

    def _transaction(self, transaction: Any, address: str) -> tuple[int, str, int]:
        """(height, id, what it added to the address)."""
        what = f"{self._http.host}: a transaction"
        try:
            added = self._sum(transaction["vout"], address) - self._sum(transaction["vin"], address)
            return (
                numbers.height(transaction["blockHeight"], what=what, least=-1),
                hash_of(transaction["txid"], what=what),
                added,
            )
        except (TypeError, LookupError, AttributeError) as error:
            raise BadAnswer(f"{what} of another form") from error

    def _sum(self, parts: list[dict[str, Any]], address: str) -> int:
        mine = (part["value"] for part in parts if self._names(part.get("addresses") or [], address))
        return sum(numbers.whole(value, what=f"{self._http.host}: the value of a coin") for value in mine)

    def _names(self, listed: Any, address: str) -> bool:
        """An output in bare multisig names several addresses and belongs to none of them alone."""
        if not isinstance(listed, list):
            raise TypeError(listed)
        if len(listed) != 1 or not isinstance(listed[0], str):
            return False
        try:
            return listed[0] == address or addresses.parse(self._network.network, listed[0]).text == address
        except InvalidAddress:
            return False

    # --- one transaction ---
    @property
    def _host(self) -> str:
        return self._http.host

    def _raw(self, txid: str) -> bytes | None:
        told = self._told(txid)
        return None if told is None else numbers.data(told.get("hex"), what=f"{self._http.host}: hex", prefix="")

    def _place(self, found: Transaction) -> BlockRef | None:
        """By the index's word: it gives no path of hashes to the block's root."""
        told, what = self._told(found.txid), f"{self._http.host}: the block of a transaction"
        if told is None:
            return None
        height = numbers.height(told.get("blockHeight"), what=what, least=-1)
        if height < 1 or numbers.whole(told.get("confirmations"), what=what) == 0:
            return None
        at = self._block_at(height)
        if hash_of(told.get("blockHash"), what=what) != at.hash:
            raise ChainError(f"{what}: {found.txid} lies in another block {height:,} than the chain's")
        return at

    def _told(self, txid: str) -> dict[str, Any] | None:
        """`Transaction '...' not found` is a text like any other error."""
        try:
            told = self._got(f"/api/v2/tx/{txid}")
        except RequestFailed as error:
            if "not found" in str(error).lower():
                return None
            raise
        if not isinstance(told, dict) or told.get("txid") != txid:
            raise BadAnswer(f"{self._http.host}: a transaction: another one, or none")
        return told

    def _got(self, path: str) -> Any:
        """An error is a JSON object of one text."""
        answer = self._http.get(path)
        if isinstance(answer, dict) and "error" in answer:
            raise RequestFailed(f"{self._http.host}: {str(answer['error'])[:200]}")
        return answer
