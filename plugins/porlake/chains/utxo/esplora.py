"""Esplora, the index of Bitcoin and Litecoin behind blockstream.info, mempool.space and litecoinspace.org: one address
a request.

It says what an address holds now, and lists its transactions from the newest on with what each spends and pays. The
balance at a height is that of now without what happened since; an address of too many transactions since then is given
as it is at the tip (`head`). https://github.com/Blockstream/esplora/blob/master/API.md
"""

from __future__ import annotations

from typing import Any

from porlake import numbers
from porlake.chains._answers import BlockRef
from porlake.chains._identity import hash_of
from porlake.chains.utxo.address_index import AddressIndex, Now
from porlake.chains.utxo.scripts import Watched
from porlake.errors import BadAnswer, ChainError
from porlake.registry import Network
from porlake.transport import Endpoint, Recording

METHOD = "esplora"
PAGES = 40  # of 25 transactions


def open_client(network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
    return Client(network, endpoint, recording)


class Client(AddressIndex):
    method = METHOD

    def _block_at(self, height: int) -> BlockRef:
        return self._block(self._http.get(f"/blocks/{height}"), height)

    def _tip(self) -> BlockRef:
        return self._block(self._http.get("/blocks"), None)

    def _now(self, address: str) -> Now:
        answer = self._http.get(f"/address/{address}")
        what = f"{self._http.host}: the sums of an address"
        try:
            sums = answer["chain_stats"]
            paid, spent, count = (sums[name] for name in ("funded_txo_sum", "spent_txo_sum", "tx_count"))
        except (TypeError, LookupError) as error:
            raise BadAnswer(f"{what}: there are none") from error
        paid, spent = numbers.whole(paid, what=what), numbers.whole(spent, what=what)
        return Now(paid - spent, numbers.whole(count, what=what), (paid,))

    def _since(self, found: Watched, height: int) -> int | None:
        """Counted are outputs of the script itself. Transactions come from the newest on, each once."""
        change, last, top, seen = 0, "", numbers.HIGHEST, set[str]()
        for _ in range(PAGES):
            page = self._http.get(f"/address/{found.want.address}/txs/chain" + (f"/{last}" if last else ""))
            if not isinstance(page, list):
                raise BadAnswer(f"{self._http.host}: transactions that are no list")
            for transaction in page:
                at, last, added = self._transaction(transaction, found.script.hex())
                if at > top or last in seen:
                    raise BadAnswer(
                        f"{self._http.host}: transactions that are not in their order, or one that stands twice"
                    )
                if at <= height:
                    return change
                change, top = change + added, at
                seen.add(last)
            if not page:
                return change
        return None

    def _transaction(self, transaction: Any, script: str) -> tuple[int, str, int]:
        """(height, id, what it added to the script)."""
        what = f"{self._http.host}: a transaction"
        try:
            outputs = transaction["vout"]
            inputs = [spends["prevout"] for spends in transaction["vin"] if spends["prevout"] is not None]
            added = sum(numbers.whole(pays["value"], what=what) for pays in outputs if pays["scriptpubkey"] == script)
            taken = sum(numbers.whole(spent["value"], what=what) for spent in inputs if spent["scriptpubkey"] == script)
            return (
                numbers.height(transaction["status"]["block_height"], what=what),
                hash_of(transaction["txid"], what=what),
                added - taken,
            )
        except (TypeError, LookupError) as error:
            raise BadAnswer(f"{what} of another form") from error

    def _block(self, answer: Any, height: int | None) -> BlockRef:
        what = f"{self._http.host}: a block"
        try:
            first = answer[0]
            number, name, seconds = first["height"], first["id"], first["timestamp"]
        except (TypeError, LookupError) as error:
            raise BadAnswer(f"{what} of another form") from error
        number = numbers.height(number, what=what)
        found = BlockRef(number, hash_of(name, what=what), numbers.moment(seconds, what=what))
        if height is not None and found.height != height:
            raise ChainError(f"{self._http.host}: gives block {found.height:,}, asked for was {height:,}")
        return found
