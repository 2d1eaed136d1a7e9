"""NEAR: accounts and NEP-141 tokens at a block's hash, as far back as a node keeps its state."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network
from porlake.transport import Endpoint, Recording


class Near(Family):
    past = "exact"
    known_by = r"near:.+"
    parts = ("liquid", "staked")
    tokens = ("nep141",)

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.near.client import open_client

        return open_client(network, endpoint, recording)


FAMILY = Near()
