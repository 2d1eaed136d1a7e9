"""anvil for the tests that need its proofs or calls: a node, a few accounts, a block that lies in the past."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from anvil import ANVIL, answering
from ports import free_port
from support import on_loopback, reply

needs_anvil = pytest.mark.skipif(not ANVIL.exists(), reason="`make nodes` has not installed anvil")


class Node:
    def __init__(self, url: str) -> None:
        self.url = url

    def __call__(self, method: str, *params: Any) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}).encode()
        with urllib.request.urlopen(
            urllib.request.Request(self.url, body, {"Content-Type": "application/json"}), timeout=30
        ) as response:
            answer = json.load(response)
        if answer.get("error"):
            raise LookupError(answer["error"])
        return answer["result"]

    def mine(self, times: int = 1) -> int:
        """The height of the last block mined; anvil freezes a state when the next block is mined."""
        for _ in range(times):
            self("evm_mine")
        return int(self("eth_blockNumber"), 16)


@contextmanager
def anvil(*options: str) -> Iterator[Node]:
    port = free_port()
    command = [
        str(ANVIL),
        "--port",
        str(port),
        "--chain-id",
        "1",
        "--no-mining",
        "--silent",
        "--slots-in-an-epoch",
        "1",
        *options,
    ]
    with answering(command, port) as url:
        yield Node(url)


Change = Callable[[dict[str, Any], Any], Any]


@contextmanager
def changing(node: Node, change: Change) -> Iterator[str]:
    """The node behind something that may change its answers: `change` is given the question and the answer.

    A LookupError with an error object, of the node or of `change`, is answered as that error.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                answer = change(question, node(question["method"], *question["params"]))
                body = {"jsonrpc": "2.0", "id": question["id"], "result": answer}
            except LookupError as error:
                body = {"jsonrpc": "2.0", "id": question["id"], "error": error.args[0]}
            data = json.dumps(body).encode()
            reply(self, 200, data)

        def log_message(self, *_: Any) -> None:
            pass

    with on_loopback(Handler) as url:
        yield url
