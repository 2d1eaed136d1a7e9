"""aelf's main chain through a node's web API. https://docs.aelf.com/api/chain-api/

Views run at the best chain's head, whatever is asked, and their answer names no block: what is read is the head, as of
the block that was the head before the first question. Tokens in the virtual addresses of contracts (locks, votes) and
those on side chains are not told by it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from porlake import addresses, numbers
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import ByAccount, parts
from porlake.chains._by_moment import block_at
from porlake.chains._identity import check_chain, hash_of
from porlake.chains._questions import OverHttp, asked_once
from porlake.chains.aelf.calls import balance_of, decimals_of, get_balance, get_token_info
from porlake.errors import BadAnswer, ChainError, RequestFailed
from porlake.registry import Network, Token
from porlake.transport import Endpoint, Http, Recording

METHOD = "aelf_get_balance"
FAULTS = frozenset({400, 403, 404, 500})  # with which a node answers in JSON: {"Error": {"Code", "Message"}}
#: Whoever does not ask for JSON is given a text as it stands, without its quotes.
JSON = {"Accept": "application/json; v=1.0"}
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?Z")
_SYMBOL = re.compile(r"[A-Z0-9]{1,20}")


@dataclass(frozen=True, slots=True)
class Status:
    chain: str
    genesis: str
    height: int
    hash: str
    final: int


class Client(OverHttp, ByAccount):
    in_flight = 16

    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> None:
        self._network, self._http = network, Http(network.network, endpoint, recording)

    # --- blocks ---
    def block(self, height: int) -> BlockRef:
        """Raises ChainError where the endpoint is of another chain or has no such block, TransportError."""
        self._status()
        path, what = f"/api/blockChain/blockByHeight?blockHeight={height}", f"{self.host}: blockByHeight"
        try:
            found = self._ask("GET", path, None)
        except RequestFailed as error:
            if error.code == 404 or "not found" in str(error).lower():
                raise ChainError(f"{self.host}: {self._network.name} has no block {height:,}") from error
            raise
        header = found.get("Header") if isinstance(found, dict) else None
        if not isinstance(header, dict):
            raise BadAnswer(f"{what}: the answer is no block")
        number = numbers.height(header.get("Height"), what=what)
        if number != height:
            raise ChainError(f"{self.host}: asked for block {height:,}, it gave {number:,}")
        return BlockRef(number, hash_of(found.get("BlockHash"), what=what), self._time(header.get("Time"), what))

    def head(self) -> BlockRef:
        """The head of the best chain; it may still be replaced."""
        status = self._status()
        block = self.block(status.height)
        if block.hash != status.hash:
            raise ChainError(f"{self.host}: its head {status.height:,} was replaced while it was asked")
        return block

    def final(self) -> int:
        return self._status().final

    def block_at(self, moment: datetime) -> BlockRef:
        """The last irreversible block of that moment or before it. Raises NotFinal, ChainError, TransportError."""
        return block_at(self._network, moment, self.block(self.final()), lambda height: self.block(max(1, height)))

    # --- accounts ---
    def ping(self) -> None:
        self._status()

    def ready(self, at: BlockRef) -> None:
        self._head_for(at)

    @asked_once
    def _head_for(self, at: BlockRef) -> BlockRef:
        """The head before the first account of a block is asked about: what is read is of it, or newer."""
        return self.head()

    def read_account(self, want: Wanted, at: BlockRef) -> Sequence[Reading] | Unread:
        symbol = want.asset if want.token.kind == "native" else want.token.contract
        if not _SYMBOL.fullmatch(symbol):
            return Unread(want.asset, want.address, "contract_unknown")
        owner, head = addresses.parse(self._network.network, want.address).payload, self._head_for(at)
        what = f"{self.host}: GetBalance of {symbol}"
        answer = self._view(get_balance(symbol, owner, head.height, bytes.fromhex(head.hash)), what)
        held = balance_of(answer, symbol, owner, what=what)
        return parts(want, {}, head, "head", METHOD, self.host, total=held)

    def decimals(self, token: Token, at: BlockRef) -> int | None:
        """As the token contract says; None where it has no such token."""
        head, what = self._head_for(at), f"{self.host}: GetTokenInfo of {token.contract[:20]}"
        question = get_token_info(token.contract, head.height, bytes.fromhex(head.hash))
        return decimals_of(self._view(question, what), token.contract, what=what)

    # --- questions ---
    def _view(self, transaction: bytes, what: str) -> bytes:
        found = self._ask("POST", "/api/blockChain/executeTransaction", {"RawTransaction": transaction.hex()})
        return numbers.data(found, what=what, prefix="")

    def _status(self) -> Status:
        path, what = "/api/blockChain/chainStatus", f"{self.host}: chainStatus"
        found = self._ask("GET", path, None)
        if not isinstance(found, dict):
            raise BadAnswer(f"{what}: the answer is no object")
        status = Status(
            str(found.get("ChainId"))[:20],
            hash_of(found.get("GenesisBlockHash"), what=what),
            numbers.height(found.get("BestChainHeight"), what=what),
            hash_of(found.get("BestChainHash"), what=what),
            numbers.height(found.get("LastIrreversibleBlockHeight"), what=what),
        )
        # aelf's first block has the height 1; identities.csv names the first one as 0
        check_chain(self._network, self.host, lambda _: status.genesis)
        return status

    def _ask(self, verb: str, path: str, body: dict[str, Any] | None) -> Any:
        found = self._http.ask(verb, path, body, headers=JSON, accept=FAULTS)
        if found.status < 400:
            return found.body
        error = found.body.get("Error") if isinstance(found.body, dict) else None
        told = error if isinstance(error, dict) else {}
        text = f"{self.host}: {path.partition('?')[0]}: {str(told.get('Message', ''))[:200]} ({found.status})"
        code = str(told.get("Code", ""))
        raise RequestFailed(text, int(code) if code.isdecimal() and len(code) < 10 else found.status)

    def _time(self, value: object, what: str) -> datetime:
        """A time in UTC, to the ten-millionth of a second."""
        match = _TIME.fullmatch(value) if isinstance(value, str) else None
        try:
            if match is None:
                raise ValueError
            part = int((match[2] or "").ljust(6, "0")[:6])
            return datetime.fromisoformat(match[1]).replace(microsecond=part, tzinfo=UTC)
        except ValueError as error:
            raise BadAnswer(f"{what}: {numbers.shown(value)} is no time") from error
