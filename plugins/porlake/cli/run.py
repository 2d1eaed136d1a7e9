"""porlake run: all stages for some published files."""

from __future__ import annotations

import argparse

from porlake.cli import _options, summary
from porlake.cli._printing import complain

WHAT = "all stages for some published files"
EXAMPLE = "porlake run htx --report huobi_por_20240701.csv --lake data"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("exchange", help=_options.EXCHANGE)
    parser.add_argument(
        "--report", action="append", required=True, metavar="FILE", help="path or URL; give it again for more files"
    )
    parser.add_argument(
        "--snapshot",
        metavar="TIME",
        help="a day of the exchange's clock (2024-03-25) or a moment with its zone (2024-03-25T16:00Z), where the "
        "file's name does not say it",
    )
    _options.recording(parser)
    parser.add_argument("--prices", metavar="CSV", help="prices of your own: asset,usd,priced_at,source")
    parser.add_argument("--strict", action="store_true", help="exit 3 where an endpoint or price source did not answer")
    _options.lake(parser)


def run(options: argparse.Namespace) -> int:
    from porlake import pipeline, progress
    from porlake.queries.unanswered import unanswered

    with progress.shown() as tell:
        session = pipeline.session(
            options.lake, record=options.record, replay=options.replay, price_file=options.prices, progress=tell
        )
        found = pipeline.run(session, options.exchange, options.report, options.snapshot)
    spoken = pipeline.attestations(session, found)
    summary.show(session, spoken if len(spoken) <= 3 else [])
    missing = unanswered(session, found)
    for line in missing:
        complain(f"not read: {line}")
    return 3 if options.strict and missing else 0
