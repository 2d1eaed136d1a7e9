"""NULS: balances of the head, and of an earlier block where nothing happened since."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network
from porlake.transport import Endpoint, Recording


class Nuls(Family):
    past = "unchanged"
    known_by = "a name"
    parts = ("liquid", "time_locked", "staked")

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.nuls.client import Client

        return Client(network, endpoint, recording)


FAMILY = Nuls()
