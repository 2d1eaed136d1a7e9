"""Kaspa by the REST server before a node, as api.kaspa.org runs it: hundreds of addresses a question, as they are now.
https://github.com/kaspa-ng/kaspa-rest-server

Nodes keep no past. No answer names its block: balances are of the newest final one before the first question, or of a
newer one. Blocks are those of the selected chain, by their blue score. An address that nobody used holds zero, and is
in the answer: of a server that knows how many coins there are, which its node adds up from the same index.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from porlake import numbers
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import ByBatch, parts
from porlake.chains._by_moment import BlocksByTime
from porlake.chains._identity import check_name, hash_of
from porlake.chains._questions import asked_once, of_one_address
from porlake.errors import BadAnswer, ChainError
from porlake.registry import Network
from porlake.transport import Endpoint, Http, Recording

METHOD = "addresses_balances"
DEPTH = 600  # blue score of a minute, at ten blocks a second
NEAR = 20  # scores that are looked through for one with a block of the selected chain


class Client(BlocksByTime, ByBatch):
    batch = 500  # a question has up to 200,000 bytes
    in_flight = 4

    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> None:
        place = of_one_address(endpoint)
        self._network, self._http = network, Http(network.network, place, recording)

    def block(self, height: int) -> BlockRef:
        """The block of the selected chain with a blue score, or the one before it. Raises ChainError,
        TransportError.
        """
        self._check_chain()
        for score in range(height, max(0, height - NEAR), -1):
            if (found := self._chain_block(score)) is not None:
                return found
        raise ChainError(f"{self._http.host}: has no block of the selected chain near the blue score {height:,}")

    def head(self) -> BlockRef:
        """The newest final block."""
        return self.block(self.final())

    def final(self) -> int:
        told, what = self._http.get("/info/virtual-chain-blue-score"), f"{self._http.host}: the blue score"
        if not isinstance(told, dict):
            raise BadAnswer(f"{what}: there is none")
        return max(0, numbers.height(told.get("blueScore"), what=what) - DEPTH)

    def ping(self) -> object:
        return self._http.get("/info/virtual-chain-blue-score")

    def ready(self, at: BlockRef) -> None:
        """Whether the server's node has an index of coins at all."""
        self._check_chain()
        told, what = self._http.get("/info/coinsupply"), f"{self._http.host}: the coins that there are"
        if not isinstance(told, dict) or not numbers.whole(told.get("circulatingSupply"), what=what):
            raise ChainError(f"{what}: the server knows of none")
        self._head_for(at)

    @asked_once
    def _head_for(self, at: BlockRef) -> BlockRef:
        """The head before the first account of a block is asked about: what is read is of it, or newer."""
        return self.head()

    def read_batch(self, wants: Sequence[Wanted], at: BlockRef) -> Sequence[Reading | Unread]:
        told = self._http.post("/addresses/balances", {"addresses": [want.address for want in wants]})
        what = f"{self._http.host}: balances"
        if not isinstance(told, list) or not all(isinstance(one, dict) for one in told):
            raise BadAnswer(f"{what}: they are no list")
        held = {str(one.get("address")): one.get("balance") for one in told}
        if len(told) != len(held) or held.keys() != {want.address for want in wants}:
            raise BadAnswer(f"{what}: of other addresses than were asked for")
        return [
            reading
            for want in wants
            for reading in parts(
                want, {}, self._head_for(at), "head", METHOD, self._http.host,
                total=numbers.whole(held[want.address], what=what),
            )
        ]  # fmt: skip

    # --- answers ---
    def _chain_block(self, score: int) -> BlockRef | None:
        """The block of the selected chain with a blue score; None where another chain's blocks alone have it."""
        told = self._http.get(f"/blocks-from-bluescore?blueScore={score}&includeTransactions=false")
        what = f"{self._http.host}: blocks of blue score {score:,}"
        if not isinstance(told, list):
            raise BadAnswer(f"{what}: they are no list")
        found = [self._block(one, score, what) for one in told]
        chosen = [block for block, is_chosen in found if is_chosen]
        if len(chosen) > 1:
            raise BadAnswer(f"{what}: two of the selected chain")
        return chosen[0] if chosen else None

    def _block(self, told: Any, score: int, what: str) -> tuple[BlockRef, bool]:
        """(a block, whether it is of the selected chain)."""
        try:
            header, more = told["header"], told["verboseData"]
            found, name, moment, is_chosen = (
                header["blueScore"],
                more["hash"],
                header["timestamp"],
                more["isChainBlock"],
            )
        except (TypeError, LookupError) as error:
            raise BadAnswer(f"{what}: one of another form") from error
        if numbers.height(found, what=what) != score or type(is_chosen) is not bool:
            raise ChainError(f"{what}: one of another score")
        return (
            BlockRef(score, hash_of(name, what=what), numbers.moment(moment, what=what, per_second=1000)),
            is_chosen,
        )

    @asked_once
    def _check_chain(self) -> None:
        told = self._http.get("/info/blockdag")
        check_name(self._network, self._http.host, told.get("networkName") if isinstance(told, dict) else told)
