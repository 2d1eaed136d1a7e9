"""Conflux Core: the space of base32 accounts; eSpace is read as an EVM network."""

from __future__ import annotations

from collections.abc import Sequence

from porlake.chains._family import Beside, Client, Dump, Family, first
from porlake.chains._identity import needs_name
from porlake.progress import Tell, silent
from porlake.registry import Network, Registry, Token
from porlake.transport import Endpoint, Recording


class Conflux(Family):
    past = "exact"
    parts = ("liquid", "staked", "collateral")

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
        from porlake.chains.conflux.client import open_client

        return open_client(network, first(network, endpoints, recording), recording)

    def unreadable(self, token: Token | None) -> str:
        return super().unreadable(token) or ("" if token is not None and token.kind == "native" else "token_not_read")

    def check(self, facts: Registry, network: Network) -> str:
        return super().check(facts, network) or needs_name(facts, network)


FAMILY = Conflux()
