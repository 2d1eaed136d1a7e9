"""Avalanche's X-Chain: at a moment through the Data API, at the head through a node."""

from __future__ import annotations

from collections.abc import Sequence

from porlake.chains._family import Beside, Client, Dump, Family, first
from porlake.progress import Tell, silent
from porlake.registry import Network, Token
from porlake.transport import Endpoint, Recording


class AvalancheX(Family):
    past = "exact"
    parts = ("liquid", "locked", "atomic")

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
        endpoint = first(network, endpoints, recording)
        if _is_node(network, endpoint, recording):
            from porlake.chains.avalanche_x.node import open_client as open_node

            return open_node(network, endpoint, recording)
        from porlake.chains.avalanche_x.client import open_client

        return open_client(network, endpoint, recording)

    def unreadable(self, token: Token | None) -> str:
        return super().unreadable(token) or ("" if token is not None and token.kind == "native" else "token_not_read")


def _is_node(network: Network, endpoint: Endpoint | None, recording: Recording) -> bool:
    """By the path of the URL, which all nodes have in common; a recording says it itself, for a replay has no URL."""
    from porlake.errors import NotRecorded

    if recording.replays:
        try:
            return bool(recording.answer(network.network, "node", None, "", lambda: False, once=True)[0])
        except NotRecorded:
            return False
    found = endpoint is not None and endpoint.url.rstrip("/").endswith("/ext/bc/X")
    return found and bool(recording.answer(network.network, "node", None, "", lambda: True, once=True)[0])


FAMILY = AvalancheX()
