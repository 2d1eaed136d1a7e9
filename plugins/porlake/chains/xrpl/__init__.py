"""XRP Ledger: any validated ledger of a server that keeps it, one account a question."""

from __future__ import annotations

from collections.abc import Sequence

from porlake.chains._family import Beside, Client, Dump, Family, first
from porlake.chains._identity import needs_blocks
from porlake.progress import Tell, silent
from porlake.registry import Network, Registry, Token
from porlake.transport import Endpoint, Recording


class Xrpl(Family):
    past = "exact"
    parts = ("liquid", "escrowed", "in_channels")

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
        from porlake.chains.xrpl.client import open_client

        return open_client(network, first(network, endpoints, recording), recording)

    def unreadable(self, token: Token | None) -> str:
        """An issued currency is named by its code and its issuer, `524C...00.rMx...`."""
        if why := super().unreadable(token):
            return why
        return "contract_unknown" if token is not None and token.kind != "native" and "." not in token.contract else ""

    def check(self, facts: Registry, network: Network) -> str:
        return super().check(facts, network) or needs_blocks(facts, network)


FAMILY = Xrpl()
