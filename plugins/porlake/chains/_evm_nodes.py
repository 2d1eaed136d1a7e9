"""One endpoint of an EVM network as it turns out to be: its chain, its blocks, what it can be asked and how much of it at once.

All of it is learned from answers, in the order in which they are taken, and remembered for the run: a replay takes the same steps.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from porlake.chains._answers import BlockRef
from porlake.chains._evm_methods import LADDER, Method, Pin, Unsupported
from porlake.chains._evm_words import Accounts, Words
from porlake.errors import BadAnswer, ChainError, RequestFailed, TimedOut, TooBig, TransportError, Unavailable
from porlake.registry import EvmNetwork, Network, Token
from porlake.transport import JsonRpc

GROW_AFTER = 8
SLOW = 3
LOOK_BACK = 20
ORDINARY = frozenset({"0x0", "0x1", "0x2", "0x71"})  # kinds of transactions that count their sender's nonce up; 0x71 is zkSync's own


class Node:
    """`lost` is the error for which the node is no longer asked, None while it is."""

    def __init__(self, network: Network, facts: EvmNetwork, rpc: JsonRpc) -> None:
        self._network, self._facts, self.rpc = network, facts, rpc
        self.lost: TransportError | ChainError | None = None
        programs = facts.self_check != "none"
        self._rungs = [(method, by_hash) for method in LADDER if programs or method.name not in PROGRAMS for by_hash in (True, False)]
        self._refused: list[str] = []
        self.rung, self.size, self.proven = 0, self._rungs[0][0].first, False
        self._good, self._slow = 0, 0
        self._checked = False
        self._headers: dict[int, dict[str, Any]] = {}
        self._shown: set[str] = set()

    @property
    def method(self) -> Method:
        return self._rungs[self.rung][0]

    # --- blocks ---
    def block(self, height: int) -> BlockRef:
        """Raises ChainError where the endpoint is of another chain or gives another block, TransportError."""
        header = self._header(hex(height), height)
        self._headers[height] = header
        return _ref(header)

    def tagged(self, tag: str) -> BlockRef:
        return _ref(self._header(tag, None))

    def final(self) -> int:
        """The height up to which no block can be reversed any more, by the network's rule."""
        if self._facts.final_tag:
            try:
                return self.tagged(self._facts.final_tag).height
            except (RequestFailed, Unavailable, BadAnswer):
                pass  # a node that does not know the tag: the depth decides
        return max(0, self.tagged("latest").height - self._facts.final_depth)

    def pin(self, at: BlockRef) -> Pin:
        """The block as the present way of asking names it. Raises ChainError where this node has another block there."""
        if at.height not in self._headers:
            self.block(at.height)
        header = self._headers[at.height]
        if header["hash"] != at.hash:
            raise ChainError(f"{self.rpc.host}: block {at.height:,} of {self._network.name} is {header['hash']} there, not {at.hash}")
        return Pin(self._network, self._facts, at.height, at.hash, header["parentHash"], self._rungs[self.rung][1])

    def ready(self, at: BlockRef) -> Pin:
        """The pin, once it is known that answers can be trusted to be of it."""
        pin = self.pin(at)
        if not self.method.checks and at.hash not in self._shown:
            self._show_the_past(at)
            self._shown.add(at.hash)
        return pin

    def still(self, at: BlockRef) -> None:
        """Raises ChainError where the block was replaced while it was read, which answers of these methods would not show."""
        if at.hash in self._shown and self.block(at.height).hash != at.hash:
            raise ChainError(f"{self.rpc.host}: block {at.height:,} of {self._network.name} was replaced while it was read")

    def _show_the_past(self, at: BlockRef) -> None:
        """Raises ChainError unless the node keeps the past: at a block with a transaction the sender's nonce is higher than before it."""
        for height in range(at.height, max(0, at.height - LOOK_BACK), -1):
            block = self._call("eth_getBlockByNumber", [hex(height), True])
            if height == at.height and isinstance(block, dict) and block.get("hash") != at.hash:
                raise ChainError(f"{self.rpc.host}: block {height:,} of {self._network.name} is another than before")
            for sent in reversed(block.get("transactions", []) if isinstance(block, dict) else []):
                if isinstance(sent, dict) and sent.get("type", "0x0") in ORDINARY and isinstance(sent.get("from"), str):
                    return self._compare_nonces(sent["from"], height)
        raise ChainError(f"{self.rpc.host}: nothing shows that it keeps the past of {self._network.name}: no transaction near block {at.height:,}")

    def _compare_nonces(self, sender: str, height: int) -> None:
        before, after = (_number(self.rpc.host, self._call("eth_getTransactionCount", [sender, hex(h)]), "nonce") for h in (height - 1, height))
        if not before < after:
            raise ChainError(f"{self.rpc.host}: asked for the state before and after block {height:,} of {self._network.name}, it gives one for both")

    def _header(self, name: str, height: int | None) -> dict[str, Any]:
        self._check_chain()
        header = self._call("eth_getBlockByNumber", [name, False])
        what = f"block {height:,}" if height is not None else f"block {name!r}"
        if header is None:
            raise Unavailable(f"{self.rpc.host}: {self._network.name} has no {what}")
        if not isinstance(header, dict) or not all(isinstance(header.get(key), str) for key in ("number", "hash", "parentHash", "timestamp")):
            raise BadAnswer(f"{self.rpc.host}: eth_getBlockByNumber: the answer is no block")
        found = _number(self.rpc.host, header["number"], "eth_getBlockByNumber")
        if height is not None and found != height:
            raise ChainError(f"{self.rpc.host}: asked for {what}, it gave {found:,}")
        _number(self.rpc.host, header["timestamp"], "eth_getBlockByNumber")
        return header

    def _check_chain(self) -> None:
        if self._checked:
            return
        wanted = int(self._network.caip2.rpartition(":")[2])
        found = _number(self.rpc.host, self._call("eth_chainId", []), "eth_chainId")
        if found != wanted:
            raise ChainError(f"{self.rpc.host}: the endpoint is of chain {found}, {self._network.name} is {wanted}")
        self._checked = True

    def _call(self, method: str, params: list[Any]) -> Any:
        return self.rpc.call(method, params)

    # --- balances ---
    def ask(self, rung: int, pin: Pin, token: Token, accounts: Accounts) -> Words:
        return self._rungs[rung][0].ask(self.rpc, pin, token, accounts)

    def did(self, rung: int) -> None:
        """An answer was good: after a row of them the node is asked for more."""
        if rung != self.rung:
            return
        self.proven, self._slow = True, 0
        self._good += 1
        if self._good >= GROW_AFTER and self.size < self.method.most:
            self.size, self._good = min(self.method.most, self.size + max(1, self.size // 4)), 0

    def met(self, error: TransportError | ChainError, rung: int, count: int) -> None:
        """A question for `count` accounts failed: ask for half, or in another way, or no longer."""
        if self.lost is not None or rung != self.rung:
            return  # learned already, from an earlier answer
        if isinstance(error, Unsupported):
            self._down(error)
        elif isinstance(error, TooBig | TimedOut):
            self._slow += isinstance(error, TimedOut)
            if self._slow >= SLOW:
                self.lost = error
            elif count == 1:
                self._down(error)
            elif count <= self.size:
                self.size, self._good = count // 2, 0
        else:
            self.lost = error

    def _down(self, error: TransportError | ChainError) -> None:
        method, by_hash = self._rungs[self.rung]
        self._refused.append(f"{method.name} {'at a block hash' if by_hash else 'at a block number'}: {error}")
        if self.rung + 1 == len(self._rungs):
            self.lost = ChainError(f"{self.rpc.host}: no way of asking it for balances works; " + "; ".join(self._refused))
            return
        self.rung += 1
        self.size, self._good, self.proven = self.method.first, 0, False


#: Methods that run programs of ours.
PROGRAMS = frozenset({"eth_call_override", "eth_call_creation"})


def _ref(header: dict[str, Any]) -> BlockRef:
    return BlockRef(int(header["number"], 16), header["hash"], datetime.fromtimestamp(int(header["timestamp"], 16), UTC))


def _number(host: str, text: Any, method: str) -> int:
    try:
        return int(text, 16)
    except (TypeError, ValueError) as error:
        raise BadAnswer(f"{host}: {method}: {str(text)[:40]!r} is no hex number") from error
