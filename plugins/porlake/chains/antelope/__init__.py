"""Antelope: EOS (Vaulta) and WAX, balances of the head; the past is known to a Hyperion beside a node alone."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network, Token
from porlake.transport import Endpoint, Recording


class Antelope(Family):
    past = "head"
    known_by = r"antelope:[0-9a-f]{32}"
    parts = ("liquid", "vaulta", "staked", "refunding", "rex")
    tokens = ("eosio_token",)

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.antelope.client import Client

        return Client(network, endpoint, recording)

    def unreadable(self, token: Token | None) -> str:
        from porlake.chains.antelope.assets import symbol_of

        why = super().unreadable(token)
        return why or ("contract_unknown" if token and token.kind != "native" and symbol_of(token) is None else "")


FAMILY = Antelope()
