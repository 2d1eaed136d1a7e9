"""Sui, and IOTA since its move to objects: coins and stakes at a checkpoint, through GraphQL."""

from __future__ import annotations

from collections.abc import Sequence

from porlake.chains._family import Beside, Client, Dump, Family, first
from porlake.progress import Tell, silent
from porlake.registry import Network, Registry
from porlake.transport import Endpoint, Recording


class Sui(Family):
    past = "unchanged"
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
        from porlake.chains.sui.client import open_client

        return open_client(network, first(network, endpoints, recording), recording)

    def check(self, facts: Registry, network: Network) -> str:
        if why := super().check(facts, network):
            return why
        found = facts.identities.get(network.network)
        if found is None or not found.chain:
            return f"client {network.client!r} knows its chain by its name (chain:id in identities.csv)"
        if network.address_form not in ("sui", "iota"):
            return f"client {network.client!r} reads addresses of the forms sui and iota"
        return ""


FAMILY = Sui()
