"""porlake sweep: read now, for a snapshot of this moment, what was claimed last."""

from __future__ import annotations

import argparse

from porlake.cli import _options
from porlake.cli._printing import say

WHAT = "read now, for a snapshot of this moment, what was claimed last"
EXAMPLE = "porlake sweep htx --network tron"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("exchange", help=_options.EXCHANGE)
    parser.add_argument("--network", metavar="N", help="id of the network; default: all that keep no past")
    parser.add_argument("--at", metavar="TIME", help="the moment with its zone, as 2024-03-25T16:00Z; default: now")
    _options.recording(parser)
    _options.lake(parser)


def run(options: argparse.Namespace) -> None:
    from porlake import pipeline, progress

    with progress.shown() as tell:
        session = pipeline.session(options.lake, record=options.record, replay=options.replay, progress=tell)
        at = pipeline.moment(options.at) if options.at else session.recording.now()
        networks = [options.network] if options.network else pipeline.swept_networks(session, options.exchange)
        read = {network: pipeline.sweep(session, options.exchange, network, at) for network in networks}
    for network, holdings in read.items():
        say(f"{network}: {holdings:,} holdings of {options.exchange} read for {at:%Y-%m-%dT%H:%M:%SZ}")
    if not read:
        say(f"{options.exchange} claims nothing on a network that is swept")
