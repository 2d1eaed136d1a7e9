"""porlake observe: read on the chains what an exchange's listed addresses held at a moment."""

from __future__ import annotations

import argparse

from porlake.cli import _options, summary
from porlake.cli._printing import complain, say

WHAT = "read on the chains what an exchange's listed addresses held at a moment"
EXAMPLE = "porlake observe bitfinex --at 2026-11-01T00:00Z"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("exchange", help=_options.EXCHANGE)
    parser.add_argument("--at", required=True, metavar="TIME", help="the moment with its zone, as 2026-11-01T00:00Z")
    parser.add_argument(
        "--list",
        metavar="REPORT",
        help="id of the report that lists them; default: the exchange's newest list",
    )
    _options.recording(parser)
    parser.add_argument("--prices", metavar="CSV", help="prices of your own: asset,usd,priced_at,source")
    parser.add_argument("--strict", action="store_true", help="exit 3 where something of the list was not read")
    _options.lake(parser)


def run(options: argparse.Namespace) -> int:
    from porlake import pipeline, progress
    from porlake.queries.lists import list_read

    at = pipeline.moment(options.at)
    with progress.shown() as tell:
        session = pipeline.session(
            options.lake, record=options.record, replay=options.replay, price_file=options.prices, progress=tell
        )
        report = pipeline.run_list(session, options.exchange, at, options.list)
    summary.show(session, pipeline.attestations(session, [report]))
    found = list_read(session, report)
    say("")
    for line in found.sentences():
        say(line)
    for network in found.networks:
        for reason, holdings in sorted(network.not_read.items()):
            complain(f"not read: {network.network}: {holdings:,} holdings: {reason}")
    return 3 if options.strict and not found.is_complete else 0
