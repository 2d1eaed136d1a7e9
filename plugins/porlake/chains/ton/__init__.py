"""TON and the chains of its kind (Venom): balances by an index of the toncenter v3 form."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network, Token
from porlake.transport import Endpoint, Recording


class Ton(Family):
    past = "unchanged"
    known_by = r"tvm:-?[0-9]+"
    parts = ("liquid",)
    tokens = ("jetton",)

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.ton.apis import open_client

        return open_client(network, endpoint, recording)

    def unreadable(self, token: Token | None) -> str:
        if why := super().unreadable(token):
            return why
        return "" if token is not None and token.kind in ("native", "jetton") else "contract_unknown"


FAMILY = Ton()
