"""Algorand: past rounds as far as an indexer tells them (`indexer+https://...`), else the newest round of a node."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network, Token
from porlake.transport import Endpoint, Recording


class Algorand(Family):
    past = "unchanged"
    known_by = r"algorand:.+"
    parts = ("liquid", "pending_rewards")
    tokens = ("asa",)

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.algorand.client import open_client

        client: Client = open_client(network, endpoint, recording)
        return client

    def unreadable(self, token: Token | None) -> str:
        """A standard asset (ASA) goes by its number."""
        if why := super().unreadable(token):
            return why
        is_named = token is not None and (token.kind == "native" or token.contract.isdecimal())
        return "" if is_named else "contract_unknown"


FAMILY = Algorand()
