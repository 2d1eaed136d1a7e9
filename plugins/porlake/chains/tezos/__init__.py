"""Tezos: any level of a node that keeps all (`archive`), one account a question; FA2 tokens many at a time."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network, Token
from porlake.transport import Endpoint, Recording


class Tezos(Family):
    past = "exact"
    known_by = r"tezos:.+"
    parts = ("liquid", "staked", "unstaking", "unstaked", "bonds")
    tokens = ("fa2",)

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.tezos.client import open_client

        return open_client(network, endpoint, recording)

    def unreadable(self, token: Token | None) -> str:
        """An FA2 token is named by its contract and its number there, `KT1...:0`."""
        if why := super().unreadable(token):
            return why
        return "contract_unknown" if token is not None and token.kind != "native" and ":" not in token.contract else ""


FAMILY = Tezos()
