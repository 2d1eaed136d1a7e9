"""EVM balances proved: `eth_getProof` (EIP-1186) verified against the state root of the pinned block.

The header is read by the block's hash and hashed anew, so that its state root belongs to that block; the account's leaf
then shows the native balance, and a slot of a token's storage shows the balance of a token whose mapping is known
(`balance_slot` in tokens.csv). What the endpoint says counts for nothing here: whoever trusts the block's hash can
check a proved balance.

A proof that does not verify is an outcome of its own. An endpoint that gives no proofs, and a chain whose headers do
not hash to their block's hash, raise another error: their balances are simply not proved.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from porlake import numbers
from porlake.chains._answers import BlockRef, Outcome, Wanted
from porlake.chains.evm import header as _header
from porlake.chains.evm import trie as _trie
from porlake.chains.evm.errors import ERRORS
from porlake.encoding.keccak import keccak256
from porlake.errors import BadAnswer, ChainError, ProofFails, TooBig
from porlake.registry import Network, Token
from porlake.transport import Endpoint, JsonRpc, Recording

METHOD = "proved"
SLOTS = 100  # in one question: about 300 kB of proofs; geth takes 1,024
IN_FLIGHT = 4

Holding = tuple[Wanted, int]
"""A holding and what was read of it, in base units of the token."""


def open_prover(network: Network, endpoint: Endpoint | None, recording: Recording) -> Prover:
    return Prover(network, JsonRpc(network.network, endpoint, recording, ERRORS))


def provable(token: Token) -> bool:
    """Whether it is known where the state keeps the token's balances."""
    return token.kind == "native" or (token.kind == "erc20" and bool(token.balance_slot))


def slot_of(token: Token, address: str) -> bytes:
    """The storage slot of an account's balance: Solidity hashes the key before the mapping's slot, Vyper after it."""
    mapping = token.mapping
    assert mapping is not None  # `provable` was asked before
    key, place = bytes.fromhex(address[2:]).rjust(32, b"\0"), mapping.slot.to_bytes(32, "big")
    return keccak256(place + key if mapping.vyper else key + place)


class Prover:
    def __init__(self, network: Network, rpc: JsonRpc) -> None:
        self._network, self._rpc = network, rpc
        self._known: _trie.Known = {}

    def prove(self, held: Sequence[Holding], at: BlockRef) -> Iterator[Outcome]:
        """One outcome for each holding, all of them provable, in no order.

        Raises ChainError where the block's header cannot be hashed anew, TransportError where the endpoint gives no
        proofs of that block.
        """
        if not held:
            return
        root = self._state_root(at)
        native = [(want, raw) for want, raw in held if want.token.kind == "native"]
        answers = self._rpc.many(
            (("eth_getProof", [want.address, [], hex(at.height)]) for want, _ in native), IN_FLIGHT
        )
        for (want, raw), answer in zip(native, answers, strict=True):
            yield self._native(root, want, raw, answer)
        tokens: dict[Token, list[Holding]] = defaultdict(list)
        for want, raw in held:
            if want.token.kind != "native":
                tokens[want.token].append((want, raw))
        for token, holdings in tokens.items():
            for start in range(0, len(holdings), SLOTS):
                yield from self._of_token(root, token, holdings[start : start + SLOTS], at)

    def _state_root(self, at: BlockRef) -> bytes:
        header = self._rpc.call("eth_getBlockByHash", [at.hash, False])
        if not isinstance(header, dict):
            raise ChainError(f"{self._rpc.host}: {self._network.name} has no block {at.hash}")
        try:
            found = _header.block_hash(header)
        except BadAnswer as error:
            raise ChainError(f"{self._rpc.host}: {self._network.name}: {error}") from error
        if f"0x{found.hex()}" != at.hash:
            raise ChainError(
                f"{self._rpc.host}: the header of block {at.height:,} of {self._network.name} does not hash to the "
                f"block's hash"
            )
        return bytes.fromhex(header["stateRoot"][2:])

    def _native(self, root: bytes, want: Wanted, raw: int, answer: Any) -> Outcome:
        try:
            account = self._account(root, want.address, answer)
        except ProofFails as error:
            return Outcome(want.asset, want.address, "proof_fails", str(error))
        return _compared(want, account.balance if account else 0, raw)

    def _of_token(self, root: bytes, token: Token, held: list[Holding], at: BlockRef) -> Iterator[Outcome]:
        slots = [slot_of(token, want.address) for want, _ in held]
        try:
            answer = self._rpc.call(
                "eth_getProof", [token.contract, [f"0x{slot.hex()}" for slot in slots], hex(at.height)]
            )
        except TooBig:
            if len(held) == 1:
                raise
            for half in (held[: len(held) // 2], held[len(held) // 2 :]):
                yield from self._of_token(root, token, half, at)
            return
        try:
            contract = self._account(root, token.contract, answer)
            proofs = _by_slot(answer)
        except ProofFails as error:
            yield from (Outcome(want.asset, want.address, "proof_fails", str(error)) for want, _ in held)
            return
        storage = contract.storage_root if contract else _trie.EMPTY_ROOT
        for (want, raw), slot in zip(held, slots, strict=True):
            yield self._slot(storage, slot, proofs, want, raw)

    def _slot(self, storage: bytes, slot: bytes, proofs: dict[int, Any], want: Wanted, raw: int) -> Outcome:
        try:
            entry = proofs.get(int.from_bytes(slot, "big"))
            if entry is None:
                raise ProofFails("no proof of this slot is in the answer")
            value = _trie.number_at(storage, slot, _nodes(entry, "proof"), self._known)
        except ProofFails as error:
            return Outcome(want.asset, want.address, "proof_fails", str(error))
        bits = want.token.mapping.bits if want.token.mapping else 256
        return _compared(want, value & ((1 << bits) - 1), raw)

    def _account(self, root: bytes, address: str, answer: Any) -> _trie.Account | None:
        return _trie.account_at(root, bytes.fromhex(address[2:]), _nodes(answer, "accountProof"), self._known)


def _compared(want: Wanted, proved: int, read: int) -> Outcome:
    if proved == read:
        return Outcome(want.asset, want.address, "", "")
    return Outcome(want.asset, want.address, "proof_differs", f"the proof shows {proved:,}, {read:,} was read")


def _nodes(answer: Any, name: str) -> list[Any]:
    nodes = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(nodes, list):
        raise ProofFails(f"eth_getProof: no {name} is in the answer")
    return nodes


def _by_slot(answer: Any) -> dict[int, Any]:
    """The storage proofs by their slot: nodes spell slots with and without leading zeros."""
    try:
        return {
            numbers.quantity(entry["key"], what="eth_getProof: key"): entry for entry in _nodes(answer, "storageProof")
        }
    except (TypeError, KeyError, BadAnswer) as error:
        raise ProofFails("eth_getProof: a storage proof without its slot") from error
