"""Insight, BitPay's index of Bitcoin's family, and what speaks its API: Dash's explorer, dcrdata of Decred. One address
a request.

The balance at a height is that of now without the transactions after it. Decred's own API writes sums as floats; those
of this one are whole numbers, and what outputs pay, which both write in coins, is taken only with as many digits as the
coin has. dcrdata counts coins in tickets as those of the address that votes.
https://github.com/bitpay/insight-api#api-http-endpoints,
https://github.com/decred/dcrdata (cmd/dcrdata/internal/api/insight)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from porlake import addresses, numbers
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._identity import hash_of
from porlake.chains.utxo.address_index import AddressIndex, Now
from porlake.chains.utxo.scripts import Watched
from porlake.errors import BadAnswer, ChainError, InvalidAddress, NodeBehind
from porlake.registry import Network
from porlake.transport import Endpoint, Recording

METHOD = "insight"
PAGES, PAGE = 40, 50  # more than 50 transactions in one answer are refused
#: Lists are in the order of blocks' times, which may fall: by hours at most, for a block lies above the median of the
#: eleven before it and two hours ahead of its makers' clocks at most.
DISORDER = timedelta(hours=4)


def open_client(network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
    return Client(network, endpoint, recording)


class Client(AddressIndex):
    method = METHOD

    def balances(self, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading | Unread]:
        """As of every index; NodeBehind where the index does not reach the block, though its node may."""
        if (tip := self.head()).height < at.height:
            raise NodeBehind(f"{self._http.host}: the index is at block {tip.height:,}, asked for was {at.height:,}")
        yield from super().balances(wanted, at)

    def _block_at(self, height: int) -> BlockRef:
        found = self._http.get(f"/block-index/{height}")
        if not isinstance(found, dict) or "blockHash" not in found:
            raise ChainError(f"{self._http.host}: has no block {height:,}")
        block = self._block(hash_of(found["blockHash"], what=f"{self._http.host}: block {height:,}"))
        if block.height != height:
            raise ChainError(f"{self._http.host}: gives block {block.height:,}, asked for was {height:,}")
        return block

    def _block(self, name: str) -> BlockRef:
        block, what = self._http.get(f"/block/{name}"), f"{self._http.host}: a block"
        if not isinstance(block, dict):
            raise BadAnswer(f"{what}: the answer is none")
        found = BlockRef(
            numbers.height(block.get("height"), what=what), hash_of(block.get("hash"), what=what),
            numbers.moment(block.get("time"), what=what)
        )  # fmt: skip
        if found.hash != name:
            raise ChainError(f"{what}: another one than was asked for")
        return found

    def _tip(self) -> BlockRef:
        """The lower one of the index's and its node's."""
        answer, what = self._http.get("/status?q=getLastBlockHash"), f"{self._http.host}: its last block"
        if not isinstance(answer, dict):
            raise BadAnswer(f"{what}: there is none")
        names = {hash_of(answer.get(field), what=what) for field in ("syncTipHash", "lastblockhash")}
        return min((self._block(name) for name in sorted(names)), key=lambda block: block.height)

    def _now(self, address: str) -> Now:
        answer, what = self._http.get(f"/addr/{address}?noTxList=1"), f"{self._http.host}: the balance of an address"
        if not isinstance(answer, dict) or not self._is_of(answer.get("addrStr"), address):
            raise BadAnswer(f"{what}: there is none, or that of another address")
        held = numbers.whole(answer.get("balanceSat"), what=what, least=-numbers.MOST)
        paid, spent = (numbers.whole(answer.get(name), what=what) for name in ("totalReceivedSat", "totalSentSat"))
        if paid - spent != held:
            raise BadAnswer(f"{what}: it is not what was received less what was sent")
        count = numbers.whole(answer.get("txApperances", answer.get("txAppearances")), what=what)
        return Now(held, count, (paid, spent, count))

    def _since(self, found: Watched, height: int) -> int | None:
        address, after, every, seen = found.want.address, 0, 0, set[str]()
        before = self._block_at(height).time - DISORDER
        for page in range(PAGES):
            start = page * PAGE
            answer = self._http.get(f"/addrs/{address}/txs?from={start}&to={start + PAGE}")
            what = f"{self._http.host}: transactions of an address"
            if not isinstance(answer, dict) or not isinstance(answer.get("items"), list):
                raise BadAnswer(f"{what}: there are none")
            for transaction in answer["items"]:
                at, txid, when, added = self._transaction(transaction, found)
                if txid in seen:
                    raise BadAnswer(f"{what}: one that stands twice")
                seen.add(txid)
                if at is not None:  # those in no block yet are not in the balance
                    every, after = every + added, after + (added if at > height else 0)
                    if at <= height and when <= before:
                        return after
            if start + PAGE >= numbers.whole(answer.get("totalItems"), what=what) or not answer["items"]:
                if every != self._now(address).held:
                    raise BadAnswer(f"{what}: all of them do not add up to the balance")
                return after
        return None

    def _transaction(self, transaction: Any, found: Watched) -> tuple[int | None, str, datetime, int]:
        """(height, None in no block yet; id; time; what it added to the address)."""
        what, address, scale = f"{self._http.host}: a transaction", found.want.address, found.want.token.decimals
        try:
            paid = sum(
                numbers.base_units(output["value"], what=what, scale=scale)
                for output in transaction["vout"]
                if self._pays(output["scriptPubKey"].get("addresses") or [], address)
            )
            spent = sum(
                numbers.whole(spend["valueSat"], what=what)
                for spend in transaction["vin"]
                if self._is_of(spend.get("addr"), address)
            )
            height = transaction.get("blockheight", -1)
            in_a_block = numbers.whole(transaction.get("confirmations", 0), what=what) > 0
            height = numbers.height(height, what=what, least=0 if in_a_block else -1)
            when = numbers.moment(transaction["blocktime" if in_a_block else "time"], what=what)
            name = hash_of(transaction["txid"], what=what)
        except (TypeError, LookupError, AttributeError) as error:
            raise BadAnswer(f"{what} of another form") from error
        if not in_a_block and height > 0:
            raise BadAnswer(f"{what}: in a block, and not confirmed")
        return height if in_a_block else None, name, when, paid - spent

    def _pays(self, listed: list[Any], address: str) -> bool:
        """An output in bare multisig names several addresses and belongs to none of them alone."""
        return len(listed) == 1 and self._is_of(listed[0], address)

    def _is_of(self, text: object, address: str) -> bool:
        try:
            return text == address or (
                isinstance(text, str) and addresses.parse(self._network.network, text).text == address
            )
        except InvalidAddress:
            return False
