"""Solana and chains of its software: coins, stakes and SPL tokens of the finalized head; no node tells a past state."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network, Registry
from porlake.transport import Endpoint, Recording


class Solana(Family):
    past = "unchanged"
    parts = ("liquid", "staked", "unstaking", "undelegated", "frozen")
    tokens = ("spl",)

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.solana.client import open_client

        return open_client(network, endpoint, recording)

    def check(self, facts: Registry, network: Network) -> str:
        if why := super().check(facts, network):
            return why
        if network.caip2.startswith("solana:") or mark(facts, network):
            return ""
        return (
            f"client {network.client!r} knows its chain by the hash of its genesis (caip2 solana:...), or by an "
            f"account that identities.csv names"
        )


def mark(facts: Registry, network: Network) -> str:
    """The account by which a chain is known whose genesis the registry does not name, '' where there is none."""
    found = facts.identities.get(network.network)
    return found.account if found else ""


FAMILY = Solana()
