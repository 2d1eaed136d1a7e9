"""Stacks: exact balances of a block through the extended API (Hiro)."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network, Registry
from porlake.transport import Endpoint, Recording


class Stacks(Family):
    past = "exact"
    parts = ("liquid", "locked")
    tokens = ("sip010",)

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.stacks.client import Client

        return Client(network, endpoint, recording)

    def check(self, facts: Registry, network: Network) -> str:
        if why := super().check(facts, network):
            return why
        namespace, _, reference = network.caip2.partition(":")
        known = namespace == "stacks" and reference.isdecimal()
        return "" if known else f"client {network.client!r} needs the network's number: stacks:1"


FAMILY = Stacks()
