"""porlake explain: one row's reasoning, step by step."""

from __future__ import annotations

import argparse

from porlake.cli import _options
from porlake.cli._printing import show_facts
from porlake.cli._session import existing, file_alone
from porlake.errors import ConfigurationError

WHAT = "one row's reasoning, step by step"
EXAMPLE = "porlake explain FILE --row 57"


def add_options(parser: argparse.ArgumentParser) -> None:
    _options.file(parser)
    parser.add_argument(
        "--row", required=True, type=int, metavar="N", help="line of the published file, counted from 1"
    )
    parser.add_argument(
        "--member",
        default=0,
        type=int,
        metavar="M",
        help="number of the file, of a report of several; default: 0, the first",
    )
    parser.add_argument(
        "--lake", metavar="DIR", help="a lake in which the file was observed: what the chain showed is told too"
    )


def run(options: argparse.Namespace) -> None:
    from porlake.queries import explain

    lake = existing(options) if options.lake else None
    with file_alone(options) as (session, found):
        if len(found) != 1:
            raise ConfigurationError(f"{options.file}: holds {len(found)} files; name one of them")
        told = explain.explain(session, found[0], options.row, options.member)
    for title, facts in explain.in_words(told, explain.seen(lake, told) if lake is not None else None):
        show_facts(title, facts)
