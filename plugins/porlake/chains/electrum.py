"""An Electrum server (ElectrumX, e-x, Fulcrum, electrs): balances at any height up to its tip, by the histories of scripts.

The protocol knows no height, but it lists the coins of a script with the heights of their blocks, and every transaction of it. The coins at a
height are those unspent now that were there then, and those that a later transaction has spent; only such transactions are fetched.
https://electrumx.readthedocs.io/en/latest/protocol-methods.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._utxo import Transaction, Watched, check_chain, transaction, watched
from porlake.encoding.hashes import sha256d
from porlake.errors import BadAnswer, ChainError, ConfigurationError, RequestFailed, TransportError
from porlake.registry import Network
from porlake.transport import Endpoint, Lines, Tape

METHOD = "electrum_history"
BATCH = 100  # an answer under 1,024 bytes waits for a second; a thousand requests in one are no faster, and cost as much at once
IN_FLIGHT = 3
TRANSACTIONS = 25  # in one request: an answer may have 8 MB
LATER = 2_000
"""Transactions after the height up to which a script's past is made up; a busier one is given as it is at the tip."""


#: Networks whose block is named by the double SHA-256 of its header's first 80 bytes.
HEADERS = frozenset({"bitcoin", "bitcoin_cash", "bitcoin_sv", "digibyte", "dogecoin", "ecash", "litecoin"})


def open_client(network: Network, endpoint: Endpoint | None, tape: Tape) -> Client:
    if network.network not in HEADERS:
        raise ConfigurationError(f"{network.network}: an Electrum server's headers do not show the hash of its blocks; ask Blockbook or a node")
    return Client(network, Lines(network.network, endpoint, tape))


@dataclass(slots=True)
class _History:
    """The transactions of a script by height (0 and below: not in a block yet), and its coins of now as (txid, output): amount."""

    watched: Watched
    heights: dict[str, int] = field(default_factory=dict)
    coins: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
    failed: str = ""

    def later(self, height: int) -> list[str]:
        return sorted(txid for txid, at in self.heights.items() if not 0 < at <= height)


class Client:
    def __init__(self, network: Network, lines: Lines) -> None:
        self._network, self._lines = network, lines
        self._checked = False

    def block(self, height: int) -> BlockRef:
        """Raises RequestFailed for a height above the tip, ChainError, TransportError."""
        self._check_chain()
        return self._at(height)

    def _at(self, height: int) -> BlockRef:
        return self._header(self._lines.call("blockchain.block.header", height), height)

    def _check_chain(self) -> None:
        """By its headers, hashed here: what `server.features` says of the first block would leave out the forks."""
        if not self._checked:
            check_chain(self._network, self._lines.host, lambda height: self._at(height).hash)
            self._checked = True

    def head(self) -> BlockRef:
        self._check_chain()
        tip = self._lines.call("blockchain.headers.subscribe")
        if not isinstance(tip, dict) or not isinstance(tip.get("height"), int):
            raise BadAnswer(f"{self._lines.host}: blockchain.headers.subscribe: no height")
        return self._header(tip.get("hex"), tip["height"])

    def balances(self, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading | Unread]:
        """One answer for each holding wanted; a script without a history holds zero. Raises ChainError, TransportError."""
        try:
            yield from self._balances(wanted, at)
        finally:
            self._lines.close()

    def _balances(self, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading | Unread]:
        asked, unread = watched(self._network, wanted)
        yield from unread
        if not asked:
            return
        self._check_chain()
        for some in _chunks(asked, 20 * BATCH):
            histories = list(self._histories(some))
            made = {history.watched.script: self._held(history, at.height) for history in histories if not history.failed}
            now = self.head()
            if self.block(at.height).hash != at.hash:
                raise ChainError(f"{self._lines.host}: block {at.height:,} was replaced while balances were read")
            for history in histories:
                yield self._answer(history, made.get(history.watched.script), at, now)

    def _answer(self, history: _History, held: int | None, at: BlockRef, tip: BlockRef) -> Reading | Unread:
        want = history.watched.want
        if history.failed:
            return Unread(want.asset, want.address, history.failed)
        if held is None:  # too busy a script: what the server has now
            held, at, as_of = sum(amount for height, amount in history.coins.values() if height > 0), tip, "head"
        else:
            as_of = "exact"
        return Reading(want.asset, want.address, "total", held, at, as_of, METHOD, self._lines.host)

    def _histories(self, asked: Sequence[Watched]) -> Iterator[_History]:
        """Coins first, histories after them: a coin spent in between is in both, and counts once."""
        unspent, told = (list(self._of(asked, name)) for name in ("listunspent", "get_history"))
        for found, *answers in zip(asked, told, unspent, strict=True):
            yield self._history(found, *answers)

    def _of(self, asked: Sequence[Watched], name: str) -> Iterator[Any]:
        method = f"blockchain.scripthash.{name}"
        calls = ([(method, [hashlib.sha256(found.script).digest()[::-1].hex()]) for found in some] for some in _chunks(asked, BATCH))
        for batch in self._lines.batches(calls, IN_FLIGHT):
            yield from batch

    def _history(self, found: Watched, told: Any, unspent: Any) -> _History:
        for answer in (told, unspent):
            if isinstance(answer, RequestFailed):
                return _History(found, failed="refused_by_server")  # a history over the server's limit, as a rule
            if isinstance(answer, TransportError):
                raise answer
        try:
            heights = {str(row["tx_hash"]): int(row["height"]) for row in told}
            coins = {(str(row["tx_hash"]), int(row["tx_pos"])): (int(row["height"]), int(row["value"])) for row in unspent}
        except (TypeError, KeyError, ValueError) as error:
            raise BadAnswer(f"{self._lines.host}: a history of another form") from error
        if any(txid not in heights for (txid, _), (at, _) in coins.items() if at > 0) or any(amount < 0 for _, amount in coins.values()):
            raise ChainError(f"{self._lines.host}: a coin whose transaction is not in its script's history")
        return _History(found, heights, coins)

    def _held(self, history: _History, height: int) -> int | None:
        """What the script held at the height; None where too much happened since."""
        later = history.later(height)
        if len(later) > LATER:
            return None
        held = {coin: amount for coin, (at, amount) in history.coins.items() if 0 < at <= height}
        spent = {coin for found in self._transactions(later) for coin in found.spends if 0 < history.heights.get(coin[0], 0) <= height}
        for found in self._transactions(sorted({txid for txid, _ in spent})):
            for output, (amount, script) in enumerate(found.pays):
                if (found.txid, output) in spent and script == history.watched.script:
                    held[found.txid, output] = amount
        return sum(held.values())

    def _transactions(self, txids: list[str]) -> Iterator[Transaction]:
        calls = ([("blockchain.transaction.get", [txid]) for txid in some] for some in _chunks(txids, TRANSACTIONS))
        answers = (answer for batch in self._lines.batches(calls, IN_FLIGHT) for answer in batch)
        for txid, answer in zip(txids, answers, strict=True):
            if isinstance(answer, TransportError):
                raise answer
            try:
                yield transaction(bytes.fromhex(answer), txid)
            except (TypeError, ValueError) as error:
                raise BadAnswer(f"{self._lines.host}: blockchain.transaction.get: no hexadecimal") from error

    def _header(self, text: Any, height: int) -> BlockRef:
        try:
            header = bytes.fromhex(text)
        except (TypeError, ValueError) as error:
            raise BadAnswer(f"{self._lines.host}: a header that is no hexadecimal") from error
        if len(header) < 80:
            raise BadAnswer(f"{self._lines.host}: a header of {len(header)} bytes")
        return BlockRef(height, self._hash(header), datetime.fromtimestamp(int.from_bytes(header[68:72], "little"), UTC))

    def _hash(self, header: bytes) -> str:
        return sha256d(header[:80])[::-1].hex()


def _chunks(items: Sequence[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
