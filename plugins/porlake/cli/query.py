"""porlake query: ask the tables."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from porlake.cli import _layout, _options, _prompt
from porlake.cli._printing import complain, show_table
from porlake.cli._session import existing

if TYPE_CHECKING:
    from porlake.pipeline import Session

WHAT = "ask the tables"
EXAMPLE = 'porlake query "select * from reserve_ratio where is_latest"'


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("sql", nargs="?", help="one or more statements; without them a prompt opens")
    parser.add_argument("--csv", action="store_true", help="print CSV")
    parser.add_argument(
        "--failed", action="store_true", help="ask the build that failed: failed_tests.results, and the tables it names"
    )
    _options.lake(parser)


def run(options: argparse.Namespace) -> None:
    session = existing(options)
    if options.sql is None:
        _prompt.prompt(lambda statement: _answer(session, statement, options.csv, options.failed), complain)
        return
    for statement in _prompt.statements(options.sql):
        _answer(session, statement, options.csv, options.failed)


def _answer(session: Session, sql: str, as_csv: bool, failed: bool) -> None:
    from porlake import pipeline
    from porlake.queries import tables

    columns, rows = tables.query(session, sql, failed=failed)
    if as_csv:
        write = pipeline.csv_writer(sys.stdout)
        write(columns)
        for row in rows:
            write(row)
        return
    show_table("", columns, [tuple(_layout.text(value) for value in row) for row in rows], empty=True)
