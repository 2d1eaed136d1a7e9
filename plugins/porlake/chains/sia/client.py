"""Siacoin by explored, the index behind siascan.com: one account a question.
https://github.com/SiaFoundation/explored/blob/master/api/client.go

The index tells what an address holds now, and its events from the newest on: where none lies above the snapshot's
block, the balance of now is that of the block. Which event is the newest is only believed of a list that falls. An
address that was never used is told as zero without a word: the index must know events of whoever was paid for making
the block. Coins that are not mature yet are owned, and in the total; those inside of contracts are not the address's.
"""

from __future__ import annotations

from datetime import datetime

from porlake import numbers
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._by_account import ByAccount, parts
from porlake.chains._by_moment import block_at
from porlake.chains._identity import check_chain, hash_of
from porlake.chains._questions import asked_once, of_one_address
from porlake.chains._unchanged import unchanged
from porlake.errors import BadAnswer, ChainError, NodeBehind
from porlake.registry import Network
from porlake.transport import Endpoint, Http, Recording

METHOD = "explored_balance"
DEPTH = 6  # blocks, an hour: no deeper replacement was ever seen
PAGE = 10
MEDIAN_OF = 11  # a block is later than the median of the eleven before it


class Client(ByAccount):
    unchanged_since = True
    in_flight = 4  # the rate that the public index allows is not published

    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> None:
        place = of_one_address(endpoint)
        self._network, self._http = network, Http(network.network, place, recording)

    def block(self, height: int) -> BlockRef:
        """Raises ChainError for a block above the tip, TransportError."""
        self._check_chain()
        return self._block(height)[0]

    def head(self) -> BlockRef:
        """The newest final block."""
        return self.block(self.final())

    def final(self) -> int:
        return max(0, self._tip() - DEPTH)

    def block_at(self, moment: datetime) -> BlockRef:
        return block_at(self._network, moment, self.head(), self.block, MEDIAN_OF)

    def ping(self) -> object:
        return self._tip()

    def ready(self, at: BlockRef) -> None:
        self._read_from(at)

    @asked_once
    def _read_from(self, at: BlockRef) -> tuple[BlockRef, BlockRef]:
        """(the tip, the newest final block) before the first account of a block is asked about. The index must have
        come to the block, and know an account of it.
        """
        self._check_chain()
        tip = self._tip()
        if tip < at.height:
            raise NodeBehind(f"{self._http.host}: the index is at block {tip:,}, asked for was {at.height:,}")
        found, maker = self._block(at.height)
        if found != at:
            raise ChainError(f"{self._http.host}: block {at.height:,} is another one than before")
        if not self._events(maker):
            raise ChainError(f"{self._http.host}: knows nothing of who made block {at.height:,}")
        return self._block(tip)[0], self._block(max(0, tip - DEPTH))[0]

    def read_account(self, want: Wanted, at: BlockRef) -> list[Reading] | Unread:
        """All that is asked for one block is of the tip before the first question, or newer."""
        tip, final = self._read_from(at)
        told, what = self._http.get(f"/addresses/{want.address}/balance"), f"{self._http.host}: a balance"
        if not isinstance(told, dict):
            raise BadAnswer(f"{what}: there is none")
        liquid, immature = (
            numbers.whole(told.get(name), what=f"{what}: {name}") for name in ("unspentSiacoins", "immatureSiacoins")
        )
        events = self._events(want.address)
        if not events and liquid + immature:
            raise BadAnswer(f"{what}: coins, and nothing that ever happened")
        last = max(events, default=None)
        block = final if last is None or last <= final.height else tip
        source, no_history = self._http.host, not events
        (total,) = parts(want, {}, block, "head", METHOD, source, total=liquid + immature, no_history=no_history)
        if block == final:
            answer = f"no event above {last:,}" if last is not None else "no events"
            total = unchanged(total, at, final, last, answer)
        if total.as_of == "exact" or not immature:
            return [total]  # what is mature now need not have been then
        return parts(want, {"liquid": liquid, "immature": immature}, block, "head", METHOD, source)

    # --- answers ---
    def _events(self, address: str) -> list[int]:
        """Heights of the newest events of an address, and where there are more one that no other lies above. The index
        sorts by the height from which coins can be spent, which is that of the event or above it.
        """
        told, what = self._http.get(f"/addresses/{address}/events?offset=0&limit={PAGE}"), f"{self._http.host}: events"
        if not isinstance(told, list) or len(told) > PAGE:
            raise BadAnswer(f"{what}: they are no list of {PAGE} at most")
        heights, ripe, seen = list[int](), list[int](), set[str]()
        for event in told:
            try:
                name, height, mature = event["id"], event["index"]["height"], event["maturityHeight"]
            except (TypeError, LookupError) as error:
                raise BadAnswer(f"{what}: one of another form") from error
            if not isinstance(name, str) or name in seen:
                raise BadAnswer(f"{what}: one that stands twice, or without a name")
            seen.add(name)
            heights.append(numbers.height(height, what=what))
            ripe.append(numbers.height(mature, what=what))
        by_ripe = ripe == sorted(ripe, reverse=True)
        if not by_ripe and heights != sorted(heights, reverse=True):
            raise BadAnswer(f"{what}: they do not come from the newest on")
        return heights + ([ripe[-1] if by_ripe else heights[-1]] if len(told) == PAGE else [])

    def _block(self, height: int) -> tuple[BlockRef, str]:
        """(a block, the address of who was paid for making it)."""
        name, what = self._name_at(height), f"{self._http.host}: block {height:,}"
        told = self._http.get(f"/blocks/{name}")
        try:
            number, moment = told["height"], told["timestamp"]
            maker = told["minerPayouts"][0]["siacoinOutput"]["address"]
        except (TypeError, LookupError) as error:
            raise BadAnswer(f"{what}: a block of another form") from error
        if numbers.height(number, what=what) != height or not isinstance(maker, str) or not maker.isalnum():
            raise ChainError(f"{what}: it gave another one")
        return BlockRef(height, name, numbers.instant(moment, what=what)), maker

    def _name_at(self, height: int) -> str:
        number, name = self._index(f"/consensus/tip/{height}")
        if number != height:
            raise ChainError(f"{self._http.host}: asked for block {height:,}, it gave {number:,}")
        return name

    def _tip(self) -> int:
        """Of the index, which its node may be ahead of."""
        return self._index("/explorer/tip")[0]

    def _index(self, path: str) -> tuple[int, str]:
        told, what = self._http.get(path), f"{self._http.host}: {path}"
        if not isinstance(told, dict):
            raise ChainError(f"{what}: there is none")
        name = told.get("id")
        name = name.removeprefix("bid:") if isinstance(name, str) else name
        return numbers.height(told.get("height"), what=what), hash_of(name, what=what)

    @asked_once
    def _check_chain(self) -> None:
        check_chain(self._network, self._http.host, self._name_at)
