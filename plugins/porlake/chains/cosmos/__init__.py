"""Networks of the Cosmos SDK: balances, stakes and proofs through the REST gateway of their nodes."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network, Registry, Token
from porlake.transport import Endpoint, Recording


class Cosmos(Family):
    past = "exact"
    known_by = r"cosmos:.+"
    parts = ("liquid", "delegated", "unstaking")
    tokens = ("bank",)

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.cosmos.client import open_client

        return open_client(network, endpoint, recording)

    def unreadable(self, token: Token | None) -> str:
        if why := super().unreadable(token):
            return why
        return "" if token is not None and token.kind in ("native", "bank") else "contract_unknown"

    def check(self, facts: Registry, network: Network) -> str:
        if why := super().check(facts, network):
            return why
        if network.network not in facts.cosmos_networks:
            return f"client {network.client!r} needs a row in cosmos_networks.csv: the denomination of its own coin"
        return ""


FAMILY = Cosmos()
