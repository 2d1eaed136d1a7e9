"""Proofs for the largest balances of a sweep: of these nobody has to believe the endpoint, only the hash of the block."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from porlake import amounts, chains, registry
from porlake.chains import evm_proof
from porlake.errors import BadAnswer, ChainError, RateLimited, TransportError
from porlake.pipeline._settings import Settings

PROVED = evm_proof.METHOD

Key = tuple[str, str]
"""Asset and address."""


@dataclass(frozen=True, slots=True)
class Proofs:
    """`proved`: the balances that a proof confirms; `failing`: those that one speaks against, each with the reason. All others are unproved."""

    proved: set[Key] = field(default_factory=set)
    failing: dict[Key, str] = field(default_factory=dict)


def prove(
    settings: Settings,
    network: str,
    at: chains.BlockRef,
    held: Mapping[Key, int],
    claimed: Mapping[Key, int | None],
    *,
    give_up: bool = False,
) -> Proofs:
    """Proofs of balances that were read at a block, in base units of their assets, from the largest down to the share that the settings state.

    An endpoint or recording that holds no proofs of the block, and a chain whose headers are not understood, leave balances unproved, which is
    told. Raises TransportError where the endpoint fails for a passing reason; with `give_up` that leaves them unproved too.
    """
    facts = registry.load()
    chosen = largest(network, held, claimed, settings.proof_share)
    wanted = []
    for asset, address in chosen:
        token = facts.tokens[network, asset]
        raw = amounts.token_units(held[asset, address], facts.assets[asset].scale, token.decimals)
        wanted.append((chains.Wanted(asset, token, address), raw))
    prover = evm_proof.open_prover(facts.networks[network], settings.endpoint(network), settings.tape)
    proofs = Proofs()
    try:
        for done, outcome in enumerate(prover.prove(wanted, at), 1):
            if outcome.reason:
                proofs.failing[outcome.asset, outcome.address] = outcome.reason
                settings.progress(f"prove {network}: {outcome.asset} at {outcome.address}: {outcome.why}", 0, 0)
            else:
                proofs.proved.add((outcome.asset, outcome.address))
            if done % 1_000 == 0 or done == len(wanted):
                settings.progress(f"prove {network}", done, len(wanted))
    except (TransportError, ChainError) as error:
        if type(error) in (TransportError, RateLimited, BadAnswer) and not give_up:
            raise
        settings.progress(f"prove {network}: {len(wanted) - len(proofs.proved) - len(proofs.failing):,} balances are not proved: {error}", 0, 0)
    return proofs


def largest(network: str, held: Mapping[Key, int], claimed: Mapping[Key, int | None], share: Fraction) -> list[Key]:
    """For each asset whose balances can be proved, the fewest accounts that reach the share of its amount, the largest first.

    What counts is the amount claimed, and where a file claims none the amount that was read. Shares are of one asset each: prices are not known yet.
    """
    facts = registry.load()
    by_asset: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for (asset, address), amount in held.items():
        if evm_proof.provable(facts.tokens[network, asset]):
            weight = claimed.get((asset, address))
            by_asset[asset].append((amount if weight is None else weight, address))
    chosen = []
    for asset, accounts in sorted(by_asset.items()):
        wanted, reached = share * sum(weight for weight, _ in accounts), 0
        for weight, address in sorted(accounts, key=lambda account: (-account[0], account[1])):
            if reached >= wanted:
                break
            reached += weight
            chosen.append((asset, address))
    return chosen
