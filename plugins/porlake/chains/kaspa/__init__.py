"""Kaspa: balances of now by an index of its block DAG, many addresses a question."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.chains._identity import needs_name
from porlake.registry import Network, Registry
from porlake.transport import Endpoint, Recording


class Kaspa(Family):
    past = "head"

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.kaspa.client import Client

        return Client(network, endpoint, recording)

    def check(self, facts: Registry, network: Network) -> str:
        return super().check(facts, network) or needs_name(facts, network)


FAMILY = Kaspa()
