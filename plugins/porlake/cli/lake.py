"""porlake lake: what is done with a lake as a whole."""

from __future__ import annotations

import argparse
import re
from datetime import UTC, datetime, timedelta

from porlake.cli import _options
from porlake.cli._printing import say
from porlake.cli._session import existing
from porlake.errors import ConfigurationError

WHAT = "remove what no pointer of the lake leads to any more"
EXAMPLE = "porlake lake collect --older 7d"
UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1)}


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what",
        choices=["collect"],
        help="collect: remove folders of older contents, of writers that died, and of an object store's copy here",
    )
    parser.add_argument(
        "--older", default="7d", metavar="TIME", help="that did not change for 7d, 36h ...; default: 7d"
    )
    _options.lake(parser)


def run(options: argparse.Namespace) -> None:
    from porlake.queries import tables

    session, older = existing(options), _time(options.older)
    found = session.lake.collect(datetime.now(UTC) - older)
    say(f"{found.folders:,} folders with {found.files:,} files are gone")
    if found.fetched:
        say(f"{found.fetched:,} files that were fetched to this machine are gone from it")
    if gone := tables.vacuum(session, older):
        say(f"{gone:,} files of older versions of Delta tables are gone")
    for pointer in found.unread:
        say(f"{pointer}: cannot be read; nothing beside it was looked at (`porlake check` says more)")


def _time(text: str) -> timedelta:
    """At least an hour: a writer puts its files before it swaps the pointer. Raises ConfigurationError."""
    match = re.fullmatch(r"([1-9][0-9]{0,4})([hd])", text, re.ASCII)
    if match is None:
        raise ConfigurationError(f"--older {text!r}: write hours or days, at least one: 36h, 7d")
    return int(match[1]) * UNITS[match[2]]
