"""What an observation is told from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from porlake import chains, registry
from porlake.lake import Lake
from porlake.progress import Tell, silent
from porlake.settings import CHECK_ABOVE, CHECK_SAMPLE, PROOF_SHARE
from porlake.transport import Endpoint, Recording

Endpoints = Mapping[str, Endpoint | tuple[Endpoint, ...]]


@dataclass(frozen=True, slots=True)
class Run:
    """Where rows lie, who is asked, and how much is asked twice.

    Balances are read again from a second endpoint, where there is one: those of a share `check_sample` of the accounts,
    and all that hold at least the share `check_above` of what was read of their asset. `proof_share`: of the amount of
    each asset, how much is proved, the largest accounts first. `dumps`: sets of all coins, by network.
    """

    lake: Lake
    recording: Recording
    endpoints: Endpoints = field(default_factory=dict)
    progress: Tell = silent
    check_sample: Decimal = CHECK_SAMPLE
    check_above: Decimal = CHECK_ABOVE
    proof_share: Decimal = PROOF_SHARE
    dumps: Mapping[str, chains.Dump] = field(default_factory=dict)

    def endpoints_of(self, network: str) -> tuple[Endpoint, ...]:
        return endpoints_of(self.endpoints, network)

    def can_be_asked(self, network: str) -> bool:
        """Whether somebody is there to be asked about a network; a replay has nobody but its recording."""
        if network in self.dumps:
            return True
        return self.recording.holds(network) if self.recording.replays else bool(self.endpoints_of(network))


def endpoints_of(configured: Endpoints, network: str) -> tuple[Endpoint, ...]:
    """Where a network is asked, in this order: as configured, else the registry's public default."""
    if network in configured:
        found = configured[network]
        return (found,) if isinstance(found, Endpoint) else found
    default = registry.load().networks[network].endpoint
    return (Endpoint(default),) if default else ()
