"""Balances of every family that has a world (tests/chains/<family>/world.py), against one call at a time, at a node
20 ms away.

    python bench/chains.py [--families solana,xrpl | batched | single] [--batched 100000] [--single 5000] [--away 0.02]

The node is the stub of the tests, in a process of its own; an endpoint has as many questions under way as it has by
default. The accounts are made, and hold what the first one of the world does, as far as it plants what it is told to:
`used` says of how many it does. Of an account that nobody ever used some chains are asked more. `--batched`,
`--single`: accounts of chains of many accounts a question, and of one. `load` is the machine's, before and after: above
its number of cores the figures are too low.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.pop(0)  # this folder: the tests' `chains` is another than this file
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from chains import stub
from made_addresses import made
from porlake import chains, registry
from porlake.errors import PorlakeError
from porlake.transport import Endpoint, Recording
from support import own_rows

TESTS = Path(sys.path[0])
ALONE = 20  # accounts of the baseline


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--families", default="")
    options.add_argument("--batched", type=int, default=100_000)
    options.add_argument("--single", type=int, default=5_000)
    options.add_argument("--away", type=float, default=0.02)
    chosen = options.parse_args()
    found = sorted(path.parent.name for path in (TESTS / "chains").glob("*/world.py"))
    print(
        f"{'':<14} {'accounts':>9} {'used':>9} {'a call':>7} {'alone/s':>9} {'porlake/s':>10} {'times':>7} "
        f"{'seconds':>8} {'MB':>6}  load"
    )
    kind = chosen.families if chosen.families in ("batched", "single") else ""
    for family in chosen.families.split(",") if chosen.families and not kind else found:
        world = import_module(f"chains.{family}.world").WORLD()
        with ExitStack() as stack:
            if world.rows:
                folder = Path(stack.enter_context(TemporaryDirectory()))
                for name, text in world.rows.items():
                    (folder / name).write_text(text)
                stack.enter_context(own_rows(folder))
            try:
                measure(family, world, kind, chosen)
            except (PorlakeError, AssertionError, LookupError) as error:
                print(f"{family:<14} not measured: {type(error).__name__}: {str(error)[:90]}", flush=True)


def measure(family: str, world: stub.World, kind_asked: str, chosen: argparse.Namespace) -> None:
    """`kind_asked`: batched, single, or '' for both. Raises PorlakeError, LookupError where the family's addresses are
    not made here.
    """
    network = registry.load().networks[world.network]
    asset = network.native_asset if network.native_asset in world.held else next(iter(world.held))
    token = registry.load().tokens[world.network, asset]
    kind = f"{world.kind}+" if world.kind else ""
    batch = getattr(opened(network, f"{kind}http://127.0.0.1:9"), "batch", 1)
    if kind_asked and kind_asked != ("batched" if batch > 1 else "single"):
        return
    count = chosen.batched if batch > 1 else chosen.single
    like, parts = next((account, parts) for account, parts in world.held[asset].items() if parts[chains.TOTAL])
    accounts = [made(world.network, like, number) for number in range(count)]
    wanted = [chains.Wanted(asset, token, account) for account in accounts]
    planted = {**world.held[asset], **dict.fromkeys(accounts, parts)}
    larger = type("Larger", (type(world),), {"held": {**world.held, asset: planted}})()
    load = os.getloadavg()[0]
    with served(larger, chosen.away) as url:
        client = opened(network, url)
        single = opened(network, url, in_flight=1)
        single.in_flight = 1
        if batch > 1:
            single.batch = 1
        alone, _ = rate(single, world, wanted[:ALONE])
        together, used = rate(client, world, wanted)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{family:<14} {count:>9,} {used:>9,} {batch:>7,} {alone:>9,.1f} {together:>10,.0f} {together / alone:>7,.1f} "
        f"{count / together:>8,.1f} {peak:>6,.0f}  {load:.1f}-{os.getloadavg()[0]:.1f}",
        flush=True,
    )


def opened(network: registry.Network, url: str, **bounds: Any) -> Any:
    return chains.open_client(network, Endpoint(url, **bounds), Recording.off())


def rate(client: Any, world: stub.World, wanted: list[chains.Wanted]) -> tuple[float, int]:
    """(balances a second, how many are above zero); the block is known before."""
    at = client.block(world.height)
    began, ends, used = time.perf_counter(), 0, 0
    for answer in client.balances(wanted, at):
        assert not isinstance(answer, chains.Unread), f"{answer.address}: {answer.reason}"
        ends += answer.component == chains.TOTAL
        used += answer.component == chains.TOTAL and answer.raw > 0
    assert ends == len(wanted), f"{ends} of {len(wanted)} answered"
    return len(wanted) / (time.perf_counter() - began), used


@contextmanager
def served(world: stub.World, away: float) -> Iterator[str]:
    """The URL of the world's node, in a process of its own."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(world, away, theirs), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send(None)
        process.join(5)
        process.kill()


def _serve(world: stub.World, away: float, ours: Connection) -> None:
    with stub.served(world) as server:
        server.delay, server.keeps_log = away, False
        ours.send(server.endpoint_url)
        ours.recv()


if __name__ == "__main__":
    main()
