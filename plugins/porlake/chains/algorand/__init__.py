"""Algorand: past rounds as far as an indexer tells them (`indexer+https://...`), else the newest round of a node."""

from __future__ import annotations

from collections.abc import Sequence

from porlake.chains._family import Beside, Client, Dump, Family, first
from porlake.progress import Tell, silent
from porlake.registry import Network, Registry, Token
from porlake.transport import Endpoint, Recording


class Algorand(Family):
    past = "unchanged"
    parts = ("liquid", "pending_rewards")
    tokens = ("asa",)

    def open_client(
        self,
        network: Network,
        endpoints: Sequence[Endpoint],
        recording: Recording,
        *,
        beside: Beside | None = None,
        dump: Dump | None = None,
        tell: Tell = silent,
    ) -> Client:
        from porlake.chains.algorand.client import open_client

        client: Client = open_client(network, first(network, endpoints, recording), recording)
        return client

    def unreadable(self, token: Token | None) -> str:
        """A standard asset (ASA) goes by its number."""
        if why := super().unreadable(token):
            return why
        is_named = token is not None and (token.kind == "native" or token.contract.isdecimal())
        return "" if is_named else "contract_unknown"

    def check(self, facts: Registry, network: Network) -> str:
        if why := super().check(facts, network):
            return why
        if not network.caip2.startswith("algorand:"):
            return f"client {network.client!r} knows its chain by caip2, the begin of the genesis block's hash"
        return ""


FAMILY = Algorand()
