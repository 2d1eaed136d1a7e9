"""What was looked at, and whether that is enough."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len

from porlake.cli import _layout
from porlake.cli._printing import out, say
from porlake.progress import printable

if TYPE_CHECKING:
    from porlake.queries.doctor import Check

GAP = "  "
REMEDY = "    mend: "


def show(checks: Sequence[Check], able: str, limits: str) -> int:
    """A line of each, what mends it below, and whether it is `able` (`porlake can work`); `limits`: what stands back
    where something that is optional lacks. The exit code.
    """
    for line in lines(checks, out.width):
        _layout.write(out, line)
    _layout.write(out)
    wrong = [check.what for check in checks if not check.ok and not check.optional]
    waiting = sum(not check.ok and check.optional for check in checks)
    also = f"; {waiting} more only limit {limits}" if waiting else ""
    for line in _broken(
        f"to mend before {able}: {', '.join(wrong)}{also}" if wrong else f"{able}{also}", "", "", out.width
    ):
        say(line)
    return 1 if wrong else 0


def lines(checks: Sequence[Check], width: int) -> Iterator[str]:
    """Nothing is cut: what does not fit into `width` cells goes on below, at a blank; a word that is wider stays whole,
    for it may be a path, a URL or part of a command.
    """
    named = max((cell_len(printable(check.what)) for check in checks), default=0)
    for check in checks:
        what = printable(check.what)
        begins = f"{_mark(check)}{GAP}{what}{' ' * (named - cell_len(what))}{GAP}"
        yield from _broken(printable(check.found), begins, " " * cell_len(begins), width)
        if not check.ok and check.remedy:
            yield from _broken(printable(check.remedy), REMEDY, " " * len(REMEDY), width)


def _broken(text: str, first: str, next_: str, width: int) -> Iterator[str]:
    yield from textwrap.wrap(
        text, max(width, cell_len(first) + 20), initial_indent=first, subsequent_indent=next_,
        break_long_words=False, break_on_hyphens=False, drop_whitespace=True,
    ) or [first.rstrip()]  # fmt: skip


def _mark(check: Check) -> str:
    return "ok" if check.ok else "--" if check.optional else "!!"
