"""What the labels of a row say about each other."""

from __future__ import annotations

from porlake import registry
from porlake.model import Evidence


def remarks(row: Evidence) -> tuple[str, ...]:
    """`coin_and_network_differ` where the coin does not exist on the network that decides the scheme: no such coin can lie at the address."""
    if row.network and row.asset and registry.load().token(row.network, row.asset) is None:
        return ("coin_and_network_differ",)
    return ()
