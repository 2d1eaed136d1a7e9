"""Which faults are worth a second try, and how often."""

from __future__ import annotations

from porlake.errors import BadAnswer, RateLimited, TimedOut, TransportError
from porlake.transport.endpoint import TRIES, Endpoint

TRIES_IF_LIMITED = 8
TRIES_IF_TIMED_OUT = 2
LONGEST_WAIT = 60.0


class TransientFault(TransportError):
    """A fault that may be over at the next try."""


class MalformedAnswer(BadAnswer):
    """An answer that a fault on the way may have made: the next one may be good."""


def public_error(error: TransportError) -> TransportError:
    """The public class of what is left after the last try."""
    if isinstance(error, MalformedAnswer):
        return BadAnswer(str(error))
    return TransportError(str(error)) if isinstance(error, TransientFault) else error


def tries_for(endpoint: Endpoint, error: TransportError) -> int:
    """Who is told to slow down comes back more often; who waited in vain waits once more."""
    if isinstance(error, RateLimited):
        return endpoint.tries * TRIES_IF_LIMITED // TRIES
    return min(TRIES_IF_TIMED_OUT, endpoint.tries) if isinstance(error, TimedOut) else endpoint.tries
