"""Hedera: any consensus moment, by the snapshot before it and the transfers since, through a mirror node."""

from __future__ import annotations

from collections.abc import Sequence

from porlake.chains._family import Beside, Client, Dump, Family, first
from porlake.chains._identity import needs_blocks
from porlake.progress import Tell, silent
from porlake.registry import Network, Registry
from porlake.transport import Endpoint, Recording


class Hedera(Family):
    past = "exact"
    parts = ("liquid",)

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
        from porlake.chains.hedera.client import open_client

        return open_client(network, first(network, endpoints, recording), recording)

    def check(self, facts: Registry, network: Network) -> str:
        return super().check(facts, network) or needs_blocks(facts, network)


FAMILY = Hedera()
