"""Stellar through Stellar RPC: many accounts a question, of the newest ledger.
https://developers.stellar.org/docs/data/apis/rpc/api-reference/methods/getLedgerEntries

Entries that are not there are left out without a word, so each question also asks for a setting that every ledger
holds. Ledgers are told for some days only.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from porlake import addresses, numbers
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import ByBatch, parts
from porlake.chains._by_moment import block_at
from porlake.chains._identity import hash_of
from porlake.chains._questions import OverRpc, asked_once
from porlake.chains._unchanged import unchanged
from porlake.chains.stellar import xdr
from porlake.chains.stellar.client import check_passphrase
from porlake.chains.stellar.errors import ERRORS
from porlake.errors import BadAnswer, ChainError, NodeBehind, Unavailable
from porlake.registry import Network
from porlake.transport import Endpoint, JsonRpc, Recording

METHOD = "getLedgerEntries"
KEYS = 200  # a question
CANARY = xdr.setting_key(0)


class RpcClient(OverRpc, ByBatch):
    batch = KEYS - 1
    in_flight = 4
    unchanged_since = True

    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> None:
        self._network, self._rpc = network, JsonRpc(network.network, endpoint, recording, ERRORS)
        self._oldest = 0

    def block(self, height: int) -> BlockRef:
        """Raises Unavailable for a ledger that the server does not keep, ChainError, TransportError."""
        self._check_chain()
        return self._ledger(height)

    def head(self) -> BlockRef:
        self._check_chain()
        found = self._object("getLatestLedger", {})
        return self._ledger(numbers.height(found.get("sequence"), what=f"{self.host}: getLatestLedger: sequence"))

    def final(self) -> int:
        return self.head().height

    def block_at(self, moment: datetime) -> BlockRef:
        """As Horizon's, within the ledgers that the server keeps. Raises Unavailable for a moment before them."""
        head = self.head()

        def kept(height: int) -> BlockRef:
            found = self._ledger(max(height, self._oldest))
            if height < found.height and found.time > moment:
                raise Unavailable(f"{self.host}: it keeps ledgers from {found.height:,} on, of {found.time}")
            return found

        return block_at(self._network, moment, head, kept)

    def ping(self) -> None:
        self._object("getLatestLedger", {})

    def ready(self, at: BlockRef) -> None:
        self._check_chain()

    def read_batch(self, wants: Sequence[Wanted], at: BlockRef) -> Sequence[Reading | Unread]:
        keys = [self._key(want) for want in wants]
        asked = [base64.b64encode(key).decode() for key in (CANARY, *keys)]
        what, answer = f"{self.host}: {METHOD}", self._object(METHOD, {"keys": asked})
        latest = numbers.height(answer.get("latestLedger"), what=f"{what}: latestLedger")
        if latest < at.height:
            raise NodeBehind(f"{what}: an answer of ledger {latest:,}, older than {at.height:,}")
        entries, head = self._entries(answer, {CANARY, *keys}, what), self._ledger(latest)
        if CANARY not in entries:
            raise BadAnswer(f"{what}: a setting that every ledger holds is left out")
        readings: list[Reading | Unread] = []
        for want, key in zip(wants, keys, strict=True):
            readings += self._told(want, entries.get(key), key, at, head, what)
        return readings

    def _told(
        self, want: Wanted, entry: dict[str, Any] | None, key: bytes, at: BlockRef, head: BlockRef, what: str
    ) -> list[Reading]:
        """What an entry holds; one that is not there is nothing at the head, and says nothing of the past."""
        if entry is None:
            zeros = {"liquid": 0, "selling_liabilities": 0}
            return parts(want, zeros, head, "head", METHOD, self.host, total=0)
        found = xdr.held(xdr.from_base64(entry.get("xdr"), f"{what}: xdr"), what)
        changed = numbers.height(entry.get("lastModifiedLedgerSeq"), what=f"{what}: lastModifiedLedgerSeq")
        if found.key != key or changed > head.height or found.selling > found.balance:
            raise BadAnswer(f"{what}: an entry that is of another key, or contradicts itself")
        components = {"liquid": found.balance - found.selling, "selling_liabilities": found.selling}
        told = parts(want, components, head, "head", METHOD, self.host, total=found.balance)
        return [unchanged(one, at, head, changed, f"lastModifiedLedgerSeq {changed}") for one in told]

    def _entries(self, answer: dict[str, Any], asked: set[bytes], what: str) -> dict[bytes, dict[str, Any]]:
        listed, found = answer.get("entries"), dict[bytes, dict[str, Any]]()
        for entry in listed if isinstance(listed, list) else [None]:
            if not isinstance(entry, dict):
                raise BadAnswer(f"{what}: entries that are no list of objects")
            key = xdr.from_base64(entry.get("key"), f"{what}: key")
            if key not in asked or key in found:
                raise BadAnswer(f"{what}: an entry that was not asked for, or one that stands twice")
            found[key] = entry
        return found

    def _key(self, want: Wanted) -> bytes:
        account = addresses.parse(self._network.network, want.address).payload
        return xdr.account_key(account) if want.token.kind == "native" else xdr.trust_line_key(
            account, *xdr.asset_of(want.token.contract)
        )  # fmt: skip

    @asked_once
    def _ledger(self, height: int) -> BlockRef:
        what = f"{self.host}: getLedgers"
        found = self._object("getLedgers", {"startLedger": height, "pagination": {"limit": 1}})
        listed = found.get("ledgers")
        if listed == []:
            raise Unavailable(f"{what}: it does not keep ledger {height:,}")
        ledger = listed[0] if isinstance(listed, list) else None
        if not isinstance(ledger, dict):
            raise BadAnswer(f"{what}: the answer is no list of ledgers")
        self._oldest = numbers.whole(found.get("oldestLedger"), what=f"{what}: oldestLedger", most=height)
        if (number := numbers.height(ledger.get("sequence"), what=f"{what}: sequence")) != height:
            raise ChainError(f"{what}: asked for ledger {height:,}, it gave {number:,}")
        return BlockRef(
            number,
            hash_of(ledger.get("hash"), what=f"{what}: hash"),
            numbers.moment(ledger.get("ledgerCloseTime"), what=f"{what}: ledgerCloseTime"),
        )

    @asked_once
    def _check_chain(self) -> None:
        check_passphrase(self._network, self.host, self._object("getNetwork", {}).get("passphrase"))

    def _object(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        found = self._rpc.call(method, params)
        if not isinstance(found, dict):
            raise BadAnswer(f"{self.host}: {method}: the answer is no object")
        return found
