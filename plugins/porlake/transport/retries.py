"""How questions are put to one endpoint, over whatever protocol: in their turn, a few at once, again after a fault that
may be over.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from porlake.errors import BadAnswer, RateLimited, TimedOut, TransportError
from porlake.transport.endpoint import TRIES, Endpoint
from porlake.transport.limits import ConcurrencyLimiter, rate_limiter

#: Tries of a question whose endpoint has TRIES: where the rate is limited, and where no answer came in time.
TRIES_IF_LIMITED = 8
TRIES_IF_TIMED_OUT = 2
LONGEST_WAIT = 60.0
Found = TypeVar("Found")


class TransientFault(TransportError):
    """A fault that may be over at the next try. Never leaves this room."""


class MalformedAnswer(BadAnswer):
    """An answer that a fault on the way may have made: the next one may be good. Never leaves this room."""


class Retries:
    """The endpoint's rate, which all clients of it in this process share, and one client's concurrency and tries."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._rate = rate_limiter(endpoint.url, endpoint.per_second)
        self._concurrency = ConcurrencyLimiter(endpoint.in_flight)
        self._random = random.Random(0)  # noqa: S311 - spreads retries, guards nothing

    def turn(self, questions: int = 1) -> None:
        """Come back when some questions may be put; of a batch each counts, as providers count them."""
        self._rate.wait(questions)

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
        wait = self._endpoint.pause * 2 ** (attempt - 1) * (1 + self._random.random())
        if limited is not None:
            self._concurrency.narrow()
            wait = wait if limited.retry_after is None else limited.retry_after
            self._rate.pause(min(LONGEST_WAIT, wait))  # whoever asks this endpoint waits, not this question alone
        time.sleep(min(LONGEST_WAIT, wait))


def tries_for(endpoint: Endpoint, error: TransportError) -> int:
    """Who is told to slow down comes back more often; who waited in vain waits once more."""
    if isinstance(error, RateLimited):
        return endpoint.tries * TRIES_IF_LIMITED // TRIES
    return min(TRIES_IF_TIMED_OUT, endpoint.tries) if isinstance(error, TimedOut) else endpoint.tries


def public_error(error: TransportError) -> TransportError:
    """The public class of what is left after the last try."""
    if isinstance(error, MalformedAnswer):
        return BadAnswer(str(error))
    return TransportError(str(error)) if isinstance(error, TransientFault) else error
