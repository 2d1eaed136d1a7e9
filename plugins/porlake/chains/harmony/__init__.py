"""Harmony: shard 0, its accounts in bech32, with what they have delegated."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network, Registry, Token
from porlake.transport import Endpoint, Recording


class Harmony(Family):
    past = "exact"
    parts = ("liquid", "delegated", "unstaking", "reward")

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.harmony.client import open_client

        return open_client(network, endpoint, recording)

    def unreadable(self, token: Token | None) -> str:
        return super().unreadable(token) or ("" if token is not None and token.kind == "native" else "token_not_read")

    def check(self, facts: Registry, network: Network) -> str:
        if why := super().check(facts, network):
            return why
        row = facts.evm_networks.get(network.network)
        if row is None or not row.multicall3:
            return f"client {network.client!r} needs a row in evm_networks.csv that names Multicall3"
        return ""


FAMILY = Harmony()
