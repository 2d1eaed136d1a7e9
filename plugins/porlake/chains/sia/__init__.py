"""Siacoin: balances of now by an explorer's index, which count where nothing happened since."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.chains._identity import needs_blocks
from porlake.registry import Network, Registry
from porlake.transport import Endpoint, Recording


class Sia(Family):
    past = "unchanged"
    parts = ("liquid", "immature")

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.sia.client import Client

        return Client(network, endpoint, recording)

    def check(self, facts: Registry, network: Network) -> str:
        return super().check(facts, network) or needs_blocks(facts, network)


FAMILY = Sia()
