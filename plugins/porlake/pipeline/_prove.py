"""Proofs for the largest balances of a sweep: of these nobody has to believe the endpoint, only the hash of the
block.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from porlake import chains, registry
from porlake.chains.evm import client as evm
from porlake.chains.evm import proof as evm_proof
from porlake.chains.evm.client import Words
from porlake.errors import ChainError, NotRecorded, RequestFailed, TooBig, TransportError, Unavailable
from porlake.pipeline._session import Session
from porlake.pipeline._sweep_evm import Held, Swept, units

TELL_EVERY = 1_000
# accounts of one asset: a proof is a question of its own for a native coin, and files of a hundred thousand equal
# accounts exist
MOST = 10_000
UNPROVED = (RequestFailed, Unavailable, TooBig, NotRecorded, ChainError)
"""What an endpoint without proofs of the block says, and a chain whose headers are not understood. Asking again would
not help.
"""


@dataclass(slots=True)
class Proofs:
    """Proofs for what one report claims on one network. `opened` gives the client, and is called only if there is
    something to ask.
    """

    session: Session
    swept: Swept
    opened: Callable[[], evm.Client]
    give_up: bool = False

    def prove(self, held: Held) -> None:
        """Mark the balances of an asset that a proof confirms, and withhold those that one speaks against (proof_fails,
        proof_differs).

        The rest stays as it was read. Raises TransportError where the endpoint fails for a passing reason; with
        `give_up` that leaves balances unproved too.
        """
        rows = self._chosen(held)
        for height in sorted({int(height) for height in held.heights[rows]}):
            block = self.swept.blocks[height]
            at = chains.BlockRef(block.height, block.block_hash, block.block_time)
            self._at(held, [row for row in rows if held.heights[row] == height], at)

    def _chosen(self, held: Held) -> list[int]:
        """The rows whose balances are to be proved."""
        token = registry.load().token(self.swept.network, held.asset)
        if not self.session.proof_share or token is None or not evm_proof.provable(token) or held.amounts is None:
            return []
        rows = np.flatnonzero(held.reasons == 0)
        weights = _larger(units(held.amounts)[rows], held.claims[rows])
        chosen = largest(weights, self.session.proof_share)
        if len(chosen) > MOST:
            self.session.progress(
                f"prove {self.swept.network}: {held.asset}: the largest {MOST:,} accounts of {len(chosen):,}", 0, 0
            )
        return [int(rows[place]) for place in chosen[:MOST]]

    def _at(self, held: Held, rows: list[int], at: chains.BlockRef) -> None:
        """Proofs at one block, from the first endpoint that has them; what one leaves open the next is asked for."""
        errors: list[TransportError | ChainError] = []
        for rpc in self.opened().rpcs:
            try:
                self._asked(evm_proof.Prover(registry.load().networks[self.swept.network], rpc), held, rows, at)
            except (TransportError, ChainError) as error:
                errors.append(error)
            else:
                return
            rows = [
                row
                for row in rows
                if held.reasons[row] == 0 and held.method[row] != self.swept.method(evm_proof.METHOD)
            ]
        passing = [error for error in errors if not isinstance(error, UNPROVED)]
        if passing and not self.give_up:
            raise passing[0]
        what = f"prove {self.swept.network}: {len(rows):,} balances are not proved: {'; '.join(map(str, errors))}"
        self.session.progress(what, 0, 0)

    def _asked(self, prover: evm_proof.Prover, held: Held, rows: list[int], at: chains.BlockRef) -> None:
        """Raises TransportError, ChainError; what was proved before it is marked."""
        what, token = f"prove {self.swept.network}", registry.load().tokens[self.swept.network, held.asset]
        row_of = dict(zip(evm.addresses_of(held.accounts[rows]).to_pylist(), rows, strict=True))
        wanted = [
            (chains.Wanted(held.asset, token, address), evm.number(held.words, row)) for address, row in row_of.items()
        ]
        for done, outcome in enumerate(prover.prove(wanted, at), 1):
            row = row_of[outcome.address]
            if outcome.reason:
                self.swept.unread(held, outcome.reason, np.arange(len(held.accounts)) == row)
                self.session.progress(f"{what}: {outcome.asset} at {outcome.address}: {outcome.why}", 0, 0)
            else:
                held.method[row] = self.swept.method(evm_proof.METHOD)
            if done % TELL_EVERY == 0 or done == len(wanted):
                self.session.progress(what, done, len(wanted))


def largest(weights: Words, share: Decimal) -> list[int]:
    """The fewest places that reach the share of the sum, the largest first; of equal ones the first.

    Shares are of one asset each: prices are not known yet when balances are read.
    """
    order = np.lexsort((np.arange(len(weights))[::-1], weights[:, 1], weights[:, 0]))[::-1]
    numerator, denominator = share.as_integer_ratio()
    wanted, reached, chosen = numerator * evm.total(weights), 0, []
    for place in order:
        if reached * denominator >= wanted:
            break
        reached += evm.number(weights, place)
        chosen.append(int(place))
    return chosen


# --- what an account weighs: what is claimed at it or what was read, whichever is more --------------------------------
def _larger(one: Words, other: Words) -> Words:
    more = (other[:, 0] > one[:, 0]) | ((other[:, 0] == one[:, 0]) & (other[:, 1] > one[:, 1]))
    return np.where(more[:, None], other, one)
