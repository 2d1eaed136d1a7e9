"""A node that keeps an index by address (-addressindex, BitPay's patch of Bitcoin Core): Ravencoin, Qtum, Dash, Zcash's
zcashd, Horizen's zend. One address a request, any height.

`getaddressdeltas` lists what each output and input added to an address. Where one of `start` and `end` is missing, or
no number, or the node is of another mind, it gives the whole history without a word: so both are always given, what
comes must lie between them, and the node must name the block of the height as the last one that it looked at.
https://github.com/RavenProject/Ravencoin/blob/master/src/rpc/misc.cpp (getaddressdeltas)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from porlake import numbers
from porlake.chains import _questions as _alone
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._identity import hash_of
from porlake.chains._questions import of_one_address
from porlake.chains.utxo.node import Client as Node
from porlake.chains.utxo.scripts import Watched, watched
from porlake.errors import BadAnswer, ChainError, TransportError
from porlake.progress import Tell, silent
from porlake.registry import Network
from porlake.transport import Endpoint, Recording

METHOD = "getaddressdeltas"
IN_FLIGHT = 4


class Client(Node):
    def __init__(self, network: Network, endpoint: Endpoint | None, recording: Recording, tell: Tell = silent) -> None:
        place = of_one_address(endpoint.plain if endpoint else None)
        super().__init__(network, place, recording, tell)

    def balances(self, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading | Unread]:
        """One answer for each holding wanted; an address that was never used holds zero. Raises ChainError,
        TransportError.
        """
        asked, unread = watched(self._network, wanted)
        yield from unread
        if not asked:
            return
        self._check_chain()
        answers = _alone.one_by_one(asked, partial(self._balance, at=at), self.head, IN_FLIGHT)
        for found, answer in zip(asked, answers, strict=True):
            if isinstance(answer, TransportError | ChainError):
                yield Unread(found.want.asset, found.want.address, _alone.reason_of(answer))
            else:
                yield answer
        if self._hash_at(at.height) != at.hash:
            raise ChainError(f"{self._rpc.host}: block {at.height:,} was replaced while balances were read")

    def _balance(self, found: Watched, at: BlockRef) -> Reading | Unread:
        """The sum of what was added up to the block: all that the index holds of it, each part once."""
        want, what = found.want, f"{self._rpc.host}: {METHOD}"
        question = {"addresses": [want.address], "start": 1, "end": max(1, at.height), "chainInfo": True}
        answer = self._rpc.call(METHOD, [question])
        if not isinstance(answer, dict) or not isinstance(answer.get("deltas"), list):
            raise BadAnswer(f"{what}: no list with the blocks that it is of")
        end = answer.get("end")
        if not isinstance(end, dict) or (end.get("height"), end.get("hash")) != (at.height, at.hash):
            raise ChainError(f"{what}: does not end with the block that was asked for")
        held, seen = 0, set[tuple[str, int, int, bool]]()
        for delta in answer["deltas"]:
            part, added = self._delta(delta, want.address, at.height)
            if part in seen:
                raise BadAnswer(f"{what}: a part that stands twice")
            seen.add(part)
            held += added
        if held < 0:
            return Unread(want.asset, want.address, "negative_balance")
        held = numbers.whole(held, what=what)
        return Reading(
            want.asset, want.address, "total", held, at, "exact", METHOD, self._rpc.host, no_history=not seen
        )  # fmt: skip

    def _delta(self, delta: Any, address: str, most: int) -> tuple[tuple[str, int, int, bool], int]:
        """(the part's place: transaction, height, place in it, whether it spends; what it added). A part above `most`
        shows that the node left the bounds aside.
        """
        what = f"{self._rpc.host}: {METHOD}"
        if not isinstance(delta, dict) or delta.get("address") != address:
            raise BadAnswer(f"{what}: a part of another address, or none")
        added = numbers.whole(delta.get("satoshis"), what=what, least=-numbers.MOST)
        height = numbers.height(delta.get("height"), what=what, least=1)
        if height > most:
            raise BadAnswer(f"{what}: tells of block {height:,}, and asked for was up to {most:,}")
        txid = hash_of(delta.get("txid"), what=what)
        return (txid, height, numbers.whole(delta.get("index"), what=what), added < 0), added
