"""porlake build: build all tables from the lake."""

from __future__ import annotations

import argparse

from porlake.cli import _options
from porlake.cli._printing import say
from porlake.cli._session import existing

WHAT = "build all tables from the lake"
EXAMPLE = "porlake build"


def add_options(parser: argparse.ArgumentParser) -> None:
    _options.lake(parser)


def run(options: argparse.Namespace) -> None:
    from porlake import pipeline
    from porlake.queries import tables

    session = existing(options)
    say(f"build {pipeline.build(session)}: {tables.database(session)}")
