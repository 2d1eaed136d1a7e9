"""Hedera: any consensus moment, by the snapshot before it and the transfers since, through a mirror node."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network
from porlake.transport import Endpoint, Recording


class Hedera(Family):
    past = "exact"
    known_by = "blocks"
    parts = ("liquid",)
    tokens = ("hts",)

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.hedera.client import open_client

        return open_client(network, endpoint, recording)


FAMILY = Hedera()
