"""What the commands on proofs of liabilities print alike, and their exit codes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from porlake.cli._printing import show_facts

if TYPE_CHECKING:
    from porlake.queries.proofs import Check

#: What follows the options in the help of such a command.
EXIT_CODES = """exit codes:
  0 {held}
  1 {fails}
  3 {open}
"""
_CODES = {"holds": 0, "broken": 1, "malformed": 1, "consistent_only": 3, "unsupported": 3}
_PASSED = {True: "passed", False: "FAILED", None: "not made"}


def code_of(verdict: str) -> int:
    """The exit code of a verdict."""
    return _CODES[verdict]


def verdict(word: str) -> str:
    """A verdict with what it means."""
    from porlake.queries import proofs

    return f"{word}: {proofs.VERDICTS[word]}"  # type: ignore[index]


def reason(code: str) -> str:
    """The code of a reason with what it means."""
    from porlake.queries import proofs

    meaning = proofs.meaning(proofs.REASON, code)
    return f"{code}: {meaning}" if meaning else code


def checks(title: str, made: Sequence[Check]) -> None:
    """The checks in the order in which they were made, each with how it ended and where."""
    show_facts(title, [
        (f"{number}. {check.name}", f"{_PASSED[check.passed]}{f': {check.detail}' if check.detail else ''}")
        for number, check in enumerate(made, 1)
    ])  # fmt: skip


def not_shown(title: str, codes: Sequence[str]) -> None:
    """What even a proof that holds leaves open."""
    from porlake.queries import proofs

    show_facts(title, [(code, proofs.meaning(proofs.NOT_SHOWN, code) or "-") for code in codes])
