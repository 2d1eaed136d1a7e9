"""Aptos: coins and fungible assets at the last version of a block, as far back as a node keeps its state."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network
from porlake.transport import Endpoint, Recording


class Aptos(Family):
    past = "exact"
    known_by = r"aptos:[0-9]+"
    tokens = ("fungible_asset",)

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.aptos.client import open_client

        return open_client(network, endpoint, recording)


FAMILY = Aptos()
