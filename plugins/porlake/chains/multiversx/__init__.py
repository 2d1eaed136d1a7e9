"""MultiversX: balances of a moment through the public API, by the log of what an account held."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network, Registry
from porlake.transport import Endpoint, Recording


class MultiversX(Family):
    past = "exact"
    tokens = ("esdt",)

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.multiversx.client import Client

        return Client(network, endpoint, recording)

    def check(self, facts: Registry, network: Network) -> str:
        if why := super().check(facts, network):
            return why
        namespace, _, reference = network.caip2.partition(":")
        return "" if namespace == "mvx" and reference else f"client {network.client!r} needs the chain's id: mvx:1"


FAMILY = MultiversX()
