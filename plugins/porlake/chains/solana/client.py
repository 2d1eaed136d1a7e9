"""Solana through a node's JSON-RPC. https://solana.com/docs/rpc

No node tells a past state: balances are those of the finalized head, each with the slot that its own answer names.
Heights are slots, as in the exchanges' files. Beside the accounts that are asked for stands the sysvar Clock: an answer
without it is of a node without state, and it says in the state itself of which slot that is. What an account holds of
large amounts is exact where no transaction touched it after the snapshot (`_evidence`).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

from porlake import numbers, registry
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import ByBatch, parts
from porlake.chains._by_moment import BlocksByTime
from porlake.chains._columns import TOTAL
from porlake.chains._identity import check_id
from porlake.chains._questions import OverRpc, asked_once, reason_of
from porlake.chains._shapes import base58_hash, fields
from porlake.chains._unchanged import unchanged
from porlake.chains.solana import layout, mark
from porlake.chains.solana.errors import ERRORS, SKIPPED
from porlake.encoding import base58
from porlake.errors import (
    BadAnswer,
    ChainError,
    InvalidAddress,
    NodeBehind,
    RequestFailed,
    TooBig,
    TransportError,
    Unavailable,
)
from porlake.registry import Network, Token
from porlake.transport import Endpoint, JsonRpc, Recording

ACCOUNTS, OF_OWNER, OF_PROGRAM = "getMultipleAccounts", "getTokenAccountsByOwner", "getProgramAccounts"
SIGNATURES = "getSignaturesForAddress"
MOST_ACCOUNTS = 99  # of the 100 that a node takes: the last one is the clock
TOGETHER = 25  # questions about single owners in one request
LARGEST = 100  # holdings of an asset that are looked at for changes after the snapshot
LOOK_BACK = 512  # slots: no chain of this software goes on after more that were skipped without a word of its people
FINALIZED = {"commitment": "finalized"}
Call = tuple[str, list[Any]]


def open_client(network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
    return Client(network, JsonRpc(network.network, endpoint, recording, ERRORS))


@dataclass(frozen=True, slots=True)
class _Told:
    """What one answer of a state says, and of which slot that state is."""

    value: list[Any]
    slot: int


class Client(BlocksByTime, OverRpc, ByBatch):
    unchanged_since = True
    batch = MOST_ACCOUNTS

    def __init__(self, network: Network, rpc: JsonRpc) -> None:
        self._network, self._rpc = network, rpc
        self.in_flight = rpc.in_flight
        self._takes_batches = True
        self._touched: dict[tuple[str, str], tuple[str, ...]] = {}
        self._claimed: frozenset[str] = frozenset()

    # --- blocks ---
    def block(self, height: int) -> BlockRef:
        """The block of a slot; of a slot that was skipped the last one before it, for that is its state. Raises
        ChainError, TransportError.
        """
        self._check_chain()
        try:
            return self._block(height)
        except RequestFailed as error:
            if error.code not in SKIPPED:
                raise
        return self._before(height)

    def head(self) -> BlockRef:
        """The newest finalized block."""
        self._check_chain()
        return self._block(self.final())

    def final(self) -> int:
        """The newest finalized slot."""
        self._check_chain()
        return numbers.height(self._rpc.call("getSlot", [FINALIZED]), what=f"{self.host}: getSlot")

    def decimals(self, token: Token, at: BlockRef) -> int | None:
        """As the token's mint says. Raises ChainError, TransportError."""
        found = self._mint(token.contract, at)
        return found[1] if found else None

    @asked_once
    def _block(self, slot: int) -> BlockRef:
        question = {"transactionDetails": "none", "rewards": False, "maxSupportedTransactionVersion": 0}
        found = self._rpc.call("getBlock", [slot, question | FINALIZED])
        what = f"{self.host}: getBlock: slot {slot:,}"
        if found is None:
            raise Unavailable(f"{what}: the node does not have it")
        parent, name, seconds = fields(found, ("parentSlot", "blockhash", "blockTime"), what)
        if slot and numbers.height(parent, what=what) >= slot:
            raise ChainError(f"{what}: the block that came before it is said to be of slot {parent}")
        if seconds is None:
            raise Unavailable(f"{what}: the node does not know its time")
        return BlockRef(slot, base58_hash(name, what), numbers.moment(seconds, what=what))

    def _before(self, slot: int) -> BlockRef:
        """The block whose state a skipped slot has, under the slot's number: the block after it names it."""
        what = f"{self.host}: getBlocks"
        found = self._rpc.call("getBlocks", [max(0, slot - LOOK_BACK), slot + LOOK_BACK, FINALIZED])
        if not isinstance(found, list):
            raise BadAnswer(f"{what}: the answer is no list")
        slots = [numbers.height(number, what=what) for number in found]
        before, after = [one for one in slots if one < slot], [one for one in slots if one > slot]
        if not before or not after or slot in slots:
            raise Unavailable(f"{what}: slot {slot:,} was skipped, and the blocks around it are not told")
        question = {"transactionDetails": "none", "rewards": False, "maxSupportedTransactionVersion": 0}
        (parent,) = fields(self._rpc.call("getBlock", [min(after), question | FINALIZED]), ("parentSlot",), what)
        if numbers.height(parent, what=what) != max(before):
            raise ChainError(
                f"{what}: slot {slot:,} was skipped after {max(before):,}, and the block of {min(after):,} names "
                f"{parent} as the one before it"
            )
        last = self._block(max(before))
        return BlockRef(slot, last.hash, last.moment)

    @asked_once
    def _check_chain(self) -> None:
        """By the hash of the genesis, which CAIP-2 cuts off after 32 characters; where the registry does not know it,
        by a mint that only this chain has. On the way: whether the endpoint takes several questions in one request.
        """
        try:
            genesis, _ = self._rpc.batch([("getGenesisHash", []), ("getSlot", [FINALIZED])])
        except (RequestFailed, BadAnswer, TooBig):
            self._takes_batches, genesis = False, self._rpc.call("getGenesisHash", [])
        if isinstance(genesis, TransportError):
            raise genesis
        base58_hash(genesis, f"{self.host}: getGenesisHash")
        if self._network.caip2.startswith("solana:"):
            check_id(self._network, self.host, genesis, begins=True)
        else:
            mint = mark(registry.load(), self._network)
            (found,), _ = self._told([mint], 0)
            if layout.mint_decimals(found) is None:
                raise ChainError(f"{self.host}: the endpoint is of another chain: {mint} is no mint there")

    # --- balances ---
    def ping(self) -> object:
        return self._rpc.call("getSlot", [FINALIZED])

    def ready(self, at: BlockRef) -> None:
        self._floor(at)

    @asked_once
    def _floor(self, at: BlockRef) -> int:
        """No account is read at a slot before the snapshot's, nor before the head that was there first."""
        head = self.final()
        if head < at.height:
            raise NodeBehind(f"{self.host}: its newest slot is {head:,}, before {at.height:,}")
        return head

    def balances(self, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading | Unread]:
        """Coins with the stakes that an account may withdraw, and their total; tokens of an owner's every account, or
        of the account that is asked for. A stake account that is asked for itself does not count with its withdrawer's.
        Raises ChainError, TransportError.
        """
        self._claimed = frozenset(want.address for want in wanted if want.token.kind == "native")
        largest = dict[str, list[int]]()
        answers = groupby(super().balances(wanted, at), key=attrgetter("asset", "address"))
        for some in _some((list(found) for _, found in answers), MOST_ACCOUNTS):
            yield from self._evidence(some, at, largest)

    def read_batch(self, wants: Sequence[Wanted], at: BlockRef) -> Sequence[Reading | Unread]:
        token = wants[0].token
        return self._coins(wants, at) if token.kind == "native" else self._tokens(wants, token, at)

    def _coins(self, wants: Sequence[Wanted], at: BlockRef) -> list[Reading | Unread]:
        accounts, slot = self._accounts([want.address for want in wants], self._floor(at))
        block, answers = self._block(slot), list[Reading | Unread]()
        wallets = [want.address for want in wants if not _holds_itself(accounts[want.address])]
        stakes = dict(zip(wallets, self._stakes_of(wallets, slot), strict=True))
        for want in wants:
            found, staked = accounts[want.address], stakes.get(want.address)
            if isinstance(staked, TransportError):
                reason = reason_of(staked)
                refused = reason == "refused_by_server"
                answers.append(Unread(want.asset, want.address, "stakes_not_told" if refused else reason))
            elif found is not None and found.owner == layout.STAKE:
                own = layout.stake(found, what=f"{self.host}: {want.address}")
                answers += _read(want, {"liquid": 0, **_staked([own])}, block, at, ACCOUNTS, self.host)
            else:
                held = {"liquid": found.lamports if found else 0, **_staked(staked or ())}
                answers += _read(want, held, block, at, ACCOUNTS, self.host)
                if not staked and found is not None and found.owner == layout.SYSTEM:
                    self._touched[want.asset, want.address] = (want.address,)
        return answers

    def _stakes_of(self, wallets: Sequence[str], slot: int) -> Iterator[list[layout.Stake] | TransportError]:
        """The stake accounts that each wallet may withdraw from, or what asking for them failed with."""
        question = {"encoding": "base64", "withContext": True, "minContextSlot": slot} | FINALIZED
        calls: list[Call] = [
            (
                OF_PROGRAM,
                [
                    layout.STAKE,
                    question | {"filters": [{"memcmp": {"offset": layout.WITHDRAWER, "bytes": wallet}}]},
                ],
            )
            for wallet in wallets
        ]
        for wallet, answer in zip(wallets, self._many(calls), strict=True):
            try:
                yield self._stakes(wallet, answer, slot)
            except TransportError as error:
                yield error

    def _stakes(self, wallet: str, answer: Any, slot: int) -> list[layout.Stake]:
        what, key, found = f"{self.host}: {OF_PROGRAM}: {wallet}", base58.decode(wallet), list[layout.Stake]()
        for address, one in self._listed(answer, slot, what):
            if one.owner != layout.STAKE or one.data[layout.WITHDRAWER : layout.WITHDRAWER + 32] != key:
                raise BadAnswer(f"{what}: {address} is no stake account of it")
            if address not in self._claimed:
                found.append(layout.stake(one, what=what))
        return found

    # --- tokens ---
    def _tokens(self, wants: Sequence[Wanted], token: Token, at: BlockRef) -> list[Reading | Unread]:
        mint = self._mint(token.contract, at)
        if mint is None:
            return [Unread(want.asset, want.address, "token_returns_no_word") for want in wants]
        key, program = base58.decode(token.contract), mint[0]
        own = {want.address: layout.associated(base58.decode(want.address), key, program) for want in wants}
        accounts, slot = self._accounts([*own, *own.values()], self._floor(at))
        answers, block = list[Reading | Unread](), self._block(slot)
        by_owner = []
        for want in wants:
            itself = layout.token_account(accounts[want.address])
            if itself is None or itself.mint != key:
                by_owner.append(want)
                continue
            answers += _read(want, _held([itself]), block, at, ACCOUNTS, self.host)
            self._touched[want.asset, want.address] = (want.address,)
        question = {"encoding": "base64", "minContextSlot": slot} | FINALIZED
        question |= {"dataSlice": {"offset": 0, "length": layout.SLICE}}
        calls: list[Call] = [(OF_OWNER, [want.address, {"mint": token.contract}, question]) for want in by_owner]
        for want, answer in zip(by_owner, self._many(calls), strict=True):
            try:
                answers += self._owned(want, answer, own[want.address], accounts[own[want.address]], slot, at)
            except TransportError as error:
                answers.append(Unread(want.asset, want.address, reason_of(error)))
        return answers

    def _owned(
        self, want: Wanted, answer: Any, own: str, known: layout.Account | None, slot: int, at: BlockRef
    ) -> list[Reading]:
        """What all accounts of a token hold that belong to an owner.

        A node may leave accounts out of a list without a word: the owner's own account of the token, which was read by
        its address, must stand in it. Raises TransportError.
        """
        what = f"{self.host}: {OF_OWNER}: {want.address}"
        key, owner, found = base58.decode(want.token.contract), base58.decode(want.address), []
        listed = self._listed(answer, slot, what)
        for address, one in listed:
            held = layout.token_account(one)
            if held is None or (held.mint, held.owner) != (key, owner):
                raise BadAnswer(f"{what}: {address} is no account of it for this token")
            found.append(held)
        itself = layout.token_account(known)
        is_own = itself is not None and (itself.mint, itself.owner) == (key, owner)
        if is_own and own not in [address for address, _ in listed]:
            raise BadAnswer(f"{what}: {own} is not among its accounts of the token, and it is there")
        self._touched[want.asset, want.address] = (want.address, *(address for address, _ in listed))
        return _read(want, _held(found), self._block(_context(answer, what).slot), at, OF_OWNER, self.host)

    @asked_once
    def _mint(self, contract: str, at: BlockRef) -> tuple[str, int] | None:
        """(the program of a token's mint, its decimals); None where the account is no mint."""
        (found,), _ = self._told([contract], self._floor(at))
        decimals = layout.mint_decimals(found)
        return (found.owner, decimals) if found and decimals is not None else None

    # --- unchanged since ---
    def _evidence(
        self, holdings: Sequence[Sequence[Reading | Unread]], at: BlockRef, largest: dict[str, list[int]]
    ) -> Iterator[Reading | Unread]:
        """The holdings; the largest of an asset, of those that came so far, as of the block `at` where no transaction
        named their accounts after it.

        Transactions alone move coins of an account that belongs to no program but the system's, and tokens: each names
        the account, and the owner too where one of its accounts is closed. Of a wallet with stakes nothing is shown,
        for they earn without a transaction. An account without any transaction may be one that the node forgot.
        """
        asked: list[tuple[int, tuple[str, ...]]] = []
        for place, answers in enumerate(holdings):
            last = answers[-1]
            touched = self._touched.pop((last.asset, last.address), ())
            if isinstance(last, Unread) or not touched or last.as_of != "head" or last.block.height <= at.height:
                continue
            if _is_among(largest.setdefault(last.asset, []), last.raw):
                asked.append((place, touched))
        if not asked or not self._has_lively_index(at):
            for answers in holdings:
                yield from answers
            return
        shown = dict(zip((place for place, _ in asked), self._last_slots(asked, holdings), strict=True))
        for place, answers in enumerate(holdings):
            change = shown.get(place)
            for one in answers:
                if change is None or isinstance(one, Unread):
                    yield one
                else:
                    yield unchanged(one, at, one.block, change[0], change[1])

    def _last_slots(
        self, asked: Sequence[tuple[int, tuple[str, ...]]], holdings: Sequence[Sequence[Reading | Unread]]
    ) -> Iterator[tuple[int, str] | None]:
        """(the last slot in which a transaction named one of a holding's accounts, that transaction), None where it is
        not known.
        """
        calls: list[Call] = []
        for place, touched in asked:
            last = holdings[place][-1]
            slot = last.block.height if isinstance(last, Reading) else 0
            calls += [(SIGNATURES, [one, {"limit": 1, "minContextSlot": slot} | FINALIZED]) for one in touched]
        answers = iter(self._many(calls))
        for _, touched in asked:
            found = [self._newest(next(answers)) for _ in touched]
            known = [one for one in found if one is not None]
            yield max(known) if len(known) == len(found) else None

    def _newest(self, answer: Any) -> tuple[int, str] | None:
        if isinstance(answer, TransportError) or answer == []:
            return None
        what = f"{self.host}: {SIGNATURES}"
        try:
            slot, signature = fields(answer[0], ("slot", "signature"), what)
            if len(answer) != 1 or len(base58.decode(signature)) != 64:
                return None
            return numbers.height(slot, what=what), str(signature)
        except (LookupError, TypeError, AttributeError, InvalidAddress, BadAnswer):
            return None

    @asked_once
    def _has_lively_index(self, at: BlockRef) -> bool:
        """Whether the node's list of transactions goes beyond a block at all: that of the token program grows in every
        slot.
        """
        (answer,) = self._many([(SIGNATURES, [layout.TOKEN, {"limit": 1} | FINALIZED])])
        found = self._newest(answer)
        return found is not None and found[0] > at.height

    # --- questions ---
    def _accounts(self, wanted: Sequence[str], floor: int) -> tuple[dict[str, layout.Account | None], int]:
        """(accounts by their addresses, the lowest slot that an answer is of)."""
        names, found, slots = list(dict.fromkeys(wanted)), dict[str, layout.Account | None](), list[int]()
        for start in range(0, len(names), MOST_ACCOUNTS):
            some = names[start : start + MOST_ACCOUNTS]
            accounts, slot = self._told(some, floor)
            found |= zip(some, accounts, strict=True)
            slots.append(slot)
        return found, min(slots)

    def _told(self, names: Sequence[str], floor: int) -> tuple[list[layout.Account | None], int]:
        """(accounts in the order of the question, the slot of the state that told them)."""
        what = f"{self.host}: {ACCOUNTS}"
        question: dict[str, Any] = {
            "encoding": "base64",
            "dataSlice": {"offset": 0, "length": layout.SLICE},
        } | FINALIZED
        if floor:
            question["minContextSlot"] = floor
        answer = _context(self._rpc.call(ACCOUNTS, [[*names, layout.CLOCK], question]), what)
        if len(answer.value) != len(names) + 1:
            raise BadAnswer(f"{what}: {len(answer.value):,} accounts, asked for {len(names) + 1:,}")
        *accounts, clock = [layout.account(one, what=what) for one in answer.value]
        if (told := layout.clock(clock, what=what)) != answer.slot:
            raise ChainError(f"{what}: said to be of slot {answer.slot:,}, and the state is of {told:,}")
        if answer.slot < floor:
            raise ChainError(f"{what}: asked for slot {floor:,} or later, told that of {answer.slot:,}")
        return accounts, answer.slot

    def _listed(self, answer: Any, floor: int, what: str) -> list[tuple[str, layout.Account]]:
        """(address, account) of a list of accounts, each once. Raises TransportError."""
        if isinstance(answer, TransportError):
            raise answer
        told, found = _context(answer, what), dict[str, layout.Account]()
        if told.slot < floor:
            raise BadAnswer(f"{what}: asked for slot {floor:,} or later, told that of {told.slot:,}")
        for one in told.value:
            name, value = fields(one, ("pubkey", "account"), what)
            account = layout.account(value, what=what)
            if account is None or name in found or base58_hash(name, what) != name:
                raise BadAnswer(f"{what}: an account that stands twice, or is none")
            found[name] = account
        return list(found.items())

    def _many(self, calls: Sequence[Call]) -> list[Any]:
        """The answers to some questions, or the TransportError that one was answered with."""
        found = list[Any]()
        for start in range(0, len(calls), TOGETHER if self._takes_batches else max(1, len(calls))):
            some = calls[start : start + TOGETHER]
            found += self._rpc.batch(some) if self._takes_batches else self._rpc.tried(calls)
        return found


def _context(answer: Any, what: str) -> _Told:
    context, value = fields(answer, ("context", "value"), what)
    (slot,) = fields(context, ("slot",), what)
    if not isinstance(value, list):
        raise BadAnswer(f"{what}: the answer is no list of accounts")
    return _Told(value, numbers.height(slot, what=f"{what}: slot"))


def _holds_itself(account: layout.Account | None) -> bool:
    """Whether nobody can name the account as the one that may withdraw a stake."""
    return account is not None and (account.owner == layout.STAKE or account.owner in layout.TOKEN_PROGRAMS)


def _staked(stakes: Sequence[layout.Stake]) -> dict[str, int]:
    """Components of stake accounts; those that hold nothing are left out."""
    sums = {
        "staked": sum(one.staked for one in stakes),
        "unstaking": sum(one.unstaking for one in stakes),
        "undelegated": sum(one.undelegated for one in stakes),
    }
    return {component: raw for component, raw in sums.items() if raw}


def _held(accounts: Sequence[layout.TokenAccount]) -> dict[str, int]:
    """What an issuer has frozen apart, where it has."""
    frozen = sum(one.amount for one in accounts if one.is_frozen)
    liquid = sum(one.amount for one in accounts) - frozen
    return {"liquid": liquid, "frozen": frozen} if frozen else {TOTAL: liquid}


def _read(
    want: Wanted, held: Mapping[str, int], block: BlockRef, at: BlockRef, method: str, host: str
) -> list[Reading]:
    as_of = "exact" if (block.height, block.hash) == (at.height, at.hash) else "head"
    own = {component: raw for component, raw in held.items() if component != TOTAL}
    return parts(want, own, block, as_of, method, host, total=held.get(TOTAL))


def _is_among(largest: list[int], raw: int) -> bool:
    """Whether an amount is among the LARGEST of those that came so far."""
    if not raw or (len(largest) >= LARGEST and raw <= largest[0]):
        return False
    heapq.heappush(largest, raw)
    if len(largest) > LARGEST:
        heapq.heappop(largest)
    return True


def _some(holdings: Iterator[list[Reading | Unread]], count: int) -> Iterator[list[list[Reading | Unread]]]:
    found = list[list[Reading | Unread]]()
    for one in holdings:
        found.append(one)
        if len(found) == count:
            yield found
            found = []
    if found:
        yield found
