"""porlake upgrade: carry over a lake that an older porlake wrote."""

from __future__ import annotations

import argparse

from porlake.cli import _options
from porlake.cli._printing import complain, say, show_table
from porlake.cli._session import existing

WHAT = "carry over a lake that an older porlake wrote"
EXAMPLE = "porlake upgrade --dry-run --lake data"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    _options.lake(parser)


def run(options: argparse.Namespace) -> None:
    """What will be done is listed first; nothing is deleted; an interrupted upgrade continues where it stopped."""
    from porlake import pipeline, progress

    with progress.shown() as tell:
        session = existing(options, progress=tell)
        steps = pipeline.plan(session)
        rows = [(step.does, step.what, step.why) for step in steps if step.does != pipeline.NUMBER]
        show_table("", ("step", "of", "why"), rows)
        numbered = len(steps) - len(rows)
        say(f"{numbered:,} partitions have the columns of now and get the number of their schema")
        if not options.dry_run:
            for step in pipeline.upgrade(session, steps):
                complain(step.why)
            say("upgraded; `porlake build` makes the tables anew" if steps else "nothing to do")
