"""MultiversX through its public API, which speaks for the gateway too. https://api.multiversx.com

A height is a nonce of the metachain (a hyperblock), and accounts lie in shards whose rounds have the same times. The
gateway tells what an account holds in the newest final block of its shard. The API keeps what it held after each change
(`history`): where the last change is before the snapshot's second, the balance stands (`unchanged_since`); else the
last entry before it is the balance. The log is believed where its newest entry is what the gateway tells.

EGLD that is delegated or staked lies in contracts, not at the account, and is not read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from porlake import numbers
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import ByAccount, parts
from porlake.chains._by_moment import BlocksByTime
from porlake.chains._identity import check_id, hash_of
from porlake.chains._questions import OverHttp, asked_once
from porlake.chains._unchanged import unchanged
from porlake.errors import BadAnswer, ChainError
from porlake.registry import Network, Token
from porlake.transport import Endpoint, Http, Recording

ACCOUNT, ESDT, HISTORY = "mx_address", "mx_address_esdt", "mx_accounts_history"
META = 4_294_967_295  # the metachain's number among the shards
SAME_SECOND = 25  # entries that are looked at for the last one of a second
_TOKEN = re.compile(r"[A-Z0-9]{3,10}-[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class Entry:
    """What an account held after a change."""

    moment: int
    raw: int


class Client(BlocksByTime, OverHttp, ByAccount):
    in_flight = 16
    unchanged_since = True

    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> None:
        self._network, self._http = network, Http(network.network, endpoint, recording)

    # --- blocks ---
    def block(self, height: int) -> BlockRef:
        """A block of the metachain. Raises ChainError where the endpoint is of another chain or has no such block,
        TransportError.
        """
        self._check_chain()
        found, what = self._data(f"/hyperblock/by-nonce/{height}", "hyperblock"), f"{self.host}: hyperblock"
        number = numbers.height(found.get("nonce"), what=what)
        if number != height:
            raise ChainError(f"{self.host}: asked for block {height:,}, it gave {number:,}")
        moment = numbers.moment(found.get("timestamp"), what=what)
        return BlockRef(number, hash_of(found.get("hash"), what=what), moment)

    def head(self) -> BlockRef:
        """The newest final block of the metachain."""
        return self.block(self.final())

    def final(self) -> int:
        self._check_chain()
        found = self._data(f"/network/status/{META}", "status")
        return numbers.height(found.get("erd_highest_final_nonce"), what=f"{self.host}: status")

    # --- accounts ---
    def ping(self) -> None:
        self._data("/network/config", "config")

    def ready(self, at: BlockRef) -> None:
        self._head_for(at)

    @asked_once
    def _head_for(self, at: BlockRef) -> BlockRef:
        """The head before the first account of a block is asked about: what is read is of it, or newer."""
        return self.head()

    def read_account(self, want: Wanted, at: BlockRef) -> Sequence[Reading] | Unread:
        is_native = want.token.kind == "native"
        if not is_native and not _TOKEN.fullmatch(want.token.contract):
            return Unread(want.asset, want.address, "contract_unknown")
        head = self._head_for(at)
        raw, used = self._now(want) if is_native else self._token(want)
        (now,) = parts(want, {}, head, "head", ACCOUNT if is_native else ESDT, self.host, total=raw)
        newest = self._entries(want, None, 1)
        if not newest:  # of an account that was emptied there are entries: none at all is of one that nobody used
            return [unchanged(now, at, head, None, "history: []") if not raw and not used else now]
        if newest[0].raw != raw:
            return [now]  # the log is behind, or lacks something
        last = numbers.moment(newest[0].moment, what=f"{self.host}: history")
        if (still := unchanged(now, at, head, last, f"history: {raw} since {newest[0].moment}")) is not now:
            return [still]
        then = self._then(want, int(at.time.timestamp()))
        if then is None:
            return [now]
        return parts(want, {}, at, "exact", HISTORY, self.host, total=then)

    def decimals(self, token: Token, at: BlockRef) -> int | None:
        """As the API tells of a token."""
        found = self._http.ask("GET", f"/tokens/{quote(token.contract, safe='')}", accept=frozenset({404}))
        told = found.body.get("decimals") if found.status == 200 and isinstance(found.body, dict) else None
        return None if told is None else numbers.whole(told, what=f"{self.host}: decimals", most=255)

    def _now(self, want: Wanted) -> tuple[int, bool]:
        """(what the account holds, whether it was ever used)."""
        path = f"/address/{quote(want.address, safe='')}?onFinalBlock=true"
        found, what = self._data(path, "account", shows_block=True), f"{self.host}: address"
        if found.get("address") != want.address:
            raise ChainError(f"{what}: asked for {want.address}, it gave {numbers.shown(found.get('address'))}")
        nonce = numbers.whole(found.get("nonce"), what=f"{what}: nonce", most=2**64 - 1)
        return numbers.whole(found.get("balance"), what=f"{what}: balance"), nonce > 0

    def _token(self, want: Wanted) -> tuple[int, bool]:
        token = quote(want.token.contract, safe="")
        path = f"/address/{quote(want.address, safe='')}/esdt/{token}?onFinalBlock=true"
        found, what = self._data(path, "tokenData", shows_block=True), f"{self.host}: esdt"
        if found.get("tokenIdentifier") != want.token.contract:
            raise ChainError(f"{what}: asked for {want.token.contract}, it gave another token")
        return numbers.whole(found.get("balance"), what=f"{what}: balance"), False

    # --- the log ---
    def _then(self, want: Wanted, second: int) -> int | None:
        """What the account held at the end of a second; None where the log does not show it: two changes stand in the
        same second.
        """
        rows = self._entries(want, second + 1, SAME_SECOND)
        if not rows:
            path = f"{self._history(want)}/count?before={second + 1}"
            count = numbers.whole(self._http.ask("GET", path).body, what=f"{self.host}: history: count", most=2**53)
            return None if count else 0
        last = [row.raw for row in rows if row.moment == max(row.moment for row in rows)]
        return last[0] if len(last) == 1 else None

    def _entries(self, want: Wanted, before: int | None, size: int) -> list[Entry]:
        """The newest entries before a second, or of all."""
        bound = "" if before is None else f"&before={before}"
        rows, what = self._http.ask("GET", f"{self._history(want)}?size={size}{bound}").body, f"{self.host}: history"
        if not isinstance(rows, list) or len(rows) > size or not all(isinstance(row, dict) for row in rows):
            raise BadAnswer(f"{what}: the answer is no list of entries")
        if any(row.get("address") != want.address for row in rows):
            raise BadAnswer(f"{what}: an entry of another account")
        most = numbers.LAST_SECOND if before is None else before
        found = [
            Entry(
                numbers.whole(row.get("timestamp"), what=f"{what}: timestamp", most=most),
                numbers.whole(row.get("balance"), what=f"{what}: balance"),
            )
            for row in rows
        ]
        # `before` may hold its own second too
        return [entry for entry in found if before is None or entry.moment < before]

    def _history(self, want: Wanted) -> str:
        token = "" if want.token.kind == "native" else "/" + quote(want.token.contract, safe="")
        return f"/accounts/{quote(want.address, safe='')}/history{token}"

    # --- questions ---
    @asked_once
    def _check_chain(self) -> None:
        """By the chain's id, which CAIP-2 names."""
        check_id(self._network, self.host, self._data("/network/config", "config").get("erd_chain_id"))

    def _data(self, path: str, name: str, *, shows_block: bool = False) -> dict[str, Any]:
        """What stands under a name in `data`; `shows_block`: the answer must name the block that was read."""
        told, what = self._http.ask("GET", path).body, f"{self.host}: {path.partition('?')[0].split('/')[1]}"
        data = told.get("data") if isinstance(told, dict) else None
        found = data.get(name) if isinstance(data, dict) else None
        if not isinstance(data, dict) or not isinstance(found, dict) or told.get("code") != "successful":
            raise BadAnswer(f"{what}: the answer is not of the form that the gateway gives")
        if shows_block:
            block = data.get("blockInfo")
            if not isinstance(block, dict):
                raise BadAnswer(f"{what}: the answer names no block")
            numbers.height(block.get("nonce"), what=what)
            hash_of(block.get("hash"), what=what)
        return found
