"""Stellar and Pi Network: balances of the newest ledger, exact where nothing changed after the snapshot's; through
Horizon, one account a question, or Stellar RPC (`rpc+https://...`), 199 at a time.
"""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.chains._identity import needs_identity
from porlake.registry import Network, Registry, Token
from porlake.transport import Endpoint, Recording


class Stellar(Family):
    past = "unchanged"
    parts = ("liquid", "selling_liabilities")
    tokens = ("issued",)

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.stellar.client import open_client

        client: Client = open_client(network, endpoint, recording)
        return client

    def unreadable(self, token: Token | None) -> str:
        """An asset is named by its code and its issuer, `USDC:GA5Z...`."""
        if why := super().unreadable(token):
            return why
        return "contract_unknown" if token is not None and token.kind != "native" and ":" not in token.contract else ""

    def check(self, facts: Registry, network: Network) -> str:
        if why := super().check(facts, network) or needs_identity(facts, network):
            return why
        if facts.identities[network.network].blocks:
            return f"client {network.client!r} knows its network by the hash of its passphrase, not by blocks"
        return ""


FAMILY = Stellar()
