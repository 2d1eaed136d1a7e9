"""Conflux Core through a node's JSON-RPC. https://doc.confluxnetwork.org/docs/core/build/json-rpc/

A height is an epoch, and its block the pivot block. The liquid balance is asked for by that block's hash; what is
staked and bound as collateral only by the epoch's number, with the balance once more, which must be the same.

Archive nodes keep all blocks, and the state of the last half hour or so: only nodes that keep the whole state answer
for an older epoch. Where the state is gone balances are those of the newest final epoch, `as_of = head`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from porlake import addresses, numbers
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import ByBatch, parts
from porlake.chains._by_moment import block_at
from porlake.chains._ethereum import block_of
from porlake.chains._identity import check_name
from porlake.chains._questions import OverRpc, asked_once, reason_of
from porlake.chains.conflux.errors import ERRORS, lacks_state
from porlake.errors import BadAnswer, ChainError, InvalidAddress, TransportError
from porlake.registry import Network
from porlake.transport import Endpoint, JsonRpc, Recording

METHOD = "cfx_getBalance"
FINAL = "latest_finalized"
PARTS = {"liquid": "balance", "staked": "stakingBalance", "collateral": "collateralForStorage"}
"""Components, by their field in an account."""


def open_client(network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
    return Client(network, JsonRpc(network.network, endpoint, recording, ERRORS, plain=True))


class Client(OverRpc, ByBatch):
    batch = 50  # accounts, of two questions each

    def __init__(self, network: Network, rpc: JsonRpc) -> None:
        self._network, self._rpc = network, rpc
        self.in_flight = rpc.in_flight

    # --- blocks ---
    def block(self, height: int) -> BlockRef:
        """Raises ChainError, TransportError."""
        found = self._block(hex(height))
        if found.height != height:
            raise ChainError(f"{self.host}: asked for epoch {height:,}, it gave {found.height:,}")
        return found

    def head(self) -> BlockRef:
        """The newest epoch that is final."""
        return self._block(FINAL)

    def final(self) -> int:
        """Raises ChainError, TransportError."""
        return self.head().height

    def block_at(self, moment: datetime) -> BlockRef:
        """The last final epoch of that moment or before it. Raises NotFinal, ChainError, TransportError."""
        found = block_at(self._network, moment, self.head(), self.block)
        if not found.height:  # the first block bears the time 0
            raise ChainError(f"{self._network.name} begins after {moment}")
        return found

    def ping(self) -> object:
        return self._rpc.call("cfx_epochNumber", [])

    # --- balances ---
    def ready(self, at: BlockRef) -> None:
        """Raises ChainError, TransportError."""
        self._read_from(at)

    @asked_once
    def _read_from(self, at: BlockRef) -> BlockRef:
        """Which block's state is read."""
        self._check_chain()
        return at if self._has_state(at) else self._newest()

    def read_batch(self, wants: Sequence[Wanted], at: BlockRef) -> list[Reading | Unread]:
        """Raises ChainError, TransportError."""
        read = self._read_from(at)
        calls = [("cfx_getBalance", [want.address, {"blockHash": read.hash}]) for want in wants]
        calls += [("cfx_getAccount", [want.address, hex(read.height)]) for want in wants]
        answers = self._rpc.batch(calls)
        found = list[Reading | Unread]()
        for want, balance, account in zip(wants, answers, answers[len(wants) :], strict=False):
            failed = next((one for one in (balance, account) if isinstance(one, TransportError)), None)
            if failed is not None:
                if lacks_state(failed):
                    raise failed
                found.append(Unread(want.asset, want.address, reason_of(failed)))
                continue
            components = self._components(want.address, balance, account)
            as_of = "exact" if read.hash == at.hash else "head"
            found += parts(want, components, read, as_of, METHOD, self.host)
        return found

    def past(self, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading]:
        """What accounts held at a past epoch, where the node has its state. Raises ChainError, TransportError."""
        if self._read_from(at).hash == at.hash:
            yield from (one for one in self.balances(wanted, at) if isinstance(one, Reading))

    def _components(self, address: str, balance: Any, account: Any) -> dict[str, int]:
        what = f"{self.host}: cfx_getAccount"
        if not isinstance(account, dict):
            raise BadAnswer(f"{what}: the answer is no account")
        if self._payload(account.get("address"), what) != self._payload(address, what):
            raise BadAnswer(f"{what}: asked for {address}, it gave {numbers.shown(account.get('address'))}")
        found = {
            part: numbers.quantity(account.get(name), what=f"{what}: {name}", most=numbers.MOST)
            for part, name in PARTS.items()
        }
        liquid = numbers.quantity(balance, what=f"{self.host}: {METHOD}", most=numbers.MOST)
        if found["liquid"] != liquid:
            raise BadAnswer(f"{what}: {address} holds {found['liquid']:,}, and {liquid:,} by {METHOD}")
        return found

    def _payload(self, text: object, what: str) -> bytes:
        """The account that an address in any spelling names."""
        try:
            return addresses.parse(self._network.network, str(text)).payload
        except InvalidAddress as error:
            raise BadAnswer(f"{what}: {numbers.shown(text)} is no address") from error

    # --- questions ---
    def _has_state(self, at: BlockRef) -> bool:
        """Whether the node has the state of an epoch, by what was issued up to it."""
        try:
            found = self._rpc.call("cfx_getSupplyInfo", [hex(at.height)])
        except TransportError as error:
            if lacks_state(error):
                return False
            raise
        what = f"{self.host}: cfx_getSupplyInfo"
        issued = found.get("totalIssued") if isinstance(found, dict) else None
        if not numbers.quantity(issued, what=what, most=numbers.MOST):
            raise ChainError(f"{what}: nothing was issued up to epoch {at.height:,}: the node has no state")
        return True

    def _newest(self) -> BlockRef:
        head = self.head()
        if not self._has_state(head):
            raise ChainError(
                f"{self.host}: the node does not have the state of its newest final epoch, {head.height:,}"
            )
        return head

    def _block(self, epoch: str) -> BlockRef:
        self._check_chain()
        answer, what = self._rpc.call("cfx_getBlockByEpochNumber", [epoch, False]), f"{self.host}: epoch {epoch}"
        return block_of(answer, what, number="epochNumber")

    @asked_once
    def _check_chain(self) -> None:
        """Raises ChainError where the endpoint is of another chain."""
        status, what = self._rpc.call("cfx_getStatus", []), f"{self.host}: cfx_getStatus"
        told = status.get("chainId") if isinstance(status, dict) else None
        check_name(self._network, self.host, numbers.quantity(told, what=what))
