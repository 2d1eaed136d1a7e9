"""Ontology through its node's REST API. https://dev-docs.ont.io (Restful API); ontio/ontology: http/base/rest

`balancev2` tells the ONT and ONG of an account at the newest block, whose height stands beside them: ONT with nine
digits behind the point, ONG with eighteen. No node tells the past, nor when an account last changed. An account that
nobody used has zero, as has every account of a node without state: the contract that keeps the stakes of all nodes must
hold ONT.

An error comes with HTTP 200 and a number in `Error`. ONG that an account could claim, and ONT that it staked, are no
part of its balance.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from porlake import numbers
from porlake.addresses import neo as form
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import ByAccount, parts
from porlake.chains._by_moment import BlocksByTime
from porlake.chains._identity import check_name, hash_of
from porlake.chains._questions import OverHttp, asked_once
from porlake.errors import BadAnswer, ChainError, RequestFailed, TransportError, Unavailable
from porlake.registry import Network
from porlake.transport import Endpoint, Http, Recording

METHOD = "ontology_balancev2"
STAKES = form.of("ontology", bytes(19) + b"\x07").text  # the native contract of governance
UNKNOWN_BLOCK, INTERNAL = 44003, 45001


class Client(BlocksByTime, OverHttp, ByAccount):
    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> None:
        self._network, self._http = network, Http(network.network, endpoint, recording, _check)

    # --- blocks ---
    def block(self, height: int) -> BlockRef:
        """Raises ChainError where the endpoint is of another chain or has no such block, TransportError."""
        self._check_chain()
        return self._block(height)

    def head(self) -> BlockRef:
        self._check_chain()
        return self._block(self._newest())

    def final(self) -> int:
        """A block is final when it is made (VBFT)."""
        self._check_chain()
        return self._newest()

    # --- accounts ---
    def ping(self) -> None:
        self._newest()

    @asked_once
    def ready(self, at: BlockRef) -> None:
        """Raises ChainError where the node has no state, TransportError."""
        self._check_chain()
        if not self._held(STAKES, at)[0]:
            raise ChainError(f"{self.host}: the contract of all stakes holds no ONT: the node has no state")

    def read_account(self, want: Wanted, at: BlockRef) -> Sequence[Reading] | Unread:
        ont, ong, height = self._held(want.address, at)
        raw = ont if want.token.kind == "native" else ong
        return parts(want, {}, self._read_at(height), "head", METHOD, self.host, total=raw)

    @asked_once
    def _read_at(self, height: int) -> BlockRef:
        """The block that an answer is of: many are of one."""
        return self._block(height)

    def _held(self, address: str, at: BlockRef) -> tuple[int, int, int]:
        """(ONT, ONG, the height at which they were read)."""
        told, what = self._told(f"/api/v1/balancev2/{quote(address, safe='')}"), f"{self.host}: balancev2"
        if not isinstance(told, dict):
            raise BadAnswer(f"{what}: the answer is no balance")
        ont, ong = (numbers.whole(told.get(name), what=f"{what}: {name}") for name in ("ont", "ong"))
        height = numbers.height(told.get("height"), what=f"{what}: height")
        if height < at.height:
            raise ChainError(f"{what}: asked for block {at.height:,}, it is of block {height:,}")
        return ont, ong, height

    # --- questions ---
    def _newest(self) -> int:
        """The height of the newest block."""
        return numbers.height(self._told("/api/v1/block/height"), what=f"{self.host}: block/height")

    def _block(self, height: int) -> BlockRef:
        what = f"{self.host}: block/details"
        try:
            told = self._told(f"/api/v1/block/details/height/{height}")
        except Unavailable as error:
            raise ChainError(
                f"{self.host}: {self._network.name} has no block {height:,}, as far as it knows"
            ) from error
        header = told.get("Header") if isinstance(told, dict) else None
        if not isinstance(header, dict):
            raise BadAnswer(f"{what}: the answer is no block")
        found = numbers.height(header.get("Height"), what=what)
        if found != height:
            raise ChainError(f"{self.host}: asked for block {height:,}, it gave {found:,}")
        return BlockRef(
            height, hash_of(header.get("Hash"), what=what), numbers.moment(header.get("Timestamp"), what=what)
        )

    def _told(self, path: str) -> Any:
        answer = self._http.get(path)
        if not isinstance(answer, dict) or type(answer.get("Error")) is not int or answer["Error"]:
            raise BadAnswer(f"{self.host}: {path}: the answer has not the form of the API")
        return answer.get("Result")

    @asked_once
    def _check_chain(self) -> None:
        """By the number of the network that the node is of."""
        check_name(self._network, self.host, self._told("/api/v1/networkid"))


def _check(host: str, path: str, answer: Any) -> None:
    """Raises what an answer says to be wrong. ontio/ontology: http/base/error/error.go"""
    code = answer.get("Error") if isinstance(answer, dict) else None
    if type(code) is not int or not code:
        return
    words = answer.get("Desc")
    text = f"{host}: {path}: {words[:100] if isinstance(words, str) else 'no words'} ({numbers.shown(code)})"
    if code == UNKNOWN_BLOCK:
        raise Unavailable(text)
    raise TransportError(text) if code == INTERNAL else RequestFailed(text, code)
