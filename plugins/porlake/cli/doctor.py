"""porlake doctor: what is installed, configured, missing, and how to fix it."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from porlake.cli import _options
from porlake.cli._printing import say, show_table

if TYPE_CHECKING:
    from porlake.queries.doctor import Check

WHAT = "what is installed, configured, missing, and how to fix it"
EXAMPLE = "porlake doctor"


def add_options(parser: argparse.ArgumentParser) -> None:
    _options.lake(parser)


def run(options: argparse.Namespace) -> int:
    from porlake import pipeline
    from porlake.queries import doctor

    checks = doctor.doctor(pipeline.session(options.lake))
    show_table(
        "", ("", "what", "found", "to mend it"), [(_mark(c), c.what, c.found, "" if c.ok else c.remedy) for c in checks]
    )
    wrong = [check.what for check in checks if not check.ok and not check.optional]
    waiting = sum(not check.ok and check.optional for check in checks)
    also = f"; {waiting} more only limit what can be read" if waiting else ""
    say(f"to mend before porlake can work: {', '.join(wrong)}{also}" if wrong else f"porlake can work{also}")
    return 1 if wrong else 0


def _mark(check: Check) -> str:
    return "ok" if check.ok else "--" if check.optional else "!!"
