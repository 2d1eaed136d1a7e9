"""What a command says: its result on standard output, what is wrong on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from rich.console import Console

from porlake.cli import _layout
from porlake.progress import printable

out = Console(soft_wrap=True)
SHOWN = 20  # rows of a table of which a file may have half a million


def show_table(title: str, columns: Iterable[str], rows: Sequence[Sequence[str]], *, empty: bool = False) -> None:
    """A table on standard output; nothing where it has no rows, unless `empty`."""
    _layout.show(out, title, columns, rows, empty=empty)


def show_facts(title: str, lines: list[tuple[str, str]]) -> None:
    """Names and what they are, a line each; those that are empty are left out."""
    held = [(name, text) for name, text in lines if text]
    if not held:
        return
    _layout.write(out, title, style="bold")
    for line in _layout.facts(held):
        _layout.write(out, line)
    _layout.write(out)


def say(sentence: str) -> None:
    """A line of the result."""
    _layout.write(out, printable(sentence))


def complain(sentence: str) -> None:
    """A line, or some, on standard error."""
    for line in sentence.splitlines() or [""]:
        print(f"porlake: {printable(line)}", file=sys.stderr)


def place(member: int, row: int) -> str:
    """Where a row stands: its line, behind the number of its file where that is not the first."""
    return f"{member}:{row}" if member else str(row)
