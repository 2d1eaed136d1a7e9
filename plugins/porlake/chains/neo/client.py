"""Neo N3 through JSON-RPC. https://docs.neo.org/docs/n3/reference/rpc/api

A node that keeps old states (StateService with FullState, an archive of NeoGo) tells what lies in a contract's storage
under the root of a block's state (`getstateroot`, `findstates`): there the balances of NEO and GAS stand, and of an
account that nobody used nothing does. It is believed after it has shown GAS's supply under the root, and refused a root
that there is not.

Other nodes, and other tokens, are asked at the head by a script for many accounts. Before them it asks the contract
Ledger at which height it runs, and behind them NEO for its supply, which is 100,000,000 since the first block: an
answer without both marks in their places is none. Such a balance counts as that of the block where the node's index of
transfers (`getnep17balances`) has the same balance and its last change is not after it. Of an account without a balance
that index says nothing, for it may have begun later than the chain.

A block is final when it is made. GAS that an account could claim for its NEO is no part of a balance until then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from porlake import addresses, numbers
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import ByBatch, parts
from porlake.chains._by_moment import BlocksByTime
from porlake.chains._identity import check_name, hash_of
from porlake.chains._questions import OverRpc, asked_once, reason_of
from porlake.chains._unchanged import unchanged
from porlake.chains.neo import script, storage
from porlake.chains.neo.errors import ERRORS
from porlake.errors import BadAnswer, ChainError, RequestFailed, TransportError, Unavailable
from porlake.registry import Network, Token
from porlake.transport import Endpoint, JsonRpc, Recording

PAST, NOW = "findstates", "invokescript"
LEDGER = "0xda65b600f7124ce6c79950c1772a36403104f2be"
NEO, GAS = "0xef4073a0f2b305a38ec4050e4d3d28bc40ea63f5", "0xd2a4cff31913016155e38e474a2c06d08be276cf"
WHOLE = 100_000_000  # NEO


class _Fault(RequestFailed):
    """A script ended in a fault."""


class Client(BlocksByTime, OverRpc, ByBatch):
    batch = 50  # a call of a script costs some 0.02 GAS, of the 10 that a node gives one
    unchanged_since = True

    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> None:
        self._network, self._rpc = network, JsonRpc(network.network, endpoint, recording, ERRORS)

    # --- blocks ---
    def block(self, height: int) -> BlockRef:
        """Raises ChainError where the endpoint is of another chain or has no such block, TransportError."""
        self._check_chain()
        return self._block(height)

    def head(self) -> BlockRef:
        self._check_chain()
        return self._block(self._newest())

    def final(self) -> int:
        """A block is final when it is made (dBFT)."""
        self._check_chain()
        return self._newest()

    # --- accounts ---
    def ping(self) -> None:
        self._newest()

    def ready(self, at: BlockRef) -> None:
        """Raises ChainError, TransportError."""
        self._check_chain()
        self._root(at)

    def read_batch(self, wants: Sequence[Wanted], at: BlockRef) -> Sequence[Reading | Unread]:
        contract, root = _contract(wants[0].token), self._root(at)
        accounts = [addresses.parse(want.token.network, want.address).payload for want in wants]
        if root and contract in (NEO, GAS):
            return list(self._kept(wants, accounts, contract, root, at))
        try:
            height, held = self._run([script.call(contract, "balanceOf", account) for account in accounts], at)
        except _Fault:
            if len(wants) > 1:
                raise
            return [Unread(wants[0].asset, wants[0].address, "token_call_failed")]
        block = self._block(height)
        readings = [
            reading
            for want, raw in zip(wants, held, strict=True)
            for reading in parts(want, {}, block, "head", NOW, self.host, total=raw)
        ]
        return list(self._settled(readings, contract, at, block))

    def decimals(self, token: Token, at: BlockRef) -> int | None:
        """As the contract says; None where it does not."""
        try:
            _, (found,) = self._run([script.call(_contract(token), "decimals")], at)
        except _Fault:
            return None
        return found

    # --- the past ---
    @asked_once
    def _root(self, at: BlockRef) -> str:
        """The root of the state after a block, '' where the node does not keep it."""
        what = f"{self.host}: getstateroot"
        try:
            told = self._rpc.call("getstateroot", [at.height])
        except (RequestFailed, Unavailable):
            return ""
        if not isinstance(told, dict):
            raise BadAnswer(f"{what}: the answer is no root")
        if numbers.height(told.get("index"), what=what) != at.height:
            raise ChainError(f"{what}: asked for block {at.height:,}, it gave that of another")
        root = numbers.data(told.get("roothash"), what=what, size=32).hex()
        nowhere = root[:-2] + f"{int(root[-2:], 16) ^ 1:02x}"
        supply, refused = self._rpc.batch([_find(place, GAS, storage.SUPPLY) for place in (root, nowhere)])
        if isinstance(supply, RequestFailed | Unavailable):
            return ""
        if isinstance(supply, TransportError):
            raise supply
        if not self._value(supply, storage.SUPPLY):
            raise ChainError(f"{self.host}: {PAST}: no supply of GAS: the node has not the state")
        if not isinstance(refused, TransportError):
            raise ChainError(f"{self.host}: {PAST} answers for a root that there is not: it does not read roots")
        if not isinstance(refused, RequestFailed | Unavailable):
            raise refused
        return root

    def _kept(
        self, wants: Sequence[Wanted], accounts: Sequence[bytes], contract: str, root: str, at: BlockRef
    ) -> Iterator[Reading | Unread]:
        keys = [storage.ACCOUNT + account for account in accounts]
        answers = self._rpc.batch([_find(root, contract, key) for key in keys])
        for want, key, told in zip(wants, keys, answers, strict=True):
            if isinstance(told, TransportError):
                yield Unread(want.asset, want.address, reason_of(told))
                continue
            value = self._value(told, key)
            raw = storage.balance(value, what=f"{self.host}: {PAST}") if value else 0
            yield from parts(want, {}, at, "exact", PAST, self.host, total=raw)

    def _value(self, told: Any, key: bytes) -> bytes:
        """What stands under a key, b'' where the node says that nothing does."""
        what = f"{self.host}: {PAST}"
        rows = told.get("results") if isinstance(told, dict) else None
        if not isinstance(rows, list) or len(rows) > 1 or told.get("truncated") is not False:
            raise BadAnswer(f"{what}: the answer is not of one key")
        if not rows:
            return b""
        if not isinstance(rows[0], dict) or storage.read(rows[0].get("key"), what=what) != key:
            raise BadAnswer(f"{what}: what stands under another key")
        if not (value := storage.read(rows[0].get("value"), what=what)):
            raise BadAnswer(f"{what}: a key without a value")
        return value

    # --- the head ---
    def _settled(
        self, readings: Sequence[Reading], contract: str, at: BlockRef, head: BlockRef
    ) -> Iterator[Reading | Unread]:
        """Readings of the head, as those of the block where the index shows that nothing happened since."""
        asked = [("getnep17balances", [reading.address]) for reading in readings]
        for reading, told in zip(readings, self._rpc.tried(asked), strict=True):
            if isinstance(told, TransportError):  # a node without the index: the balance of now
                if not isinstance(told, RequestFailed | Unavailable):
                    raise told
                yield reading
                continue
            entry = self._entry(told, reading.address, contract)
            if entry is not None and entry[0] == reading.raw:
                yield unchanged(reading, at, head, entry[1], f"getnep17balances: lastupdatedblock {entry[1]}")
            else:
                yield reading

    def _entry(self, told: Any, address: str, contract: str) -> tuple[int, int] | None:
        """(balance, height of its last change) in the index, None where it has none of the token."""
        what = f"{self.host}: getnep17balances"
        rows = told.get("balance") if isinstance(told, dict) else None
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise BadAnswer(f"{what}: the answer holds no balances")
        if told.get("address") != address:
            raise BadAnswer(f"{what}: the answer is of another account")
        found = [row for row in rows if row.get("assethash") == contract]
        if len(found) > 1:
            raise BadAnswer(f"{what}: two balances of one token")
        if not found:
            return None
        return (
            numbers.whole(found[0].get("amount"), what=what),
            numbers.height(found[0].get("lastupdatedblock"), what=what),
        )

    def _run(self, calls: Sequence[bytes], at: BlockRef) -> tuple[int, list[int]]:
        """(the height at which a script ran, what its calls gave). Raises ChainError for marks that are not those of
        the chain, _Fault where the script fails, TransportError.
        """
        text = script.written([script.call(LEDGER, "currentIndex"), *calls, script.call(NEO, "totalSupply")])
        told, what = self._rpc.call(NOW, [text]), f"{self.host}: {NOW}"
        if isinstance(told, dict) and told.get("state") == "FAULT":
            raise _Fault(f"{what}: {told.get('exception')!r:.120}")
        height, *found, supply = script.integers(told, len(calls) + 2, what=what)
        if supply != WHOLE:
            raise ChainError(f"{what}: a supply of {numbers.shown(supply)} NEO: the node has not the state")
        if height < at.height:
            raise ChainError(f"{what}: asked for block {at.height:,}, it ran at {numbers.shown(height)}")
        return numbers.height(height, what=what), found

    # --- questions ---
    def _newest(self) -> int:
        return numbers.height(self._rpc.call("getblockcount", []), what=f"{self.host}: getblockcount", least=1) - 1

    def _block(self, height: int) -> BlockRef:
        what = f"{self.host}: getblockheader"
        try:
            told = self._rpc.call("getblockheader", [height, True])
        except Unavailable as error:
            raise ChainError(
                f"{self.host}: {self._network.name} has no block {height:,}, as far as it knows"
            ) from error
        if not isinstance(told, dict):
            raise BadAnswer(f"{what}: the answer is no block")
        found = numbers.height(told.get("index"), what=what)
        if found != height:
            raise ChainError(f"{self.host}: asked for block {height:,}, it gave {found:,}")
        name = told.get("hash")
        return BlockRef(
            height,
            hash_of(name.removeprefix("0x") if isinstance(name, str) else name, what=what),
            numbers.moment(told.get("time"), what=what, per_second=1_000),
        )

    @asked_once
    def _check_chain(self) -> None:
        """By the number that its messages bear."""
        told = self._rpc.call("getversion", [])
        protocol = told.get("protocol") if isinstance(told, dict) else None
        if not isinstance(protocol, dict):
            raise BadAnswer(f"{self.host}: getversion: the answer names no protocol")
        check_name(self._network, self.host, protocol.get("network"))


def _find(root: str, contract: str, key: bytes) -> tuple[str, list[Any]]:
    return PAST, [f"0x{root}", contract, storage.written(key)]


def _contract(token: Token) -> str:
    return NEO if token.kind == "native" else token.contract
