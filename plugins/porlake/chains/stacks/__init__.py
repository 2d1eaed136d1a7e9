"""Stacks: exact balances of a block through the extended API (Hiro)."""

from __future__ import annotations

from collections.abc import Sequence

from porlake.chains._family import Beside, Client, Dump, Family, first
from porlake.progress import Tell, silent
from porlake.registry import Network, Registry
from porlake.transport import Endpoint, Recording


class Stacks(Family):
    past = "exact"
    parts = ("liquid", "locked")

    def open_client(
        self,
        network: Network,
        endpoints: Sequence[Endpoint],
        recording: Recording,
        *,
        beside: Beside | None = None,
        dump: Dump | None = None,
        tell: Tell = silent,
    ) -> Client:
        from porlake.chains.stacks.client import Client

        return Client(network, first(network, endpoints, recording), recording)

    def check(self, facts: Registry, network: Network) -> str:
        if why := super().check(facts, network):
            return why
        namespace, _, reference = network.caip2.partition(":")
        known = namespace == "stacks" and reference.isdecimal()
        return "" if known else f"client {network.client!r} needs the network's number: stacks:1"


FAMILY = Stacks()
