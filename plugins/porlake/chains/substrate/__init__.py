"""Substrate chains: Polkadot, Kusama, their Asset Hubs and parachains, and chains of their own such as Avail."""

from __future__ import annotations

from collections.abc import Sequence

from porlake.chains._family import Beside, Client, Dump, Family, first
from porlake.progress import Tell, silent
from porlake.registry import Network, Registry, Token
from porlake.transport import Endpoint, Recording

#: Since its migration a relay chain holds next to nothing itself: its accounts went to its Asset Hub.
HUBS = {"polkadot": "polkadot_asset_hub", "kusama": "kusama_asset_hub"}
#: Digits of a first block's hash that a CAIP-2 id of the namespace `polkadot` holds.
#: https://namespaces.chainagnostic.org/polkadot/caip2
DIGITS = 32


class Substrate(Family):
    past = "exact"
    known_by = rf"polkadot:[0-9a-f]{{{DIGITS}}}"
    parts = ("free", "reserved", "frozen", "relay", "asset_hub")
    tokens = ("pallet_asset",)

    def open_client(
        self,
        network: Network,
        endpoints: Sequence[Endpoint],
        recording: Recording,
        *,
        beside: Beside | None = None,
        dump: Dump | None = None,
        tell: Tell = silent,
    ) -> Client:
        from porlake.chains.substrate.client import open_client

        return open_client(network, first(network, endpoints, recording), recording, beside)

    def beside(self, network: str) -> str:
        return HUBS.get(network, "")

    def unreadable(self, token: Token | None) -> str:
        if why := super().unreadable(token):
            return why
        return "" if token is not None and token.kind in ("native", "pallet_asset") else "token_not_read"

    def check(self, facts: Registry, network: Network) -> str:
        if why := super().check(facts, network):
            return why
        if network.address_form != "ss58":
            return f"client {network.client!r} reads accounts of the form ss58, not {network.address_form}"
        bad = [
            token.asset
            for token in facts.tokens.values()
            if token.network == network.network
            and token.kind == "pallet_asset"
            and not (token.contract.isascii() and token.contract.isdecimal() and int(token.contract) < 2**32)
        ]
        return f"{bad[0]}: the contract of a pallet_asset is the number of the asset" if bad else ""


FAMILY = Substrate()
