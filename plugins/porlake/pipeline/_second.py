"""observe, in part: an address that claims to hold something and of which an index knows nothing is asked of a second
endpoint.

A zero that no history stands behind may be an index that has lost it, or never had it: without somebody else's word it
is no zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from porlake import chains, registry
from porlake.errors import ChainError, TransportError
from porlake.pipeline._session import Session


def confirmed(
    session: Session,
    network: str,
    wanted: Sequence[chains.Wanted],
    doubtful: Sequence[chains.Reading],
    at: chains.BlockRef,
) -> Iterator[chains.Reading | chains.Unread]:
    """The readings that a second endpoint confirms; of other holdings that they are unobserved: `no_history`, or
    `endpoints_disagree`.
    """
    holdings = {(reading.asset, reading.address) for reading in doubtful}
    others = (
        _asked_again(session, network, [want for want in wanted if (want.asset, want.address) in holdings], at)
        if holdings
        else {}
    )
    reasons = {holding: _reason(others.get(holding)) for holding in sorted(holdings)}
    for reading in doubtful:
        if not reasons[reading.asset, reading.address]:
            yield replace(reading, confirmed_by=others[reading.asset, reading.address].source)
    yield from (chains.Unread(asset, address, reason) for (asset, address), reason in reasons.items() if reason)


def _reason(other: chains.Reading | None) -> str:
    if other is None:
        return "no_history"
    return "endpoints_disagree" if other.raw else ""


def _asked_again(
    session: Session, network: str, wanted: Sequence[chains.Wanted], at: chains.BlockRef
) -> dict[tuple[str, str], chains.Reading]:
    """The totals that a second endpoint of another operator gives; none where there is none, or where it fails or knows
    another block there.
    """
    places, recording = session.endpoints_of(network), session.recording.beside(2)
    operator = registry.load().operator
    second = next((place for place in places[1:] if operator(place.host) != operator(places[0].host)), None)
    if second is None and not (session.recording.replays and recording.holds(network)):
        return {}
    try:
        client = chains.open_client(registry.load().networks[network], second, recording)
        if client.block(at.height).hash != at.hash:
            raise ChainError(
                f"{second.host if second else network}: another block {at.height:,} than the first endpoint's"
            )
        answers = list(client.balances(wanted, at))
    except (TransportError, ChainError) as error:
        session.progress(f"observe {network}: the second endpoint: {error}", 0, 0)
        return {}
    return {
        (found.asset, found.address): found
        for found in answers
        if isinstance(found, chains.Reading) and found.component == "total"
    }
