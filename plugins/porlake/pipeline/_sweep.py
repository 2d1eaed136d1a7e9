"""sweep: what an exchange claimed last, read at the moment itself on networks whose past nobody tells."""

from __future__ import annotations

from datetime import datetime

from porlake import observation, registry
from porlake.errors import MissingPartition
from porlake.pipeline._observe import networks
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


def swept_now(session: Session, report: str) -> list[str]:
    """The networks of an observed list that keep no past and can be swept for its moment, which is now."""
    at, now = session.lake.report(report).snapshot_at, session.recording.now()
    swept = registry.load().sweeps
    return [
        network
        for network in networks(session, report)
        if at is not None
        and network in swept
        and abs((now - at).total_seconds()) <= swept[network].window_seconds
        and session.run.can_be_asked(network)
    ]


def sweep_list(session: Session, report: str, network: str) -> int:
    """What an observed list asks for on a network, read now for its moment; the number of holdings read. Raises as
    `observation.sweep`; then nothing is written.
    """
    file = session.lake.report(report)
    assert file.snapshot_at is not None  # an observation has a moment
    return observation.sweep(session.run, file.exchange, network, file.snapshot_at, file)
