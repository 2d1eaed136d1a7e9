"""A whole month, stage by stage, each in a process of its own: seconds, processor time and memory.

    python bench/month.py okx [--rows 628484]        archive, parse, verify, observe, build, publish
    python bench/month.py binance [--rows 10000000]  archive, parse, observe, build

The files are those of `bench/ownership.py` and `bench/binance.py`, made of a seed, at height 1. Observed are the EVM
networks, each at an anvil of its own, whose time counts by the clock and not as processor time. Nobody is asked about
other networks, and one that an anvil cannot stand in for (Arbitrum's own contracts) is not read.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import binance

import ownership
from porlake import pipeline, registry
from porlake.model import Balance
from porlake.startup import without_pandas

HEIGHT = 1
STAGES = {
    "okx": ("archive", "parse", "verify", "observe", "build", "publish"),
    "binance": ("archive", "parse", "observe", "build"),
}
ROWS = {"okx": 628_484, "binance": 10_000_000}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("exchange", choices=ROWS)
    options.add_argument("--rows", type=int)
    options.add_argument("--do", nargs=4, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.do:
        print(json.dumps(do(given.exchange, *given.do)))
        return
    rows = given.rows or ROWS[given.exchange]
    with tempfile.TemporaryDirectory(prefix="porlake-bench-") as name:
        folder = Path(name)
        path = made(given.exchange, rows, folder)
        print(f"{given.exchange}: {rows:,} rows, {path.stat().st_size / 1e6:,.0f} MB; load {os.getloadavg()[0]:.1f}")
        print(f"{'':<10} {'seconds':>8} {'cpu':>8} {'rows/s':>10} {'MB':>7}")
        whole, used, report = 0.0, 0.0, ""
        for stage in STAGES[given.exchange]:
            with nodes(folder / "lake", report) if stage == "observe" else nullcontext({}) as places:
                told = child(given.exchange, stage, folder / "lake", report or str(path), places)
            report = told["report"]
            whole, used = whole + told["seconds"], used + told["cpu"]
            print(
                f"{stage:<10} {told['seconds']:>8.1f} {told['cpu']:>8.1f} {rows / told['seconds']:>10,.0f} "
                f"{told['megabytes']:>7,.0f}{told['note']}",
                flush=True,
            )
        print(f"{'all':<10} {whole:>8.1f} {used:>8.1f} {rows / whole:>10,.0f}   load {os.getloadavg()[0]:.1f}")


def made(exchange: str, rows: int, folder: Path) -> Path:
    if exchange == "binance":
        path = folder / binance.NAME
        with path.open("w", encoding="utf-8") as out:
            out.write(binance.HEADER)
            for line in itertools.islice(binance.made_rows(1), rows):
                out.write(line.replace(",25878704,", f",{HEIGHT},"))
        return path
    whole, path = folder / "made.csv", folder / "okx_por_2024032500.csv"
    ownership.write_files(1, ownership.plan(rows), whole)
    with whole.open(encoding="utf-8") as lines, path.open("w", encoding="utf-8") as out:
        out.writelines(line.replace(",19506528,", f",{HEIGHT},") for line in lines)
    whole.unlink()
    return path


@contextmanager
def nodes(lake: Path, report: str) -> Iterator[dict[str, str]]:
    """URLs of a node for each EVM network that the report names, with its tokens, at which nobody holds anything."""
    import anvil

    facts = registry.load()
    claimed = pipeline.networks(pipeline.session(lake, environ={}), report)
    with ExitStack() as stack:
        places = {}
        for network in (name for name in claimed if name in facts.evm_networks):
            tokens = [token for (place, _), token in facts.tokens.items() if place == network and token.contract]
            alloc = {
                token.contract: {"balance": "0x0", "code": code(token.decimals)}
                for token in tokens
                if token.contract.startswith("0x")
            }
            alloc["0x" + "11" * 20] = {"balance": "0x1"}
            chain_id = int(facts.networks[network].caip2.rpartition(":")[2])
            url = stack.enter_context(anvil.started(chain_id=chain_id, alloc=alloc, gas=10**12))
            for _ in range(HEIGHT + 3):
                anvil.rpc(url, "evm_mine")
            places[network] = url
        yield places


def code(decimals: int) -> str:
    import anvil

    return anvil.TOKEN_CODE.removesuffix("600660005260206000f3") + f"60{decimals:02x}60005260206000f3"


# --- one stage --------------------------------------------------------------------------------------------------------
def child(exchange: str, stage: str, lake: Path, what: str, places: Mapping[str, str]) -> dict[str, Any]:
    asked = json.dumps(places)
    words = [sys.executable, __file__, exchange, "--do", stage, str(lake), what, asked]
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True, env=os.environ)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def do(exchange: str, stage: str, lake: str, what: str, places: str) -> dict[str, Any]:
    """`what`: the file of archive, else the report's id."""
    without_pandas()
    asked: Mapping[str, str] = json.loads(places)
    environ = {f"PORLAKE_ENDPOINT_{network.upper()}": url for network, url in asked.items()}
    session = pipeline.session(lake, environ=environ | {"PORLAKE_PROOF_SHARE": "0"})
    began, used = time.perf_counter(), _cpu()
    note, report = "", what
    match stage:
        case "archive":
            (report,) = pipeline.archive(session, exchange, what)
        case "parse":
            pipeline.parse(session, what)
        case "verify":
            pipeline.verify(session, what)
        case "observe":
            for network in asked:
                pipeline.observe(session, what, network, give_up=True)
            unread = [network for network in asked if pipeline.unread(session, what, network)]
            read = sum(
                pointer.rows
                for network in asked
                for pointer in session.lake.pointers(Balance, exchange=exchange, report=what, network=network)
            )
            note = f"   {read:,} balances of {len(asked) - len(unread)} networks"
            note += f"; not read: {', '.join(unread)}" if unread else ""
        case "build":
            pipeline.build(session)
        case "publish":
            pipeline.publish(session)
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {
        "seconds": time.perf_counter() - began, "cpu": _cpu() - used, "megabytes": peak / 1024, "note": note,
        "report": report,
    }  # fmt: skip


def _cpu() -> float:
    """Processor time of this process and of those that it waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


if __name__ == "__main__":
    main()
