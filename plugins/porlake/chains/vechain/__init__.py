"""VeChainThor: exact balances at a block, many accounts a question."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network
from porlake.transport import Endpoint, Recording


class VeChain(Family):
    past = "exact"
    known_by = "blocks"
    tokens = ("vip180",)

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.vechain.client import Client

        return Client(network, endpoint, recording)


FAMILY = VeChain()
