"""Proofs for the largest balances of a sweep: of these nobody has to believe the endpoint, only the hash of the block."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from porlake import chains, registry
from porlake.chains import evm, evm_proof
from porlake.chains.evm import Accounts, Words
from porlake.errors import ChainError, NotRecorded, RequestFailed, TooBig, TransportError, Unavailable
from porlake.pipeline._settings import Settings
from porlake.pipeline._sweep_evm import Held, Swept

TELL_EVERY = 1_000
MOST = 10_000  # accounts of one asset: a proof is a question of its own for a native coin, and files of a hundred thousand equal accounts exist
UNPROVED = (RequestFailed, Unavailable, TooBig, NotRecorded, ChainError)
"""What an endpoint without proofs of the block says, and a chain whose headers are not understood. Asking again would not help."""


@dataclass(slots=True)
class Proofs:
    """Proofs for what one report claims on one network. `opened` gives the client, and is called only if there is something to ask."""

    settings: Settings
    swept: Swept
    opened: Callable[[], evm.Client]
    give_up: bool = False
    _claims: dict[str, tuple[Accounts, Words]] | None = None

    def prove(self, held: Held) -> None:
        """Mark the balances of an asset that a proof confirms, and withhold those that one speaks against (proof_fails, proof_differs).

        The rest stays as it was read. Raises TransportError where the endpoint fails for a passing reason; with `give_up` that leaves balances
        unproved too.
        """
        rows = self._chosen(held)
        for height in sorted({int(height) for height in held.heights[rows]}):
            block = self.swept.blocks[height]
            at = chains.BlockRef(block.height, block.block_hash, block.block_time)
            self._at(held, [row for row in rows if held.heights[row] == height], at)

    def _chosen(self, held: Held) -> list[int]:
        """The rows whose balances are to be proved."""
        token = registry.load().token(self.swept.network, held.asset)
        if not self.settings.proof_share or token is None or not evm_proof.provable(token) or held.amounts is None:
            return []
        if self._claims is None:
            self._claims = _claimed(self.settings, self.swept)
        rows = np.flatnonzero(held.reasons == 0)
        weights = _larger(_units(held.amounts)[rows], _aligned(held, self._claims.get(held.asset))[rows])
        chosen = largest(weights, self.settings.proof_share)
        if len(chosen) > MOST:
            self.settings.progress(f"prove {self.swept.network}: {held.asset}: the largest {MOST:,} accounts of {len(chosen):,}", 0, 0)
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
            rows = [row for row in rows if held.reasons[row] == 0 and held.method[row] != self.swept.method(evm_proof.METHOD)]
        passing = [error for error in errors if not isinstance(error, UNPROVED)]
        if passing and not self.give_up:
            raise passing[0]
        what = f"prove {self.swept.network}: {len(rows):,} balances are not proved: {'; '.join(map(str, errors))}"
        self.settings.progress(what, 0, 0)

    def _asked(self, prover: evm_proof.Prover, held: Held, rows: list[int], at: chains.BlockRef) -> None:
        """Raises TransportError, ChainError; what was proved before it is marked."""
        what, token = f"prove {self.swept.network}", registry.load().tokens[self.swept.network, held.asset]
        row_of = dict(zip(evm.addresses_of(held.accounts[rows]).to_pylist(), rows, strict=True))
        wanted = [(chains.Wanted(held.asset, token, address), evm.number(held.words, row)) for address, row in row_of.items()]
        for done, outcome in enumerate(prover.prove(wanted, at), 1):
            row = row_of[outcome.address]
            if outcome.reason:
                self.swept.unread(held, outcome.reason, np.arange(len(held.accounts)) == row)
                self.settings.progress(f"{what}: {outcome.asset} at {outcome.address}: {outcome.why}", 0, 0)
            else:
                held.method[row] = self.swept.method(evm_proof.METHOD)
            if done % TELL_EVERY == 0 or done == len(wanted):
                self.settings.progress(what, done, len(wanted))


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


# --- what an account weighs: what is claimed at it or what was read, whichever is more -------------------------------------------
def _claimed(settings: Settings, swept: Swept) -> dict[str, tuple[Accounts, Words]]:
    """The accounts of each provable asset with what the report claims at them, as it stands in its rows."""
    tokens = {held.asset: registry.load().token(swept.network, held.asset) for held in swept.held}
    assets = {asset for asset, token in tokens.items() if token is not None and evm_proof.provable(token)}
    parts: dict[str, list[tuple[Accounts, Words]]] = {asset: [] for asset in assets}
    names = ("network", "asset", "address", "amount")
    for batch in settings.lake.columns("claim", names, exchange=swept.file.exchange, report=swept.file.report):
        mine = batch.filter(pc.and_(pc.equal(batch.column("network"), swept.network), pc.is_valid(batch.column("amount"))))
        for asset in assets & set(mine.column("asset").unique().to_pylist()):
            rows = mine.filter(pc.equal(mine.column("asset"), asset))
            accounts, good = evm.accounts_of(rows.column("address"))
            parts[asset].append((accounts, _units(rows.column("amount"))[good]))
    return {asset: (np.concatenate([a for a, _ in found]), np.concatenate([w for _, w in found])) for asset, found in parts.items() if found}


def _aligned(held: Held, claimed: tuple[Accounts, Words] | None) -> Words:
    """What is claimed at each of the accounts; zero where nothing is."""
    found = np.zeros((len(held.accounts), 2), np.uint64)
    if claimed is not None and len(found):
        mine, theirs = _keys(held.accounts), _keys(claimed[0])
        places = np.minimum(np.searchsorted(mine, theirs), len(mine) - 1)
        same = mine[places] == theirs
        found[places[same]] = claimed[1][same]
    return found


def _keys(accounts: Accounts) -> npt.NDArray[np.bytes_]:
    return np.ascontiguousarray(accounts).view("S20").ravel()


def _units(amounts: pa.Decimal128Array) -> Words:
    """DECIMAL(38,0) as pairs of 64-bit halves; null is zero."""
    whole = amounts.fill_null(Decimal(0))
    little = np.frombuffer(whole.buffers()[1], np.uint64).reshape(-1, 2)
    return np.ascontiguousarray(little[whole.offset : whole.offset + len(whole), ::-1])


def _larger(one: Words, other: Words) -> Words:
    more = (other[:, 0] > one[:, 0]) | ((other[:, 0] == one[:, 0]) & (other[:, 1] > one[:, 1]))
    return np.where(more[:, None], other, one)
