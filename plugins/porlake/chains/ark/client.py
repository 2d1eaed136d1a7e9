"""ARK by the public API of a relay: one wallet a question, as it is now.
https://github.com/ArkEcosystem/core/tree/master/packages/core-api

A relay keeps no past of wallets. A delegate is paid without a transaction, and payments to many name a wallet in none
of its own: no list of transactions shows that a balance stayed the same, and all readings are of the head. A wallet
that nobody used is 404 with the relay's own words, believed of a relay that knows the wallet of who made the newest
block. Coins in hash time locks are of the wallet that locked them.
"""

from __future__ import annotations

from typing import Any

from porlake import numbers
from porlake.chains._identity import check_name
from porlake.chains._lisk import LiskClient
from porlake.chains._questions import asked_once
from porlake.errors import BadAnswer, ChainError

DEPTH = 51  # blocks: each of the 51 delegates has built on one
NOT_FOUND = 404


class Client(LiskClient):
    method = "core_api_wallet"
    in_flight = 4  # relays allow 100 questions a minute and address unless they say otherwise

    def final(self) -> int:
        return max(1, self._tip() - DEPTH)

    # --- answers ---
    def _held(self, address: str) -> dict[str, int] | None:
        """None of a wallet that nobody used."""
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

    def _told_of(self, height: int, what: str) -> dict[str, Any]:
        told = self._http.ask("GET", f"/blocks/{height}", accept={NOT_FOUND})
        if told.status == NOT_FOUND:
            raise ChainError(f"{what}: there is none")
        block = self._data(told.body, what)
        moment = block.get("timestamp")
        return block | {"timestamp": moment.get("unix") if isinstance(moment, dict) else moment}

    def _tip(self) -> int:
        what = f"{self._http.host}: the newest block"
        block = self._data(self._http.get("/blockchain"), what).get("block")
        if not isinstance(block, dict):
            raise BadAnswer(f"{what}: there is none")
        return numbers.height(block.get("height"), what=what, least=1)

    @asked_once
    def _check_chain(self) -> None:
        told = self._data(self._http.get("/node/configuration"), f"{self._http.host}: /node/configuration")
        check_name(self._network, self._http.host, told.get("nethash"))

    def _data(self, told: Any, what: str) -> dict[str, Any]:
        data = told.get("data") if isinstance(told, dict) else None
        if not isinstance(data, dict):
            raise BadAnswer(f"{what}: the answer has no data")
        return data
