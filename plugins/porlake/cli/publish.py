"""porlake publish: publish the marts as Parquet."""

from __future__ import annotations

import argparse

from porlake.cli import _options
from porlake.cli._printing import say
from porlake.cli._session import existing

WHAT = "publish the marts as Parquet"
EXAMPLE = "porlake publish"


def add_options(parser: argparse.ArgumentParser) -> None:
    _options.lake(parser)


def run(options: argparse.Namespace) -> None:
    from porlake import pipeline
    from porlake.queries import tables

    session = existing(options)
    say(f"build {pipeline.publish(session)}: {tables.shown_at(session)}")
