"""MultiversX: balances of a moment through the public API, by the log of what an account held."""

from __future__ import annotations

from collections.abc import Sequence

from porlake.chains._family import Beside, Client, Dump, Family, first
from porlake.progress import Tell, silent
from porlake.registry import Network, Registry
from porlake.transport import Endpoint, Recording


class MultiversX(Family):
    past = "exact"

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
        from porlake.chains.multiversx.client import Client

        return Client(network, first(network, endpoints, recording), recording)

    def check(self, facts: Registry, network: Network) -> str:
        if why := super().check(facts, network):
            return why
        namespace, _, reference = network.caip2.partition(":")
        return "" if namespace == "mvx" and reference else f"client {network.client!r} needs the chain's id: mvx:1"


FAMILY = MultiversX()
