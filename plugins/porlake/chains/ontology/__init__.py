"""Ontology: balances of the head; its nodes tell no past."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.chains._identity import needs_name
from porlake.registry import Network, Registry
from porlake.transport import Endpoint, Recording


class Ontology(Family):
    past = "head"
    tokens = ("native_gas",)

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.ontology.client import Client

        return Client(network, endpoint, recording)

    def check(self, facts: Registry, network: Network) -> str:
        return needs_name(facts, network)


FAMILY = Ontology()
