"""NEAR: accounts and NEP-141 tokens at a block's hash, as far back as a node keeps its state."""

from __future__ import annotations

from collections.abc import Sequence

from porlake.chains._family import Beside, Client, Dump, Family, first
from porlake.progress import Tell, silent
from porlake.registry import Network, Registry
from porlake.transport import Endpoint, Recording


class Near(Family):
    past = "exact"
    parts = ("liquid", "staked")

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
        from porlake.chains.near.client import open_client

        return open_client(network, first(network, endpoints, recording), recording)

    def check(self, facts: Registry, network: Network) -> str:
        if why := super().check(facts, network):
            return why
        if network.caip2.startswith("near:"):
            return ""
        return f"client {network.client!r} knows its chain by its id (caip2 near:...)"


FAMILY = Near()
