"""The exchange that somebody named."""

from __future__ import annotations

from difflib import get_close_matches

from porlake import registry
from porlake.errors import ConfigurationError


def publisher_of(exchange: str) -> registry.Exchange:
    """The registry's row of an exchange. Raises ConfigurationError, with the name that may have been meant."""
    known = registry.load().exchanges
    if exchange in known:
        return known[exchange]
    by_word = {word.lower(): row.exchange for row in known.values() for word in (row.name, row.exchange)}
    near = get_close_matches(exchange.lower(), by_word, n=1, cutoff=0.6)
    meant = f"; did you mean {by_word[near[0]]}?" if near else ""
    named = exchange if exchange.isprintable() and len(exchange) <= 40 else exchange[:40]
    raise ConfigurationError(f"{named!r} is no exchange of the registry{meant}\nthere are {', '.join(known)}")
