"""Algorand through a node, https://developer.algorand.org/docs/rest-apis/algod/: accounts of the newest round alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from porlake import addresses, numbers
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import ByAccount, parts
from porlake.chains._by_moment import HeadIsFinal
from porlake.chains._questions import OverHttp, asked_once, of_one_address
from porlake.chains.algorand.client import _params
from porlake.chains.algorand.rounds import MOST_UNITS, check_genesis, hash_of, in_parts, refused
from porlake.errors import BadAnswer, ChainError, NodeBehind, Unavailable
from porlake.registry import Network, Token
from porlake.transport import Endpoint, Http, Recording

IN_FLIGHT = 16
METHOD = "algod_account"


class NodeClient(HeadIsFinal, OverHttp, ByAccount):
    in_flight = IN_FLIGHT

    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> None:
        place = of_one_address(endpoint)
        self._network, self._http = network, Http(network.network, place, recording, refused)

    def block(self, height: int) -> BlockRef:
        """Raises Unavailable for a round that the node does not keep, ChainError, TransportError."""
        answer = self._http.ask("GET", f"/v2/blocks/{height}?format=json&header-only=true", accept={404})
        if answer.status == 404:
            raise Unavailable(f"{self.host}: it has no block {height:,}")
        found, what = answer.body.get("block") if isinstance(answer.body, dict) else None, f"{self.host}: a block"
        if not isinstance(found, dict):
            raise BadAnswer(f"{what} of another form")
        check_genesis(self._network, self.host, found.get("gh"))
        # Fields that are zero are left out: the first block has no round.
        if (number := numbers.height(found.get("rnd", 0), what=f"{what}: rnd")) != height:
            raise ChainError(f"{what}: asked for {height:,}, it gave {number:,}")
        named = self._http.get(f"/v2/blocks/{height}/hash")
        told = named.get("blockHash") if isinstance(named, dict) else None
        return BlockRef(
            height, hash_of(told, f"{what}: blockHash"), numbers.moment(found.get("ts", 0), what=f"{what}: ts")
        )

    def head(self) -> BlockRef:
        told = self._http.get("/v2/status")
        if not isinstance(told, dict):
            raise BadAnswer(f"{self.host}: status of another form")
        return self.block(numbers.height(told.get("last-round"), what=f"{self.host}: status: last-round"))

    def ping(self) -> None:
        self._http.get("/v2/status")

    def ready(self, at: BlockRef) -> None:
        self._head_for(at)

    @asked_once
    def _head_for(self, at: BlockRef) -> BlockRef:
        """The head before the first account of a block is asked about: what is read is of it, or newer."""
        return self.head()

    def read_account(self, want: Wanted, at: BlockRef) -> Sequence[Reading] | Unread:
        """An account that nobody used is told as one of zeros, an asset that it has not opted in to by a 404."""
        account, what = addresses.parse(self._network.network, want.address).text, f"{self.host}: account"
        path, first = f"/v2/accounts/{quote(account, safe='')}", self._head_for(at)
        if want.token.kind == "native":
            found = self._http.get(f"{path}?exclude=all")
            if not isinstance(found, dict) or found.get("address") != account:
                raise BadAnswer(f"{what}: the answer is of another account")
            self._check_round(found, first, what)
            return parts(want, in_parts(found, what), first, "head", METHOD, self.host)
        answer = self._http.ask("GET", f"{path}/assets/{int(want.token.contract)}", accept={404})
        if answer.status == 404:
            if "asset info not found" not in str(answer.body):
                raise BadAnswer(f"{what}: a 404 that is not the node's")
            return parts(want, {}, first, "head", METHOD, self.host, total=0)
        held = answer.body.get("asset-holding") if isinstance(answer.body, dict) else None
        if not isinstance(held, dict):
            raise BadAnswer(f"{what}: no holding of an asset")
        self._check_round(answer.body, first, what)
        number = numbers.whole(held.get("asset-id"), what=f"{what}: asset-id", most=MOST_UNITS)
        if number != int(want.token.contract):
            raise BadAnswer(f"{what}: a holding of asset {number}")
        raw = numbers.whole(held.get("amount"), what=f"{what}: amount", most=MOST_UNITS)
        return parts(want, {}, first, "head", METHOD, self.host, total=raw)

    def decimals(self, token: Token, at: BlockRef) -> int | None:
        answer = self._http.ask("GET", f"/v2/assets/{int(token.contract)}", accept={404})
        if answer.status == 404:
            return None
        what = f"{self.host}: asset {token.contract}"
        return numbers.whole(_params(answer.body, what).get("decimals"), what=f"{what}: decimals", most=19)

    def _check_round(self, found: dict[str, Any], first: BlockRef, what: str) -> None:
        if numbers.height(found.get("round"), what=f"{what}: round") < first.height:
            raise NodeBehind(f"{what}: an answer older than round {first.height:,}")
