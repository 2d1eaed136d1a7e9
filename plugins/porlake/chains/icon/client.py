"""ICON through goloop's JSON-RPC, version 3. https://docs.icon.community/icon-stack/client-apis/json-rpc-api/v3

The state that a node keeps under height N is the one before the transactions of block N: what an account holds after
block H is asked with the height H + 1. No answer names its height. A node is believed after it has refused a height
that is not there yet, for balances and for calls alike, and has told, under the heights h and h + 1, two balances of
somebody who sent something in a block h not after the snapshot's.

ICX that is staked, and what is on its way out of it, lie beside the balance; rewards that were not fetched (I-Score)
are no part of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from porlake import numbers
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import ByBatch, parts
from porlake.chains._by_moment import HeadIsFinal
from porlake.chains._identity import check_chain, hash_of
from porlake.chains._questions import OverRpc, asked_once, reason_of
from porlake.chains.icon.errors import ERRORS
from porlake.errors import BadAnswer, ChainError, NotFinal, RequestFailed, TransportError, Unavailable
from porlake.registry import Network, Token
from porlake.transport import Endpoint, JsonRpc, Recording

BALANCE, CALL = "icx_getBalance", "icx_call"
SYSTEM = "cx0000000000000000000000000000000000000000"
LOOK_BACK = 60  # blocks of two seconds in which somebody is looked for who sent something
SENDERS = 5  # of one block that are tried
FAR = 10**9  # blocks above the head: a height that is not there
_USER = re.compile(r"hx[0-9a-f]{40}")
_CONTRACT = re.compile(r"cx[0-9a-f]{40}")


class Client(HeadIsFinal, OverRpc, ByBatch):
    batch = 5  # accounts of two questions: a node takes ten at once
    in_flight = 16

    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> None:
        self._network, self._rpc = network, JsonRpc(network.network, endpoint, recording, ERRORS)

    # --- blocks ---
    def block(self, height: int) -> BlockRef:
        """Raises ChainError where the endpoint is of another chain or has no such block, TransportError."""
        self._check_chain()
        return self._block(height)[0]

    def head(self) -> BlockRef:
        """The newest block whose outcome the node tells; a block is final when it is made."""
        self._check_chain()
        newest = self._of(self._rpc.call("icx_getLastBlock", {}), "icx_getLastBlock")[0]
        return self._block(max(0, newest.height - 1))[0]

    # --- accounts ---
    def ping(self) -> None:
        self._rpc.call("icx_getLastBlock", {})

    @asked_once
    def ready(self, at: BlockRef) -> None:
        """Raises NotFinal where the block's outcome is not there yet, ChainError where the node does not show that it
        reads heights, TransportError.
        """
        if (head := self.head()).height < at.height:
            raise NotFinal(f"{self.host}: the outcome of block {at.height:,} is not there: its head is {head.height:,}")
        nowhere = head.height + FAR
        for method, params in (self._balance(SYSTEM, nowhere), self._stake("hx" + "00" * 20, nowhere)):
            try:
                self._rpc.call(method, params)
            except (RequestFailed, Unavailable):
                continue
            raise ChainError(f"{self.host}: {method} answers for a height that is not there: it does not read heights")
        self._check_heights(at)

    def read_batch(self, wants: Sequence[Wanted], at: BlockRef) -> Sequence[Reading | Unread]:
        if wants[0].token.kind != "native":
            return list(self._tokens(wants, at))
        calls = [call(want.address, at.height + 1) for want in wants for call in (self._balance, self._stake)]
        answers = iter(self._rpc.batch(calls))
        return [
            found
            for want in wants
            for found in self._told(want, next(answers), next(answers), at)
        ]  # fmt: skip

    def decimals(self, token: Token, at: BlockRef) -> int | None:
        """As the contract says; None where it does not."""
        method, params = self._call(token.contract, "decimals", {}, at.height + 1)
        try:
            told = self._rpc.call(method, params)
        except RequestFailed:
            return None
        return numbers.quantity(told, what=f"{self.host}: decimals", most=255)

    def _told(self, want: Wanted, liquid: Any, stake: Any, at: BlockRef) -> list[Reading | Unread]:
        for found in (liquid, stake):
            if isinstance(found, TransportError):
                return [Unread(want.asset, want.address, reason_of(found))]
        what = f"{self.host}: {BALANCE}"
        components = {"liquid": numbers.quantity(liquid, what=what, most=numbers.MOST), **self._staked(stake)}
        return list(parts(want, components, at, "exact", BALANCE, self.host))

    def _staked(self, told: Any) -> dict[str, int]:
        what = f"{self.host}: getStake"
        leaving = told.get("unstakes", []) if isinstance(told, dict) else None
        if not isinstance(leaving, list) or not all(isinstance(one, dict) for one in leaving):
            raise BadAnswer(f"{what}: the answer is no stake")
        unstaking = [
            numbers.quantity(one.get("unstake"), what=f"{what}: unstake", most=numbers.MOST) for one in leaving
        ]
        staked = numbers.quantity(told.get("stake"), what=f"{what}: stake", most=numbers.MOST)
        return {"staked": staked, "unstaking": sum(unstaking)}

    def _tokens(self, wants: Sequence[Wanted], at: BlockRef) -> Iterator[Reading | Unread]:
        """IRC-2, https://github.com/icon-project/IIPs/blob/master/IIPS/iip-2.md"""
        if not _CONTRACT.fullmatch(contract := wants[0].token.contract):
            yield from (Unread(want.asset, want.address, "contract_unknown") for want in wants)
            return
        calls = [self._call(contract, "balanceOf", {"_owner": want.address}, at.height + 1) for want in wants]
        for want, told in zip(wants, self._rpc.batch(calls), strict=True):
            if isinstance(told, TransportError):
                reason = "token_call_failed" if isinstance(told, RequestFailed) else reason_of(told)
                yield Unread(want.asset, want.address, reason)
                continue
            raw = numbers.quantity(told, what=f"{self.host}: balanceOf", most=numbers.MOST)
            yield from parts(want, {}, at, "exact", CALL, self.host, total=raw)

    # --- heights ---
    def _check_heights(self, at: BlockRef) -> None:
        """That the node tells two balances of somebody who sent something in a block, before it and after it."""
        for height in range(at.height, max(0, at.height - LOOK_BACK), -1):
            senders = self._block(height)[1][:SENDERS]
            calls = [self._balance(sender, height + after) for sender in senders for after in (0, 1)]
            told = self._rpc.batch(calls) if calls else []
            for before, after in zip(told[::2], told[1::2], strict=True):
                if isinstance(before, TransportError) or isinstance(after, TransportError):
                    raise before if isinstance(before, TransportError) else after
                what = f"{self.host}: {BALANCE}"
                if numbers.quantity(before, what=what) != numbers.quantity(after, what=what):
                    return
            if len(senders) == SENDERS:
                raise ChainError(
                    f"{self.host}: {SENDERS} accounts that sent something in block {height:,} hold the same before and "
                    f"after it: the endpoint does not read heights"
                )
        raise Unavailable(f"{self.host}: nobody is seen to change up to block {at.height:,}: heights are not shown")

    # --- questions ---
    def _balance(self, account: str, height: int) -> tuple[str, dict[str, Any]]:
        return BALANCE, {"address": account, "height": hex(height)}

    def _stake(self, account: str, height: int) -> tuple[str, dict[str, Any]]:
        return self._call(SYSTEM, "getStake", {"address": account}, height)

    def _call(self, contract: str, method: str, params: dict[str, str], height: int) -> tuple[str, dict[str, Any]]:
        data: dict[str, Any] = {"method": method} | ({"params": params} if params else {})
        return CALL, {"to": contract, "dataType": "call", "data": data, "height": hex(height)}

    def _block(self, height: int) -> tuple[BlockRef, list[str]]:
        """(a block, the accounts that sent something in it)."""
        method = "icx_getBlockByHeight"
        try:
            block, senders = self._of(self._rpc.call(method, {"height": hex(height)}), method)
        except Unavailable as error:
            raise ChainError(
                f"{self.host}: {self._network.name} has no block {height:,}, as far as it knows"
            ) from error
        if block.height != height:
            raise ChainError(f"{self.host}: asked for block {height:,}, it gave {block.height:,}")
        return block, senders

    def _of(self, told: Any, method: str) -> tuple[BlockRef, list[str]]:
        what = f"{self.host}: {method}"
        transactions = told.get("confirmed_transaction_list") if isinstance(told, dict) else None
        if not isinstance(transactions, list) or not all(isinstance(one, dict) for one in transactions):
            raise BadAnswer(f"{what}: the answer is no block")
        moment = numbers.moment(told.get("time_stamp"), what=what, per_second=1_000_000)
        name = told.get("block_hash")
        block = BlockRef(
            numbers.height(told.get("height"), what=what),
            hash_of(name.removeprefix("0x") if isinstance(name, str) else name, what=what),
            moment,
        )
        senders = [str(one.get("from")) for one in transactions]
        return block, list(dict.fromkeys(sender for sender in senders if _USER.fullmatch(sender)))

    @asked_once
    def _check_chain(self) -> None:
        """By the hash of the first block."""
        check_chain(self._network, self.host, lambda height: self._block(height)[0].hash)
