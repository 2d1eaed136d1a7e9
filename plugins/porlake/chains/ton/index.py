"""What every index of TON's kind can be asked: blocks, and rows of accounts and transactions, each typed once.
https://github.com/toncenter/ton-indexer (ton-index-go/index/models.go)
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from porlake import addresses, numbers
from porlake.addresses import ton as form
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import ByBatch
from porlake.chains._by_moment import HeadIsFinal
from porlake.chains._identity import check_id
from porlake.chains._questions import reason_of
from porlake.chains.ton.errors import refused
from porlake.errors import BadAnswer, ChainError, InvalidAddress, TransportError
from porlake.registry import Network
from porlake.transport import Endpoint, Http, Recording

WHOLE_SHARD = "8000000000000000"
MOST_LT = 2**64 - 1
MOST_COINS = 2**120 - 1  # VarUInteger 16
NEVER_USED = frozenset({"uninit", "uninitialized", "nonexist"})
STATUSES = NEVER_USED | {"active", "frozen"}
#: The hash of the transaction before an account's first one.
NO_TRANSACTION = bytes(32)


@dataclass(frozen=True, slots=True)
class State:
    """What the index says of an account: nanotons, and the logical time of its last transaction, 0 for none."""

    raw: int
    last: int
    status: str


@dataclass(frozen=True, slots=True)
class Transaction:
    """`block`: the number of the masterchain block that holds it; `previous`: logical time and hash of the one before
    it, 0 and zeros where there is none; `deletes`: the account is gone after it.
    """

    lt: int
    hash: bytes
    block: int
    previous: tuple[int, bytes]
    held_before: int
    held_after: int
    deletes: bool


class Index(HeadIsFinal, ByBatch):
    unchanged_since = True

    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> None:
        self._network = network
        self._http = Http(network.network, endpoint.plain if endpoint else None, recording, refused)
        self._ends: dict[int, int] = {}

    # --- blocks ---
    def block(self, height: int) -> BlockRef:
        """The masterchain block of that number. Raises ChainError, TransportError."""
        path = path_of("/blocks", workchain=form.MASTERCHAIN, shard=WHOLE_SHARD, seqno=height, limit=1)
        found = self._list(path, "blocks")
        if not found:
            raise ChainError(f"{self._http.host}: {self._network.name} has no block {height:,}")
        block = self._block(found[0], "/blocks")
        if block.height != height or len(found) > 1:
            raise ChainError(f"{self._http.host}: asked for block {height:,}, it gave {block.height:,}")
        return block

    def head(self) -> BlockRef:
        """The last block of the masterchain, which is final."""
        return self._block(self._object("/masterchainInfo").get("last"), "/masterchainInfo")

    def ping(self) -> object:
        return self._object("/masterchainInfo")

    # --- rows ---
    def _state(self, row: dict[str, Any], path: str) -> State:
        what, status = f"{self._http.host}: {path}", row.get("status")
        if type(status) is not str or status not in STATUSES:
            raise BadAnswer(f"{what}: {numbers.shown(status)} is no status of an account")
        raw = numbers.whole(row.get("balance"), what=f"{what}: balance", most=MOST_COINS)
        last = numbers.whole(row.get("last_transaction_lt"), what=f"{what}: last_transaction_lt", most=MOST_LT)
        return State(raw, last, status)

    def _transaction(self, account: str, **bounds: int | str) -> Transaction | None:
        """The first transaction within bounds of logical time, None where there is none."""
        path = path_of("/transactions", account=friendly(account), limit=1, **bounds)
        found = self._list(path, "transactions")
        if not found:
            return None
        row, what = found[0], f"{self._http.host}: /transactions"
        if len(found) > 1 or self._account(row.get("account"), "/transactions") != account:
            raise BadAnswer(f"{what}: not one of {account}")
        lt, previous = (
            numbers.whole(row.get(name), what=f"{what}: {name}", most=MOST_LT) for name in ("lt", "prev_trans_lt")
        )
        states = row.get("account_state_before"), row.get("account_state_after")
        before, after = (_held(state, what) for state in states)
        return Transaction(
            lt,
            hash_of(row.get("hash"), what),
            numbers.height(row.get("mc_block_seqno"), what=f"{what}: mc_block_seqno"),
            (previous, hash_of(row.get("prev_trans_hash"), what)),
            before,
            after,
            row.get("end_status") == "nonexist",
        )

    def _block(self, row: Any, path: str) -> BlockRef:
        what = f"{self._http.host}: {path}"
        if not isinstance(row, dict):
            raise BadAnswer(f"{what}: no block")
        self._check(row, what)
        workchain = numbers.whole(row.get("workchain"), what=f"{what}: workchain", least=-1, most=2**31)
        if workchain != form.MASTERCHAIN or row.get("shard") != WHOLE_SHARD:
            raise ChainError(f"{what}: a block of workchain {workchain} where one of the masterchain was asked for")
        block = BlockRef(
            numbers.height(row.get("seqno"), what=f"{what}: seqno"),
            hash_of(row.get("root_hash"), what).hex(),
            numbers.moment(row.get("gen_utime"), what=f"{what}: gen_utime"),
        )
        self._ends[block.height] = numbers.whole(row.get("end_lt"), what=f"{what}: end_lt", least=1, most=MOST_LT)
        return block

    def _check(self, row: dict[str, Any], what: str) -> None:
        """Of which chain a block is. Raises ChainError."""
        found = numbers.whole(row.get("global_id"), what=f"{what}: global_id", least=-(2**31), most=2**31)
        check_id(self._network, self._http.host, found)

    def _account(self, text: Any, path: str) -> str:
        try:
            return addresses.parse(self._network.network, text if isinstance(text, str) else "").text
        except InvalidAddress as error:
            raise BadAnswer(f"{self._http.host}: {path}: {numbers.shown(text)} is no address") from error

    def _object(self, path: str) -> dict[str, Any]:
        answer = self._http.get(path)
        if not isinstance(answer, dict):
            raise BadAnswer(f"{self._http.host}: {path.partition('?')[0]}: the answer is no object")
        return answer

    def _list(self, path: str, name: str) -> list[dict[str, Any]]:
        rows = self._object(path).get(name)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise BadAnswer(f"{self._http.host}: {path.partition('?')[0]}: no list of {name}")
        return rows

    def _tried(self, want: Wanted, read: Callable[[], list[Reading]]) -> list[Reading] | list[Unread]:
        """What is read of one account, or why it is not."""
        try:
            return read()
        except (TransportError, ChainError) as error:
            reason = reason_of(error)
            if reason in ("timed_out", "server_failed"):
                self.ping()
            return [Unread(want.asset, want.address, reason)]


def _held(state: Any, what: str) -> int:
    """Nanotons of an account before or after a transaction; one that there is not holds nothing."""
    if not isinstance(state, dict):
        raise BadAnswer(f"{what}: a transaction without the account's state")
    if state.get("account_status") == "nonexist" and state.get("balance") is None:
        return 0
    return numbers.whole(state.get("balance"), what=f"{what}: balance", most=MOST_COINS)


def path_of(path: str, **query: int | str | Iterable[str]) -> str:
    return f"{path}?{urlencode(query, doseq=True)}"


def friendly(account: str) -> str:
    """48 digits of base64, the shortest form that goes into a URL as it stands."""
    return form.friendly(form.parse(account, "ton").payload)


def hash_of(value: Any, what: str) -> bytes:
    """32 bytes in base64. Raises BadAnswer."""
    found = decoded(value, what)
    if len(found) != 32:
        raise BadAnswer(f"{what}: {numbers.shown(value)} is no hash")
    return found


def decoded(value: Any, what: str) -> bytes:
    try:
        return base64.b64decode(value if isinstance(value, str) else "?", validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadAnswer(f"{what}: {numbers.shown(value)} is no base64") from error
