"""Conflux Core: the space of base32 accounts; eSpace is read as an EVM network."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network, Token
from porlake.transport import Endpoint, Recording


class Conflux(Family):
    past = "exact"
    known_by = "a name"
    parts = ("liquid", "staked", "collateral")

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.conflux.client import open_client

        return open_client(network, endpoint, recording)

    def unreadable(self, token: Token | None) -> str:
        return super().unreadable(token) or ("" if token is not None and token.kind == "native" else "token_not_read")


FAMILY = Conflux()
