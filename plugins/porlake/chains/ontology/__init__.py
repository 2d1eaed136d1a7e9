"""Ontology: balances of the head; its nodes tell no past."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network
from porlake.transport import Endpoint, Recording


class Ontology(Family):
    past = "head"
    known_by = "a name"
    tokens = ("native_gas",)

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.ontology.client import Client

        return Client(network, endpoint, recording)


FAMILY = Ontology()
