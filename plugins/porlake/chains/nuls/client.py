"""NULS through the public service of a node, JSON-RPC.
https://github.com/nuls-io/nuls-v2/blob/master/module/nuls-public-service/documents/NULS2.0-Public-PRC.md

Balances are those of the head, and name no block. Where the newest transaction of an account is not after the
snapshot's block, its total is that of the block (`unchanged_since`), and what is locked for consensus; a lock by time
ends without a transaction, so that what is liquid and what is locked by time stay parts of the head.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from porlake import numbers
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import ByAccount, parts
from porlake.chains._by_moment import block_at
from porlake.chains._identity import check_name, hash_of
from porlake.chains._questions import OverRpc, asked_once
from porlake.chains._unchanged import unchanged
from porlake.chains.nuls.errors import ERRORS
from porlake.errors import BadAnswer, ChainError, RequestFailed, Unavailable
from porlake.registry import Network
from porlake.transport import Endpoint, JsonRpc, Recording

METHOD = "getAccountBalance"
CHAIN, ASSET = 1, 1  # the main network's number, and its coin's on it
MOST = 10**17  # the supply stays below 3 * 10^16
FINAL = 1_000  # blocks: a node keeps chains that left its own so far back (heightRange of nuls-block)
BY_TIME = ("liquid", "time_locked")


class Client(OverRpc, ByAccount):
    in_flight = 16
    unchanged_since = True

    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> None:
        self._network, self._rpc = network, JsonRpc(network.network, endpoint, recording, ERRORS)

    # --- blocks ---
    def block(self, height: int) -> BlockRef:
        """Raises ChainError where the endpoint is of another chain or has no such block, TransportError."""
        self._check_chain()
        try:
            found = self._block("getHeaderByHeight", [CHAIN, height])
        except Unavailable as error:
            raise ChainError(f"{self.host}: {self._network.name} has no block {height:,}") from error
        if found.height != height:
            raise ChainError(f"{self.host}: asked for block {height:,}, it gave {found.height:,}")
        return found

    def head(self) -> BlockRef:
        """The newest block; it may still be replaced."""
        self._check_chain()
        return self._block("getBestBlockHeader", [CHAIN])

    def final(self) -> int:
        return max(0, self.head().height - FINAL)

    def block_at(self, moment: datetime) -> BlockRef:
        """The last final block of that moment or before it. Raises NotFinal, ChainError, TransportError."""
        return block_at(self._network, moment, self.block(self.final()), self.block)

    # --- accounts ---
    def ping(self) -> None:
        self._rpc.call("getBestBlockHeader", [CHAIN])

    def ready(self, at: BlockRef) -> None:
        self._head_for(at)

    @asked_once
    def _head_for(self, at: BlockRef) -> BlockRef:
        """The head before the first account of a block is asked about: what is read is of it, or newer."""
        return self.head()

    def read_account(self, want: Wanted, at: BlockRef) -> Sequence[Reading] | Unread:
        if want.token.kind != "native":
            return Unread(want.asset, want.address, "contract_unknown")
        head = self._head_for(at)
        components, total = self._held(want.address)
        found = parts(want, components, head, "head", METHOD, self.host, total=total)
        if at.height > head.height - FINAL:
            return found
        seen = self._indexed()
        last, answer = self._last_change(want.address) if seen else (None, "")
        if seen is None or not answer or (last is None and total):
            return found
        return [one if one.component in BY_TIME else unchanged(one, at, seen, last, answer) for one in found]

    def _held(self, account: str) -> tuple[dict[str, int], int]:
        """(amounts by component, their total)."""
        told, what = self._object(METHOD, [CHAIN, CHAIN, ASSET, account]), f"{self.host}: {METHOD}"
        names = ("balance", "timeLock", "consensusLock", "freeze", "totalBalance")
        liquid, by_time, staked, frozen, total = (
            numbers.whole(told.get(name), what=f"{what}: {name}", most=MOST) for name in names
        )
        # To a node `freeze` is all that is locked; to its public service, what transactions hold that lie in no block
        if liquid + by_time + staked != total:
            liquid += frozen
        if liquid + by_time + staked != total:
            raise BadAnswer(f"{what}: {liquid:,}, {by_time:,} and {staked:,} are not {total:,}")
        return {"liquid": liquid, "time_locked": by_time, "staked": staked}, total

    def _indexed(self) -> BlockRef | None:
        """The newest block whose transactions are told, where that is as far as the node's own state has come; None
        where it is behind.
        """
        told = self._object("getInfo", [CHAIN]).get("localHeight")
        height = numbers.height(told, what=f"{self.host}: getInfo: localHeight")
        seen = self._block("getBestBlockHeader", [CHAIN])
        return seen if seen.height >= height else None

    def _last_change(self, account: str) -> tuple[int | None, str]:
        """(the height of the newest transaction, what was said of it); no height where there is none, no words where
        nobody tells.
        """
        method = "getAccountTxs"
        try:
            told = self._object(method, [CHAIN, 1, 1, account, 0, -1, -1])
        except RequestFailed:
            return None, ""
        rows, what = told.get("list"), f"{self.host}: {method}"
        count = numbers.whole(told.get("totalCount"), what=f"{what}: totalCount", most=numbers.HIGHEST)
        if not isinstance(rows, list) or len(rows) != min(count, 1):
            raise BadAnswer(f"{what}: not as many transactions as it says")
        if not rows:
            return None, f"{method}: 0"
        row = rows[0]
        if not isinstance(row, dict) or row.get("address") != account:
            raise BadAnswer(f"{what}: a transaction of another account")
        height = numbers.whole(row.get("height"), what=f"{what}: height", least=-1, most=numbers.HIGHEST)
        if height < 0:  # it lies in no block yet
            return numbers.HIGHEST, f"{method}: one in no block yet"
        return height, f"{method}: {count}, the newest in {height}"

    # --- questions ---
    def _block(self, method: str, params: list[Any]) -> BlockRef:
        told, what = self._object(method, params), f"{self.host}: {method}"
        return BlockRef(
            numbers.height(told.get("height"), what=what),
            hash_of(told.get("hash"), what=what),
            numbers.moment(told.get("createTime"), what=what),
        )

    def _object(self, method: str, params: list[Any]) -> dict[str, Any]:
        found = self._rpc.call(method, params)
        if not isinstance(found, dict):
            raise BadAnswer(f"{self.host}: {method}: the answer is no object")
        return found

    @asked_once
    def _check_chain(self) -> None:
        """By the number of the chain."""
        coin = self._object("getInfo", [CHAIN]).get("defaultAsset")
        told = coin.get("chainId") if isinstance(coin, dict) else None
        number = numbers.whole(told, what=f"{self.host}: getInfo: chainId", most=2**16 - 1)
        check_name(self._network, self.host, str(number))
