"""anvil for the tests that need its proofs or calls: a node, a few accounts, a block that lies in the past."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from support import ROOT

ANVIL = ROOT / ".nodes/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil"
needs_anvil = pytest.mark.skipif(not ANVIL.exists(), reason="`make nodes` has not installed anvil")


class Node:
    def __init__(self, url: str) -> None:
        self.url = url

    def __call__(self, method: str, *params: Any) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url, body, {"Content-Type": "application/json"}), timeout=30) as response:
            answer = json.load(response)
        if answer.get("error"):
            raise OSError(f"{method}: {answer['error']}")
        return answer["result"]

    def mine(self, times: int = 1) -> int:
        """The height of the last block mined; anvil freezes a state when the next block is mined."""
        for _ in range(times):
            self("evm_mine")
        return int(self("eth_blockNumber"), 16)


@contextmanager
def anvil(*options: str) -> Iterator[Node]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([str(ANVIL), "--port", str(port), "--chain-id", "1", "--no-mining", "--silent", *options])
    node = Node(f"http://127.0.0.1:{port}")
    try:
        for _ in range(200):
            try:
                node("eth_chainId")
                break
            except OSError:
                time.sleep(0.05)
        yield node
    finally:
        process.kill()
        process.wait()
