"""porlake summary: the tables a person wants of one attestation."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from porlake.cli import _layout, _options
from porlake.cli._printing import say, show_table
from porlake.cli._session import existing

if TYPE_CHECKING:
    from porlake.pipeline import Session

WHAT = "the tables a person wants of one attestation"
EXAMPLE = "porlake summary okx/2024-03-25"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("attestation", nargs="*", help="default: the latest of each exchange")
    _options.lake(parser)


def run(options: argparse.Namespace) -> None:
    show(existing(options), options.attestation)


def show(session: Session, attestations: list[str]) -> None:
    from porlake.queries import tables

    for title, columns, rows in tables.summary(session, attestations):
        show_table(title, columns, [tuple(_layout.text(value) for value in row) for row in rows])
    say(f"DuckDB   {tables.database(session)}")
    is_link = not session.store
    say(f"Parquet  {tables.shown_at(session)}" + ("/<mart>/*.parquet" if is_link else ""))
