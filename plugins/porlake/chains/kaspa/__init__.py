"""Kaspa: balances of now by an index of its block DAG, many addresses a question."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network
from porlake.transport import Endpoint, Recording


class Kaspa(Family):
    past = "head"
    known_by = "a name"

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.kaspa.client import Client

        return Client(network, endpoint, recording)


FAMILY = Kaspa()
