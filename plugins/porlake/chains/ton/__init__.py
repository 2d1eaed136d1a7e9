"""TON and the chains of its kind (Venom): balances by an index of the toncenter v3 form."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network, Registry, Token
from porlake.transport import Endpoint, Recording

GLOBAL_ID = "tvm:"


class Ton(Family):
    past = "unchanged"
    parts = ("liquid",)
    tokens = ("jetton",)

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.ton.apis import open_client

        return open_client(network, endpoint, recording)

    def unreadable(self, token: Token | None) -> str:
        if why := super().unreadable(token):
            return why
        return "" if token is not None and token.kind in ("native", "jetton") else "contract_unknown"

    def check(self, facts: Registry, network: Network) -> str:
        number = network.caip2.removeprefix(GLOBAL_ID)
        if network.caip2 == number or not number.removeprefix("-").isdecimal():
            return f"client {network.client!r} needs the chain's global id in CAIP-2 (tvm:-239), by which it is known"
        return ""


FAMILY = Ton()
