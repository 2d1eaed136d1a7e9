"""Limits of one endpoint: of a question, of the rate, of how many questions are under way."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from weakref import WeakValueDictionary

#: Seconds within which a connection stands, its TLS handshake included.
CONNECT_SECONDS = 10.0
#: Good answers in a row after which one more question is put at once.
WIDEN_AFTER = 32


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of one question; None: the endpoint's. `patient` False: no second try where no answer came in time."""

    patient: bool = True
    timeout: float | None = None
    answer_bytes: int | None = None


class RateLimiter:
    """At most `per_second` questions a second, evenly; None: as many as are asked."""

    def __init__(self, per_second: float | None) -> None:
        self._per_second = per_second
        self._lock, self._next = threading.Lock(), 0.0

    def wait(self, questions: int = 1) -> None:
        """Come back when it is the turn of some questions that are put as one."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            if self._per_second:
                self._next = turn + questions / self._per_second
        time.sleep(max(0.0, turn - now))

    def pause(self, seconds: float) -> None:
        """No turn before `seconds` are over, whoever asks."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)


_shared: WeakValueDictionary[tuple[str, float | None], RateLimiter] = WeakValueDictionary()
_sharing = threading.Lock()


def rate_limiter(url: str, per_second: float | None) -> RateLimiter:
    """The one limiter of a place and its rate in this process, for as long as a client of it lives: what a server
    allows it allows to all of them together.
    """
    with _sharing:
        found = _shared.get((url, per_second))
        if found is None:
            _shared[url, per_second] = found = RateLimiter(per_second)
        return found


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

    @property
    def width(self) -> int:
        """How many questions may be under way now."""
        return self._width

    def narrow(self) -> None:
        with self._free:
            self._width, self._good = max(1, self._width // 2), 0

    def widen(self) -> None:
        with self._free:
            self._good += 1
            if self._good >= WIDEN_AFTER and self._width < self._widest:
                self._width, self._good = self._width + 1, 0
                self._free.notify()
