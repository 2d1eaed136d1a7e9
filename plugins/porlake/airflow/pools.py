"""How many tasks ask a network at the same time. A task keeps to its part of the rate that an endpoint states, so that
all workers together keep to the whole.
"""

from __future__ import annotations

from porlake import registry

SLOTS = 2
"""Tasks of one network at a time, and of networks without a pool of their own."""
SHARE_SLOTS = 8
"""Shares of observations at a time, of whatever network."""
SHARES = "porlake_shares"


def workers(network: str, *, share: bool = False) -> int:
    """Among how many tasks the rate of a network's endpoint is parted. Where observations are read in shares, their
    pool has one half of it and the network's own the other.
    """
    facts = registry.load()
    if network in facts.evm_networks or network in facts.utxo_networks:
        return SLOTS
    return 2 * (SHARE_SLOTS if share else SLOTS)
