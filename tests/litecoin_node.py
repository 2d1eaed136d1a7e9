"""Litecoin Core on regtest, with the extension block active: coins that everybody sees, and coins that nobody does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bitcoin_node import NODES, Node, started

LITECOIN = NODES / "litecoin"
#: The extension block is active from here on in regtest, and its first one must hold a coin.
ACTIVE = 432
COIN = 10**8
PEGGED = 7 * COIN


@contextmanager
def litecoind() -> Iterator[Node]:
    """A node whose `held` is by its own addresses, in base units, at ACTIVE, its tip."""
    with started(LITECOIN, "usr/lib/litecoin/litecoind") as node:
        build(node)
        yield node


def build(node: Node) -> None:
    node.rpc("createwallet", "tests")
    miner = node.rpc("getnewaddress")
    node.rpc("generatetoaddress", ACTIVE - 2, miner)
    for power, kind in enumerate(("legacy", "p2sh-segwit", "bech32"), 20):
        address = node.rpc("getnewaddress", "", kind)
        node.rpc("sendtoaddress", address, f"{2**power / COIN:.8f}")
        node.held[address] = 2**power
    node.rpc("generatetoaddress", 1, miner)
    node.rpc("sendtoaddress", node.rpc("getnewaddress", "", "mweb"), PEGGED // COIN)
    node.rpc("generatetoaddress", 1, miner)
