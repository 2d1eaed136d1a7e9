"""The X-Chain through a node of AvalancheGo. https://build.avax.network/docs/rpcs/x-chain

A node tells the coins (UTXOs) of the newest state, of many addresses at once, and no height with them: readings are of
the head before the first question, `as_of = head`. Pages overlap, so that a coin counts once, by its transaction and
place.

`liquid` are coins that one key alone spends now, `locked` those that it spends later: both are the total. `shared`,
coins of several keys, lies beside it: whose they are the chain does not say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from porlake import addresses, numbers
from porlake.chains._answers import BlockRef, Reading, Wanted
from porlake.chains._by_account import ByBatch, parts
from porlake.chains._by_moment import HeadIsFinal
from porlake.chains._questions import OverRpc, asked_once
from porlake.chains.avalanche_x.asset import AVAX, MOST
from porlake.chains.avalanche_x.errors import ERRORS
from porlake.encoding import base58
from porlake.errors import BadAnswer, ChainError, RequestFailed
from porlake.registry import Network
from porlake.transport import Endpoint, JsonRpc, Recording

METHOD = "avm_getUTXOs"
PAGE = 1_024  # coins
PAGES = 10_000  # of one question: more is a node that never comes to an end
TRANSFER = 7  # the type of an output of coins of one or several keys: SECP256K1TransferOutput
TOKEN_TYPES = frozenset({6, 10, 11, 15})  # rights to mint, and collectibles
AVAX_ID = base58.decode(AVAX)[:-4]


@dataclass(frozen=True, slots=True)
class Output:
    """A coin: by what it is named, how much it is, from when it can be spent, by how many of whom."""

    name: tuple[bytes, int]
    amount: int
    since: int
    threshold: int
    owners: frozenset[bytes]


def open_client(network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
    return Client(network, JsonRpc(network.network, endpoint, recording, ERRORS, plain=True))


class Client(HeadIsFinal, OverRpc, ByBatch):
    batch = 256  # addresses a question; a node takes 1,024

    def __init__(self, network: Network, rpc: JsonRpc) -> None:
        self._network, self._rpc = network, rpc
        self.in_flight = rpc.in_flight

    # --- blocks ---
    def block(self, height: int) -> BlockRef:
        """Raises ChainError, TransportError."""
        self._check_chain()
        answer = self._rpc.call("avm.getBlockByHeight", [{"height": str(height), "encoding": "json"}])
        what = f"{self.host}: block {height:,}"
        found = answer.get("block") if isinstance(answer, dict) else None
        if not isinstance(found, dict):
            raise BadAnswer(f"{what}: the answer is no block")
        told, name = numbers.height(found.get("height"), what=what), found.get("id")
        if told != height:
            raise ChainError(f"{self.host}: asked for block {height:,}, it gave {told:,}")
        if not isinstance(name, str) or not (name.isascii() and name.isalnum() and 40 <= len(name) <= 60):
            raise BadAnswer(f"{what}: {numbers.shown(name)} is no id of a block")
        return BlockRef(told, name, numbers.moment(found.get("time"), what=what))

    def head(self) -> BlockRef:
        """The newest block, final when it is accepted."""
        self._check_chain()
        answer, what = self._rpc.call("avm.getHeight", [{}]), f"{self.host}: avm.getHeight"
        if not isinstance(answer, dict):
            raise BadAnswer(f"{what}: the answer is no height")
        return self.block(numbers.height(answer.get("height"), what=what))

    def ping(self) -> object:
        return self._rpc.call("avm.getHeight", [{}])

    # --- balances ---
    def ready(self, at: BlockRef) -> None:
        """Raises ChainError, TransportError."""
        self._head_for(at)

    @asked_once
    def _head_for(self, at: BlockRef) -> BlockRef:
        """The head before the first account of a block is asked about: what is read is of it, or newer."""
        return self.head()

    def read_batch(self, wants: Sequence[Wanted], at: BlockRef) -> list[Reading]:
        """Raises ChainError, TransportError."""
        head = self._head_for(at)
        now = round(head.time.timestamp())
        held = {self._key(want.address): {"liquid": 0, "locked": 0, "shared": 0} for want in wants}
        for coin in self._coins([want.address for want in wants]):
            mine = coin.owners & held.keys()
            if not mine:
                raise BadAnswer(f"{self.host}: {METHOD}: a coin of nobody who was asked for")
            alone = coin.threshold == 1 and len(coin.owners) == 1
            for owner in mine:
                held[owner][("liquid" if coin.since <= now else "locked") if alone else "shared"] += coin.amount
        found = list[Reading]()
        for want in wants:
            mine_parts = held[self._key(want.address)]
            total = mine_parts["liquid"] + mine_parts["locked"]
            found += parts(want, mine_parts, head, "head", METHOD, self.host, total=total)
        return found

    def _coins(self, asked: Sequence[str]) -> Iterator[Output]:
        """Coins of AVAX, each once."""
        seen, start = set[tuple[bytes, int]](), dict[str, Any]()
        for _ in range(PAGES):
            question = {"addresses": list(asked), "limit": PAGE, "encoding": "hex"} | start
            answer, what = self._rpc.call("avm.getUTXOs", [question]), f"{self.host}: {METHOD}"
            coins = answer.get("utxos") if isinstance(answer, dict) else None
            if not isinstance(coins, list):
                raise BadAnswer(f"{what}: the answer has no list of coins")
            if numbers.whole(answer.get("numFetched"), what=what, most=PAGE) != len(coins):
                raise BadAnswer(f"{what}: {len(coins):,} coins, and another number is told")
            before = len(seen)
            for text in coins:
                name, coin = _coin(text, what)
                if name not in seen:
                    seen.add(name)
                    if coin is not None:
                        yield coin
            end = answer.get("endIndex")
            if len(coins) < PAGE:
                return
            if not isinstance(end, dict) or len(seen) == before:
                raise BadAnswer(f"{what}: a full page with nothing new, or no place behind it")
            start = {"startIndex": {"address": end.get("address"), "utxo": end.get("utxo")}}
        raise BadAnswer(f"{self.host}: {METHOD}: pages without an end")

    # --- questions ---
    def _key(self, address: str) -> bytes:
        return addresses.parse(self._network.network, address).payload

    @asked_once
    def _check_chain(self) -> None:
        """By its asset AVAX. Raises ChainError, TransportError."""
        what = f"{self.host}: avm.getAssetDescription"
        try:
            answer = self._rpc.call("avm.getAssetDescription", [{"assetID": AVAX}])
        except RequestFailed as error:
            raise ChainError(f"{what}: the endpoint is of another chain, or no X-Chain: {error}") from error
        told = answer if isinstance(answer, dict) else {}
        if told.get("assetID") != AVAX:
            raise ChainError(f"{what}: the endpoint is of another chain: it does not know the asset {AVAX}")
        if numbers.whole(told.get("denomination"), what=what, most=32) != 9:
            raise ChainError(f"{what}: AVAX has {numbers.shown(told['denomination'])} decimals there, and not 9")


def _coin(text: object, what: str) -> tuple[tuple[bytes, int], Output | None]:
    """(what names a coin, the coin; None where it is not of AVAX) from its bytes in hexadecimal, a checksum behind
    them. Raises BadAnswer.

    avalanchego, vms/components/avax/utxo.go and vms/secp256k1fx/transfer_output.go: codec 2 bytes, transaction 32,
    place 4, asset 32, type of output 4; amount 8, locktime 8, threshold 4, number of owners 4, 20 for each.
    """
    data = numbers.data(text, what=what)
    body, check = data[:-4], data[-4:]
    if len(body) < 74 or hashlib.sha256(body).digest()[-4:] != check or body[:2] != b"\0\0":
        raise BadAnswer(f"{what}: bytes that are no coin")
    name = (body[2:34], int.from_bytes(body[34:38], "big"))
    asset, kind = body[38:70], int.from_bytes(body[70:74], "big")
    if asset != AVAX_ID:
        return name, None
    if kind in TOKEN_TYPES:
        raise BadAnswer(f"{what}: a coin of AVAX that is a right to mint")
    if kind != TRANSFER or len(body) < 98:
        raise BadAnswer(f"{what}: an output of type {kind}, which is not known")
    amount, since = (int.from_bytes(body[at : at + 8], "big") for at in (74, 82))
    threshold, count = (int.from_bytes(body[at : at + 4], "big") for at in (90, 94))
    owners = frozenset(body[at : at + 20] for at in range(98, len(body), 20))
    if len(body) != 98 + 20 * count or len(owners) != count or not 1 <= threshold <= count or not 0 < amount <= MOST:
        raise BadAnswer(f"{what}: an output whose owners or amount cannot be")
    return name, Output(name, amount, since, threshold, owners)
