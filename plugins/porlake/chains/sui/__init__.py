"""Sui, and IOTA since its move to objects: coins and stakes at a checkpoint, through GraphQL."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network, Registry
from porlake.transport import Endpoint, Recording


class Sui(Family):
    past = "unchanged"
    known_by = "a name"
    parts = ("liquid", "staked")
    tokens = ("sui_coin",)

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.sui.client import open_client

        return open_client(network, endpoint, recording)

    def check(self, facts: Registry, network: Network) -> str:
        if why := super().check(facts, network):
            return why
        if network.address_form not in ("sui", "iota"):
            return f"client {network.client!r} reads addresses of the forms sui and iota"
        return ""


FAMILY = Sui()
