"""The steps of a judgement, for those who want to argue about it: bytes signed, digest, recovered key, derived address,
compared with.

A scheme tells each step with `step`, and pays next to nothing while nobody listens. Where several things may have been
signed, or several columns hold signatures, each is an attempt (`attempt`), and the one that leads to the account says
so (`fits`). `listening` gathers what is told inside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Step:
    """`what` names a step in plain words; bytes in `value` are shown as hex. `attempt`: what was tried, '' for a step
    that all attempts share; `fits`: whether that attempt led to the account, a script's key or the stated key.
    """

    what: str
    value: str | bytes | int
    attempt: str = ""
    fits: bool = False


@dataclass(slots=True)
class Steps:
    """What was told so far, each step of an attempt once."""

    told: dict[tuple[str, str, str | bytes | int], Step] = field(default_factory=dict)
    attempt: str = ""
    fitting: set[str] = field(default_factory=set)

    def add(self, what: str, value: str | bytes | int) -> None:
        if ("", what, value) not in self.told:
            self.told.setdefault((self.attempt, what, value), Step(what, value, self.attempt))

    def in_order(self) -> list[Step]:
        return [replace(step, fits=self._leads(step.attempt)) for step in self.told.values()]

    def _leads(self, attempt: str) -> bool:
        """Whether an attempt led to the account, or one within it: of the signature, by one of its readings."""
        within = f"{attempt}, "
        return attempt in self.fitting or (bool(attempt) and any(one.startswith(within) for one in self.fitting))


_heard: ContextVar[Steps | None] = ContextVar("porlake_steps", default=None)


def is_heard() -> bool:
    """Whether anybody listens; asked where telling a step needs more than its value."""
    return _heard.get() is not None


def step(what: str, value: str | bytes | int) -> None:
    if (steps := _heard.get()) is not None:
        steps.add(what, value)


def attempt(*tried: str) -> None:
    """The steps that follow belong to this way of reading the row; to all of them where none is named."""
    if (steps := _heard.get()) is not None:
        steps.attempt = ", ".join(filter(None, tried))


def fits() -> None:
    """The attempt under way leads to the account, to a key of the script or to the stated key."""
    if (steps := _heard.get()) is not None:
        steps.fitting.add(steps.attempt)


@contextmanager
def listening() -> Iterator[Steps]:
    steps = Steps()
    token = _heard.set(steps)
    try:
        yield steps
    finally:
        _heard.reset(token)
