"""Chains on the Tycho node (Venom) through its index: https://github.com/broxus/tycho-toncenter

It speaks a part of toncenter's version 3 (blocks, transactions) and of version 2 (accounts, as they are now), under one
URL: `tycho+https://host/toncenter`. One account a question. A balance is that of now, and counts as that of a block
where the account's last transaction lies in it or before it; the index keeps transactions of its own time alone, and an
account without one that it knows is told as of the head.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from porlake import numbers
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import parts
from porlake.chains._unchanged import unchanged
from porlake.chains.ton.index import MOST_LT, Index, State, friendly, path_of
from porlake.errors import BadAnswer
from porlake.registry import Network
from porlake.transport import Endpoint, Recording

KIND = "tycho"
METHOD = "tycho_getAddressInformation"


class Client(Index):
    batch = 1
    in_flight = 16

    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> None:
        super().__init__(network, endpoint, recording)
        self._heads: dict[str, BlockRef] = {}

    def ready(self, at: BlockRef) -> None:
        self._heads[at.hash] = self.head()

    def read_batch(self, wants: Sequence[Wanted], at: BlockRef) -> list[Reading | Unread]:
        (want,) = wants
        if want.token.kind != "native":
            return [Unread(want.asset, want.address, "contract_unknown")]
        return [*self._tried(want, partial(self._now, want, at))]

    def _now(self, want: Wanted, at: BlockRef) -> list[Reading]:
        head, state = self._heads[at.hash], self._account_now(want.address)
        last = self._last(want.address)
        unused = last is None and not state.last and not state.raw
        readings = parts(want, {"liquid": state.raw}, head, "head", METHOD, self._http.host, no_history=unused)
        if last is None:
            if state.last:  # older than the index
                return readings
            return [unchanged(one, at, head, None, f"{state.status}, no transactions") for one in readings]
        lt, block, deletes = last
        if block <= at.height and state.last != (0 if deletes else lt):
            raise BadAnswer(f"{self._http.host}: {want.address} has a transaction after the last one that is told")
        answer = f"last transaction {lt} in block {block}"
        return [unchanged(one, at, head, block, answer) for one in readings]

    def _account_now(self, account: str) -> State:
        what = f"{self._http.host}: getAddressInformation"
        answer = self._http.get(path_of("/v2/getAddressInformation", address=friendly(account)))
        result = answer.get("result") if isinstance(answer, dict) and answer.get("ok") is True else None
        last = result.get("last_transaction_id") if isinstance(result, dict) else None
        if not isinstance(result, dict) or not isinstance(last, dict):
            raise BadAnswer(f"{what}: the answer is no account")
        row = {"balance": result.get("balance"), "last_transaction_lt": last.get("lt"), "status": result.get("state")}
        return self._state(row, "/getAddressInformation")

    def _last(self, account: str) -> tuple[int, int, bool] | None:
        """(logical time, block, whether the account was gone after it) of an account's last transaction."""
        path = path_of("/transactions", account=friendly(account), limit=1, sort="desc")
        found, what = self._list(path, "transactions"), f"{self._http.host}: /transactions"
        if not found:
            return None
        if len(found) > 1 or self._account(found[0].get("account"), "/transactions") != account:
            raise BadAnswer(f"{what}: not one of {account}")
        lt = numbers.whole(found[0].get("lt"), what=f"{what}: lt", least=1, most=MOST_LT)
        block = numbers.height(found[0].get("mc_block_seqno"), what=f"{what}: mc_block_seqno")
        return lt, block, found[0].get("end_status") == "nonexist"

    def _object(self, path: str) -> dict[str, Any]:
        return super()._object(f"/v3{path}")
