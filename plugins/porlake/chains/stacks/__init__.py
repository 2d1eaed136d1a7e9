"""Stacks: exact balances of a block through the extended API (Hiro)."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network
from porlake.transport import Endpoint, Recording


class Stacks(Family):
    past = "exact"
    known_by = r"stacks:[0-9]+"
    parts = ("liquid", "locked")
    tokens = ("sip010",)

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.stacks.client import Client

        return Client(network, endpoint, recording)


FAMILY = Stacks()
