"""Of which chain an endpoint is, and what the registry must say of it."""

from __future__ import annotations

from collections.abc import Callable

from porlake import numbers, registry
from porlake.errors import ChainError
from porlake.registry import Network, Registry


def check_chain(network: Network, host: str, at: Callable[[int], str]) -> None:
    """Whether an endpoint is of the network, by the blocks that tell it from all others. Raises ChainError, and what
    `at` raises.
    """
    for mark in registry.load().identities[network.network].blocks:
        found = at(mark.height)
        if (found == mark.hash) != mark.holds:
            known = f"that of {network.name} is {mark.hash}" if mark.holds else f"which is not {network.name}'s"
            raise ChainError(
                f"{host}: the endpoint is of another chain: its block {mark.height:,} is {found[:64]}, {known}"
            )


def check_name(network: Network, host: str, found: object) -> None:
    """Whether an endpoint is of the network, by what its node says that its chain is called: a text or a number. Raises
    ChainError.
    """
    known = registry.load().identities[network.network].chain
    said = str(found) if type(found) in (str, int) else numbers.shown(found)
    if said != known:
        raise ChainError(f"{host}: the endpoint is of another chain: it says {said[:64]}, {network.name} is {known}")


def hash_of(value: object, *, what: str) -> str:
    """The hash of a block or transaction, 64 hexadecimal digits in lower case. Raises BadAnswer."""
    return numbers.data(value, what=what, size=32, prefix="").hex()


def needs_identity(facts: Registry, network: Network) -> str:
    """'' where identities.csv has a row of the network, else that it must."""
    if network.network in facts.identities:
        return ""
    return f"client {network.client!r} needs a row in identities.csv: by what an endpoint shows of which chain it is"


def needs_blocks(facts: Registry, network: Network) -> str:
    """As `needs_identity`, of a client that knows its chain by its blocks."""
    if why := needs_identity(facts, network):
        return why
    if not facts.identities[network.network].blocks:
        return f"client {network.client!r} knows its chain by blocks, and identities.csv names none"
    return ""


def needs_name(facts: Registry, network: Network) -> str:
    """As `needs_identity`, of a client that knows its chain by a name."""
    if why := needs_identity(facts, network):
        return why
    if not facts.identities[network.network].chain:
        return f"client {network.client!r} knows its chain by a name, and identities.csv names none"
    return ""
