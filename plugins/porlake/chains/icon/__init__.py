"""ICON: exact balances at a height, in batches."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network
from porlake.transport import Endpoint, Recording


class Icon(Family):
    past = "exact"
    known_by = "blocks"
    parts = ("liquid", "staked", "unstaking")
    tokens = ("irc2",)

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.icon.client import Client

        return Client(network, endpoint, recording)


FAMILY = Icon()
