"""Bitcoin and its family: unspent coins, from a node, an index, or a file of all of them."""

from __future__ import annotations

from collections.abc import Sequence

from porlake.chains._family import Beside, Client, Dump, Family
from porlake.progress import Tell, silent
from porlake.registry import Network, Token
from porlake.transport import Endpoint, Recording


class Utxo(Family):
    past = "exact"
    known_by = "blocks"
    parts = ("p2pk",)
    tokens = ("omni",)
    reads_dumps = True

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
        from porlake.chains.utxo.node import open_client

        return open_client(network, endpoints[0] if endpoints else None, recording, dump, tell)

    def unreadable(self, token: Token | None) -> str:
        if token is not None and token.kind == "omni":
            return "omni_layer"
        return super().unreadable(token)


FAMILY = Utxo()
