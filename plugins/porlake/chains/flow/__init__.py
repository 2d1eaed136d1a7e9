"""Flow: accounts at a block, some hundred a question by a script, as far back as the present spork."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network, Token
from porlake.transport import Endpoint, Recording


class Flow(Family):
    past = "exact"
    known_by = "a name"

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.flow.client import open_client

        return open_client(network, endpoint, recording)

    def unreadable(self, token: Token | None) -> str:
        """Tokens of contracts keep their balances where each contract says: none is read."""
        if token is not None and token.kind != "native":
            return "contract_unknown"
        return super().unreadable(token)


FAMILY = Flow()
