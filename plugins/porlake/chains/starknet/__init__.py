"""Starknet: balances of its ERC-20 tokens, its own coins among them, at a block's hash."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network, Token
from porlake.transport import Endpoint, Recording


class Starknet(Family):
    past = "exact"
    known_by = r"starknet:.+"
    parts = ("liquid",)
    tokens = ("starknet_erc20",)

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.starknet.client import open_client

        return open_client(network, endpoint, recording)

    def unreadable(self, token: Token | None) -> str:
        if why := super().unreadable(token):
            return why
        return "" if token is not None and token.kind in ("native", "starknet_erc20") else "contract_unknown"


FAMILY = Starknet()
