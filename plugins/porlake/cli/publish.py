"""porlake publish: publish the marts as Parquet, and as Delta tables where that is asked for."""

from __future__ import annotations

import argparse

from porlake.cli import _options
from porlake.cli._printing import say
from porlake.cli._session import existing

WHAT = "publish the marts as Parquet, or as Delta tables too"
EXAMPLE = "porlake publish"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--as",
        dest="publish_as",
        choices=["parquet", "delta"],
        help="delta: as Delta tables too; default: PORLAKE_PUBLISH_AS, else parquet",
    )
    _options.lake(parser)


def run(options: argparse.Namespace) -> None:
    from porlake import pipeline, progress
    from porlake.queries import tables

    with progress.shown() as tell:
        session = existing(options, publish_as=options.publish_as, progress=tell)
        build_id = pipeline.publish(session)
    say(f"build {build_id}: {tables.shown_at(session)}")
    if session.publish_as == "delta":
        say(f"Delta tables: {tables.delta_at(session)}/<mart>")
