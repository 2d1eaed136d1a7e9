"""ICON: exact balances at a height, in batches."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.chains._identity import needs_blocks
from porlake.registry import Network, Registry
from porlake.transport import Endpoint, Recording


class Icon(Family):
    past = "exact"
    parts = ("liquid", "staked", "unstaking")
    tokens = ("irc2",)

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.icon.client import Client

        return Client(network, endpoint, recording)

    def check(self, facts: Registry, network: Network) -> str:
        return super().check(facts, network) or needs_blocks(facts, network)


FAMILY = Icon()
