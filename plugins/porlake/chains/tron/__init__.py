"""Tron: balances of the solidified head, and what little a node tells of the past."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network
from porlake.transport import Endpoint, Recording


class Tron(Family):
    past = "head"
    known_by = "blocks"
    parts = ("liquid", "frozen", "delegated", "unstaking")
    tokens = ("trc20",)

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.tron.client import open_client

        return open_client(network, endpoint, recording)


FAMILY = Tron()
