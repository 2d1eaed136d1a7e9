"""Blockbook, Trezor's index of Bitcoin, Litecoin, Dogecoin, Bitcoin Cash, Dash and others: one address a request.

`from` and `to` choose transactions, not the balance: the balance at a height is that of now without the transactions after it. The index counts
coins paid to the bare public key as the address's own, which no other reader here does. An address of too many transactions since then is
given as it is at the tip (`head`). https://github.com/trezor/blockbook/blob/master/docs/api.md
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from porlake import addresses
from porlake.chains._address_index import AddressIndex
from porlake.chains._answers import BlockRef
from porlake.chains._utxo import Watched
from porlake.errors import BadAnswer, ChainError, InvalidAddress, RequestFailed
from porlake.registry import Network
from porlake.transport import Endpoint, Http, Tape

METHOD = "blockbook"
PAGES, PAGE = 10, 1_000


def open_client(network: Network, endpoint: Endpoint | None, tape: Tape) -> Client:
    return Client(network, Http(network.network, endpoint.plain if endpoint else None, tape))


class Client(AddressIndex):
    method = METHOD

    def _at(self, height: int) -> BlockRef:
        found = self._got(f"/api/v2/block-index/{height}")
        if not isinstance(found, dict) or not isinstance(found.get("blockHash"), str):
            raise ChainError(f"{self._http.host}: has no block {height:,}")
        told = self._got(f"/api/v2/block/{found['blockHash']}")
        try:
            block = BlockRef(int(told["height"]), str(told["hash"]), datetime.fromtimestamp(int(told["time"]), UTC))
        except (TypeError, KeyError, ValueError) as error:
            raise BadAnswer(f"{self._http.host}: no block of the form that was asked for") from error
        if (block.height, block.hash) != (height, found["blockHash"]):
            raise ChainError(f"{self._http.host}: gives block {block.height:,}, asked for was {height:,}")
        return block

    def _tip(self) -> BlockRef:
        answer = self._got("/api/")
        try:
            return self._at(int(answer["blockbook"]["bestHeight"]))
        except (TypeError, KeyError, ValueError) as error:
            raise BadAnswer(f"{self._http.host}: a status without its height") from error

    def _now(self, address: str) -> tuple[int, ...]:
        answer = self._got(f"/api/v2/address/{address}?details=basic")
        try:
            return int(answer["balance"]), int(answer["txs"])
        except (TypeError, KeyError, ValueError) as error:
            raise BadAnswer(f"{self._http.host}: an address without its balance") from error

    def _since(self, found: Watched, height: int) -> int | None:
        address, change, pages = found.want.address, 0, 1
        for page in range(1, PAGES + 1):
            answer = self._got(f"/api/v2/address/{address}?details=txs&from={height + 1}&pageSize={PAGE}&page={page}")
            try:
                for told in answer.get("transactions", []):
                    if int(told["blockHeight"]) > height:  # those in no block yet are not in the balance
                        change += self._sum(told["vout"], address) - self._sum(told["vin"], address)
                pages = int(answer.get("totalPages", 1))
            except (TypeError, KeyError, ValueError, AttributeError) as error:
                raise BadAnswer(f"{self._http.host}: a transaction of another form") from error
            if page >= pages:
                return change
        return None

    def _sum(self, parts: list[dict[str, Any]], address: str) -> int:
        return sum(int(part["value"]) for part in parts if self._names(part.get("addresses") or [], address))

    def _names(self, told: list[str], address: str) -> bool:
        """An output in bare multisig names several addresses and belongs to none of them alone."""
        if len(told) != 1:
            return False
        try:
            return told[0] == address or addresses.parse(self._network.network, told[0]).text == address
        except InvalidAddress:
            return False

    def _got(self, path: str) -> Any:
        """An error is a JSON object of one text."""
        answer = self._http.get(path)
        if isinstance(answer, dict) and "error" in answer:
            raise RequestFailed(f"{self._http.host}: {str(answer['error'])[:200]}")
        return answer
