"""Litecoin Core on regtest, with the extension block active: coins that everybody sees, and coins that nobody does."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bitcoin_node import NODES, Node, free_port, wait_for

LITECOIN = NODES / "litecoin"
#: The extension block is active from here on in regtest, and its first one must hold a coin.
ACTIVE = 432
COIN = 10**8
PEGGED = 7 * COIN


@contextmanager
def litecoind() -> Iterator[Node]:
    """A node whose `held` is by its own addresses, in base units, at ACTIVE, its tip."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        libraries = ":".join(str(LITECOIN / place) for place in ("usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"))
        options = ["-regtest", f"-datadir={folder}", f"-rpcport={port}", "-rpcuser=u", "-rpcpassword=p", "-listen=0",
                   "-txindex",
                   "-fallbackfee=0.0001", "-printtoconsole=0"]  # fmt: skip
        command = [str(next(LITECOIN.rglob("ld-linux-x86-64.so.2"))), "--library-path", libraries,
                   str(LITECOIN / "usr/lib/litecoin/litecoind"), *options]  # fmt: skip
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            node = Node(f"http://u:p@127.0.0.1:{port}", Path(folder))
            wait_for(lambda: node.rpc("getblockcount"))
            build(node)
            yield node
        finally:
            process.kill()
            process.wait()


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
