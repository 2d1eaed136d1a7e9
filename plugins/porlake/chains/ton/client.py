"""TON through an index of the toncenter v3 form: https://docs.ton.org/ecosystem/api/toncenter/v3/overview

A height is a masterchain block's number. What an account holds at it follows from logical times: the block names the
last block of each shard, and a transaction is in the balance where its logical time is not above the end of that one.
So the head's state of an account whose last transaction is not later counts as that of the block (`unchanged_since`);
of any other account, the first transaction after it and the last one before it, which name each other, tell the
balance between them. Jettons are balances of contracts of their own, one for each owner, and are known at the head.

The index leaves out what it does not know. An account that is missing is asked about alone, by the node behind the
index, and held to have nothing only where that says so.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from porlake import addresses, numbers
from porlake.addresses import ton as form
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import parts
from porlake.chains._unchanged import unchanged
from porlake.chains.ton import cells
from porlake.chains.ton.index import (
    MOST_COINS,
    MOST_LT,
    NEVER_USED,
    NO_TRANSACTION,
    Index,
    State,
    decoded,
    friendly,
    path_of,
)
from porlake.errors import BadAnswer
from porlake.registry import Network, Token
from porlake.transport import Endpoint, Recording
from porlake.transport.ordered import in_order

STATES, TRANSACTIONS, WALLETS = "toncenter_accountStates", "toncenter_transactions", "toncenter_jetton_wallets"
BATCH = 256  # accounts: an URL of 15 kB; the server takes up to 1,000, and proxies before it less
AT_ONCE = 4  # accounts of a batch that need questions of their own
LIMIT = 1000  # rows of a list; without it the index gives ten
#: The elector, which every masterchain has: an index that does not know it has no state.
CANARY = f"{form.MASTERCHAIN}:{'33' * 32}"


@dataclass(frozen=True, slots=True)
class Shard:
    """A shard at a block: its workchain, the bits with which its accounts begin, and up to which logical time it goes.
    https://docs.ton.org/tblkch.pdf section 1.1: a one behind the prefix and zeros make it 64 bits.
    """

    workchain: int
    prefix: int
    end: int

    def holds(self, workchain: int, digest: bytes) -> bool:
        mark = self.prefix & -self.prefix
        differs = int.from_bytes(digest[:8], "big") ^ self.prefix
        return workchain == self.workchain and not differs & ~(2 * mark - 1)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a block before accounts are asked about."""

    head: BlockRef
    shards: tuple[Shard, ...]


class Client(Index):
    batch = BATCH

    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> None:
        super().__init__(network, endpoint, recording)
        self._known: dict[str, Known] = {}

    # --- balances ---
    def ready(self, at: BlockRef) -> None:
        """The head before the first account is asked about: what is read is of it, or newer."""
        known = self._known.get(at.hash)
        self._known[at.hash] = Known(self.head(), known.shards if known else self._shards(at))

    def read_batch(self, wants: Sequence[Wanted], at: BlockRef) -> list[Reading | Unread]:
        if wants[0].token.kind == "jetton":
            return self._jettons(wants, at)
        states = self._states([want.address for want in wants])
        return self._each(wants, lambda want: self._native(want, states.get(want.address), at))

    def _each(self, wants: Sequence[Wanted], read: Callable[[Wanted], list[Reading]]) -> list[Reading | Unread]:
        """What is read of each account of a batch, or why it is not; a few at once, for some need questions of their
        own.
        """
        found: list[Reading | Unread] = []
        for answers in in_order(lambda want: self._tried(want, partial(read, want)), wants, AT_ONCE):
            found += answers
        return found

    def _native(self, want: Wanted, state: State | None, at: BlockRef) -> list[Reading]:
        """Liquid coins: the masterchain keeps stakes in contracts of their own, which are other accounts."""
        known, end = self._known[at.hash], self._end(want.address, at)
        if state is None:
            state = self._alone(want.address)
        if not state.last and (first := self._transaction(want.address, start_lt=end + 1, sort="asc")):
            # an account that was deleted since leaves no time behind
            state = State(state.raw, first.lt, state.status)
        if state.last > end:
            raw = self._between(want.address, end, at)
            return parts(want, {"liquid": raw}, at, "exact", TRANSACTIONS, self._http.host)
        answer = f"last_transaction_lt {state.last}; block {at.height} holds its shard up to {end}"
        unused = state.status in NEVER_USED and not state.last and not state.raw
        readings = parts(want, {"liquid": state.raw}, known.head, "head", STATES, self._http.host, no_history=unused)
        return [unchanged(reading, at, known.head, None, answer) for reading in readings]

    def _states(self, accounts: Sequence[str]) -> dict[str, State]:
        """What the index knows of some accounts. Raises BadAnswer where it does not know the canary."""
        path = path_of("/accountStates", address=[*map(friendly, accounts), friendly(CANARY)], include_boc="false")
        asked, found = {*accounts, CANARY}, dict[str, State]()
        for row in self._list(path, "accounts"):
            account = self._account(row.get("address"), "/accountStates")
            if account in found or account not in asked:
                raise BadAnswer(f"{self._http.host}: /accountStates: {account} was not asked for, or stands twice")
            found[account] = self._state(row, "/accountStates")
        if CANARY not in found:
            raise BadAnswer(f"{self._http.host}: /accountStates: the elector {CANARY} is missing")
        return found

    def _alone(self, account: str) -> State:
        """What the node behind the index says of an account that the index does not know."""
        path = path_of("/addressInformation", address=friendly(account))
        return self._state(self._object(path), "/addressInformation")

    # --- between two transactions ---
    def _between(self, account: str, end: int, at: BlockRef) -> int:
        """Nanotons at a block, of an account that changed after it."""
        after = self._transaction(account, start_lt=end + 1, sort="asc")
        before = self._transaction(account, end_lt=end, sort="desc")
        what = f"{self._http.host}: /transactions of {account}"
        if after is None or after.lt <= end or after.block <= at.height:
            raise BadAnswer(f"{what}: none after logical time {end}, where its state has one")
        if before is None:
            if after.previous != (0, NO_TRANSACTION):
                raise BadAnswer(f"{what}: none before logical time {end}, where the next one names one")
            return after.held_before
        if before.lt > end or before.block > at.height:
            raise BadAnswer(f"{what}: one of block {before.block:,} before logical time {end}")
        deleted = before.deletes and after.previous == (0, NO_TRANSACTION)
        if after.previous != (before.lt, before.hash) and not deleted:
            raise BadAnswer(f"{what}: the first one after logical time {end} does not follow the last one before it")
        if before.held_after != after.held_before:
            raise BadAnswer(f"{what}: two of them tell different balances of the time between them")
        return before.held_after

    # --- jettons ---
    def _jettons(self, wants: Sequence[Wanted], at: BlockRef) -> list[Reading | Unread]:
        """What owners hold by their wallet contracts: at the head, or at the block where those were not touched since.
        https://github.com/ton-blockchain/TEPs/blob/master/text/0074-jettons-standard.md
        """
        token, known = wants[0].token, self._known[at.hash]
        wallets = self._wallets([want.address for want in wants], token)

        def of(want: Wanted) -> list[Reading]:
            if (held := wallets.get(want.address)) is None:
                return self._no_wallet(want, at)
            wallet, state = held
            end = self._end(wallet, at)
            answer = f"{wallet}: last_transaction_lt {state.last}; block {at.height} holds its shard up to {end}"
            last = None if 0 < state.last <= end else known.head.height
            readings = parts(want, {"liquid": state.raw}, known.head, "head", WALLETS, self._http.host)
            return [unchanged(reading, at, known.head, last, answer) for reading in readings]

        return self._each(wants, of)

    def _wallets(self, owners: Sequence[str], token: Token) -> dict[str, tuple[str, State]]:
        """(wallet contract, what it holds) by owner."""
        path = path_of(
            "/jetton/wallets", owner_address=[*map(friendly, owners)], jetton_address=token.contract,
            exclude_zero_balance="false", limit=LIMIT, offset=0,
        )  # fmt: skip
        what, asked = f"{self._http.host}: /jetton/wallets", set(owners)
        master, found = addresses.parse(self._network.network, token.contract).text, dict[str, tuple[str, State]]()
        for row in self._list(path, "jetton_wallets"):
            owner, jetton, wallet = (
                self._account(row.get(name), "/jetton/wallets") for name in ("owner", "jetton", "address")
            )
            if owner in found or owner not in asked or jetton != master:
                raise BadAnswer(f"{what}: a wallet of {owner} was not asked for, or stands twice")
            if row.get("mintless_info") is not None:
                raise BadAnswer(f"{what}: a jetton of which a part lies outside of its wallets")
            raw = numbers.whole(row.get("balance"), what=f"{what}: balance", most=MOST_COINS)
            last = numbers.whole(row.get("last_transaction_lt"), what=f"{what}: last_transaction_lt", most=MOST_LT)
            found[owner] = wallet, State(raw, last, "active")
        return found

    def _no_wallet(self, want: Wanted, at: BlockRef) -> list[Reading]:
        """Nothing, where the chain says that the contract at which an owner's jettons lie was never made."""
        known, wallet = self._known[at.hash], self._wallet_of(want)
        state, first = self._alone(wallet), self._transaction(wallet, sort="desc")
        if state.status not in NEVER_USED or state.last or first is not None:
            raise BadAnswer(f"{self._http.host}: /jetton/wallets lacks {wallet}, which there is")
        readings = parts(want, {"liquid": 0}, known.head, "head", WALLETS, self._http.host, no_history=True)
        return [unchanged(reading, at, known.head, None, f"{wallet}: {state.status}") for reading in readings]

    def _wallet_of(self, want: Wanted) -> str:
        """The contract at which an owner's jettons lie, by the word of the jetton's own contract."""
        what, account = f"{self._http.host}: /runGetMethod", addresses.parse(self._network.network, want.address)
        owner = cells.address_cell(int.from_bytes(account.payload[:1], "big", signed=True), account.payload[1:])
        slice_ = {"type": "slice", "value": base64.b64encode(cells.bag(owner)).decode()}
        answer = self._http.post(
            "/runGetMethod", {"address": want.token.contract, "method": "get_wallet_address", "stack": [slice_]}
        )
        try:
            code, (entry,) = answer["exit_code"], answer["stack"]
            value = entry["value"] if entry["type"] in ("cell", "slice") else None
        except (LookupError, TypeError, ValueError) as error:
            raise BadAnswer(f"{what}: no answer of get_wallet_address") from error
        if numbers.whole(code, what=f"{what}: exit_code", least=-(2**31)) not in (0, 1):
            raise BadAnswer(f"{what}: get_wallet_address ended with {numbers.shown(code)}")
        (root,) = cells.roots(decoded(value, what))
        workchain, digest = cells.address_of(root)
        return form.of(self._network.network, workchain, digest).text

    def decimals(self, token: Token, at: BlockRef) -> int | None:
        """As the jetton's content on chain says it; None where it lies elsewhere, as that of USDT."""
        if token.kind != "jetton":
            return None
        rows = self._list(path_of("/jetton/masters", address=token.contract, limit=1), "jetton_masters")
        master = addresses.parse(self._network.network, token.contract).text
        if len(rows) != 1 or self._account(rows[0].get("address"), "/jetton/masters") != master:
            raise BadAnswer(f"{self._http.host}: /jetton/masters: not one of {master}")
        content = rows[0].get("jetton_content")
        told = content.get("decimals") if isinstance(content, dict) else None
        return None if told is None else numbers.whole(told, what=f"{self._http.host}: decimals", most=255)

    # --- shards ---
    def _shards(self, at: BlockRef) -> tuple[Shard, ...]:
        """The last block of each shard that a masterchain block holds, and that block itself."""
        path, what = "/masterchainBlockShardState", f"{self._http.host}: /masterchainBlockShardState"
        if at.height not in self._ends:
            self.block(at.height)
        found = [Shard(form.MASTERCHAIN, 1 << 63, self._ends[at.height])]
        for row in self._list(path_of(path, seqno=at.height), "blocks"):
            workchain = numbers.whole(row.get("workchain"), what=f"{what}: workchain", least=-1, most=2**31)
            if workchain == form.MASTERCHAIN:
                continue
            prefix = int.from_bytes(numbers.data(row.get("shard"), what=f"{what}: shard", size=8, prefix=""), "big")
            end = numbers.whole(row.get("end_lt"), what=f"{what}: end_lt", least=1, most=MOST_LT)
            self._check(row, what)
            reference = row.get("masterchain_block_ref")
            held_by = reference.get("seqno") if isinstance(reference, dict) else None
            if not prefix or numbers.height(held_by, what=f"{what}: masterchain_block_ref") > at.height:
                raise BadAnswer(f"{what}: a shard of a later block than {at.height:,}, or of no prefix")
            found.append(Shard(workchain, prefix, end))
        return tuple(found)

    def _end(self, account: str, at: BlockRef) -> int:
        """The logical time up to which a block holds the transactions of an account."""
        payload = addresses.parse(self._network.network, account).payload
        workchain, digest = int.from_bytes(payload[:1], "big", signed=True), payload[1:]
        ends = [shard.end for shard in self._known[at.hash].shards if shard.holds(workchain, digest)]
        if len(ends) != 1:
            raise BadAnswer(f"{self._http.host}: {len(ends)} shards of block {at.height:,} hold {account}")
        return ends[0]
