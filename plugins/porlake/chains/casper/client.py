"""Casper by the JSON-RPC of a node (1.x) or of its sidecar (2.x): one account a question, at any block whose state the
node keeps. https://docs.casper.network/developers/json-rpc/json-rpc-informational

No answer names the block that it is of, and without an identifier a node tells of the newest one: the question holds
the block's hash, and a node is believed after it has told at that block the balance of the validator who made it. An
account that was never used has no purse, and no entry in the state: both are asked before it counts as empty. Coins
that are delegated lie in purses of the auction, not in the account's.
"""

from __future__ import annotations

from typing import Any

from porlake import numbers
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import ByAccount, parts
from porlake.chains._by_moment import HeadIsFinal
from porlake.chains._identity import check_name, hash_of
from porlake.chains._questions import asked_once, of_one_address
from porlake.chains.casper.errors import ERRORS, METHOD_NOT_FOUND, NO_PURSE, QUERY_FAILED
from porlake.errors import BadAnswer, ChainError, RequestFailed
from porlake.registry import Network
from porlake.transport import Endpoint, JsonRpc, Recording

DETAILS, BALANCE = "query_balance_details", "query_balance"
SYSTEM = "00"  # the key of blocks that nobody made: the first ones after an upgrade
MAKERS = 5  # blocks back, at most, to one that a validator made


class Client(HeadIsFinal, ByAccount):
    # Zug, Casper's consensus: a block that a node shows is final.
    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> None:
        place = of_one_address(endpoint)
        self._network, self._rpc = network, JsonRpc(network.network, place, recording, ERRORS)
        self._method = DETAILS

    def block(self, height: int) -> BlockRef:
        """Raises Unavailable for a block that the node does not have, ChainError, TransportError."""
        self._check_chain()
        return self._made({"Height": height})[0]

    def head(self) -> BlockRef:
        self._check_chain()
        return self._made(None)[0]

    def ping(self) -> object:
        return self._rpc.call("info_get_status", {})

    def ready(self, at: BlockRef) -> None:
        """Whether the node has the state of the block: its maker has a purse there."""
        self._check_chain()
        found, maker = self._made({"Hash": at.hash})
        if found != at:
            raise ChainError(f"{self._rpc.host}: gives another block for the hash of {at.height:,}")
        for back in range(1, MAKERS):
            if maker != SYSTEM or at.height < back:
                break
            _, maker = self._made({"Height": at.height - back})
        try:
            self._held({"main_purse_under_public_key": maker}, at)
        except RequestFailed as error:
            raise ChainError(
                f"{self._rpc.host}: does not know the purse of the maker of block {at.height:,}: {error}"
            ) from error

    def read_account(self, want: Wanted, at: BlockRef) -> list[Reading] | Unread:
        try:
            total, available = self._held({"main_purse_under_account_hash": want.address}, at)
        except RequestFailed as error:
            if error.code not in NO_PURSE or not self._is_unknown(want.address, at):
                raise
            return parts(want, {}, at, "exact", self._method, self._rpc.host, no_history=True)
        held = {"liquid": available} | ({"on_hold": total - available} if total > available else {})
        return parts(want, held, at, "exact", self._method, self._rpc.host)

    # --- answers ---
    def _held(self, purse: dict[str, str], at: BlockRef) -> tuple[int, int]:
        """Motes of a purse: (all, those that are not on hold). Nodes before 2.0 know of no holds."""
        question = {"purse_identifier": purse, "state_identifier": {"BlockHash": at.hash}}
        if self._method == DETAILS:
            try:
                told = self._object(DETAILS, question)
            except RequestFailed as error:
                if error.code != METHOD_NOT_FOUND:
                    raise
                self._method = BALANCE
            else:
                total, available = (
                    numbers.whole(told.get(name), what=f"{self._rpc.host}: {DETAILS}: {name}")
                    for name in ("total_balance", "available_balance")
                )
                if available > total:
                    raise BadAnswer(f"{self._rpc.host}: {DETAILS}: more is available than there is")
                return total, available
        told = self._object(BALANCE, question)
        if not str(told.get("api_version")).startswith("1."):
            raise BadAnswer(f"{self._rpc.host}: {BALANCE}: a node of another generation, which hides what is on hold")
        held = numbers.whole(told.get("balance"), what=f"{self._rpc.host}: {BALANCE}")
        return held, held

    def _is_unknown(self, account: str, at: BlockRef) -> bool:
        """Whether the state of the block has no such account, by the node's word."""
        question = {"state_identifier": {"BlockHash": at.hash}, "key": account, "path": []}
        try:
            self._rpc.call("query_global_state", question)
        except RequestFailed as error:
            return error.code == QUERY_FAILED
        return False

    def _made(self, identifier: dict[str, Any] | None) -> tuple[BlockRef, str]:
        """(a block, the key of its maker)."""
        told = self._object("chain_get_block", {"block_identifier": identifier} if identifier else {})
        what = f"{self._rpc.host}: chain_get_block"
        try:
            block = told["block_with_signatures"]["block"] if "block_with_signatures" in told else told["block"]
            (block,) = block.values() if block.keys() <= {"Version1", "Version2"} else (block,)
            header = block["header"]
            maker = header["proposer"] if "proposer" in header else block["body"]["proposer"]
            number, name, moment = header["height"], block["hash"], header["timestamp"]
        except (TypeError, LookupError, AttributeError, ValueError) as error:
            raise BadAnswer(f"{what}: a block of another form") from error
        found = BlockRef(
            numbers.height(number, what=what), hash_of(name, what=what), numbers.instant(moment, what=what)
        )  # fmt: skip
        for asked, given in (("Height", found.height), ("Hash", found.hash)):
            if identifier and identifier.get(asked, given) != given:
                raise ChainError(f"{what}: asked for {identifier[asked]}, it gave {given}")
        if not isinstance(maker, str):
            raise BadAnswer(f"{what}: a block without its maker")
        return found, maker

    @asked_once
    def _check_chain(self) -> None:
        check_name(self._network, self._rpc.host, self._object("info_get_status", {}).get("chainspec_name"))

    def _object(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        told = self._rpc.call(method, params)
        if not isinstance(told, dict):
            raise BadAnswer(f"{self._rpc.host}: {method}: the result is no object")
        return told
