"""XRP Ledger: any validated ledger of a server that keeps it, one account a question."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network, Token
from porlake.transport import Endpoint, Recording


class Xrpl(Family):
    past = "exact"
    known_by = "blocks"
    parts = ("liquid", "escrowed", "in_channels")
    tokens = ("issued",)

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.xrpl.client import open_client

        return open_client(network, endpoint, recording)

    def unreadable(self, token: Token | None) -> str:
        """An issued currency is named by its code and its issuer, `524C...00.rMx...`."""
        if why := super().unreadable(token):
            return why
        return "contract_unknown" if token is not None and token.kind != "native" and "." not in token.contract else ""


FAMILY = Xrpl()
