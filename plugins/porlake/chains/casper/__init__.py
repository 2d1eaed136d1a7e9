"""Casper: balances at a block, by the hash of it, and what of them is on hold."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network
from porlake.transport import Endpoint, Recording


class Casper(Family):
    past = "exact"
    known_by = "a name"
    parts = ("liquid", "on_hold")

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.casper.client import Client

        return Client(network, endpoint, recording)


FAMILY = Casper()
