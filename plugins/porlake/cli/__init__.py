"""The same stages from a shell, a file a command.

Exit codes: 0 done, 1 refused or failed (the reason is on standard error), 2 the command line is wrong,
3 done, but with --strict: something could not be read or verified.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from porlake import __version__
from porlake.cli import (
    airflow,
    balances,
    build,
    check,
    doctor,
    explain,
    find,
    inclusion,
    lake,
    liabilities,
    networks,
    observe,
    page,
    parse,
    publish,
    query,
    run,
    summary,
    sweep,
    upgrade,
    verify,
)
from porlake.cli._printing import complain
from porlake.errors import PorlakeError
from porlake.registry import OWN_ROWS
from porlake.startup import without_pandas

EXAMPLES = """examples:
  porlake verify okx_por_2024032500.csv.zip --out verdicts.parquet
  porlake run okx --report okx_por_2024032500.csv.zip --report totals.csv
  porlake query "select asset, reserve_ratio from reserve_ratio where is_latest"
"""


class Command(Protocol):
    """A module of this room, named as its command; it imports what it does when it does it: start-up counts."""

    WHAT: str
    EXAMPLE: str

    def add_options(self, parser: argparse.ArgumentParser) -> None: ...
    def run(self, options: argparse.Namespace) -> int | None:
        """The exit code, None for 0. Raises PorlakeError, which `main` tells."""


COMMANDS: tuple[Command, ...] = (
    parse,
    verify,
    explain,
    liabilities,
    inclusion,
    find,
    run,
    observe,
    sweep,
    balances,
    build,
    publish,
    page,
    query,
    summary,
    check,
    upgrade,
    lake,
    doctor,
    airflow,
    networks,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code of a command line."""
    options = parser().parse_args(arguments)
    without_pandas()
    if options.registry:  # processes that a command starts must see the same rows
        os.environ[OWN_ROWS] = str(options.registry.absolute())
    try:
        return int(options.run(options) or 0)
    except PorlakeError as error:
        complain(str(error))
        return 1
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has gone, and with it the reason to complain
        return 1
    except KeyboardInterrupt:
        complain("stopped")
        return 130


def parser() -> argparse.ArgumentParser:
    """The parser of the command line with all commands."""
    whole = _Parser(
        prog="porlake",
        description="What an exchange really holds, who can prove control of it, and what it owes.",
        epilog=EXAMPLES,
    )
    whole.add_argument("--version", action="version", version=f"porlake {__version__}")
    commands = whole.add_subparsers(title="commands", required=True, metavar="COMMAND", parser_class=_Parser)
    for command in COMMANDS:
        one = commands.add_parser(
            name_of(command),
            help=command.WHAT,
            description=command.WHAT,
            epilog=f"example:\n  {command.EXAMPLE}\n\n{getattr(command, 'EPILOG', '')}".rstrip(),
        )
        one.set_defaults(run=command.run)
        one.add_argument(
            "--registry", type=Path, metavar="DIR", help=f"rows of your own over the registry's (default: {OWN_ROWS})"
        )
        command.add_options(one)
    return whole


def name_of(command: Command) -> str:
    """The word by which a command is called."""
    return str(getattr(command, "__name__", "")).rpartition(".")[2]


class _Parser(argparse.ArgumentParser):
    def __init__(self, **options: Any) -> None:
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, **options)
