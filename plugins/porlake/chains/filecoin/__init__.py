"""Filecoin's own accounts (f0 to f4), through the RPC of Lotus and Forest."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network, Token
from porlake.transport import Endpoint, Recording


class Filecoin(Family):
    past = "exact"
    known_by = "blocks"
    parts = ("liquid", "locked")

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.filecoin.client import open_client

        return open_client(network, endpoint, recording)

    def unreadable(self, token: Token | None) -> str:
        return super().unreadable(token) or ("" if token is not None and token.kind == "native" else "token_not_read")


FAMILY = Filecoin()
