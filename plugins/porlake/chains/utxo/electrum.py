"""An Electrum server (ElectrumX, e-x, Fulcrum, electrs): balances at any height up to its tip, by the histories of
scripts.

The protocol knows no height, but it lists the coins of a script with the heights of their blocks, and every transaction
of it. The coins at a height are those unspent now that were there then, and those that a later transaction has spent;
only such transactions are fetched. https://electrumx.readthedocs.io/en/latest/protocol-methods.html
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from porlake import numbers, registry
from porlake.chains._answers import BlockRef, Reading, Transfer, Unread, Wanted
from porlake.chains._columns import OneByOne
from porlake.chains._identity import check_chain, hash_of
from porlake.chains._questions import SECONDS, asked_once, reason_of
from porlake.chains.utxo.errors import ELECTRUM_ERRORS
from porlake.chains.utxo.scripts import Transaction, Watched, transaction, watched
from porlake.chains.utxo.times import MedianTimes
from porlake.chains.utxo.transfers import Lookup, Unindexed, check_path
from porlake.encoding.hashes import sha256d
from porlake.errors import BadAnswer, ChainError, ConfigurationError, RequestFailed, TooBig, TransportError, Unavailable
from porlake.registry import Network, Token
from porlake.transport import ElectrumRpc, Endpoint, Recording

METHOD = "electrum_history"
PATIENCE = 40.0
"""Seconds for a batch; a script that is part of one without an answer is waited for once more, alone."""
ALONE = 16  # such scripts at once
STUCK = 3  # batches in a row of which not one script was answered
# an answer under 1,024 bytes waits for a second; a thousand requests in one are no faster, and cost as much at once
BATCH = 100
IN_FLIGHT = 3
TRANSACTIONS = 25  # in one request: an answer may have 8 MB
LATER = 2_000
"""Transactions after the height up to which a script's past is made up; a busier one is given as it is at the tip."""
#: How servers say that no transaction has an id: the node's own words, and those of electrs and Fulcrum.
UNKNOWN = re.compile(
    r"no such mempool or blockchain transaction|missing transaction|transaction not found|no transaction matching", re.I
)
RETURN = b"\x6a"  # OP_RETURN: no server keeps the history of such an output


def open_client(network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
    if registry.load().utxo_networks[network.network].header_hash != "sha256d":
        raise ConfigurationError(
            f"{network.network}: an Electrum server's headers do not show the hash of its blocks; ask Blockbook or a "
            f"node"
        )
    return Client(network, ElectrumRpc(network.network, endpoint, recording, ELECTRUM_ERRORS))


@dataclass(slots=True)
class _History:
    """The transactions of a script by height (0 and below: not in a block yet), and its coins of now as (txid, output):
    (height, amount).

    `held`: at the height asked for, None where too much happened since; `failed`: the error for which this script alone
    is not read.
    """

    watched: Watched
    heights: dict[str, int] = field(default_factory=dict)
    coins: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
    held: int | None = None
    failed: TransportError | ChainError | None = None

    def later(self, height: int) -> list[str]:
        return sorted(txid for txid, at in self.heights.items() if not 0 < at <= height)


class _Spoiled(Exception):
    """What a script alone is not read for; its error is the argument."""


class Client(OneByOne, MedianTimes, Lookup):
    lookup = "blockchain.transaction.get"

    def __init__(self, network: Network, lines: ElectrumRpc) -> None:
        self._network, self._lines = network, lines
        self._stuck = 0

    def block(self, height: int) -> BlockRef:
        """Raises RequestFailed for a height above the tip, ChainError, TransportError."""
        self._check_chain()
        return self._block_at(height)

    def _block_at(self, height: int) -> BlockRef:
        return self._header(self._lines.call("blockchain.block.header", height), height)

    @asked_once
    def _check_chain(self) -> None:
        """By its headers, hashed here: what `server.features` says of the first block would leave out the forks."""
        check_chain(self._network, self._lines.host, lambda height: self._block_at(height).hash)

    def head(self) -> BlockRef:
        self._check_chain()
        tip, what = (
            self._lines.call("blockchain.headers.subscribe"),
            f"{self._lines.host}: blockchain.headers.subscribe",
        )
        if not isinstance(tip, dict):
            raise BadAnswer(f"{what}: no header")
        return self._header(tip.get("hex"), numbers.height(tip.get("height"), what=what))

    def balances(self, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading | Unread]:
        """One answer for each holding wanted; a script without a history holds zero. Raises ChainError,
        TransportError.
        """
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
        good, bad = 0, list[TransportError | ChainError]()
        for some in _chunks(asked, 20 * BATCH):
            histories = list(self._histories(some))
            for history in histories:
                self._work_back(history, at.height)
            now = self.head()
            if self.block(at.height).hash != at.hash:
                raise ChainError(f"{self._lines.host}: block {at.height:,} was replaced while balances were read")
            bad += [history.failed for history in histories if isinstance(history.failed, BadAnswer | ChainError)]
            good += sum(not isinstance(history.failed, BadAnswer | ChainError) for history in histories)
            yield from (self._answer(history, at, now) for history in histories)
        if bad and not good:  # what is wrong with every script is wrong with the server
            raise bad[0]

    def _answer(self, history: _History, at: BlockRef, tip: BlockRef) -> Reading | Unread:
        want, as_of, held = history.watched.want, "exact", history.held
        if history.failed is not None:
            return Unread(want.asset, want.address, reason_of(history.failed))
        if held is None:  # too busy a script: what the server has now
            held, at, as_of = sum(amount for height, amount in history.coins.values() if height > 0), tip, "head"
        return Reading(
            want.asset, want.address, "total", held, at, as_of, METHOD, self._lines.host, no_history=not history.heights
        )

    def _histories(self, asked: Sequence[Watched]) -> Iterator[_History]:
        """Coins first, histories after them: a coin spent in between is in both, and counts once."""
        unspent = list(self._of(asked, "listunspent"))
        left = [found for found, coins in zip(asked, unspent, strict=True) if not isinstance(coins, TransportError)]
        histories = iter(list(self._of(left, "get_history")))
        for found, coins in zip(asked, unspent, strict=True):
            yield self._history(found, coins if isinstance(coins, TransportError) else next(histories), coins)

    def _of(self, asked: Sequence[Watched], name: str) -> Iterator[Any]:
        method = f"blockchain.scripthash.{name}"
        return self._answers([(method, [hashlib.sha256(found.script).digest()[::-1].hex()]) for found in asked], BATCH)

    def _answers(self, calls: Sequence[tuple[str, list[Any]]], size: int) -> Iterator[Any]:
        """The answer to each call; in place of one that the server does not give, its TransportError. Raises it where
        the server answers nobody.
        """
        batches = list(_chunks(calls, size))
        for some, found in zip(batches, self._lines.tried(batches, IN_FLIGHT, seconds=PATIENCE), strict=True):
            yield from self._singly(some, found) if isinstance(found, TransportError) else found

    def _singly(self, calls: list[tuple[str, list[Any]]], error: TransportError) -> list[Any]:
        """The answers to a batch that failed as a whole, each call put alone: what fails again is that script's
        matter.
        """
        reason_of(error)  # raises what is no script's
        self.head()  # raises where the server no longer answers
        answers = []
        for found in self._lines.tried([[call] for call in calls], ALONE, seconds=SECONDS):
            answers.append(found if isinstance(found, TransportError) else found[0])
            if isinstance(found, TransportError):
                reason_of(found)
        lost = all(
            isinstance(answer, TransportError) and not isinstance(answer, RequestFailed | TooBig | Unavailable)
            for answer in answers
        )
        self._stuck = self._stuck + 1 if lost else 0
        if self._stuck >= STUCK:
            raise error
        return answers

    def _history(self, found: Watched, history: Any, unspent: Any) -> _History:
        if isinstance(history, TransportError):
            return _History(found, failed=history)  # a history over the server's limit, as a rule
        try:
            return self._parsed(found, history, unspent)
        except (BadAnswer, ChainError) as error:
            return _History(found, failed=error)

    def _parsed(self, found: Watched, history: Any, unspent: Any) -> _History:
        what = f"{self._lines.host}: a history"
        if not isinstance(history, list) or not isinstance(unspent, list):
            raise BadAnswer(f"{what} that is no list")
        try:
            heights = {
                hash_of(row["tx_hash"], what=what): numbers.height(row["height"], what=what, least=-1)
                for row in history
            }
            coins = {
                (hash_of(row["tx_hash"], what=what), numbers.whole(row["tx_pos"], what=what, most=2**32 - 1)):
                (numbers.height(row["height"], what=what, least=-1), numbers.whole(row["value"], what=what))
                for row in unspent
            }  # fmt: skip
        except (TypeError, LookupError) as error:
            raise BadAnswer(f"{what} of another form") from error
        if len(coins) != len(unspent) or len(heights) != len(history):
            raise BadAnswer(f"{what} with a coin or transaction that stands twice")
        if any(heights.get(txid) != at for (txid, _), (at, _) in coins.items() if at > 0):
            raise ChainError(f"{self._lines.host}: a coin whose transaction is not in its script's history")
        return _History(found, heights, coins)

    def _work_back(self, history: _History, height: int) -> None:
        if history.failed is None:
            try:
                history.held = self._held(history, height)
            except _Spoiled as spoiled:
                history.failed = spoiled.args[0]

    def _held(self, history: _History, height: int) -> int | None:
        """What the script held at the height; None where too much happened since. Raises _Spoiled."""
        later = history.later(height)
        if len(later) > LATER:
            return None
        held = {coin: amount for coin, (at, amount) in history.coins.items() if 0 < at <= height}
        spent = {
            coin
            for found in self._transactions(later)
            for coin in found.spends
            if 0 < history.heights.get(coin[0], 0) <= height
        }
        for found in self._transactions(sorted({txid for txid, _ in spent})):
            for output, (amount, script) in enumerate(found.pays):
                if (found.txid, output) in spent and script == history.watched.script:
                    held[found.txid, output] = amount
        return sum(held.values())

    def _transactions(self, txids: list[str]) -> Iterator[Transaction]:
        """Raises _Spoiled where the server does not give one."""
        calls: list[tuple[str, list[Any]]] = [("blockchain.transaction.get", [txid]) for txid in txids]
        for txid, answer in zip(txids, self._answers(calls, TRANSACTIONS), strict=True):
            if isinstance(answer, TransportError):
                raise _Spoiled(answer)
            try:
                yield transaction(
                    numbers.data(answer, what=f"{self._lines.host}: blockchain.transaction.get", prefix=""), txid
                )
            except BadAnswer as error:
                raise _Spoiled(error) from error

    # --- one transaction ---
    @property
    def _host(self) -> str:
        return self._lines.host

    def transfer(self, transaction: str, token: Token, sender: str, recipient: str) -> Transfer | Unread | None:
        """As every client's; the connection is given up after it."""
        try:
            return super().transfer(transaction, token, sender, recipient)
        finally:
            self._lines.close()

    def _raw(self, txid: str) -> bytes | None:
        try:
            told = self._lines.call("blockchain.transaction.get", txid)
        except RequestFailed as error:
            if UNKNOWN.search(str(error)):
                return None
            if "-txindex" in str(error):
                raise Unindexed from error
            raise
        return numbers.data(told, what=f"{self._lines.host}: blockchain.transaction.get", prefix="")

    def _place(self, found: Transaction) -> BlockRef | None:
        """The protocol tells a transaction's height in the histories of its scripts alone; the first that the server
        tells of an output serves. The path to the block's root then shows whether it lies there.
        """
        height = self._height_of(found)
        if height is None:
            return None
        header, what = self._bytes_of(self._lines.call("blockchain.block.header", height)), f"{self._lines.host}: the "
        told = self._lines.call("blockchain.transaction.get_merkle", found.txid, height)
        check_path(found.txid, told, header[36:68], f"{what}path of a transaction")
        return self._header(header.hex(), height)

    def _height_of(self, found: Transaction) -> int | None:
        refused: TransportError | None = None
        for script in dict.fromkeys(script for _, script in found.pays if script[:1] != RETURN):
            name, what = hashlib.sha256(script).digest()[::-1].hex(), f"{self._lines.host}: a history"
            try:
                history = self._lines.call("blockchain.scripthash.get_history", name)
            except (RequestFailed, TooBig, Unavailable) as error:
                refused = error  # too long a history, as a rule: another output's may be shorter
                continue
            if not isinstance(history, list) or not all(isinstance(row, dict) for row in history):
                raise BadAnswer(f"{what} that is no list")
            heights = [row.get("height") for row in history if row.get("tx_hash") == found.txid]
            if len(heights) != 1:
                raise BadAnswer(f"{what} that tells {len(heights)} times of a transaction that pays its script")
            height = numbers.height(heights[0], what=what, least=-1)
            return height if height > 0 else None
        if refused:
            raise refused
        return None

    def _bytes_of(self, text: Any) -> bytes:
        header = numbers.data(text, what=f"{self._lines.host}: a header", prefix="")
        if len(header) < 80:
            raise BadAnswer(f"{self._lines.host}: a header of {len(header)} bytes")
        return header

    def _header(self, text: Any, height: int) -> BlockRef:
        header = self._bytes_of(text)
        moment = numbers.moment(int.from_bytes(header[68:72], "little"), what=f"{self._lines.host}: a header's time")
        return BlockRef(height, sha256d(header[:80])[::-1].hex(), moment)


def _chunks(items: Sequence[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
