"""Binance's list of deposit addresses: parse by column against the rule of one row, and against csv.reader.

    python bench/binance.py [--rows 300000] [--all-by-row]

The file is made of a seed: rows of 25 networks in about the shares of the real list. The rule of one row reads a
twentieth of it, or all of it. Each runs in a process of its own; the memory is what the process held at most.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from spine import measured, read

from porlake import pipeline, registry, reports
from porlake.addresses import bitcoin

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from made_addresses import made

NAME = "PR01SEP26_Deposit.csv"
HEADER = "coin,network,address,balance,Height,Third party custodian name\n"
LIKE = "15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5"
"""An account of Polkadot."""
#: Network label, coins, share in thousandths.
SHARES = [
    ("BSC", "BNB ETH USDT", 250), ("ETH", "ETH USDT LINK 1INCH", 230), ("TRX", "USDT", 200), ("BTC", "BTC", 70),
    ("SOL", "SOL", 50), ("LTC", "LTC", 30), ("DOGE", "DOGE", 30), ("MATIC", "USDT", 20), ("ARB", "ETH USDT", 20),
    ("OP", "ETH", 15), ("BASE", "ETH", 15), ("AVAXC", "USDT", 10), ("XRP", "XRP", 5), ("FTM", "USDT", 5),
    ("RON", "ETH", 5), ("CELO", "USDT", 5), ("MANTA", "ETH", 5), ("SCROLL", "ETH", 5), ("ERA", "ETH", 5),
    ("OPBNB", "BNB", 5), ("SUI", "SUI", 5), ("APT", "USDT", 5), ("DOT", "USDT", 4), ("ALGO", "USDT", 3),
    ("HBAR", "USDT", 3),
]  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=300_000)
    options.add_argument("--all-by-row", action="store_true", help="the rule of one row reads the whole file")
    given = options.parse_args()
    rows: int = given.rows
    few = rows if given.all_by_row else rows // 20
    with tempfile.TemporaryDirectory() as folder:
        whole, part = Path(folder) / "all" / NAME, Path(folder) / "few" / NAME
        for path, count in ((whole, rows), (part, few)):
            path.parent.mkdir()
            with path.open("w", encoding="utf-8") as out:
                out.write(HEADER)
                out.writelines(itertools.islice(made_rows(1), count))
        base, _ = measured(read, whole)
        print(f"{rows:,} rows, {whole.stat().st_size / 1e6:.0f} MB")
        print(f"csv.reader alone     {rows / base:>10,.0f} rows/s   1.00")
        for name, work, path, count in (("by column", parse, whole, rows), ("row by row", parse_by_row, part, few)):
            seconds, memory = measured(work, path)
            rate = count / seconds
            print(f"{name:<20} {rate:>10,.0f} rows/s   {rate * base / rows:.3f}   {memory:,} MB")


def made_rows(seed: int) -> Iterator[str]:
    chance = random.Random(seed)
    facts, known = registry.load(), {}
    for label, coins, _ in SHARES:
        network = facts.label("binance", coins.split()[0], label).network
        known[label] = network, coins.split()
    labels, weights = [label for label, _, _ in SHARES], [share for _, _, share in SHARES]
    for number in itertools.count():
        label = chance.choices(labels, weights)[0]
        network, coins = known[label]
        address = account(network, number)
        yield f'{chance.choice(coins)},{label},{address},{chance.randrange(10**7) / 997:.8f}0000000000,25878704,""\n'


def account(network: str, number: int) -> str:
    if registry.load().networks[network].address_form != "bitcoin":
        return made(network, LIKE, number)
    key = number.to_bytes(33, "big")
    is_segwit = bitcoin.parameters(network).hrp and number % 3
    return (bitcoin.p2wpkh(network, key) if is_segwit else bitcoin.p2pkh(network, key)).text


def parse(path: Path) -> None:
    settings = pipeline.session(path.parent / "lake", environ={})
    for report in pipeline.archive(settings, "binance", str(path)):
        pipeline.parse(settings, report)


def parse_by_row(path: Path) -> None:
    del reports.format_of("binance_csv").runs  # type: ignore[attr-defined]
    parse(path)


if __name__ == "__main__":
    main()
