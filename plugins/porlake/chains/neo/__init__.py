"""Neo N3: balances at a block where a node keeps its state, else of the head with the block of the last change."""

from __future__ import annotations

import re

from porlake.chains._family import Client, Family
from porlake.registry import Network, Registry
from porlake.transport import Endpoint, Recording

_CONTRACT = re.compile(r"0x[0-9a-f]{40}")


class Neo(Family):
    past = "exact"
    known_by = "a name"
    tokens = ("nep17",)

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.neo.client import Client

        return Client(network, endpoint, recording)

    def check(self, facts: Registry, network: Network) -> str:
        for token in facts.tokens.values():
            if token.network == network.network and token.kind == "nep17" and not _CONTRACT.fullmatch(token.contract):
                return f"{token.contract!r} ({token.asset} in tokens.csv) is no hash of a contract, 0x and 40 digits"
        return super().check(facts, network)


FAMILY = Neo()
