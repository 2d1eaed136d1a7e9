"""Nervos CKB: live cells of a lock by a node's index, which count where nothing happened since."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.chains._identity import needs_blocks
from porlake.registry import Network, Registry
from porlake.transport import Endpoint, Recording


class Nervos(Family):
    past = "unchanged"
    parts = ("liquid", "dao")

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.nervos.client import Client

        return Client(network, endpoint, recording)

    def check(self, facts: Registry, network: Network) -> str:
        return super().check(facts, network) or needs_blocks(facts, network)


FAMILY = Nervos()
