"""Cardano through Koios: balances of the newest block, and of an earlier one where it is shown what came after."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network, Token
from porlake.transport import Endpoint, Recording


class Cardano(Family):
    past = "unchanged"
    known_by = r"cip34:[0-9]+-[0-9]+"
    tokens = ("cardano_asset",)

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.cardano.client import Client

        return Client(network, endpoint, recording)

    def unreadable(self, token: Token | None) -> str:
        from porlake.chains.cardano.koios import asset_of

        why = super().unreadable(token)
        return why or ("contract_unknown" if token and token.kind != "native" and asset_of(token) is None else "")


FAMILY = Cardano()
