"""Long work says how far it is: a bar with rate and time left on a terminal, a plain line now and then in a log.

A stage calls `progress(what, done, total)`; `total` is None where it is not known beforehand. Standard output stays
free for results.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Tell = Callable[[str, int, int | None], None]

EVERY_SECONDS = 10.0

log = logging.getLogger("porlake")


def silent(what: str, done: int, total: int | None) -> None:
    """Says nothing."""


def printable(text: str) -> str:
    """`text` with a sign in place of each character that a terminal would obey instead of showing it: escapes, line
    ends, turns of direction.
    """
    return text if text.isprintable() else "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


class Lines:
    """A log line at the start of a piece of work and then every `EVERY_SECONDS`."""

    def __init__(self, write: Callable[[str], object] = log.info) -> None:
        self._write = write
        self._work: dict[str, tuple[float, float]] = {}

    def __call__(self, what: str, done: int, total: int | None) -> None:
        now = time.monotonic()
        started, said = self._work.get(what, (now, 0.0))
        if now - said >= EVERY_SECONDS or done == total:
            self._write(printable(line(what, done, total, now - started)))
            said = now
        self._work[what] = (started, said)


def line(what: str, done: int, total: int | None, seconds: float) -> str:
    """`verify okx/2024-03-25: 12,000 of 628,484 rows, 51,000/s, 12 s left`"""
    if total == 0:  # a word about work that there was none of: it failed at once
        return what
    rate = done / seconds if seconds > 0 else 0.0
    parts = [f"{what}: {done:,} of {total:,}" if total is not None else f"{what}: {done:,}"]
    if rate:
        parts.append(f"{rate:,.0f}/s")
    if rate and total is not None and done < total:
        parts.append(f"{(total - done) / rate:,.0f} s left")
    return ", ".join(parts)


@contextmanager
def shown() -> Iterator[Tell]:
    """A bar on a terminal (standard error), plain lines elsewhere."""
    if not sys.stderr.isatty():
        yield Lines(lambda text: print(text, file=sys.stderr, flush=True))  # noqa: T201 - the command line's log
        return
    with _bar() as tell:
        yield tell


@contextmanager
def _bar() -> Iterator[Tell]:
    # a quarter of a second of every start, for a terminal that few processes have
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TaskID,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text(f"{task.speed:,.0f}/s" if task.speed else "")

    bar = Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Rate(), TimeRemainingColumn(),
                   console=Console(stderr=True), transient=True)  # fmt: skip
    tasks: dict[str, TaskID] = {}

    def tell(what: str, done: int, total: int | None) -> None:
        if total == 0:  # a word, not work
            bar.console.print(Text(printable(what)), highlight=False, soft_wrap=True)
            return
        if what not in tasks:
            tasks[what] = bar.add_task(escape(printable(what)), total=total)
        bar.update(tasks[what], completed=done, total=total)

    with bar:
        yield tell
