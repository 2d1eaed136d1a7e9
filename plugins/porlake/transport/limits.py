"""Bounds of one question, and how many of them are under way at an endpoint."""

from __future__ import annotations

import threading
from dataclasses import dataclass

WIDEN_AFTER = 32


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of one question; None: the endpoint's."""

    patient: bool = True
    timeout: float | None = None
    answer_bytes: int | None = None


class ConcurrencyLimiter:
    """How many questions are under way at once: half as many after a rate limit, one more after a row of good
    answers.
    """

    def __init__(self, widest: int) -> None:
        self._widest = self._width = max(1, widest)
        self._under_way, self._good = 0, 0
        self._free = threading.Condition()

    def __enter__(self) -> None:
        with self._free:
            while self._under_way >= self._width:
                self._free.wait()
            self._under_way += 1

    def __exit__(self, *_: object) -> None:
        with self._free:
            self._under_way -= 1
            self._free.notify()

    def narrow(self) -> None:
        with self._free:
            self._width, self._good = max(1, self._width // 2), 0

    def widen(self) -> None:
        with self._free:
            self._good += 1
            if self._good >= WIDEN_AFTER and self._width < self._widest:
                self._width, self._good = self._width + 1, 0
                self._free.notify()
