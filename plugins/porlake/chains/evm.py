"""EVM chains: balances of the native coin and of ERC-20 tokens, thousands of addresses in one `eth_call` at a pinned block hash.

The call carries a program of ours as a code override (geth's third parameter) and names the block by its hash (EIP-1898); the program
returns the block's number and its parent's hash with the balances, so that a node that answers with another state is caught. JSON-RPC is
spoken over a lean HTTP client: web3.py's formatting of each answer costs more than the node's work.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from porlake.chains._answers import BlockRef, Reading, Unread, Wanted
from porlake.chains._programs import FAILED, NATIVE_CODE, PLACE, TOKEN_CODE
from porlake.errors import BadAnswer, ChainError, RequestFailed, TooBig
from porlake.registry import Network, Token
from porlake.transport import Endpoint, JsonRpc, Tape

METHOD = "eth_call_override"
CHUNK = 3_000  # 100,000 bytes of return data is the cap of Erigon and Bor: 3,123 words
IN_FLIGHT = 4
LARGEST = 10**38

# Inside a call NUMBER is the settlement layer's block there: the pinned hash alone says which block is read.
FOREIGN_NUMBER = frozenset({"arbitrum", "arbitrum_nova"})


def open_client(network: Network, endpoint: Endpoint | None, tape: Tape) -> Client:
    return Client(network, JsonRpc(network.network, endpoint, tape))


class Client:
    def __init__(self, network: Network, rpc: JsonRpc) -> None:
        self._network, self._rpc = network, rpc
        self._checked = False
        self._parents: dict[str, str] = {}

    def block(self, height: int) -> BlockRef:
        """Raises ChainError where the endpoint is of another chain or gives another block, TransportError."""
        self._check_chain()
        return self._block(self._rpc.call("eth_getBlockByNumber", [hex(height), False]), height)

    def head(self) -> BlockRef:
        self._check_chain()
        return self._block(self._rpc.call("eth_getBlockByNumber", ["latest", False]), None)

    def balances(self, wanted: Sequence[Wanted], at: BlockRef) -> Iterator[Reading | Unread]:
        """One answer for each holding wanted, zero included. Raises ChainError, TransportError."""
        by_token: dict[Token, list[Wanted]] = defaultdict(list)
        for want in wanted:
            by_token[want.token].append(want)
        for token, wants in by_token.items():
            yield from self._of_token(token, wants, at)

    def _of_token(self, token: Token, wants: list[Wanted], at: BlockRef) -> Iterator[Reading | Unread]:
        chunks = [wants[i : i + CHUNK] for i in range(0, len(wants), CHUNK)]
        calls = (("eth_call", self._question(token, chunk, at)) for chunk in chunks)
        answers = self._rpc.many(calls, IN_FLIGHT) if len(chunks) > 1 else None
        for chunk in chunks:
            try:
                answer = next(answers) if answers else self._rpc.call("eth_call", self._question(token, chunk, at))
                yield from self._read(chunk, answer, at)
            except TooBig:
                # `many` ends at its first error: the rest goes one call at a time, in pieces that the node takes.
                answers = None
                yield from self._halved(token, chunk, at)
            except RequestFailed as error:
                raise ChainError(f"{error}: the endpoint refuses eth_call with a code override at a block hash") from error

    def _halved(self, token: Token, wants: list[Wanted], at: BlockRef) -> Iterator[Reading | Unread]:
        """Raises TooBig where even one address is too much."""
        if len(wants) == 1:
            raise TooBig(f"{self._rpc.host}: one balance in a call is too much for the endpoint")
        for half in (wants[: len(wants) // 2], wants[len(wants) // 2 :]):
            try:
                yield from self._read(half, self._rpc.call("eth_call", self._question(token, half, at)), at)
            except TooBig:
                yield from self._halved(token, half, at)

    def _question(self, token: Token, wants: list[Wanted], at: BlockRef) -> list[Any]:
        code = NATIVE_CODE if token.kind == "native" else TOKEN_CODE
        data = token.contract[2:] + "".join(want.address[2:] for want in wants)
        block = {"blockHash": at.hash, "requireCanonical": True}
        return [{"to": PLACE, "data": "0x" + data}, block, {PLACE: {"code": "0x" + code.hex()}}]

    def _read(self, wants: list[Wanted], answer: Any, at: BlockRef) -> Iterator[Reading | Unread]:
        words = self._words(answer, len(wants))
        if self._network.network not in FOREIGN_NUMBER and (words[0] != at.height or f"0x{words[1]:064x}" != self._parents[at.hash]):
            raise ChainError(f"{self._rpc.host}: asked for block {at.height:,} of {self._network.name}, it answered from block {words[0]:,}")
        for want, raw in zip(wants, words[2:], strict=True):
            if raw == FAILED:
                yield Unread(want.asset, want.address, "token_call_failed")
            elif raw >= LARGEST:
                yield Unread(want.asset, want.address, "balance_too_large")
            else:
                yield Reading(want.asset, want.address, "total", raw, at, "exact", METHOD, self._rpc.host)

    def _words(self, answer: Any, count: int) -> list[int]:
        if answer == "0x":
            raise ChainError(f"{self._rpc.host}: the endpoint ignores code overrides in eth_call (empty answer)")
        try:
            data = bytes.fromhex(answer[2:])
        except (TypeError, ValueError) as error:
            raise BadAnswer(f"{self._rpc.host}: eth_call: the answer is no hex") from error
        if len(data) != 32 * (count + 2):
            raise BadAnswer(f"{self._rpc.host}: eth_call: {len(data)} bytes for {count} balances")
        return [int.from_bytes(data[i : i + 32], "big") for i in range(0, len(data), 32)]

    def _check_chain(self) -> None:
        if self._checked:
            return
        wanted = int(self._network.caip2.rpartition(":")[2])
        found = self._number(self._rpc.call("eth_chainId", []), "eth_chainId")
        if found != wanted:
            raise ChainError(f"{self._rpc.host}: the endpoint is of chain {found}, {self._network.name} is {wanted}")
        self._checked = True

    def _block(self, answer: Any, height: int | None) -> BlockRef:
        if answer is None:
            raise ChainError(f"{self._rpc.host}: {self._network.name} has no block {height:,}")
        if not isinstance(answer, dict) or not {"number", "hash", "parentHash", "timestamp"} <= answer.keys():
            raise BadAnswer(f"{self._rpc.host}: eth_getBlockByNumber: the answer is no block")
        number = self._number(answer["number"], "eth_getBlockByNumber")
        if height is not None and number != height:
            raise ChainError(f"{self._rpc.host}: asked for block {height:,}, it gave {number:,}")
        self._parents[answer["hash"]] = answer["parentHash"]
        seconds = self._number(answer["timestamp"], "eth_getBlockByNumber")
        return BlockRef(number, answer["hash"], datetime.fromtimestamp(seconds, UTC))

    def _number(self, text: Any, method: str) -> int:
        try:
            return int(text, 16)
        except (TypeError, ValueError) as error:
            raise BadAnswer(f"{self._rpc.host}: {method}: {str(text)[:40]!r} is no hex number") from error
