"""aelf: balances of the main chain's head; its nodes keep no past."""

from __future__ import annotations

from porlake.chains._family import Client, Family
from porlake.registry import Network
from porlake.transport import Endpoint, Recording


class Aelf(Family):
    past = "head"
    known_by = "blocks"
    tokens = ("aelf_token",)

    def client_at(self, network: Network, endpoint: Endpoint | None, recording: Recording) -> Client:
        from porlake.chains.aelf.client import Client

        return Client(network, endpoint, recording)


FAMILY = Aelf()
