"""Bitcoin through Bitcoin Core's RPC: `scantxoutset` sums the coins of all watched scripts in one pass.

The scan sees the tip alone: a balance is exact only while the tip is the snapshot block, compared by hash; otherwise it is `head`, with the
block that was really read. https://developer.bitcoin.org/reference/rpc/scantxoutset.html
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from porlake import addresses
from porlake.addresses import bitcoin as form
from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.errors import BadAnswer, ChainError
from porlake.registry import Network
from porlake.transport import Endpoint, JsonRpc, Tape

METHOD = "scantxoutset"
CHUNK = 100_000  # descriptors in one request: 6 MB of the node's 32 MiB
SCANS = 3
SATOSHI = Decimal(10) ** 8  # the RPC prints bitcoins; this is its wire format, not our scale


def open_client(network: Network, endpoint: Endpoint | None, tape: Tape) -> Client:
    return Client(network, JsonRpc(network.network, endpoint, tape))


class Client:
    def __init__(self, network: Network, rpc: JsonRpc) -> None:
        self._network, self._rpc = network, rpc

    def block(self, height: int) -> BlockRef:
        """Raises RequestFailed for a height above the tip, ChainError, TransportError."""
        return self._header(self._rpc.call("getblockhash", [height]), height)

    def head(self) -> BlockRef:
        return self._header(self._rpc.call("getbestblockhash", []), None)

    def balances(self, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading | Unread]:
        """One answer for each holding wanted; a script without coins holds zero. Raises ChainError, TransportError."""
        native = [want for want in wanted if want.token.kind == "native"]
        for want in wanted:
            if want.token.kind != "native":
                yield Unread(want.asset, want.address, "token_not_in_utxo_set")
        if not native:
            return
        scripts = {want.address: form.script(addresses.parse(self._network.network, want.address)).hex() for want in native}
        coins, read = self._scan(sorted(set(scripts.values())))
        as_of = "exact" if read.hash == at.hash else "head"
        for want in native:
            yield Reading(want.asset, want.address, "total", coins[scripts[want.address]], read, as_of, METHOD, self._rpc.host)

    def _scan(self, scripts: list[str]) -> tuple[dict[str, int], BlockRef]:
        """Satoshi by script, and the tip that was scanned. All chunks see one tip, or the scan begins anew."""
        for _ in range(SCANS):
            coins: dict[str, int] = defaultdict(int)
            tips = set()
            for start in range(0, len(scripts), CHUNK):
                tips.add(self._scan_chunk(scripts[start : start + CHUNK], coins))
            if len(tips) == 1:
                return coins, self._header(tips.pop(), None)
        raise ChainError(f"{self._rpc.host}: the tip moved in each of {SCANS} scans")

    def _scan_chunk(self, scripts: list[str], coins: dict[str, int]) -> str:
        answer = self._rpc.call("scantxoutset", ["start", [f"raw({script})" for script in scripts]])
        if not isinstance(answer, dict) or answer.get("success") is not True or "bestblock" not in answer:
            raise BadAnswer(f"{self._rpc.host}: scantxoutset: the scan did not end")
        watched = set(scripts)
        for coin in answer["unspents"]:
            if coin["scriptPubKey"] not in watched:
                raise BadAnswer(f"{self._rpc.host}: scantxoutset: a coin of a script that was not asked for")
            coins[coin["scriptPubKey"]] += self._satoshi(coin["amount"])
        return str(answer["bestblock"])

    def _satoshi(self, amount: Any) -> int:
        value = Decimal(amount) * SATOSHI if isinstance(amount, Decimal | int) else None
        if value is None or value != value.to_integral_value() or value < 0:
            raise BadAnswer(f"{self._rpc.host}: scantxoutset: {str(amount)[:40]} is no amount of satoshi")
        return int(value)

    def _header(self, block_hash: Any, height: int | None) -> BlockRef:
        header = self._rpc.call("getblockheader", [block_hash])
        if not isinstance(header, dict) or header.get("hash") != block_hash or (height is not None and header.get("height") != height):
            raise ChainError(f"{self._rpc.host}: getblockheader does not give the block that was asked for")
        return BlockRef(header["height"], str(block_hash), datetime.fromtimestamp(header["time"], UTC))
