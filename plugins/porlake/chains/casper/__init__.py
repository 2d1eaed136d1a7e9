"""Casper: balances at a block, by the hash of it, and what of them is on hold."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.chains._identity import needs_name
from porlake.registry import Network, Registry
from porlake.transport import Endpoint, Recording


class Casper(Family):
    past = "exact"
    parts = ("liquid", "on_hold")

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.casper.client import Client

        return Client(network, endpoint, recording)

    def check(self, facts: Registry, network: Network) -> str:
        return super().check(facts, network) or needs_name(facts, network)


FAMILY = Casper()
