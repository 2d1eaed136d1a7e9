"""Cardano through Koios: balances of the newest block, and of an earlier one where it is shown what came after."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network, Registry, Token
from porlake.transport import Endpoint, Recording


class Cardano(Family):
    past = "unchanged"
    tokens = ("cardano_asset",)

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.cardano.client import Client

        return Client(network, endpoint, recording)

    def unreadable(self, token: Token | None) -> str:
        from porlake.chains.cardano.koios import asset_of

        why = super().unreadable(token)
        return why or ("contract_unknown" if token and token.kind != "native" and asset_of(token) is None else "")

    def check(self, facts: Registry, network: Network) -> str:
        if why := super().check(facts, network):
            return why
        namespace, _, reference = network.caip2.partition(":")
        known = namespace == "cip34" and reference.rpartition("-")[2].isdecimal()
        return "" if known else f"client {network.client!r} needs the network's magic: cip34:1-764824073"


FAMILY = Cardano()
