"""Filecoin's own accounts (f0 to f4), through the RPC of Lotus and Forest."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.chains._identity import needs_blocks
from porlake.registry import Network, Registry, Token
from porlake.transport import Endpoint, Recording


class Filecoin(Family):
    past = "exact"
    parts = ("liquid", "locked")

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.filecoin.client import open_client

        return open_client(network, endpoint, recording)

    def unreadable(self, token: Token | None) -> str:
        return super().unreadable(token) or ("" if token is not None and token.kind == "native" else "token_not_read")

    def check(self, facts: Registry, network: Network) -> str:
        return super().check(facts, network) or needs_blocks(facts, network)


FAMILY = Filecoin()
