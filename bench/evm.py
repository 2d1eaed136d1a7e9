"""EVM balances, from claims in Parquet to the partition `balance`, against what others do, on one anvil.

python bench/evm.py [accounts]        default 200,000: native and one ERC-20, so twice as many (address, asset) pairs

Baselines: eth_getBalance one at a time; JSON-RPC batches of 1,000; Multicall3's aggregate3, 1,000 calls each, four in
flight, encoded and decoded by eth-abi as the PyPI package `multicall` does it (that package adds work of its own to
every call, which is left out here).
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa
import urllib3
from eth_abi import decode, encode

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import anvil
from porlake import pipeline, registry
from porlake.chains.evm import client as evm
from porlake.lake import Lake, schema
from porlake.model import Balance, Claim, ReportFile

USDT = "0xdac17f958d2ee523a2206206994597c13d831ec7"
REPORT, EXCHANGE, HEIGHT = "ab" * 32, "okx", 1
POOL = urllib3.PoolManager(maxsize=8)


def main() -> None:
    if sys.argv[1:2] == ["observe"]:
        observe(Path(sys.argv[2]), sys.argv[3])
        return
    count = int(sys.argv[1].replace(",", "")) if sys.argv[1:] else 200_000
    accounts = [f"0x{hashlib.sha256(str(i).encode()).hexdigest()[:40]}" for i in range(count)]
    native, token = (
        {a: (i % 977) * 10**15 + i for i, a in enumerate(accounts)},
        {a: i * 3 + 1 for i, a in enumerate(accounts)},
    )
    alloc: dict[str, Any] = {account: {"balance": hex(native[account])} for account in accounts}
    alloc[USDT] = {
        "balance": "0x0",
        "code": anvil.TOKEN_CODE,
        "storage": {anvil.slot(a): f"0x{raw:064x}" for a, raw in token.items()},
    }
    alloc[anvil.MULTICALL3_PLACE] = {"balance": "0x0", "code": anvil.MULTICALL3}
    with tempfile.TemporaryDirectory() as folder, anvil.started(alloc=alloc, gas=10**12) as url:
        del alloc
        for _ in range(HEIGHT + 3):
            anvil.rpc(url, "evm_mine")
        put_claims(Path(folder), accounts)
        rates = {
            "eth_getBalance, one at a time": singles(url, accounts[:2_000]),
            "JSON-RPC batches of 1,000": batches(url, accounts[:20_000]),
            "Multicall3, 1,000 a call": multicalls(url, accounts[: min(count, 50_000)]),
        }
        ours = [child(Path(folder), url) for _ in range(3)]
        check(Path(folder), accounts, native, token)
        rates["porlake observe, Parquet to Parquet"] = rate = median(2 * count / run["seconds"] for run in ours)
        for name, value in rates.items():
            print(
                f"{name:42} {value:10,.0f} pairs/s"
                + (f"   porlake: {rate / value:6.1f} times" if value != rate else "")
            )
        cpu, memory = median(run["cpu"] for run in ours), max(run["megabytes"] for run in ours)
        print(
            f"{2 * count:,} pairs in {2 * count / rate:.2f} s, {cpu:.2f} s of CPU beside the node's; peak memory "
            f"{memory:,.0f} MB in all"
        )


# --- ours -------------------------------------------------------------------------------------------------------------
def put_claims(root: Path, accounts: list[str]) -> None:
    """A report that claims ETH and USDT at every account, in the order of a file."""
    now = datetime(2024, 3, 25, tzinfo=UTC)
    file = ReportFile(
        EXCHANGE, REPORT, "okx/2024-03-25", now, now.date(), "moment", "addresses", "okx/okx_csv", 1, "okx_csv",
        "bench.csv", [], "file:bench.csv",
        None, 1, now, None,
    )  # fmt: skip
    lake = Lake(root)
    lake.write(ReportFile, {"exchange": EXCHANGE, "report": REPORT, "attestation": "okx/2024-03-25"}, [file])
    with lake.writing((Claim, {"exchange": EXCHANGE, "report": REPORT})) as (writer,):
        line = 1
        for asset in ("ETH", "USDT"):
            for start in range(0, len(accounts), 16_384):
                part = accounts[start : start + 16_384]
                values: dict[str, Any] = dict.fromkeys(schema(Claim).names) | {
                    "exchange": EXCHANGE, "report": REPORT, "network": "ethereum", "asset": asset, "label": asset,
                    "holding": "wallet",
                    "snapshot_height": HEIGHT, "member": 0,
                }  # fmt: skip
                columns = {
                    "source_row": pa.array(range(line, line + len(part))),
                    "address": pa.array(part),
                    "address_published": pa.array(part),
                }
                arrays = [columns.get(f.name, pa.array([values[f.name]] * len(part), f.type)) for f in schema(Claim)]
                writer.add_batch(pa.RecordBatch.from_arrays(arrays, schema=schema(Claim)))
                line += len(part)


def child(root: Path, url: str) -> dict[str, float]:
    """`observe` in a process of its own; its time without start-up, and its memory with it."""
    run = subprocess.run(
        [sys.executable, __file__, "observe", str(root), url], check=True, capture_output=True, text=True
    )
    found: dict[str, float] = json.loads(run.stdout)
    return found


def observe(root: Path, url: str) -> None:
    settings = pipeline.session(root, environ={"PORLAKE_ENDPOINT_ETHEREUM": url, "PORLAKE_PROOF_SHARE": "0"})
    evm.open_client(registry.load().networks["ethereum"], settings.endpoint("ethereum"), settings.recording).head()
    pa.array([True])  # start-up too: pyarrow loads pandas at the first array that is made
    began, used = time.perf_counter(), time.process_time()
    pipeline.observe(settings, REPORT, "ethereum")
    seconds, cpu = time.perf_counter() - began, time.process_time() - used
    print(json.dumps({"seconds": seconds, "cpu": cpu, "megabytes": peak()}))


def peak() -> float:
    """The largest memory of this process, in megabytes; getrusage would count what its parent held when it was
    started.
    """
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def check(root: Path, accounts: list[str], native: dict[str, int], token: dict[str, int]) -> None:
    """Every balance that was written is the one that the node was given."""
    seen = 0
    scale = 10 ** (registry.load().assets["USDT"].scale - 6)
    for batch in Lake(root).columns(
        Balance, ("asset", "address", "amount"), exchange=EXCHANGE, report=REPORT, network="ethereum"
    ):
        for asset, address, amount in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            assert int(amount) == (native[address] if asset == "ETH" else token[address] * scale), (
                asset,
                address,
                amount,
            )
            seen += 1
    assert seen == 2 * len(accounts)


# --- baselines --------------------------------------------------------------------------------------------------------
def timed(pairs: int, work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return pairs / (time.perf_counter() - began)


def post(url: str, body: Any) -> Any:
    return json.loads(
        POOL.request("POST", url, body=json.dumps(body), headers={"Content-Type": "application/json"}).data
    )


def singles(url: str, accounts: Sequence[str]) -> float:
    def one(account: str) -> int:
        question = {"jsonrpc": "2.0", "id": 1, "method": "eth_getBalance", "params": [account, hex(HEIGHT)]}
        return int(post(url, question)["result"], 16)

    return timed(len(accounts), lambda: [one(account) for account in accounts])


def batches(url: str, accounts: Sequence[str]) -> float:
    """Half native, half tokens."""

    def ask(part: Sequence[str]) -> list[int]:
        calls = [("eth_getBalance", [a, hex(HEIGHT)]) for a in part[::2]]
        calls += [
            ("eth_call", [{"to": USDT, "data": "0x70a08231" + a[2:].rjust(64, "0")}, hex(HEIGHT)]) for a in part[1::2]
        ]
        body = [{"jsonrpc": "2.0", "id": i, "method": m, "params": p} for i, (m, p) in enumerate(calls)]
        return [int(item["result"], 16) for item in post(url, body)]

    with ThreadPoolExecutor(4) as pool:
        return timed(
            len(accounts), lambda: list(pool.map(ask, [accounts[i : i + 1000] for i in range(0, len(accounts), 1000)]))
        )


def multicalls(url: str, accounts: Sequence[str]) -> float:
    def ask(native: bool, part: Sequence[str]) -> list[int]:
        place, selector = (anvil.MULTICALL3_PLACE, "4d2301cc") if native else (USDT, "70a08231")
        calls = [(place, True, bytes.fromhex(selector) + encode(["address"], [account])) for account in part]
        data = "0x82ad56cb" + encode(["(address,bool,bytes)[]"], [calls]).hex()
        question = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "eth_call",
            "params": [{"to": anvil.MULTICALL3_PLACE, "data": data}, hex(HEIGHT)],
        }
        (results,) = decode(["(bool,bytes)[]"], bytes.fromhex(post(url, question)["result"][2:]))
        return [decode(["uint256"], answer)[0] for _, answer in results]

    parts = [(native, accounts[i : i + 1000]) for native in (True, False) for i in range(0, len(accounts), 1000)]
    with ThreadPoolExecutor(4) as pool:
        return timed(2 * len(accounts), lambda: list(pool.map(lambda part: ask(*part), parts)))


if __name__ == "__main__":
    np.seterr(all="raise")
    main()
