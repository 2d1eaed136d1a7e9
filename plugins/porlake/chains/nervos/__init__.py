"""Nervos CKB: live cells of a lock by a node's index, which count where nothing happened since."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network
from porlake.transport import Endpoint, Recording


class Nervos(Family):
    past = "unchanged"
    known_by = "blocks"
    parts = ("liquid", "dao")

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.nervos.client import Client

        return Client(network, endpoint, recording)


FAMILY = Nervos()
