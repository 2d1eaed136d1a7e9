"""Cardano's balances through Koios, which tells those of its newest block. https://api.koios.rest

The balance of an earlier block is known where no transaction touched the address after it (`unchanged_since`), and of
ADA where those that did are few, by what they took (`koios_walk`): unspent then is what is unspent now of the outputs
up to that block, and what later transactions took of them. Koios is many servers that are minutes apart. A list of
transactions is believed where it shows one of a block that was made after the balance was told: no server that knows
that block lacks what the balance holds. Servers may stand on two forks for some seconds: a balance counts that is told
once more after the list, and is the same.

ADA that is staked stays at its address; rewards that were not withdrawn are no part of it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import ByBatch, parts
from porlake.chains._by_moment import block_at
from porlake.chains._questions import asked_once, reason_of
from porlake.chains._unchanged import unchanged
from porlake.chains.cardano.koios import Koios, Outpoint, asset_of
from porlake.errors import BadAnswer, ChainError, TransportError
from porlake.registry import Network, Token
from porlake.transport import Endpoint, Recording
from porlake.transport.ordered import in_order

BALANCE, ASSETS, WALK = "koios_address_info", "koios_address_assets", "koios_walk"
FINAL = 2_160  # blocks: the parameter k of Ouroboros, beyond which no node goes back
SLICE = 5_000  # accounts whose balances are told before it is asked what came after
MOST_TXS = 240  # after the snapshot's block, up to which they are looked at one by one
MOST_PAGES = 20  # of unspent outputs of one address
CANDIDATES = 12  # addresses that are tried as a witness in one block
PAUSE, PAUSES = 10.0, 18  # seconds between two looks for a new block, and how many
CLOCKS = 10  # seconds that this machine's clock may be behind


@dataclass(frozen=True, slots=True)
class Witness:
    """A transaction of a block, and an address that it pays at which nothing else happened after the block that is
    asked about: in a list of this and of other addresses it must be there, and all else is of the others. `touches`:
    all addresses of the transaction, of which the list does not show whether they are in it for more.
    """

    block: BlockRef
    address: str
    tx: str
    touches: frozenset[str]


class Client(ByBatch):
    unchanged_since = True
    batch = 7  # addresses of 103 letters, one that witnesses beside them, in the 1 kB of a question without a key
    in_flight = 16

    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> None:
        self._network, self._recording = network, recording
        self._koios = Koios(network, endpoint, recording)

    @property
    def host(self) -> str:
        return self._koios.host

    def block(self, height: int) -> BlockRef:
        """Raises ChainError where the endpoint is of another chain or has no such block, TransportError."""
        self._check_chain()
        return self._koios.block(height)

    def head(self) -> BlockRef:
        """The newest block; it may still be replaced."""
        self._check_chain()
        return self._koios.head()

    def final(self) -> int:
        return max(0, self.head().height - FINAL)

    def block_at(self, moment: datetime) -> BlockRef:
        """The last final block of that moment or before it. Raises NotFinal, ChainError, TransportError."""
        return block_at(self._network, moment, self.block(self.final()), self.block)

    def decimals(self, token: Token, at: BlockRef) -> int | None:
        """As Cardano's token registry tells; None where it does not know the asset."""
        asset = asset_of(token)
        return self._koios.decimals(asset) if asset else None

    def balances(self, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading | Unread]:
        """Raises ChainError, TransportError."""
        for token, same in groupby(wanted, key=lambda want: want.token):
            wants = list(same)
            for start in range(0, len(wants), SLICE):
                some = wants[start : start + SLICE]
                self._there(token, at)
                answers = list(super().balances(some, at))
                if at.height <= self._head_for(at).height - FINAL:
                    answers = self._at(some, answers, at)
                yield from answers

    # --- what Koios tells now ---
    def ping(self) -> None:
        self._koios.head()

    def ready(self, at: BlockRef) -> None:
        self._head_for(at)

    @asked_once
    def _head_for(self, at: BlockRef) -> BlockRef:
        """The newest block before the first account of a block is asked about."""
        return self.head()

    def read_batch(self, wants: Sequence[Wanted], at: BlockRef) -> Sequence[Reading | Unread]:
        """An address that Koios leaves out was never used, or holds none of the asset; an address that must be there
        shows that it has the state.
        """
        asset, head, there = asset_of(wants[0].token), self._head_for(at), self._there(wants[0].token, at)
        asked = list(dict.fromkeys([*(want.address for want in wants), there]))
        found = self._koios.held(asset, asked) if asset else self._koios.balances(asked)
        if there not in found or (asset and not found[there]):
            raise BadAnswer(f"{self.host}: an address that is in use is not among those told")
        method = ASSETS if asset else BALANCE
        return [
            reading
            for want in wants
            for reading in parts(
                want, {}, head, "head", method, self.host,
                total=found.get(want.address, 0), no_history=asset is None and want.address not in found,
            )
        ]  # fmt: skip

    @asked_once
    def _there(self, token: Token, at: BlockRef) -> str:
        """An address that must be among those told: one that was paid up to the block, or holds the asset."""
        if asset := asset_of(token):
            return self._koios.holder(asset)
        some = self._koios.used_up_to(at.height)[1][:1]
        return self._koios.touched(some)[some[0]][0][0]

    # --- what was at the block ---
    def _at(self, wants: Sequence[Wanted], answers: Sequence[Reading | Unread], at: BlockRef) -> list[Reading | Unread]:
        """The answers, those of the head as of the block where it is known what came after it."""
        heads = {one.address: one for one in answers if isinstance(one, Reading)}
        witness = self._witness_of(at) if heads else None
        if witness is None:
            return list(answers)
        since = self._touched(list(heads), at, witness)
        still = [want for want in wants if since.get(want.address) == frozenset()]
        found = {
            one.address: unchanged(heads[one.address], at, witness.block, None, f"address_txs from {at.height + 1}: []")
            for one in self._again(still, at)
            if one.raw == heads[one.address].raw
        }
        few = [address for address, txs in since.items() if txs and len(txs) <= MOST_TXS]
        if wants[0].token.kind == "native":
            found |= self._walked({address: heads[address] for address in few}, at)
        return [found.get(one.address, one) for one in answers]

    def _again(self, wants: Sequence[Wanted], at: BlockRef) -> list[Reading]:
        try:
            return [one for one in super().balances(wants, at) if isinstance(one, Reading)]
        except (TransportError, ChainError) as error:
            reason_of(error)  # raises what is the endpoint's; else what the head holds stands
            return []

    def _touched(self, addresses: Sequence[str], at: BlockRef, witness: Witness) -> dict[str, frozenset[str] | None]:
        """The transactions after a block by address; None where they are more than a page. Addresses about which
        nothing is told are left out.
        """
        batches = [addresses[start : start + self.batch] for start in range(0, len(addresses), self.batch)]
        found = dict[str, frozenset[str] | None]()
        for some in in_order(lambda batch: self._touched_of(batch, at, witness), batches, self.in_flight):
            found |= some
        return found

    def _touched_of(self, addresses: Sequence[str], at: BlockRef, witness: Witness) -> dict[str, frozenset[str] | None]:
        try:
            told = self._koios.since(list(dict.fromkeys([*addresses, witness.address])), at.height + 1)
            if told is not None and witness.tx not in told:
                raise BadAnswer(f"{self.host}: address_txs lacks a transaction of block {witness.block.height:,}")
        except (TransportError, ChainError) as error:
            reason_of(error)  # raises what is the endpoint's; else what the head holds stands
            return {}
        own = frozenset() if witness.touches & set(addresses) else {witness.tx}
        txs = None if told is None else frozenset(told) - own
        if txs is not None and not txs:
            return dict.fromkeys(addresses, txs)
        if len(addresses) == 1:
            return {addresses[0]: txs}
        half = len(addresses) // 2
        return self._touched_of(addresses[:half], at, witness) | self._touched_of(addresses[half:], at, witness)

    def _walked(self, heads: Mapping[str, Reading], at: BlockRef) -> dict[str, Reading]:
        """Of accounts that were touched after a block: what they held at it."""
        read = in_order(lambda address: self._coins(address, at), list(heads), self.in_flight)
        coins = {address: found for address, found in zip(heads, read, strict=True) if found is not None}
        witness = self._witness_of(at) if coins else None
        if witness is None:
            return {}
        walked = in_order(
            lambda one: self._walk(heads[one[0]], one[1], at, witness), list(coins.items()), self.in_flight
        )
        return {reading.address: reading for reading in walked if reading is not None}

    def _walk(self, head: Reading, coins: dict[Outpoint, int], at: BlockRef, witness: Witness) -> Reading | None:
        """`coins`: what is unspent now of outputs up to the block; None where the rest is not told."""
        txs = self._touched_of([head.address], at, witness).get(head.address)
        if txs is None or len(txs) > MOST_TXS:
            return None
        try:
            then = coins | self._taken(head.address, txs, at)
        except (TransportError, ChainError) as error:
            reason_of(error)
            return None
        return replace(head, raw=sum(then.values()), block=at, as_of="exact", method=WALK, no_history=False)

    def _coins(self, address: str, at: BlockRef) -> dict[Outpoint, int] | None:
        try:
            return self._koios.coins(address, at.height, MOST_PAGES)
        except (TransportError, ChainError) as error:
            reason_of(error)
            return None

    def _taken(self, address: str, txs: frozenset[str], at: BlockRef) -> dict[Outpoint, int]:
        """What transactions after a block took from an address of outputs up to it."""
        taken = dict[Outpoint, int]()
        for tx in self._koios.transactions(sorted(txs)):
            if tx.height <= at.height:
                raise BadAnswer(
                    f"{self.host}: tx_info: a transaction of block {tx.height:,} is not after {at.height:,}"
                )
            taken |= {
                point: amount
                for point, (owner, amount) in tx.inputs.items()
                if owner == address and point[0] not in txs
            }
        return taken

    # --- witnesses ---
    def _witness_of(self, at: BlockRef) -> Witness | None:
        try:
            return self._witness(at)
        except (TransportError, ChainError) as error:
            reason_of(error)  # raises what is the endpoint's; else what the head holds stands
            return None

    def _witness(self, at: BlockRef) -> Witness | None:
        """A transaction of a block that was made after now; None where no block comes in time, or all addresses that it
        pays are busy.
        """
        now = self._clock()
        for tried in range(PAUSES + 1):
            if tried:
                self._rest()
            block, txs = self._koios.used_up_to(self._koios.head().height)
            if block.time.timestamp() < now or block.height <= at.height:
                continue
            touched = self._koios.touched(txs)
            paid = [(address, tx) for tx, (addresses, _) in touched.items() for address in addresses]
            for address, tx in paid[:CANDIDATES]:
                if (told := self._koios.since([address], at.height + 1)) is not None and told.keys() == {tx}:
                    return Witness(block, address, tx, touched[tx][1])
        return None

    def _clock(self) -> int:
        """Seconds since 1970; of a recording those of its time."""
        found, _ = self._recording.answer(self._network.network, "clock", None, "", lambda: int(time.time()) + CLOCKS)
        return int(found)

    def _rest(self) -> None:
        if not self._recording.replays:
            time.sleep(PAUSE)

    @asked_once
    def _check_chain(self) -> None:
        """By the network's magic, the end of its CAIP-2 id."""
        found, wanted = self._koios.magic(), int(self._network.caip2.rpartition("-")[2])
        if found != wanted:
            raise ChainError(
                f"{self.host}: the endpoint is of another chain: its magic is {found}, {self._network.name}'s {wanted}"
            )
