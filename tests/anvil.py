"""anvil, a real EVM node, as tests and benchmarks want it: with given balances, at given heights, on loopback."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from porlake.encoding.keccak import keccak256
from ports import free_port

ROOT = Path(__file__).resolve().parents[1]
ANVIL = ROOT / ".nodes/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil"

#: balanceOf(address) over a mapping at slot 2, where USDT has it on Ethereum: sload(keccak256(address . 2)), for
#: whatever is called with an argument; 6, its decimals, for what is called without one.
TOKEN_CODE = "0x3660241160205760043560005260026020526040600020546000526020" + "6000f35b600660005260206000f3"
#: The same without decimals(), which EIP-20 does not ask for: it reverts.
MUTE_TOKEN_CODE = TOKEN_CODE[: -len("600660005260206000f3")] + "60006000fd"
#: Tokens that are none, by what they do when they are asked for a balance.
REVERTS = "0x60006000fd"
EMPTY = "0x00"
SHORT_WORD = "0x60016000526010600ff3"
ENDLESS = "0x5b600056"
HUGE = "0x6000196000526020" + "6000f3"


def constant(word: int) -> str:
    """A contract that answers every call with one word."""
    return f"0x7f{word:064x}60005260206000f3"


#: A token of which one account holds as many units as the height of the block of its last call without data; that call
#: tells a transfer of it.
MOVED_PLACE = "0x" + "70c3".rjust(40, "0")
MOVES = (
    "0x366100355743600055600061acc77fddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
    "60006000a3005b60005460005260206000f3"
)
#: Multicall3 as deployed at 0xca11...ca11 on almost every chain (github.com/mds1/multicall, MIT; taken from the PyPI
#: package `multicall` 0.15.2).
MULTICALL3 = (Path(__file__).parent / "multicall3.hex").read_text().strip()
MULTICALL3_PLACE = "0xca11bde05977b3631167028862be2a173976ca11"


@contextmanager
def started(
    *options: str,
    chain_id: int = 1,
    alloc: Mapping[str, Any] | None = None,
    timestamp: int = 1_700_000_000,
    gas: int = 50_000_000,
) -> Iterator[str]:
    """The URL of a node whose genesis has the accounts of `alloc` (in the form of geth's genesis.json). It mines when
    it is told to.

    `gas` bounds a call as geth's default cap does.
    """
    with tempfile.TemporaryDirectory() as folder:
        genesis = Path(folder) / "genesis.json"
        genesis.write_text(json.dumps({"config": {"chainId": chain_id}, "difficulty": "0x0", "gasLimit": hex(gas),
                                       "timestamp": hex(timestamp), "alloc": dict(alloc or {})}))  # fmt: skip
        port = free_port()
        command = [str(ANVIL), "--port", str(port), "--chain-id", str(chain_id), "--init", str(genesis), "--silent",
                   "--no-mining", "--slots-in-an-epoch", "1",
                   "--gas-limit", str(gas), "--no-request-size-limit", "--hardfork", "cancun", *options]  # fmt: skip
        with answering(command, port, cwd=folder) as url:
            yield url


@contextmanager
def answering(
    command: Sequence[str], port: int, cwd: str | None = None, env: Mapping[str, str] | None = None
) -> Iterator[str]:
    """The URL of a node that a command starts, once it answers, for as long as the block lasts."""
    process = subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                rpc(url, "eth_chainId")
                break
            except OSError:
                time.sleep(0.05)
        yield url
    finally:
        process.kill()
        process.wait()


def rpc(url: str, method: str, *params: Any) -> Any:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    with urllib.request.urlopen(
        urllib.request.Request(url, body, {"Content-Type": "application/json"}), timeout=60
    ) as response:
        answer = json.load(response)
    if answer.get("error"):
        raise RuntimeError(f"{method}: {answer['error']}")
    return answer["result"]


def slot(account: str) -> str:
    """Where TOKEN_CODE keeps the balance of an account."""
    return "0x" + keccak256(bytes.fromhex(account[2:]).rjust(32, b"\0") + (2).to_bytes(32, "big")).hex()
