"""EVM chains: many balances in one call at a pinned block, at one endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from porlake.chains._family import Client, Family
from porlake.chains.evm.words import ACCOUNTS
from porlake.registry import Network, Registry, Token
from porlake.transport import Endpoint, JsonRpc, Recording

if TYPE_CHECKING:
    from web3 import Web3


class Evm(Family):
    past = "exact"
    tokens = ("erc20", "rebasing")
    accounts = ACCOUNTS

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.evm.client import open_client

        return open_client(network, endpoint, recording)

    def native_client(self, network: Network, endpoint: Endpoint, recording: Recording) -> Web3:
        """web3.py over the transport: rate, tries, times and sizes of the endpoint hold, and its keys stay hidden."""
        from porlake.chains.evm.errors import ERRORS
        from porlake.chains.evm.web3_provider import web3_client

        return web3_client(JsonRpc(network.network, endpoint, recording, ERRORS))

    def unreadable(self, token: Token | None) -> str:
        # a token that moves balances without transfers: no balance is the amount that was put there
        return "token_rebases" if token is not None and token.kind == "rebasing" else super().unreadable(token)

    def check(self, facts: Registry, network: Network) -> str:
        if network.network in facts.evm_networks:
            return ""
        return f"client {network.client!r} needs a row in evm_networks.csv"


FAMILY = Evm()
