"""Ethereum's validators, at the slot that holds a block of the execution layer."""

from __future__ import annotations

from collections.abc import Sequence

from porlake.chains._family import Beside, Client, Dump, Family, first
from porlake.chains._identity import needs_identity
from porlake.progress import Tell, silent
from porlake.registry import Network, Registry
from porlake.transport import Endpoint, Recording


class Beacon(Family):
    past = "exact"
    parts = ("validator",)

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
        from porlake.chains.beacon.client import open_client

        return open_client(network, first(network, endpoints, recording), recording, beside)

    def beside(self, network: str) -> str:
        return network.removesuffix("_beacon")  # ethereum_beacon: the blocks of ethereum

    def check(self, facts: Registry, network: Network) -> str:
        if why := super().check(facts, network) or needs_identity(facts, network):
            return why
        if facts.identities[network.network].blocks:
            return f"client {network.client!r} knows its chain by the root of its validators, not by blocks"
        if (other := self.beside(network.network)) == network.network or other not in facts.networks:
            return f"{network.network!r} names no network whose blocks hold its own: <network>_beacon"
        return ""


FAMILY = Beacon()
