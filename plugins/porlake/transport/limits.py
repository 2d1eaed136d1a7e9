"""How questions are put to one endpoint, over whatever protocol: each within its bounds, in their turn, a few at once,
again after a fault that may be over.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from weakref import WeakValueDictionary

from porlake.errors import BadAnswer, RateLimited, TimedOut, TransportError
from porlake.transport.endpoint import TRIES, Endpoint

#: Seconds within which a connection stands, its TLS handshake included.
CONNECT_SECONDS = 10.0
#: Good answers in a row after which one more question is put at once.
WIDEN_AFTER = 32
#: Tries of a question whose endpoint has TRIES: where the rate is limited, and where no answer came in time.
TRIES_IF_LIMITED = 8
TRIES_IF_TIMED_OUT = 2
LONGEST_WAIT = 60.0
Found = TypeVar("Found")


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
        """Wait until it is the turn of some questions that are put as one."""
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


# --- tries ------------------------------------------------------------------------------------------------------------
class TransientFault(TransportError):
    """A fault that may be over at the next try. Never leaves this room."""


class MalformedAnswer(BadAnswer):
    """An answer that a fault on the way may have made: the next one may be good. Never leaves this room."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What this process has asked of everybody since it began: questions that were put, each of a batch and each try
    counted; and how many of the tries were second ones, or later.
    """

    questions: int = 0
    retries: int = 0

    def __sub__(self, before: Asked) -> Asked:
        return Asked(self.questions - before.questions, self.retries - before.retries)


_asked, _asking = Asked(), threading.Lock()


def asked() -> Asked:
    """What was asked until now."""
    return _asked


def _count(questions: int = 0, retries: int = 0) -> None:
    global _asked
    with _asking:
        _asked = Asked(_asked.questions + questions, _asked.retries + retries)


class Retries:
    """The endpoint's rate, which all clients of it in this process share, and one client's concurrency and tries."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._rate = rate_limiter(endpoint.url, endpoint.per_second)
        self._concurrency = ConcurrencyLimiter(endpoint.in_flight)
        self._random = random.Random(0)  # noqa: S311 - spreads retries, guards nothing

    def turn(self, questions: int = 1) -> None:
        """Wait until some questions may be put; of a batch each counts, as providers count them."""
        self._rate.wait(questions)
        _count(questions=questions)

    def run(self, ask: Callable[[], Found], *, patient: bool = True) -> Found:
        """What `ask` gives at one of the tries. Reads only: asking again is safe. Raises what it raised last, in its
        public class; with `patient` False a TimedOut at once.
        """
        attempt = 0
        while True:
            attempt += 1
            try:
                with self._concurrency:
                    found = ask()
            except (RateLimited, TimedOut, TransientFault, MalformedAnswer) as error:
                if isinstance(error, TimedOut) and not patient:
                    raise
                if attempt >= tries_for(self._endpoint, error):
                    raise public_error(error) from None
                self._rest(attempt, error if isinstance(error, RateLimited) else None)
            else:
                self._concurrency.widen()
                return found

    def _rest(self, attempt: int, limited: RateLimited | None) -> None:
        _count(retries=1)
        wait = self._endpoint.pause * 2 ** (attempt - 1) * (1 + self._random.random())
        if limited is not None:
            self._concurrency.narrow()
            wait = wait if limited.retry_after is None else limited.retry_after
            self._rate.pause(min(LONGEST_WAIT, wait))  # whoever asks this endpoint waits, not this question alone
        time.sleep(min(LONGEST_WAIT, wait))


def tries_for(endpoint: Endpoint, error: TransportError) -> int:
    """More tries where the endpoint limits the rate, fewer where it did not answer in time."""
    if isinstance(error, RateLimited):
        return endpoint.tries * TRIES_IF_LIMITED // TRIES
    return min(TRIES_IF_TIMED_OUT, endpoint.tries) if isinstance(error, TimedOut) else endpoint.tries


def public_error(error: TransportError) -> TransportError:
    """The public class of what is left after the last try."""
    if isinstance(error, MalformedAnswer):
        return BadAnswer(str(error))
    return TransportError(str(error)) if isinstance(error, TransientFault) else error
