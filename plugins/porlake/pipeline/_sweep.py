"""sweep: what an exchange claimed last, read at the moment itself on networks whose past nobody tells."""

from __future__ import annotations

from datetime import datetime

from porlake import observation
from porlake.errors import MissingPartition
from porlake.pipeline._session import Session


def swept_networks(session: Session, exchange: str) -> list[str]:
    """The networks of its last claims that are swept. Raises MissingPartition where it has claimed nothing yet."""
    return observation.swept_networks(session.lake, exchange)


def is_claimed(session: Session, exchange: str, network: str) -> bool:
    """Whether there is anything to sweep."""
    try:
        return network in swept_networks(session, exchange)
    except MissingPartition:
        return False


def sweep(session: Session, exchange: str, network: str, at: datetime) -> int:
    """Balances of everything that the exchange claimed last on a network, read now, for the moment `at`; the number of
    holdings read. Raises as `observation.sweep`; then nothing is written.
    """
    return observation.sweep(session.run, exchange, network, at)
