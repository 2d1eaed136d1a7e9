"""starknet-devnet, a node of Starknet, built from source by `make nodes-built`: known balances of STRK, ETH and tokens.

python tests/starknet_devnet.py    records anew what it answers (with tests/ on PYTHONPATH);
                                   tests/chains/starknet/test_node.py plays it

The contracts of STRK and ETH are those of Starknet, at their addresses; USDC is the same code at the address of
Circle's. What lies in a contract's storage is laid down by the language: the balance of an account, a u256, at the
Pedersen hash of the variable's name and the account.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from anvil import ROOT, rpc
from porlake import chains, registry
from porlake.chains.starknet.client import STRK
from porlake.encoding import stark
from porlake.encoding.hashes import sha256
from porlake.errors import ChainError, TransportError
from porlake.registry import Token
from porlake.transport import Endpoint, Recording
from ports import free_port

DEVNET = ROOT / ".nodes" / "starknet-devnet" / "bin" / "starknet-devnet"
FOLDER = Path(__file__).parent / "chains" / "starknet" / "devnet"
BEGIN, STEP = 1_700_000_000, 30
HALF = 2**128


def account(number: int, zeros: int = 2) -> str:
    """Canonical: 64 digits; nodes write and take them without zeros in front."""
    return "0x" + "0" * zeros + sha256(number.to_bytes(8, "big")).hex()[zeros:]


ROWS = registry.load().tokens
#: What each account holds at the snapshot; a number of two halves, one of a high half alone, a single unit.
RICH, LATE, EMPTY, SHORT, NEVER = (account(number, 40 if number == 4 else 2) for number in range(1, 6))
HELD: Mapping[tuple[str, str], int] = {
    ("STRK", RICH): 5 * HALF + 12_345, ("STRK", LATE): 100, ("STRK", SHORT): 2**127 + 9,
    ("ETH", RICH): HALF - 1, ("ETH", LATE): 1, ("ETH", EMPTY): 0,
    ("USDC", RICH): HALF, ("USDC", LATE): 2**53 + 1, ("USDC", SHORT): 7,
}  # fmt: skip
LATER: Mapping[tuple[str, str], int] = {("STRK", LATE): 250, ("ETH", LATE): 0, ("ETH", EMPTY): 3, ("USDC", SHORT): 8}
MINTED = {("STRK", NEVER): 10**18 + 1}  # by a transaction, before the snapshot
ACCOUNTS = (RICH, LATE, EMPTY, SHORT, NEVER)
#: An address where a contract lies that is no token, and one where none lies.
NO_TOKEN, NOTHING = "no token", "nothing"


def contract(token: Token) -> str:
    return token.contract if token.contract else STRK


def slot(name: str, account: str = "") -> int:
    """Where a contract keeps a variable. https://docs.starknet.io/ (contract storage)"""
    place = stark.selector(name)
    return stark.pedersen(place, int(account, 16)) % (2**251 - 256) if account else place


def entries(values: Mapping[int, int]) -> list[dict[str, str]]:
    return [{"key": hex(key), "value": hex(value)} for key, value in values.items()]


def balances(held: Mapping[tuple[str, str], int]) -> list[dict[str, Any]]:
    """Changes of storage that make accounts hold so much."""
    found: dict[str, dict[int, int]] = {}
    for (asset, who), raw in held.items():
        place = slot("ERC20_balances", who)
        found.setdefault(asset, {}).update({place: raw % HALF, place + 1: raw // HALF})
    return [
        {"address": hex(int(contract(ROWS["starknet", asset]), 16)), "storage_entries": entries(values)}
        for asset, values in found.items()
    ]


@dataclass(frozen=True)
class Node:
    """`height`: the snapshot's; `on_l1`: the last block that Ethereum is said to have accepted; `account`: where a
    contract lies that is no token.
    """

    url: str
    height: int
    on_l1: int
    account: str

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(self.url, pause=0.1)


def ask(url: str, method: str, **params: Any) -> Any:
    """devnet's own methods take their parameters by name."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as response:
        answer = json.load(response)
    if "error" in answer:
        raise RuntimeError(f"{method}: {answer['error']}")
    return answer["result"]


@contextmanager
def started() -> Iterator[Node]:
    port = free_port()
    command = [str(DEVNET), "--host", "127.0.0.1", "--port", str(port), "--chain-id", "MAINNET", "--seed", "7",
               "--accounts", "1", "--start-time", str(BEGIN), "--state-archive-capacity", "full",
               "--block-generation-on", "demand"]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}/rpc"
    try:
        for _ in range(1200):
            try:
                rpc(url, "starknet_chainId")
                break
            except OSError:
                time.sleep(0.1)
        yield grown(url)
    finally:
        process.kill()
        process.wait()


def grown(url: str) -> Node:
    usdc = hex(int(contract(ROWS["starknet", "USDC"]), 16))
    ether = rpc(url, "starknet_getClassHashAt", "latest", hex(int(contract(ROWS["starknet", "ETH"]), 16)))
    ask(url, "devnet_applyStateDiff", state_diff={
        "deployed_contracts": [{"address": usdc, "class_hash": ether}],
        "storage_diffs": [
            {"address": usdc, "storage_entries": entries({slot("ERC20_decimals"): 6})},
        ],
    })  # fmt: skip
    ask(url, "devnet_applyStateDiff", state_diff={"storage_diffs": balances(HELD)})
    for (_, who), raw in MINTED.items():
        ask(url, "devnet_mint", address=hex(int(who, 16)), amount=raw, unit="FRI")
    mined(url, 2)
    at = int(rpc(url, "starknet_blockNumber"))
    mined(url, 1)
    ask(url, "devnet_applyStateDiff", state_diff={"storage_diffs": balances(LATER)})
    mined(url, 3)
    ask(url, "devnet_acceptOnL1", starting_block_id={"block_number": at + 1})
    return Node(url, at, at + 1, ask(url, "devnet_getPredeployedAccounts")[0]["address"])


def mined(url: str, times: int) -> None:
    for _ in range(times):
        ask(url, "devnet_increaseTime", time=STEP)


# --- what a client makes of it ----------------------------------------------------------------------------------------
def wanted(no_token: str) -> list[chains.Wanted]:
    odd = {
        NO_TOKEN: replace(ROWS["starknet", "USDC"], contract=no_token),
        NOTHING: replace(ROWS["starknet", "USDC"], contract=account(99)),
    }
    held = [chains.Wanted(asset, ROWS["starknet", asset], who) for asset in ("STRK", "ETH", "USDC") for who in ACCOUNTS]
    return held + [chains.Wanted(asset, token, RICH) for asset, token in odd.items()]


def expected() -> dict[tuple[str, str], int]:
    return {(asset, who): (HELD | MINTED).get((asset, who), 0) for asset in ("STRK", "ETH", "USDC") for who in ACCOUNTS}


def answers(recording: Recording, height: int, no_token: str, *endpoints: Endpoint) -> dict[str, Any]:
    """Asset, address, component, amount or reason of what is read; decimals; the block and the last final one; what an
    error means to whom asks for a block that there is not.
    """
    client = chains.open_client(registry.load().networks["starknet"], list(endpoints), recording)
    at = client.block(height)
    read = list(client.balances(wanted(no_token), at))
    try:
        client.block(height + 10**6)
        missing = "answered"
    except (ChainError, TransportError) as error:
        missing = type(error).__name__
    return {
        "height": height,
        "no_token": no_token,
        "hash": at.hash,
        "time": int(at.time.timestamp()),
        "final": client.final(),
        "missing_block": missing,
        "balances": [
            [one.asset, one.address, one.reason, None]
            if isinstance(one, chains.Unread)
            else [one.asset, one.address, one.component, str(one.raw)]
            for one in read
        ],
        "decimals": {want.asset: client.decimals(want.token, at) for want in wanted(no_token)},
    }


def record() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    with started() as node:
        found = answers(Recording.record(FOLDER), node.height, node.account, node.endpoint)
        found["node"] = [rpc(node.url, "starknet_specVersion")]
    (FOLDER / "expected.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    record()
