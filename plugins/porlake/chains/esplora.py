"""Esplora, the index of Bitcoin and Litecoin behind blockstream.info, mempool.space and litecoinspace.org: one address a request.

It says what an address holds now, and lists its transactions from the newest on with what each spends and pays. The balance at a height is that of
now without what happened since; an address of too many transactions since then is given as it is at the tip (`head`).
https://github.com/Blockstream/esplora/blob/master/API.md
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._utxo import Watched, watched
from porlake.errors import BadAnswer, ChainError, RequestFailed
from porlake.registry import Network
from porlake.transport import Endpoint, Http, Tape

METHOD = "esplora"
IN_FLIGHT = 4
PAGES = 40  # of 25 transactions
AGAIN = 3


def open_client(network: Network, endpoint: Endpoint | None, tape: Tape) -> Client:
    return Client(network, Http(network.network, endpoint.plain if endpoint else None, tape))


class Client:
    def __init__(self, network: Network, http: Http) -> None:
        self._network, self._http = network, http

    def block(self, height: int) -> BlockRef:
        """Raises TransportError, ChainError for a height above the tip."""
        return self._block(self._http.get(f"/blocks/{height}"), height)

    def head(self) -> BlockRef:
        return self._block(self._http.get("/blocks"), None)

    def balances(self, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading | Unread]:
        """One answer for each holding wanted; an address that was never used holds zero. Raises ChainError, TransportError."""
        asked: list[Watched] = []
        for found in watched(self._network, wanted):
            if isinstance(found, Unread):
                yield found
            else:
                asked.append(found)
        busy: list[tuple[Wanted, int]] = []
        with ThreadPoolExecutor(max_workers=IN_FLIGHT) as pool:
            for answer in pool.map(lambda found: self._balance(found, at), asked):
                if isinstance(answer, tuple):
                    busy.append(answer)
                else:
                    yield answer
        tip = self.head() if busy else at
        for want, held in busy:
            yield Reading(want.asset, want.address, "total", held, tip, "head", METHOD, self._http.host)
        if asked and self.block(at.height).hash != at.hash:
            raise ChainError(f"{self._http.host}: block {at.height:,} was replaced while balances were read")

    def _balance(self, found: Watched, at: BlockRef) -> Reading | Unread | tuple[Wanted, int]:
        """The sums of now, the transactions since, and the sums again: all three must be of one moment.

        Where too much happened since, the balance of now alone.
        """
        want = found.want
        for _ in range(AGAIN):
            try:
                before = self._sums(want.address)
            except RequestFailed:
                return Unread(want.asset, want.address, "refused_by_server")
            change = self._since(found, at.height)
            if self._sums(want.address) == before:
                held = before[0] - before[1] - (change or 0)
                if held < 0:
                    raise ChainError(f"{self._http.host}: more was spent from an address than it got")
                if change is None:
                    return want, held
                return Reading(want.asset, want.address, "total", held, at, "exact", METHOD, self._http.host)
        raise ChainError(f"{self._http.host}: an address changed in each of {AGAIN} readings")

    def _sums(self, address: str) -> tuple[int, int, int]:
        answer = self._asked(f"/address/{address}")
        try:
            sums = answer["chain_stats"]
            return int(sums["funded_txo_sum"]), int(sums["spent_txo_sum"]), int(sums["tx_count"])
        except (TypeError, KeyError, ValueError) as error:
            raise BadAnswer(f"{self._http.host}: an address without its sums") from error

    def _since(self, found: Watched, height: int) -> int | None:
        """What the transactions after a height added, in a script's own balance; None where there are too many."""
        change, last, script = 0, "", found.script.hex()
        for _ in range(PAGES):
            page = self._asked(f"/address/{found.want.address}/txs/chain" + (f"/{last}" if last else ""))
            try:
                for told in page:
                    if told["status"]["block_height"] <= height:
                        return change
                    change += sum(pays["value"] for pays in told["vout"] if pays["scriptpubkey"] == script)
                    change -= sum(
                        spends["prevout"]["value"] for spends in told["vin"] if spends["prevout"] and spends["prevout"]["scriptpubkey"] == script
                    )
                    last = str(told["txid"])
            except (TypeError, KeyError) as error:
                raise BadAnswer(f"{self._http.host}: a transaction of another form") from error
            if not page:
                return change
        return None

    def _asked(self, path: str) -> Any:
        return self._http.get(path)

    def _block(self, answer: Any, height: int | None) -> BlockRef:
        try:
            first = answer[0]
            found = BlockRef(int(first["height"]), str(first["id"]), datetime.fromtimestamp(int(first["timestamp"]), UTC))
        except (TypeError, KeyError, IndexError, ValueError) as error:
            raise BadAnswer(f"{self._http.host}: no block of the form that was asked for") from error
        if height is not None and found.height != height:
            raise ChainError(f"{self._http.host}: gives block {found.height:,}, asked for was {height:,}")
        return found
