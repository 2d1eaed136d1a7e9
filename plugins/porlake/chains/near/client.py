"""NEAR through a node's JSON-RPC. https://docs.near.org/api/rpc/introduction

The state after a block is asked for by the block's hash, which the answer repeats; that an account does not exist is an
error of its own, with the same hash. Nodes keep about five epochs of state, archives all. What an account has delegated
lies in contracts of pools, and is not read.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from typing import Any

from porlake import numbers
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import ByAccount, parts
from porlake.chains._by_moment import HeadIsFinal
from porlake.chains._identity import check_id
from porlake.chains._questions import OverRpc, asked_once
from porlake.chains._shapes import base58_hash, fields
from porlake.chains.near.errors import ERRORS, UNKNOWN_ACCOUNT, UNKNOWN_BLOCK, cause, meant
from porlake.encoding.strict_json import loads
from porlake.errors import BadAnswer, ChainError, InvalidEncoding, RequestFailed, Unavailable
from porlake.registry import Network, Token
from porlake.transport import Endpoint, JsonRpc, Recording

ACCOUNT, BALANCE = "view_account", "ft_balance_of"
FINAL = {"finality": "final"}
THERE = "near"  # an account of the first block, which nobody can delete: it holds all names
LOOK_UP = 64  # heights without a block that are gone over: more in a row were never seen
MOST = 2**128 - 1
NANOSECONDS = 10**9


def open_client(network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
    return Client(network, JsonRpc(network.network, endpoint, recording, ERRORS))


class Client(HeadIsFinal, OverRpc, ByAccount):
    def __init__(self, network: Network, rpc: JsonRpc) -> None:
        self._network, self._rpc = network, rpc

    # --- blocks ---
    def block(self, height: int) -> BlockRef:
        """The block of a height; of a height that was skipped the one before it, for that is its state. Raises
        ChainError, TransportError.
        """
        self._check_chain()
        found = self._at(height)
        return self._before(height) if found is None else found[0]

    def head(self) -> BlockRef:
        """The newest final block."""
        self._check_chain()
        return self._header(self._asked("block", FINAL))[0]

    def _at(self, height: int) -> tuple[BlockRef, str] | None:
        """(the block of a height, the hash of the one before it); None where the node knows none there."""
        try:
            found = self._header(self._rpc.call("block", {"block_id": height}))
        except RequestFailed as error:
            if cause(error)[0] == UNKNOWN_BLOCK:
                return None
            raise meant(error) from error
        if found[0].height != height:
            raise ChainError(f"{self.host}: asked for block {height:,}, it gave {found[0].height:,}")
        return found

    def _before(self, height: int) -> BlockRef:
        """The block before a height without one, under its number: the next block names it, or the height is only
        unknown to the node.
        """
        for higher in range(height + 1, height + 1 + LOOK_UP):
            if (found := self._at(higher)) is None:
                continue
            last = self._header(self._asked("block", {"block_id": found[1]}))[0]
            if last.hash != found[1] or last.height >= height:
                raise Unavailable(f"{self.host}: block {height:,} is not there, and those around it are")
            return BlockRef(height, last.hash, last.moment)
        raise Unavailable(f"{self.host}: block {height:,} is not there, nor one after it")

    def _header(self, answer: Any) -> tuple[BlockRef, str]:
        what = f"{self.host}: block"
        (header,) = fields(answer, ("header",), what)
        number, name, before, time = fields(header, ("height", "hash", "prev_hash", "timestamp_nanosec"), what)
        moment = numbers.moment(time, what=what, per_second=NANOSECONDS)
        return BlockRef(numbers.height(number, what=what), base58_hash(name, what), moment), base58_hash(before, what)

    @asked_once
    def _check_chain(self) -> None:
        (told,) = fields(self._asked("status", []), ("chain_id",), f"{self.host}: status")
        check_id(self._network, self.host, told)

    # --- balances ---
    def ping(self) -> object:
        return self._asked("block", FINAL)

    @asked_once
    def ready(self, at: BlockRef) -> None:
        """Whether the node keeps the state of a block: an account that must be there is. Raises Unavailable,
        ChainError.
        """
        self._check_chain()
        if self._account(THERE, at) is None:
            raise ChainError(f"{self.host}: block {at.height:,}: {THERE} does not exist there")

    def read_account(self, want: Wanted, at: BlockRef) -> Sequence[Reading] | Unread:
        if want.token.kind != "native":
            told = self._called(want.token.contract, BALANCE, {"account_id": want.address}, at)
            what = f"{self.host}: {BALANCE} of {want.token.contract}"
            if not isinstance(told, str):
                raise BadAnswer(f"{what}: {numbers.shown(told)} is no text of a number")
            raw = numbers.whole(told, what=what, most=MOST)
            return parts(want, {}, at, "exact", BALANCE, self.host, total=raw)
        found = self._account(want.address, at)
        liquid, staked = found or (0, 0)
        return parts(want, {"liquid": liquid, "staked": staked}, at, "exact", ACCOUNT, self.host)

    def decimals(self, token: Token, at: BlockRef) -> int | None:
        """As the contract's metadata says (NEP-148). Raises ChainError, TransportError."""
        self._check_chain()
        told, what = self._called(token.contract, "ft_metadata", {}, at), f"{self.host}: ft_metadata"
        (decimals,) = fields(told, ("decimals",), what)
        return numbers.whole(decimals, what=what, most=255)

    def _account(self, name: str, at: BlockRef) -> tuple[int, int] | None:
        """(what an account may spend, what it has locked as a validator); None where it does not exist."""
        what = f"{self.host}: {ACCOUNT}: {name}"
        question = {"request_type": ACCOUNT, "block_id": at.hash, "account_id": name}
        try:
            found = self._rpc.call("query", question)
        except RequestFailed as error:
            reason, info = cause(error)
            if reason != UNKNOWN_ACCOUNT:
                raise meant(error) from error
            if (info.get("requested_account_id"), info.get("block_hash")) != (name, at.hash):
                raise BadAnswer(f"{what}: it does not exist, but at another block or by another name") from error
            return None
        self._check_block(found, at, what)
        amount, locked = fields(found, ("amount", "locked"), what)
        return numbers.whole(amount, what=what, most=MOST), numbers.whole(locked, what=what, most=MOST)

    def _called(self, contract: str, method: str, arguments: dict[str, str], at: BlockRef) -> Any:
        """What a view method of a contract gives, which is JSON as bytes."""
        what = f"{self.host}: {method} of {contract}"
        question = {
            "request_type": "call_function",
            "block_id": at.hash,
            "account_id": contract,
            "method_name": method,
            "args_base64": b64encode(json.dumps(arguments).encode()).decode(),
        }
        found = self._asked("query", question)
        self._check_block(found, at, what)
        if "error" in found:  # nodes before 2.0 tell a failed call so
            raise RequestFailed(f"{what}: {str(found['error'])[:200]}")
        (data,) = fields(found, ("result",), what)
        try:
            return loads(bytes(data) if isinstance(data, list) else b"", whole=int, point=str)
        except (ValueError, TypeError, InvalidEncoding) as error:
            raise BadAnswer(f"{what}: the result is no JSON") from error

    def _check_block(self, answer: Any, at: BlockRef, what: str) -> None:
        (told,) = fields(answer, ("block_hash",), what)
        if told != at.hash:
            raise ChainError(f"{what}: asked for block {at.hash}, it gave that of {numbers.shown(told)}")

    def _asked(self, method: str, params: list[Any] | dict[str, Any]) -> Any:
        try:
            return self._rpc.call(method, params)
        except RequestFailed as error:
            raise meant(error) from error
