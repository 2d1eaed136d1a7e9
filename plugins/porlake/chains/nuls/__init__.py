"""NULS: balances of the head, and of an earlier block where nothing happened since."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.chains._identity import needs_name
from porlake.registry import Network, Registry
from porlake.transport import Endpoint, Recording


class Nuls(Family):
    past = "unchanged"
    parts = ("liquid", "time_locked", "staked")

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.nuls.client import Client

        return Client(network, endpoint, recording)

    def check(self, facts: Registry, network: Network) -> str:
        return super().check(facts, network) or needs_name(facts, network)


FAMILY = Nuls()
