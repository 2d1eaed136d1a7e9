"""The steps of a judgement, for those who want to argue about it: message bytes, digest, recovered key, derived address, compared with.

A scheme tells each step with `step`, and pays next to nothing while nobody listens. `listening` gathers the steps of what is judged inside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Step:
    """`what` names a step in plain words; bytes in `value` are shown as hex."""

    what: str
    value: str | bytes | int


_heard: ContextVar[list[Step] | None] = ContextVar("porlake_steps", default=None)


def is_heard() -> bool:
    """Whether anybody listens; asked where telling a step needs more than its value."""
    return _heard.get() is not None


def step(what: str, value: str | bytes | int) -> None:
    if (steps := _heard.get()) is not None:
        steps.append(Step(what, value))


@contextmanager
def listening() -> Iterator[list[Step]]:
    steps: list[Step] = []
    token = _heard.set(steps)
    try:
        yield steps
    finally:
        _heard.reset(token)
