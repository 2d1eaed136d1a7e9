"""TRC-20 balances by the ways that java-tron endpoints have, against one call for each account, at an endpoint 20 ms
away.

    python bench/tron.py [--accounts 2000]

The endpoint is the stand-in of the tests, which lets 150 balances through in one call, as the 80 ms of the public
network may.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import tron_stub
from porlake import chains, registry
from porlake.transport import Endpoint, Recording

AWAY = 0.02


class Far(tron_stub.Node):
    def answer(self, path: str, body: dict[str, Any]) -> Any:
        time.sleep(AWAY)
        return super().answer(path, body)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--accounts", type=int, default=2_000)
    accounts = [tron_stub.account(number) for number in range(options.parse_args().accounts)]
    token = registry.load().tokens["tron", "USDT"]
    wanted = [chains.Wanted("USDT", token, account) for account in accounts]
    single = measured(wanted[: len(wanted) // 10], creation=False, multicall=False)
    print(f"{'one call each':<24} {single:>8,.0f} balances/s   1.00")
    for name, facts in (("simulated creation", {}), ("deployed multicall", {"creation": False})):
        rate = measured(wanted, **facts)
        print(f"{name:<24} {rate:>8,.0f} balances/s   {rate / single:.0f}")


def measured(wanted: list[chains.Wanted], **facts: bool) -> float:
    """Balances a second, the block before them included."""
    node = Far(held={tron_stub.USDT: {want.address: 7 for want in wanted}}, limit=150, **facts)
    with tron_stub.served(node) as url:
        client = chains.open_client(registry.load().networks["tron"], Endpoint(url), Recording.off())
        at = client.block(tron_stub.HEIGHT)
        began = time.perf_counter()
        found = list(client.balances(wanted, at))
        seconds = time.perf_counter() - began
    assert all(isinstance(answer, chains.Reading) and answer.raw == 7 for answer in found)
    return len(found) / seconds


if __name__ == "__main__":
    main()
