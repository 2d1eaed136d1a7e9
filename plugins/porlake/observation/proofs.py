"""Proofs for the largest balances: of these nobody has to believe the endpoint, only the hash of the block."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from porlake import chains, registry
from porlake.chains import Words, number, total
from porlake.errors import ChainError, NotRecorded, RequestFailed, TooBig, TransportError, Unavailable
from porlake.observation.columns import Claimed, units
from porlake.observation.endpoints import Endpoints, Run
from porlake.observation.reading import Blocks

PROGRESS_EVERY = 1_000
# accounts of one asset: a proof is a question of its own for a native coin, and files of a hundred thousand equal
# accounts exist
MOST_ACCOUNTS = 10_000
UNPROVED = (RequestFailed, Unavailable, TooBig, NotRecorded, ChainError)
"""What an endpoint without proofs of the block says, and a chain whose headers are not understood. Asking again would
not help.
"""


@dataclass(slots=True)
class Proofs:
    """Proofs for what one report claims on one network."""

    run: Run
    network: str
    client: Endpoints
    give_up: bool = False

    def prove(self, claimed: Claimed, token: registry.Token, blocks: Blocks) -> None:
        """Mark balances of an asset that a proof confirms, withhold what one contradicts (proof_fails, proof_differs).

        The rest stays as it was read. Raises TransportError where the endpoint fails for a passing reason; with
        `give_up` that leaves balances unproved too.
        """
        rows = self._chosen(claimed, token)
        for height in sorted({int(height) for height in claimed.heights[rows]}):
            self._prove_height(claimed, token, [row for row in rows if claimed.heights[row] == height], blocks[height])

    def _chosen(self, claimed: Claimed, token: registry.Token) -> list[int]:
        """The rows whose balances are to be proved."""
        if not self.run.proof_share or not self.client.now.provable(token) or claimed.amounts is None:
            return []
        rows = np.flatnonzero(claimed.readable)
        chosen = largest(larger(units(claimed.amounts)[rows], claimed.claims[rows]), self.run.proof_share)
        if len(chosen) > MOST_ACCOUNTS:
            what = f"prove {self.network}: {claimed.asset}: the largest {MOST_ACCOUNTS:,} accounts of {len(chosen):,}"
            self.run.progress(what, 0, 0)
        return [int(rows[place]) for place in chosen[:MOST_ACCOUNTS]]

    def _prove_height(self, claimed: Claimed, token: registry.Token, rows: list[int], at: chains.BlockRef) -> None:
        """Proofs at one block, from the first endpoint that has them; what one leaves open the next is asked for."""
        errors: list[TransportError | ChainError] = []
        proved = claimed.read.codes.method(self.client.now.proved_by)
        for endpoint in self.client.asked:
            try:
                self._prove_by(self.client.client(endpoint), claimed, token, rows, at)
            except (TransportError, ChainError) as error:
                errors.append(error)
            else:
                return
            rows = [row for row in rows if claimed.readable[row] and claimed.read.methods[row] != proved]
        passing = [error for error in errors if not isinstance(error, UNPROVED)]
        if passing and not self.give_up:
            raise passing[0]
        what = f"prove {self.network}: {len(rows):,} balances are not proved: {'; '.join(map(str, errors))}"
        self.run.progress(what, 0, 0)

    def _prove_by(
        self, prover: chains.Proves, claimed: Claimed, token: registry.Token, rows: list[int], at: chains.BlockRef
    ) -> None:
        """Raises TransportError, ChainError; what was proved before it is marked."""
        what, read = f"prove {self.network}", claimed.read
        row_of = dict(zip(claimed.form.texts(claimed.accounts[rows]).to_pylist(), rows, strict=True))
        wanted = [
            (chains.Wanted(claimed.asset, token, address), number(read.words, row)) for address, row in row_of.items()
        ]
        proved = read.codes.method(prover.proved_by)
        for done, outcome in enumerate(prover.prove(wanted, at), 1):
            row = row_of[outcome.address]
            if outcome.reason:
                claimed.unread(outcome.reason, np.array([row]))
                self.run.progress(f"{what}: {outcome.asset} at {outcome.address}: {outcome.why}", 0, 0)
            else:
                read.methods[row] = proved
            if done % PROGRESS_EVERY == 0 or done == len(wanted):
                self.run.progress(what, done, len(wanted))


def largest(weights: Words, share: Decimal) -> list[int]:
    """The fewest places that reach the share of the sum, the largest first; of equal ones the first.

    Shares are of one asset each: prices are not known yet when balances are read.
    """
    order = np.lexsort((np.arange(len(weights))[::-1], weights[:, 1], weights[:, 0]))[::-1]
    numerator, denominator = share.as_integer_ratio()
    wanted, reached, chosen = numerator * total(weights), 0, []
    for place in order:
        if reached * denominator >= wanted:
            break
        reached += number(weights, place)
        chosen.append(int(place))
    return chosen


def larger(one: Words, other: Words) -> Words:
    """What an account weighs: what is claimed at it or what was read, whichever is more."""
    more = (other[:, 0] > one[:, 0]) | ((other[:, 0] == one[:, 0]) & (other[:, 1] > one[:, 1]))
    return np.where(more[:, None], other, one)
