"""Internet Computer: the ICP ledger at any of its blocks, through Rosetta."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network
from porlake.transport import Endpoint, Recording


class Icp(Family):
    past = "exact"
    known_by = "a name"

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.icp.client import Client

        return Client(network, endpoint, recording)


FAMILY = Icp()
