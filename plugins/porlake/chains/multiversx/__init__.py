"""MultiversX: balances of a moment through the public API, by the log of what an account held."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network
from porlake.transport import Endpoint, Recording


class MultiversX(Family):
    past = "exact"
    known_by = r"mvx:.+"
    tokens = ("esdt",)

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.multiversx.client import Client

        return Client(network, endpoint, recording)


FAMILY = MultiversX()
