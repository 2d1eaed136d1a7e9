"""Which of the APIs of TON and its kind an endpoint speaks."""

from __future__ import annotations

from collections.abc import Mapping

from porlake.chains.ton import bridge, client, index, tycho
from porlake.errors import NotRecorded
from porlake.registry import Network
from porlake.transport import Endpoint, Recording

APIS: Mapping[str, type[index.Index | bridge.Client]] = {
    "": client.Client,
    bridge.KIND: bridge.Client,
    tycho.KIND: tycho.Client,
}


def open_client(network: Network, endpoint: Endpoint | None, recording: Recording) -> index.Index | bridge.Client:
    """By the kind of the endpoint; a recording says of itself which it was, for a replay has no endpoint."""
    try:
        kind = recording.answer(
            network.network, "kind", None, "", lambda: endpoint.kind if endpoint else "", once=True
        )[0]
    except NotRecorded:
        kind = ""
    return APIS.get(kind, client.Client)(network, endpoint, recording)
