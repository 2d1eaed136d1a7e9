"""Siacoin: balances of now by an explorer's index, which count where nothing happened since."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network
from porlake.transport import Endpoint, Recording


class Sia(Family):
    past = "unchanged"
    known_by = "blocks"
    parts = ("liquid", "immature")

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.sia.client import Client

        return Client(network, endpoint, recording)


FAMILY = Sia()
