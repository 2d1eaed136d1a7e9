"""Of which chain an endpoint is, and what the registry must say of it."""

from __future__ import annotations

import re
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
    _check_said(network, host, found, registry.load().identities[network.network].chain)


def check_id(network: Network, host: str, found: object, *, begins: bool = False) -> None:
    """As `check_name`, by the reference of the network's CAIP-2 id. `begins`: that is the beginning of a hash."""
    _check_said(network, host, found, network.caip2.rpartition(":")[2], begins)


def _check_said(network: Network, host: str, found: object, known: str, begins: bool = False) -> None:
    said = str(found) if type(found) in (str, int) else ""
    if not known or (said[: len(known)] if begins else said) != known:
        shown = said[:66] or numbers.shown(found)
        raise ChainError(f"{host}: the endpoint is of chain {shown}, {network.name} is {known}")


def hash_of(value: object, *, what: str) -> str:
    """The hash of a block or transaction, 64 hexadecimal digits in lower case. Raises BadAnswer."""
    return numbers.data(value, what=what, size=32, prefix="").hex()


def needs_identity(facts: Registry, network: Network) -> str:
    """'' where identities.csv has a row of the network, else that it must."""
    if network.network in facts.identities:
        return ""
    return f"client {network.client!r} needs a row in identities.csv: by what an endpoint shows of which chain it is"


def is_known(facts: Registry, network: Network, known_by: str) -> str:
    """'' where a network's rows say by what its client knows the chain (`Family.known_by`), else what they lack."""
    if known_by not in ("blocks", "a name"):
        fits = re.fullmatch(known_by, network.caip2)
        return "" if fits else f"client {network.client!r} knows its chain by a CAIP-2 id of the form {known_by}"
    if why := needs_identity(facts, network):
        return why
    shown = facts.identities[network.network]
    if shown.blocks if known_by == "blocks" else shown.chain:
        return ""
    return f"client {network.client!r} knows its chain by {known_by}, and identities.csv names none"
