"""Nervos CKB by a node with its index of cells: one lock a question.
https://github.com/nervosnetwork/ckb/blob/develop/rpc/README.md (module Indexer)

The index tells the capacity of a lock's live cells, with the block that it has come to, and the lock's transactions
from the newest on: where none lies above the snapshot's block, the capacity of now is that of the block. A node that
does not know of `script_search_mode` takes a lock's arguments as the beginning of others', without a word: it is asked
for a lock that nobody has, whose arguments all others begin with. Deposits in the DAO are a part of what a lock holds;
what they have earned is paid when they are taken out, and is in no cell before.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from porlake import addresses, numbers
from porlake.addresses.nervos import SECP256K1
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import ByAccount, parts
from porlake.chains._by_moment import block_at
from porlake.chains._identity import check_chain
from porlake.chains._questions import asked_once, of_one_address
from porlake.chains._unchanged import unchanged
from porlake.chains.nervos.errors import ERRORS
from porlake.errors import BadAnswer, ChainError, NodeBehind
from porlake.registry import Network
from porlake.transport import Endpoint, JsonRpc, Recording

METHOD = "get_cells_capacity"
DEPTH = 24  # blocks, four minutes: what the exchanges wait for
AGAIN = 3
MEDIAN_OF = 37  # a block is later than the median of the 37 before it (RFC 27)
HASH_TYPES = {0: "data", 1: "type", 2: "data1", 4: "data2"}
#: Type script of a deposit: https://github.com/nervosnetwork/ckb/blob/develop/docs/hashes.toml
DAO = {
    "code_hash": "0x82d76d1b75fe2fd9a27dfbaa65a039221a380d76c926f378d3f81cf3e7e13f2e",
    "hash_type": "type",
    "args": "0x",
}


class Client(ByAccount):
    unchanged_since = True

    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> None:
        place = of_one_address(endpoint)
        self._network, self._rpc = network, JsonRpc(network.network, place, recording, ERRORS)

    def block(self, height: int) -> BlockRef:
        """Raises ChainError for a block above the tip, TransportError."""
        self._check_chain()
        return self._header(self._rpc.call("get_header_by_number", [hex(height)]), height)

    def head(self) -> BlockRef:
        """The newest final block of the index."""
        return self.block(self.final())

    def final(self) -> int:
        return max(0, self._tip()[0] - DEPTH)

    def block_at(self, moment: datetime) -> BlockRef:
        return block_at(self._network, moment, self.head(), self.block, MEDIAN_OF)

    def ping(self) -> object:
        return self._tip()

    def ready(self, at: BlockRef) -> None:
        """Whether the index has come to the block, holds cells, and tells a lock from those that begin with it."""
        if self.block(at.height) != at:
            raise ChainError(f"{self._rpc.host}: block {at.height:,} is another one than before")
        tip, _ = self._tip()
        if tip < at.height:
            raise NodeBehind(f"{self._rpc.host}: the index is at block {tip:,}, asked for was {at.height:,}")
        nobody = _search(SECP256K1)
        if self._page("get_cells", nobody, "asc"):
            raise ChainError(f"{self._rpc.host}: the index takes a lock for all those that begin with it")
        if not self._page("get_cells", nobody | {"script_search_mode": "prefix"}, "asc"):
            raise ChainError(f"{self._rpc.host}: the index holds no cells")
        self._final_for(at)

    @asked_once
    def _final_for(self, at: BlockRef) -> BlockRef:
        """The newest final block before the first account of a block is asked about."""
        return self.head()

    def read_account(self, want: Wanted, at: BlockRef) -> list[Reading] | Unread:
        final, search = self._final_for(at), _search(addresses.parse(self._network.network, want.address).payload)
        total, deposited, tip = self._capacities(search)
        last = self._last_change(search)
        if last is None and total:
            raise BadAnswer(f"{self._rpc.host}: cells, and no transaction that made them")
        is_still = last is None or last <= final.height
        held = {"liquid": total - deposited} | ({"dao": deposited} if deposited else {})
        block = final if is_still else self._named(*tip)
        readings = parts(want, held, block, "head", METHOD, self._rpc.host, no_history=last is None)
        if not is_still:
            return readings
        answer = f"newest transaction at {last:,}" if last is not None else "no transactions"
        return [unchanged(reading, at, final, last, answer) for reading in readings]

    # --- answers ---
    def _capacities(self, search: dict[str, Any]) -> tuple[int, int, tuple[int, str]]:
        """Shannons of a lock's live cells, of those in the DAO, and height and hash of the block of both answers."""
        for _ in range(AGAIN):
            total, name, height = self._capacity(search)
            deposited, other, _ = self._capacity(search | {"filter": {"script": DAO}})
            if name == other:
                if deposited > total:
                    raise BadAnswer(f"{self._rpc.host}: {METHOD}: more in the DAO than there is")
                return total, deposited, (height, name)
        raise ChainError(f"{self._rpc.host}: the index moved on in each of {AGAIN} readings")

    def _named(self, height: int, name: str) -> BlockRef:
        if (found := self.block(height)).hash != name:
            raise ChainError(f"{self._rpc.host}: block {height:,} was replaced while balances were read")
        return found

    def _capacity(self, search: dict[str, Any]) -> tuple[int, str, int]:
        told, what = self._rpc.call(METHOD, [search]), f"{self._rpc.host}: {METHOD}"
        if not isinstance(told, dict):
            raise BadAnswer(f"{what}: the index tells nothing")
        return (
            numbers.quantity(told.get("capacity"), what=what, most=numbers.MOST),
            _hash(told.get("block_hash"), what),
            numbers.quantity(told.get("block_number"), what=what, most=numbers.HIGHEST),
        )

    def _last_change(self, search: dict[str, Any]) -> int | None:
        """The height of a lock's newest transaction."""
        found, what = self._page("get_transactions", search, "desc"), f"{self._rpc.host}: get_transactions"
        if not found:
            return None
        return numbers.quantity(found[0].get("block_number"), what=what, most=numbers.HIGHEST)

    def _page(self, method: str, search: dict[str, Any], order: str) -> list[dict[str, Any]]:
        """The first of what a search finds."""
        told, what = self._rpc.call(method, [search, order, "0x1"]), f"{self._rpc.host}: {method}"
        found = told.get("objects") if isinstance(told, dict) else None
        if not isinstance(found, list) or len(found) > 1 or not all(isinstance(one, dict) for one in found):
            raise BadAnswer(f"{what}: not one object at most")
        return found

    def _header(self, told: Any, height: int) -> BlockRef:
        what = f"{self._rpc.host}: header {height:,}"
        if not isinstance(told, dict):
            raise ChainError(f"{what}: there is none")
        number = numbers.quantity(told.get("number"), what=what, most=numbers.HIGHEST)
        if number != height:
            raise ChainError(f"{what}: it gave {number:,}")
        millis = numbers.quantity(told.get("timestamp"), what=what)
        return BlockRef(height, _hash(told.get("hash"), what), numbers.moment(millis, what=what, per_second=1000))

    def _tip(self) -> tuple[int, str]:
        """Of the index, which its node may be ahead of."""
        told, what = self._rpc.call("get_indexer_tip", []), f"{self._rpc.host}: get_indexer_tip"
        if not isinstance(told, dict):
            raise ChainError(f"{what}: the node has no index")
        height = numbers.quantity(told.get("block_number"), what=what, most=numbers.HIGHEST)
        return height, _hash(told.get("block_hash"), what)

    @asked_once
    def _check_chain(self) -> None:
        what = f"{self._rpc.host}: get_block_hash"
        check_chain(
            self._network,
            self._rpc.host,
            lambda height: _hash(self._rpc.call("get_block_hash", [hex(height)]), what),
        )


def _search(lock: bytes) -> dict[str, Any]:
    """A search key of one lock script: code hash, hash type, arguments."""
    script = {"code_hash": f"0x{lock[:32].hex()}", "hash_type": HASH_TYPES[lock[32]], "args": f"0x{lock[33:].hex()}"}
    return {"script": script, "script_type": "lock", "script_search_mode": "exact"}


def _hash(value: object, what: str) -> str:
    return numbers.data(value, what=what, size=32).hex()
