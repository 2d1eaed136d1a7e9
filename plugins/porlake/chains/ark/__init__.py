"""ARK: wallets of now by a relay's public API."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network
from porlake.transport import Endpoint, Recording


class Ark(Family):
    past = "head"
    known_by = "a name"
    parts = ("liquid", "locked")

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.ark.client import Client

        return Client(network, endpoint, recording)


FAMILY = Ark()
