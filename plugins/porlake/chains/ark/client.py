"""ARK by the public API of a relay: one wallet a question, as it is now.
https://github.com/ArkEcosystem/core/tree/master/packages/core-api

A relay keeps no past of wallets. A delegate is paid without a transaction, and payments to many name a wallet in none
of its own: no list of transactions shows that a balance stayed the same, and all readings are of the head. A wallet
that nobody used is 404 with the relay's own words, believed of a relay that knows the wallet of who made the newest
block. Coins in hash time locks are of the wallet that locked them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from porlake import numbers
from porlake.chains import _one_by_one as _alone
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import ByAccount, parts
from porlake.chains._by_moment import block_at
from porlake.chains._identity import check_name, hash_of
from porlake.errors import BadAnswer, ChainError
from porlake.registry import Network
from porlake.transport import Endpoint, Http, Recording

METHOD = "core_api_wallet"
DEPTH = 51  # blocks: each of the 51 delegates has built on one
NOT_FOUND = 404


class Client(ByAccount):
    in_flight = 4  # relays allow 100 questions a minute and address unless they say otherwise

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
        """The newest final block."""
        return self.block(self.final())

    def final(self) -> int:
        return max(1, self._tip() - DEPTH)

    def block_at(self, moment: datetime) -> BlockRef:
        return block_at(self._network, moment, self.head(), self.block)

    def ping(self) -> object:
        return self._tip()

    def ready(self, at: BlockRef) -> None:
        """Whether the relay knows a wallet that must be there."""
        self._check_chain()
        tip, maker = self._block(self._tip())
        if self._wallet(maker) is None:
            raise ChainError(f"{self._http.host}: does not know the wallet of who made block {tip.height:,}")
        self._read_from.setdefault(at.hash, tip)

    def read_account(self, want: Wanted, at: BlockRef) -> list[Reading] | Unread:
        """All that is asked for one block is of the tip before the first question, or newer."""
        held, read = self._wallet(want.address), self._read_from[at.hash]
        return parts(want, held or {}, read, "head", METHOD, self._http.host, no_history=held is None)

    # --- answers ---
    def _wallet(self, address: str) -> dict[str, int] | None:
        """Base units by component; None of a wallet that nobody used."""
        told = self._http.ask("GET", f"/wallets/{address}", accept={NOT_FOUND})
        what = f"{self._http.host}: a wallet"
        if told.status == NOT_FOUND:
            said = told.body if isinstance(told.body, dict) else {}
            if said.get("statusCode") != NOT_FOUND or said.get("message") != "Wallet not found":
                raise BadAnswer(f"{what}: HTTP 404 for another reason")
            return None
        wallet = self._data(told.body, what)
        if wallet.get("address") != address:
            raise ChainError(f"{what}: it is another one than was asked for")
        liquid = numbers.whole(wallet.get("balance"), what=what)
        try:
            locked = wallet.get("attributes", {}).get("htlc", {}).get("lockedBalance", 0)
        except AttributeError as error:
            raise BadAnswer(f"{what}: attributes of another form") from error
        locked = numbers.whole(locked, what=f"{what}: lockedBalance")
        return {"liquid": liquid} | ({"locked": locked} if locked else {})

    def _block(self, height: int) -> tuple[BlockRef, str]:
        """(a block, the address of its maker)."""
        what = f"{self._http.host}: block {height:,}"
        told = self._http.ask("GET", f"/blocks/{height}", accept={NOT_FOUND})
        if told.status == NOT_FOUND:
            raise ChainError(f"{what}: there is none")
        block = self._data(told.body, what)
        try:
            number, name, moment = block["height"], block["id"], block["timestamp"]["unix"]
            maker = block["generator"]["address"]
        except (TypeError, LookupError) as error:
            raise BadAnswer(f"{what}: a block of another form") from error
        if numbers.height(number, what=what) != height:
            raise ChainError(f"{what}: it gave another one")
        if not isinstance(maker, str) or not maker.isalnum():
            raise BadAnswer(f"{what}: a block without its maker")
        return BlockRef(height, hash_of(name, what=what), numbers.moment(moment, what=what)), maker

    def _tip(self) -> int:
        what = f"{self._http.host}: the newest block"
        block = self._data(self._http.get("/blockchain"), what).get("block")
        if not isinstance(block, dict):
            raise BadAnswer(f"{what}: there is none")
        return numbers.height(block.get("height"), what=what, least=1)

    def _check_chain(self) -> None:
        if not self._checked:
            told = self._data(self._http.get("/node/configuration"), f"{self._http.host}: /node/configuration")
            check_name(self._network, self._http.host, told.get("nethash"))
            self._checked = True

    def _data(self, told: Any, what: str) -> dict[str, Any]:
        data = told.get("data") if isinstance(told, dict) else None
        if not isinstance(data, dict):
            raise BadAnswer(f"{what}: the answer has no data")
        return data
