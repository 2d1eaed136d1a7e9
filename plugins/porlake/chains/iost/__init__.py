"""IOST: tokens of now, of the last block that cannot be reversed."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network
from porlake.transport import Endpoint, Recording


class Iost(Family):
    past = "head"
    known_by = "a name"
    parts = ("liquid", "frozen")

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.iost.client import Client

        return Client(network, endpoint, recording)


FAMILY = Iost()
