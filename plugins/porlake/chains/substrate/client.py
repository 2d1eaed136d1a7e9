"""Substrate chains through a node's JSON-RPC. https://docs.polkadot.com/develop/toolkit/api-libraries, polkadot-sdk
substrate/client/rpc-api

The state at a block's hash is asked for, some hundred storage keys at once; the answer names the block, and each
question asks for the time of the state too, which must be that of the block: a node without the state, or with another,
cannot answer `null`, which means that an account does not exist, and be believed.

The accounts of a relay chain went to its Asset Hub (Polkadot 2025-11-04, Kusama 2025-10-07). A block of the relay chain
after it holds the header of the hub's newest block: what accounts have there counts as theirs at that block, beside
what was left behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from porlake import addresses, numbers
from porlake.chains._answers import BlockRef, Outcome, Reading, Unread, Wanted
from porlake.chains._by_account import ByBatch, parts
from porlake.chains._by_moment import block_at
from porlake.chains._family import Beside
from porlake.chains._identity import check_id
from porlake.chains._questions import OverRpc, asked_once
from porlake.chains.substrate import header as _header
from porlake.chains.substrate import storage, trie
from porlake.chains.substrate.errors import ERRORS
from porlake.errors import BadAnswer, ChainError, ConfigurationError, ProofFails, TooBig
from porlake.registry import Network, Token
from porlake.transport import Endpoint, JsonRpc, Recording

METHOD = "state_queryStorageAt"
KEYS = 500  # a question of about 80 kB, an answer of about 160
PROVED = 100  # keys a question: a proof has about 5 kB for each
#: When a relay chain's accounts began to move to its Asset Hub. https://support.polkadot.network (Asset Hub migration)
MIGRATED = {"polkadot": datetime(2025, 11, 4, tzinfo=UTC), "kusama": datetime(2025, 10, 7, tzinfo=UTC)}
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Account:
    """What an account has on the chain itself, and on its Asset Hub: None where that is not looked at."""

    here: storage.Held
    hub: storage.Held | None = None

    @property
    def total(self) -> int:
        return self.here.total + (self.hub.total if self.hub else 0)

    def components(self) -> dict[str, int]:
        """free and reserved make the total; frozen is a lock that lies within them."""
        both = [self.here, *([self.hub] if self.hub else [])]
        found = {
            "free": sum(one.free for one in both),
            "reserved": sum(one.reserved for one in both),
            "frozen": sum(one.frozen for one in both),
        }
        return found | ({"relay": self.here.total, "asset_hub": self.hub.total} if self.hub else {})


def open_client(network: Network, endpoint: Endpoint | None, recording: Recording, hub: Beside | None = None) -> Client:
    return Client(network, JsonRpc(network.network, endpoint, recording, ERRORS, plain=True), hub)


class Client(OverRpc, ByBatch):
    """`hub`: whoever asks the Asset Hub of a relay chain."""

    batch, proved_by = KEYS, "proved"

    def __init__(self, network: Network, rpc: JsonRpc, hub: Beside | None) -> None:
        self._network, self._rpc, self._hub = network, rpc, hub
        self.in_flight = rpc.in_flight

    # --- blocks ---
    def block(self, height: int) -> BlockRef:
        """Raises ChainError for a block that the node does not have, TransportError."""
        self._check_chain()
        name = self._rpc.call("chain_getBlockHash", [height])
        if name is None:
            raise ChainError(f"{self.host}: {self._network.name} has no block {height:,}")
        found = self.named(_hash_of(name, f"{self.host}: chain_getBlockHash"))
        if found.height != height:
            raise ChainError(f"{self.host}: asked for block {height:,}, it gave {found.height:,}")
        return found

    def named(self, name: str) -> BlockRef:
        """The block of a hash, with the time of its state. Raises ChainError, TransportError."""
        self._check_chain()
        height = _header.number_of(self._header_of(name), f"{self.host}: chain_getHeader")
        what = f"{self.host}: the time of block {height:,}"
        value = self._rpc.call("state_getStorage", [_hex(storage.TIMESTAMP_NOW), name])
        return BlockRef(height, name, self._moment(value, what) if height else _BEGIN)

    def head(self) -> BlockRef:
        """The newest final block."""
        self._check_chain()
        return self.named(
            _hash_of(self._rpc.call("chain_getFinalizedHead", []), f"{self.host}: chain_getFinalizedHead")
        )

    def final(self) -> int:
        """Raises ChainError, TransportError."""
        return self.head().height

    def block_at(self, moment: datetime) -> BlockRef:
        """The last final block of that moment or before it. Raises NotFinal, ChainError, TransportError."""
        found = block_at(self._network, moment, self.head(), self.block)
        if not found.height:  # the first block has no time of its own
            raise ChainError(f"{self._network.name} begins after {moment}")
        return found

    def ping(self) -> object:
        return self._rpc.call("chain_getFinalizedHead", [])

    # --- balances ---
    def ready(self, at: BlockRef) -> None:
        """Raises ConfigurationError where the accounts lie on another chain that nobody asks, ChainError,
        TransportError.
        """
        self._check_chain()
        self._hub_at(at)

    def read_batch(self, wants: Sequence[Wanted], at: BlockRef) -> list[Reading | Unread]:
        """Raises ChainError, TransportError."""
        found = list[Reading | Unread]()
        if (token := wants[0].token).kind == "native":
            accounts = self._accounts([self._key(want) for want in wants], at)
            for want, account in zip(wants, accounts, strict=True):
                read = account.components()
                found += parts(want, read, at, "exact", METHOD, self.host, total=account.total)
            return found
        keys = [storage.asset_key(int(token.contract), self._key(want)) for want in wants]
        values, what = self.values(keys, at), f"{self.host}: {METHOD}"
        for want, key in zip(wants, keys, strict=True):
            raw = storage.asset_balance(values[key], what)
            found += parts(want, {}, at, "exact", METHOD, self.host, total=raw)
        return found

    def decimals(self, token: Token, at: BlockRef) -> int | None:
        """Raises ChainError, TransportError."""
        if token.kind != "pallet_asset":
            return None
        key = storage.metadata_key(int(token.contract))
        value = self.values([key], at)[key]
        return None if value is None else storage.asset_decimals(value, f"{self.host}: {METHOD}")

    def held(self, keys: Sequence[bytes], at: BlockRef) -> list[storage.Held]:
        """What accounts have of the native coin on this chain. Raises ChainError, TransportError."""
        places = [storage.account_key(key) for key in keys]
        values, what = self.values(places, at), f"{self.host}: {METHOD}: an account"
        return [storage.held(values[place], what) for place in places]

    def values(self, keys: Sequence[bytes], at: BlockRef) -> dict[bytes, bytes | None]:
        """What the state of a block has under some keys; None for nothing. Raises ChainError, TransportError."""
        asked = {_hex(key): key for key in (*keys, storage.TIMESTAMP_NOW)}
        answer, what = self._rpc.call(METHOD, [list(asked), at.hash]), f"{self.host}: {METHOD}"
        found = dict[bytes, bytes | None]()
        for name, value in _changes(answer, at, what):
            if not isinstance(name, str) or name not in asked or asked[name] in found:
                raise BadAnswer(f"{what}: a key that was not asked for, or one that stands twice")
            found[asked[name]] = None if value is None else numbers.data(value, what=what)
        if len(found) != len(asked):
            raise BadAnswer(f"{what}: {len(found):,} values for {len(asked):,} keys")
        seen = found.pop(storage.TIMESTAMP_NOW)
        if at.height and self._moment(None if seen is None else _hex(seen), what) != at.time:
            raise ChainError(f"{what}: the state is not that of block {at.height:,}: its time is another")
        return found

    def _accounts(self, keys: Sequence[bytes], at: BlockRef) -> list[Account]:
        here, hub_at = self.held(keys, at), self._hub_at(at)
        if hub_at is None:
            return [Account(one) for one in here]
        there: list[storage.Held] = self._ask_hub(lambda hub: hub.held(keys, hub_at))
        return [Account(one, other) for one, other in zip(here, there, strict=True)]

    # --- the Asset Hub beside a relay chain ---
    @asked_once
    def _hub_at(self, at: BlockRef) -> BlockRef | None:
        """The hub's newest block in the state of a block of the relay chain; None where accounts had not begun to
        move.
        """
        since = MIGRATED.get(self._network.network)
        if since is None or at.time < since:
            return None
        value = self.values([storage.HEAD_OF_THE_HUB], at)[storage.HEAD_OF_THE_HUB]
        what = f"{self.host}: the relay chain's header of its Asset Hub"
        if value is None:
            raise ChainError(f"{what}: there is none")
        height, name = _header.of_parachain(value, what)
        found: BlockRef = self._ask_hub(lambda hub: hub.named(name))
        if found.height != height:
            raise ChainError(f"{what} is of block {height:,}, and the hub's node says {found.height:,}")
        return found

    def _ask_hub(self, question: Any) -> Any:
        if self._hub is None:
            raise ConfigurationError(
                f"{self._network.name}: its accounts have moved to its Asset Hub: an endpoint of that is needed beside "
                f"it"
            )
        return self._hub.ask(question)

    # --- proofs ---
    def provable(self, token: Token) -> bool:
        """All that is read stands in the state."""
        return token.kind in ("native", "pallet_asset")

    def prove(self, held: Sequence[tuple[Wanted, int]], at: BlockRef) -> Iterator[Outcome]:
        """Raises ChainError where the block's header does not hash to its hash, TransportError where the endpoint gives
        no proofs.
        """
        if not held:
            return
        self._check_chain()
        native = [one for one in held if one[0].token.kind == "native"]
        hub_at = self._hub_at(at) if native else None
        if hub_at is not None:
            self._prove_hub(hub_at, at)
        for some in _in_batches(native, PROVED):
            yield from self._outcomes(some, at, hub_at)
        for some in _in_batches([one for one in held if one[0].token.kind != "native"], PROVED):
            yield from self._outcomes(some, at, None)

    def _outcomes(self, some: Sequence[tuple[Wanted, int]], at: BlockRef, hub_at: BlockRef | None) -> Iterator[Outcome]:
        """A proof that fails for several accounts is asked for one by one: a bad account costs that account."""
        keys = [self._place(want) for want, _ in some]
        try:
            shown = [self.proved(keys, at)]
            if hub_at is not None:
                shown.append(self._ask_hub(lambda hub: hub.proved(keys, hub_at)))
        except ProofFails as error:
            if len(some) == 1:
                want, _ = some[0]
                yield Outcome(want.asset, want.address, "proof_fails", str(error))
                return
            for one in some:
                yield from self._outcomes([one], at, hub_at)
            return
        for (want, raw), key in zip(some, keys, strict=True):
            yield _compared(want, [values[key] for values in shown], raw)

    def proved(self, keys: Sequence[bytes], at: BlockRef) -> dict[bytes, bytes | None]:
        """As `values`, shown by a proof to the root of the block's state. Raises ProofFails, ChainError,
        TransportError.
        """
        root = self._root(at)
        try:
            answer = self._rpc.call("state_getReadProof", [[_hex(key) for key in keys], at.hash])
        except TooBig:
            if len(keys) == 1:
                raise
            half = len(keys) // 2
            return self.proved(keys[:half], at) | self.proved(keys[half:], at)
        what = f"{self.host}: state_getReadProof"
        items = answer.get("proof") if isinstance(answer, dict) else None
        if not isinstance(items, list) or answer.get("at") != at.hash:
            raise ProofFails(f"{what}: no proof of block {at.height:,} is in the answer")
        try:
            nodes = trie.named(numbers.data(item, what=what) for item in items)
        except BadAnswer as error:
            raise ProofFails(str(error)) from error
        return {key: trie.value_at(root, key, nodes) for key in keys}

    def _prove_hub(self, hub_at: BlockRef, at: BlockRef) -> None:
        """That the relay chain's state names the hub's block. Raises ChainError."""
        value = self.proved([storage.HEAD_OF_THE_HUB], at)[storage.HEAD_OF_THE_HUB]
        what = f"{self.host}: the relay chain's header of its Asset Hub"
        if value is None or _header.of_parachain(value, what) != (hub_at.height, hub_at.hash):
            raise ChainError(f"{what}: the proof shows another than was told")

    @asked_once
    def _root(self, at: BlockRef) -> bytes:
        """The root of a block's state, from the header that hashes to the block's hash. Raises ChainError."""
        try:
            return _header.state_root(self._header_of(at.hash), at.hash, f"{self.host}: chain_getHeader")
        except BadAnswer as error:
            raise ChainError(f"{self._network.name}: {error}") from error

    # --- questions ---
    def _place(self, want: Wanted) -> bytes:
        key = self._key(want)
        if want.token.kind == "native":
            return storage.account_key(key)
        return storage.asset_key(int(want.token.contract), key)

    def _key(self, want: Wanted) -> bytes:
        return addresses.parse(self._network.network, want.address).payload

    def _header_of(self, name: str) -> Any:
        answer = self._rpc.call("chain_getHeader", [name])
        if answer is None:
            raise ChainError(f"{self.host}: {self._network.name} has no block {name}")
        return answer

    def _moment(self, value: Any, what: str) -> datetime:
        """Of a block, from thousandths of seconds in eight bytes."""
        if value is None:
            raise ChainError(f"{what}: the node does not have the state of the block")
        data = numbers.data(value, what=what, size=8)
        return numbers.moment(int.from_bytes(data, "little"), what=what, per_second=1_000)

    @asked_once
    def _check_chain(self) -> None:
        """By the hash of the first block, whose beginning a CAIP-2 id holds. Raises ChainError, TransportError."""
        found = _hash_of(self._rpc.call("chain_getBlockHash", [0]), f"{self.host}: chain_getBlockHash")
        check_id(self._network, self.host, found.removeprefix("0x"), begins=True)


_BEGIN = datetime(1970, 1, 1, tzinfo=UTC)


def _changes(answer: Any, at: BlockRef, what: str) -> Iterator[tuple[Any, Any]]:
    """The pairs of key and value of an answer about one block. Raises BadAnswer, ChainError."""
    if not isinstance(answer, list) or len(answer) != 1 or not isinstance(answer[0], dict):
        raise BadAnswer(f"{what}: the answer is not of one block")
    if answer[0].get("block") != at.hash:
        raise ChainError(f"{what}: asked for block {at.hash}, it gave {numbers.shown(answer[0].get('block'))}")
    changes = answer[0].get("changes")
    if not isinstance(changes, list):
        raise BadAnswer(f"{what}: the answer has no changes")
    for change in changes:
        if not isinstance(change, list) or len(change) != 2:
            raise BadAnswer(f"{what}: a change is no pair of key and value")
        yield change[0], change[1]


def _compared(want: Wanted, values: Iterable[bytes | None], raw: int) -> Outcome:
    """What the proofs show of an account, of all chains that were looked at, against what was read."""
    what = "state_getReadProof"
    try:
        if want.token.kind == "native":
            proved = sum(storage.held(value, what).total for value in values)
        else:
            proved = sum(storage.asset_balance(value, what) for value in values)
    except BadAnswer as error:
        return Outcome(want.asset, want.address, "proof_fails", str(error))
    if proved == raw:
        return Outcome(want.asset, want.address, "", "")
    return Outcome(want.asset, want.address, "proof_differs", f"the proof shows {proved:,}, {raw:,} was read")


def _in_batches(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _hash_of(value: object, what: str) -> str:
    return "0x" + numbers.data(value, what=what, size=32).hex()


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
