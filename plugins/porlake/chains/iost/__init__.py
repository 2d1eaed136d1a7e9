"""IOST: tokens of now, of the last block that cannot be reversed."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.chains._identity import needs_name
from porlake.registry import Network, Registry
from porlake.transport import Endpoint, Recording


class Iost(Family):
    past = "head"
    parts = ("liquid", "frozen")

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.iost.client import Client

        return Client(network, endpoint, recording)

    def check(self, facts: Registry, network: Network) -> str:
        return super().check(facts, network) or needs_name(facts, network)


FAMILY = Iost()
