"""A table of what was looked at, and whether that is enough."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from porlake.cli._printing import say, show_table

if TYPE_CHECKING:
    from porlake.queries.doctor import Check


def show(checks: Sequence[Check], able: str, limits: str) -> int:
    """A line of each, and whether it is `able` (`porlake can work`); `limits`: what stands back where something that
    is optional lacks. The exit code.
    """
    rows = [(_mark(c), c.what, c.found, "" if c.ok else c.remedy) for c in checks]
    show_table("", ("", "what", "found", "to mend it"), rows)
    wrong = [check.what for check in checks if not check.ok and not check.optional]
    waiting = sum(not check.ok and check.optional for check in checks)
    also = f"; {waiting} more only limit {limits}" if waiting else ""
    say(f"to mend before {able}: {', '.join(wrong)}{also}" if wrong else f"{able}{also}")
    return 1 if wrong else 0


def _mark(check: Check) -> str:
    return "ok" if check.ok else "--" if check.optional else "!!"
