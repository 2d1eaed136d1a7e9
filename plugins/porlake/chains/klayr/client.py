"""Klayr by Lisk Service, the index that Lisk's and Klayr's wallets ask: one account a question, as it is now.
https://github.com/LiskArchive/lisk-service/blob/development/docs/api/version3.md

The service keeps no past of balances, and who makes blocks is paid without a transaction: readings are of the head. An
account that nobody used holds nothing, by an empty list or by zeros: believed of a service that knows what the maker of
the newest block holds.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from porlake import numbers, registry
from porlake.chains import _one_by_one as _alone
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import ByAccount, parts
from porlake.chains._by_moment import block_at
from porlake.chains._identity import check_name, hash_of
from porlake.errors import BadAnswer, ChainError
from porlake.registry import Network
from porlake.transport import Endpoint, Http, Recording

METHOD = "token_balances"


class Client(ByAccount):
    in_flight = 4  # the rate that the public service allows is not published

    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> None:
        place = replace(endpoint, timeout=min(endpoint.timeout, _alone.SECONDS)) if endpoint else None
        self._network, self._http = network, Http(network.network, place, recording)
        self._checked = False
        self._read_from: dict[str, BlockRef] = {}

    def block(self, height: int) -> BlockRef:
        """Raises ChainError for a block above the tip, TransportError."""
        self._check_chain()
        return self._block(height)[0]

    def head(self) -> BlockRef:
        """The newest block that validators have made final."""
        return self.block(self.final())

    def final(self) -> int:
        return numbers.height(self._status().get("finalizedHeight"), what=f"{self._http.host}: finalizedHeight")

    def block_at(self, moment: datetime) -> BlockRef:
        return block_at(self._network, moment, self.head(), self.block)

    def ping(self) -> object:
        return self._status()

    def ready(self, at: BlockRef) -> None:
        """Whether the service knows what an account holds that must be there."""
        self._check_chain()
        tip, maker = self._block(
            numbers.height(self._status().get("height"), what=f"{self._http.host}: the newest block")
        )
        if not any(self._held(maker).values()):
            raise ChainError(f"{self._http.host}: does not know what the maker of block {tip.height:,} holds")
        self._read_from.setdefault(at.hash, tip)

    def read_account(self, want: Wanted, at: BlockRef) -> list[Reading] | Unread:
        """All that is asked for one block is of the tip before the first question, or newer."""
        held, read = self._held(want.address), self._read_from[at.hash]
        return parts(want, held, read, "head", METHOD, self._http.host, no_history=not held)

    # --- answers ---
    def _held(self, address: str) -> dict[str, int]:
        """Beddows by component, {} where the service has no entry."""
        what = f"{self._http.host}: balances of an account"
        told = self._object(self._http.get(f"/token/balances?address={address}&tokenID={self._token}"), what)
        meta = told.get("meta")
        if not isinstance(meta, dict) or meta.get("address") != address:
            raise ChainError(f"{what}: they are of another account than was asked for")
        entries = told.get("data")
        entries = [entries] if isinstance(entries, dict) else entries
        if not isinstance(entries, list) or len(entries) > 1:
            raise BadAnswer(f"{what}: not one entry at most")
        if not entries:
            return {}
        (entry,) = entries
        try:
            token, liquid = entry["tokenID"], entry["availableBalance"]
            locked = [(lock["module"], lock["amount"]) for lock in entry["lockedBalances"]]
        except (TypeError, LookupError) as error:
            raise BadAnswer(f"{what}: an entry of another form") from error
        if token != self._token:
            raise BadAnswer(f"{what}: another token than was asked for")
        if len({module for module, _ in locked if isinstance(module, str)}) != len(locked):
            raise BadAnswer(f"{what}: a module that stands twice, or without a name")
        held = sum(numbers.whole(amount, what=f"{what}: lockedBalances") for _, amount in locked)
        return {"liquid": numbers.whole(liquid, what=what)} | ({"locked": held} if held else {})

    @property
    def _token(self) -> str:
        """The id of the chain's own token: the chain's, and eight zeros (LIP 51)."""
        return f"{registry.load().identities[self._network.network].chain}00000000"

    def _block(self, height: int) -> tuple[BlockRef, str]:
        """(a block, the address of its maker)."""
        what = f"{self._http.host}: block {height:,}"
        blocks = self._object(self._http.get(f"/blocks?height={height}"), what).get("data")
        if blocks == []:
            raise ChainError(f"{what}: there is none")
        try:
            (block,) = blocks  # type: ignore[misc]
            number, name, moment = block["height"], block["id"], block["timestamp"]
            maker = block["generator"]["address"]
        except (TypeError, LookupError, ValueError) as error:
            raise BadAnswer(f"{what}: a block of another form") from error
        if numbers.height(number, what=what) != height:
            raise ChainError(f"{what}: it gave another one")
        if not isinstance(maker, str) or not maker.isalnum():
            raise BadAnswer(f"{what}: a block without its maker")
        return BlockRef(height, hash_of(name, what=what), numbers.moment(moment, what=what)), maker

    def _status(self) -> dict[str, Any]:
        what = f"{self._http.host}: /network/status"
        return self._object(self._object(self._http.get("/network/status"), what).get("data"), what)

    def _check_chain(self) -> None:
        if not self._checked:
            check_name(self._network, self._http.host, self._status().get("chainID"))
            self._checked = True

    def _object(self, told: Any, what: str) -> dict[str, Any]:
        if not isinstance(told, dict):
            raise BadAnswer(f"{what}: the answer is no object")
        if told.get("error") is True:
            raise ChainError(f"{what}: {str(told.get('message'))[:200]}")
        return told
