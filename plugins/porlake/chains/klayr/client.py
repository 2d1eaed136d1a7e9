"""Klayr by Lisk Service, the index that Lisk's and Klayr's wallets ask: one account a question, as it is now.
https://github.com/LiskArchive/lisk-service/blob/development/docs/api/version3.md

The service keeps no past of balances, and who makes blocks is paid without a transaction: readings are of the head. An
account that nobody used holds nothing, by an empty list or by zeros: believed of a service that knows what the maker of
the newest block holds.
"""

from __future__ import annotations

from typing import Any

from porlake import numbers, registry
from porlake.chains._identity import check_name
from porlake.chains._lisk import LiskClient
from porlake.chains._questions import asked_once
from porlake.errors import BadAnswer, ChainError


class Client(LiskClient):
    method = "token_balances"
    in_flight = 4  # the rate that the public service allows is not published

    def final(self) -> int:
        """What validators have made final."""
        return numbers.height(self._status().get("finalizedHeight"), what=f"{self._http.host}: finalizedHeight")

    # --- answers ---
    def _tip(self) -> int:
        return numbers.height(self._status().get("height"), what=f"{self._http.host}: the newest block")

    def _knows(self, address: str) -> bool:
        return any(self._held(address).values())

    def _held(self, address: str) -> dict[str, int]:
        """Beddows by component, nothing where the service has no entry."""
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

    def _told_of(self, height: int, what: str) -> Any:
        blocks = self._object(self._http.get(f"/blocks?height={height}"), what).get("data")
        if blocks == []:
            raise ChainError(f"{what}: there is none")
        if not isinstance(blocks, list) or len(blocks) != 1:
            raise BadAnswer(f"{what}: not one block")
        return blocks[0]

    def _status(self) -> dict[str, Any]:
        what = f"{self._http.host}: /network/status"
        return self._object(self._object(self._http.get("/network/status"), what).get("data"), what)

    @asked_once
    def _check_chain(self) -> None:
        check_name(self._network, self._http.host, self._status().get("chainID"))

    def _object(self, told: Any, what: str) -> dict[str, Any]:
        if not isinstance(told, dict):
            raise BadAnswer(f"{what}: the answer is no object")
        if told.get("error") is True:
            raise ChainError(f"{what}: {str(told.get('message'))[:200]}")
        return told
