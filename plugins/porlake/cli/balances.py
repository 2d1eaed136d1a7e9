"""porlake balances: read balances at a height."""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from porlake.cli._printing import say
from porlake.errors import ConfigurationError

WHAT = "read balances at a height"
EXAMPLE = (
    "porlake balances --network ethereum --asset ETH,USDT --at 19506528"
    " --addresses list.txt --endpoint http://127.0.0.1:8545 --out b.parquet"
)


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--network", required=True, help="id of the network (`porlake networks`)")
    parser.add_argument("--asset", required=True, help="one or more assets, separated by commas")
    parser.add_argument("--at", required=True, type=int, metavar="HEIGHT", help="snapshot height")
    parser.add_argument("--addresses", required=True, type=Path, metavar="FILE", help="one address a line")
    parser.add_argument(
        "--endpoint",
        action="append",
        metavar="URL",
        help="where to ask, else as configured; again for one that takes over",
    )
    parser.add_argument(
        "--dump",
        metavar="FILE",
        help="a node's dump of all coins: path or URL; the node writes it where it is not there yet",
    )
    parser.add_argument(
        "--dump-at-node",
        metavar="PATH",
        default="",
        help="the path under which the node writes it, if it is another machine's",
    )
    parser.add_argument(
        "--dump-hash",
        metavar="HASH",
        action="append",
        default=[],
        help="muhash:... or hash_serialized_3:... that the set must have",
    )
    parser.add_argument(
        "--outpoints", type=Path, metavar="F", help="the coins below each balance, from a dump: .parquet or .csv"
    )
    parser.add_argument("--out", required=True, type=Path, metavar="F", help=".parquet or .csv")


def run(options: argparse.Namespace) -> None:
    from porlake import pipeline, progress
    from porlake.queries import balances
    from porlake.transport import Endpoint

    endpoints = {options.network: tuple(map(Endpoint, options.endpoint))} if options.endpoint else {}
    if not options.dump and (options.dump_at_node or options.dump_hash):
        raise ConfigurationError("--dump-hash and --dump-at-node speak of a dump: say where it lies with --dump")
    try:
        if options.addresses.exists() and not options.addresses.is_file():
            raise ConfigurationError(f"{options.addresses}: is no file")  # a pipe would be waited for without end
        listed = [line.strip() for line in options.addresses.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{options.addresses}: cannot be read as a list of addresses: {error}") from error
    pipeline.writable(options.out)
    pipeline.writable(options.outpoints)
    with progress.shown() as tell:
        session = pipeline.with_dump(
            pipeline.session(endpoints=endpoints, progress=tell),
            options.network, options.dump, options.dump_at_node, options.dump_hash,
            outpoints=options.outpoints is not None,
        )  # fmt: skip
        unfinished = options.out.with_name(f".unfinished-{options.out.name}")
        rows, coins = balances.balances(
            session, options.network, options.asset.split(","), options.at, listed, unfinished
        )
        pipeline.export(options.out, balances.BalanceLine, rows)
        pipeline.forget(unfinished)
        if options.outpoints:
            pipeline.export(options.outpoints, balances.CoinLine, coins)
    unread = Counter(row.reason for row in rows if row.reason)
    say(
        f"{len(rows) - sum(unread.values()):,} balances in {options.out}: whole base units, and units with their "
        "decimals"
    )
    for reason, count in sorted(unread.items()):
        say(f"{count:,} not read: {reason}")
