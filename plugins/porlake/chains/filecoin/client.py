"""Filecoin through the RPC of Lotus or Forest: documentation/en/api-methods-v1-stable.md of filecoin-project/lotus.

The state that a tipset names is that before its own messages, which is that after its parents': what accounts hold
after epoch H is asked of the first tipset above H, whose parents must be the tipset at H (or, of an epoch without
blocks, the last one before it). Answers about accounts name no state, so that the reward actor, whose balance falls
with every epoch, shows whether a node looks at the state that it is asked for.

`total` is an actor's whole balance. Of a multisig `locked` is what vests later, of a storage miner what is pledged,
deposited and vesting; `liquid` is the rest. Where a gateway passes the question for that not on, the total stands
alone.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from porlake import numbers
from porlake.chains._answers import BlockRef, Reading, Wanted
from porlake.chains._by_account import ByAccount, parts
from porlake.chains._by_moment import block_at
from porlake.chains._identity import check_chain
from porlake.chains._questions import OverRpc, asked_once
from porlake.chains.filecoin.errors import ERRORS, is_nobody
from porlake.errors import BadAnswer, ChainError, RequestFailed
from porlake.registry import Network
from porlake.transport import Endpoint, JsonRpc, Recording

METHOD = "StateGetActor"
GENESIS = datetime(2020, 8, 24, 22, tzinfo=UTC)
EPOCH = 30  # seconds
FINALITY = 900  # epochs: Expected Consensus
SETTLED = 30  # epochs below the head that are as good as final (FRC-0089), for nodes that do not tell what F3 says
REWARDS = "f02"  # holds what is still to be mined
MOST = 2 * 10**27  # attoFIL: 2,000,000,000 FIL, all that there will be

_CID = re.compile(r"b[a-z2-7]{20,120}")
_BLOCK_CID = bytes.fromhex("0171a0e40220")  # CID 1, dag-cbor, BLAKE2b-256


@dataclass(frozen=True, slots=True)
class Tipset:
    """The blocks of an epoch, by their CIDs in their order, and those of the tipset before it."""

    height: int
    cids: tuple[str, ...]
    parents: tuple[str, ...]

    @property
    def key(self) -> list[dict[str, str]]:
        """As methods take it."""
        return [{"/": cid} for cid in self.cids]

    @property
    def name(self) -> str:
        return ",".join(self.cids)


def open_client(network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
    return Client(network, JsonRpc(network.network, endpoint, recording, ERRORS, plain=True))


class Client(OverRpc, ByAccount):
    def __init__(self, network: Network, rpc: JsonRpc) -> None:
        self._network, self._rpc = network, rpc

    # --- blocks ---
    def block(self, height: int) -> BlockRef:
        """An epoch, by its tipset, or the last one before it where it has none. Raises ChainError, TransportError."""
        self._check_chain()
        found = self._tipset("ChainGetTipSetByHeight", height, None)
        if found.height > height:
            raise ChainError(f"{self.host}: asked for epoch {height:,}, it gave {found.height:,}")
        return BlockRef(height, found.name, GENESIS + timedelta(seconds=EPOCH * height))

    def head(self) -> BlockRef:
        """The newest epoch that is final, or as good as final."""
        self._check_chain()
        try:
            found = self._tipset("ChainGetFinalizedTipSet")
        except RequestFailed:  # nodes of before F3, and gateways that do not pass it on
            return self.block(max(0, self._tipset("ChainHead").height - SETTLED))
        return BlockRef(found.height, found.name, GENESIS + timedelta(seconds=EPOCH * found.height))

    def final(self) -> int:
        """Raises ChainError, TransportError."""
        self._check_chain()
        try:
            return self._tipset("ChainGetFinalizedTipSet").height
        except RequestFailed:
            return max(0, self._tipset("ChainHead").height - FINALITY)

    def block_at(self, moment: datetime) -> BlockRef:
        """The last epoch of that moment or before it. Raises NotFinal, ChainError, TransportError."""
        head = self.head()
        if GENESIS <= moment <= head.time:
            return self.block((moment - GENESIS) // timedelta(seconds=EPOCH))
        return block_at(self._network, moment, head, self.block)  # says what is wrong with the moment

    def ping(self) -> object:
        return self._call("ChainHead")

    # --- balances ---
    @asked_once
    def ready(self, at: BlockRef) -> None:
        """That the node looks at the state that it is asked for. Raises ChainError, TransportError."""
        self._check_chain()
        after, head = self._tipset_after(at), self._tipset("ChainHead")
        if head.height < after.height:
            raise ChainError(f"{self.host}: the head, {head.height:,}, lies below epoch {after.height:,}")
        then, now = (self._balance(REWARDS, tipset) for tipset in (after, head))
        if head.height > after.height and not then > now:
            raise ChainError(
                f"{self.host}: {METHOD}: the balance of {REWARDS} is {then:,} after epoch {at.height:,} and {now:,} at "
                f"the head: the endpoint does not look at the state that it is asked for"
            )

    def read_account(self, want: Wanted, at: BlockRef) -> list[Reading]:
        """Raises ChainError, TransportError."""
        after = self._tipset_after(at)
        try:
            total = self._balance(want.address, after)
        except RequestFailed as error:
            if not is_nobody(error):
                raise
            return parts(want, {"liquid": 0}, at, "exact", METHOD, self.host, no_history=True)
        if want.address[1] not in "02":  # accounts of a key lock nothing
            return parts(want, {"liquid": total}, at, "exact", METHOD, self.host)
        try:
            liquid = self._available(want.address, after)
        except RequestFailed:
            return parts(want, {}, at, "exact", METHOD, self.host, total=total)
        if liquid is None:
            return parts(want, {"liquid": total}, at, "exact", METHOD, self.host)
        if liquid > total:
            raise BadAnswer(f"{self.host}: {want.address}: more is available, {liquid:,}, than there is, {total:,}")
        return parts(want, {"liquid": liquid, "locked": total - liquid}, at, "exact", METHOD, self.host)

    def _balance(self, address: str, tipset: Tipset) -> int:
        found = self._call(METHOD, address, tipset.key)
        if not isinstance(found, dict):
            raise BadAnswer(f"{self.host}: {METHOD}: the answer is no actor")
        return self._amount(found.get("Balance"), METHOD)

    def _available(self, address: str, tipset: Tipset) -> int | None:
        """What of a multisig or a miner is not locked; None for other actors, which lock nothing."""
        found = self._call("StateReadState", address, tipset.key)
        state = found.get("State") if isinstance(found, dict) else None
        if not isinstance(state, dict):
            if isinstance(found, dict) and "State" in found and state is None:
                return None  # actors without a state
            raise BadAnswer(f"{self.host}: StateReadState: the answer is no state")
        if {"Signers", "UnlockDuration"} <= state.keys():
            method = "MsigGetAvailableBalance"
        elif {"InitialPledge", "LockedFunds"} <= state.keys():
            method = "StateMinerAvailableBalance"
        else:
            return None
        return self._amount(self._call(method, address, tipset.key), method)

    def _amount(self, value: object, method: str) -> int:
        if type(value) is not str:
            raise BadAnswer(f"{self.host}: {method}: {numbers.shown(value)} is no amount, which is written as text")
        return numbers.whole(value, what=f"{self.host}: {method}", most=MOST)

    # --- tipsets ---
    @asked_once
    def _tipset_after(self, at: BlockRef) -> Tipset:
        """The first tipset above an epoch, built on the one that was read for it. Raises ChainError, TransportError."""
        found = self._tipset("ChainGetTipSetAfterHeight", at.height + 1, None)
        if found.height <= at.height or ",".join(found.parents) != at.hash:
            raise ChainError(
                f"{self.host}: the tipset of epoch {found.height:,} does not follow that of epoch {at.height:,}"
            )
        return found

    def _tipset(self, method: str, *params: Any) -> Tipset:
        answer, what = self._call(method, *params), f"{self.host}: {method}"
        try:
            blocks, names, height = answer["Blocks"], answer["Cids"], answer["Height"]
            heights = [block["Height"] for block in blocks]
            times = [block["Timestamp"] for block in blocks]
            parents = [tuple(_cid(name, what) for name in block["Parents"] or ()) for block in blocks]
            cids = tuple(_cid(name, what) for name in names)
        except (LookupError, TypeError) as error:
            raise BadAnswer(f"{what}: the answer is no tipset") from error
        number = numbers.height(height, what=what)
        seconds = round(GENESIS.timestamp()) + EPOCH * number
        is_one = all(type(one) is int and one == number for one in heights) and len(set(parents)) == 1
        if not is_one or not cids or len(blocks) != len(cids) or len(set(cids)) != len(cids):
            raise BadAnswer(f"{what}: the blocks of the tipset are not of one epoch and one parent")
        if not all(type(one) is int and one == seconds for one in times):
            raise ChainError(f"{what}: the blocks of epoch {number:,} do not bear its time")
        return Tipset(number, cids, parents[0])

    # --- questions ---
    @asked_once
    def _check_chain(self) -> None:
        check_chain(self._network, self.host, self._first)

    def _first(self, height: int) -> str:
        """The hash of the first block, which its CID holds."""
        found, what = self._tipset("ChainGetGenesis"), f"{self.host}: ChainGetGenesis"
        if found.height != height or len(found.cids) != 1:
            raise ChainError(f"{what}: not the first block")
        return _hash_in(found.cids[0], what)

    def _call(self, method: str, *params: Any) -> Any:
        return self._rpc.call(f"Filecoin.{method}", list(params))


def _cid(value: Any, what: str) -> str:
    """The CID of a block, from `{"/": "bafy2…"}`. Raises BadAnswer."""
    text = value.get("/") if isinstance(value, dict) else None
    if not isinstance(text, str):
        raise BadAnswer(f"{what}: {numbers.shown(value)} is no CID")
    _hash_in(text, what)
    return text


def _hash_in(cid: str, what: str) -> str:
    """The hash that a block's CID holds, in hexadecimal digits. Raises BadAnswer."""
    try:
        data = base64.b32decode(cid[1:].upper() + "=" * (-len(cid[1:]) % 8)) if _CID.fullmatch(cid) else b""
    except binascii.Error:
        data = b""
    if not data.startswith(_BLOCK_CID) or len(data) != len(_BLOCK_CID) + 32:
        raise BadAnswer(f"{what}: {numbers.shown(cid)} is no CID of a block")
    return data[len(_BLOCK_CID) :].hex()
