"""What can be read of each network: from the registry's rows, and from what its family of chains says of itself. Nobody
is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from porlake import chains, registry
from porlake.registry import Network
from porlake.transport import Endpoint, Recording

#: An endpoint that nobody ever asks: a client is opened to see what it can.
NOWHERE = Endpoint("http://nowhere.invalid")


@dataclass(frozen=True, slots=True)
class Readable:
    """What can be read of a network.

    `client`: its family, `none` where nothing reads it, and `why_none` why; `past`: exact, unchanged or head, as the
    family has it; `parts`: components beside the total; `proves`: whether balances can be shown to follow from a
    published root; `is_swept`: whether sweeps.csv has it; `endpoint`: the host of the one that the registry names,
    which takes no key; `signatures`: the modules of the schemes by which exchanges sign there, none where no signature
    is judged.
    """

    network: str
    name: str
    caip2: str
    address_form: str
    client: str
    why_none: str
    past: str
    parts: tuple[str, ...]
    proves: bool
    is_swept: bool
    endpoint: str
    signatures: tuple[str, ...]
    note: str


def readable() -> list[Readable]:
    """Every network of the registry, in its order."""
    facts = registry.load()
    judged = {(row.network, facts.schemes[row.scheme].module) for row in facts.labels.values() if row.scheme}
    found = []
    for network in facts.networks.values():
        family = chains.family(network) if network.is_read else None
        found.append(
            Readable(
                network=network.network,
                name=network.name,
                caip2=network.caip2,
                address_form=network.address_form,
                client=network.client,
                why_none=network.why_none,
                past=family.past if family else "",
                parts=family.parts if family else (),
                proves=bool(family) and _proves(network.client),
                is_swept=network.network in facts.sweeps,
                endpoint=Endpoint(network.endpoint).host if network.endpoint else "",
                signatures=tuple(
                    sorted(module for place, module in judged if place == network.network and module != "none")
                ),
                note=network.note,
            )
        )
    return found


@cache
def _proves(client: str) -> bool:
    """Whether clients of a family prove balances: the first network's stands for all."""
    network = next(row for row in registry.load().networks.values() if row.client == client)
    return isinstance(_opened(network), chains.Proves)


def _opened(network: Network) -> Any:
    return chains.open_client(network, NOWHERE, Recording.off())
