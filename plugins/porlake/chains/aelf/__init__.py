"""aelf: balances of the main chain's head; its nodes keep no past."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.chains._identity import needs_blocks
from porlake.registry import Network, Registry
from porlake.transport import Endpoint, Recording


class Aelf(Family):
    past = "head"
    tokens = ("aelf_token",)

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.aelf.client import Client

        return Client(network, endpoint, recording)

    def check(self, facts: Registry, network: Network) -> str:
        return super().check(facts, network) or needs_blocks(facts, network)


FAMILY = Aelf()
