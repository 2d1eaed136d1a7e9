"""Esplora, the index of Bitcoin and Litecoin behind blockstream.info, mempool.space and litecoinspace.org: one address a request.

It says what an address holds now, and lists its transactions from the newest on with what each spends and pays. The balance at a height is that of
now without what happened since; an address of too many transactions since then is given as it is at the tip (`head`).
https://github.com/Blockstream/esplora/blob/master/API.md
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from porlake.chains._address_index import AddressIndex
from porlake.chains._answers import BlockRef
from porlake.chains._utxo import Watched
from porlake.errors import BadAnswer, ChainError
from porlake.registry import Network
from porlake.transport import Endpoint, Http, Tape

METHOD = "esplora"
PAGES = 40  # of 25 transactions


def open_client(network: Network, endpoint: Endpoint | None, tape: Tape) -> Client:
    return Client(network, Http(network.network, endpoint.plain if endpoint else None, tape))


class Client(AddressIndex):
    method = METHOD

    def _at(self, height: int) -> BlockRef:
        return self._block(self._http.get(f"/blocks/{height}"), height)

    def _tip(self) -> BlockRef:
        return self._block(self._http.get("/blocks"), None)

    def _now(self, address: str) -> tuple[int, ...]:
        answer = self._http.get(f"/address/{address}")
        try:
            sums = answer["chain_stats"]
            paid, spent = int(sums["funded_txo_sum"]), int(sums["spent_txo_sum"])
            return paid - spent, paid, int(sums["tx_count"])
        except (TypeError, KeyError, ValueError) as error:
            raise BadAnswer(f"{self._http.host}: an address without its sums") from error

    def _since(self, found: Watched, height: int) -> int | None:
        """Counted are outputs of the script itself."""
        change, last, script = 0, "", found.script.hex()
        for _ in range(PAGES):
            page = self._http.get(f"/address/{found.want.address}/txs/chain" + (f"/{last}" if last else ""))
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

    def _block(self, answer: Any, height: int | None) -> BlockRef:
        try:
            first = answer[0]
            found = BlockRef(int(first["height"]), str(first["id"]), datetime.fromtimestamp(int(first["timestamp"]), UTC))
        except (TypeError, KeyError, IndexError, ValueError) as error:
            raise BadAnswer(f"{self._http.host}: no block of the form that was asked for") from error
        if height is not None and found.height != height:
            raise ChainError(f"{self._http.host}: gives block {found.height:,}, asked for was {height:,}")
        return found
