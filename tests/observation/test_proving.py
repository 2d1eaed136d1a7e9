"""Which balances are proved, by whom, and what becomes of those without a proof: by words of provers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from observation.told import AT, ETH, Heard, Over, Told, amounts_of, held, run
from porlake import chains, registry
from porlake.errors import (
    ChainError,
    NotRecorded,
    RateLimited,
    RequestFailed,
    TooBig,
    TransportError,
    Unavailable,
)
from porlake.observation.columns import Claimed, Codes
from porlake.observation.proofs import MOST_ACCOUNTS, PROGRESS_EVERY, Proofs

LATER = chains.BlockRef(9, "cc", AT.moment)


@dataclass
class Prover:
    """Proves what it is asked, but for accounts with a reason; after `until` of them it fails."""

    reasons: Mapping[str, str] = field(default_factory=dict)
    until: int = 10**9
    error: Exception = field(default_factory=lambda: RequestFailed("no proofs here"))
    asked: list[tuple[int, list[tuple[str, int]]]] = field(default_factory=list)
    may: bool = True
    proved_by: str = "proved"

    def provable(self, token: registry.Token) -> bool:
        return self.may

    def prove(self, wanted: Sequence[tuple[chains.Wanted, int]], at: chains.BlockRef) -> Iterator[chains.Outcome]:
        self.asked.append((at.height, [(want.address, raw) for want, raw in wanted]))
        for number, (want, _) in enumerate(wanted):
            if number >= self.until:
                raise self.error
            reason = self.reasons.get(want.address, "")
            yield chains.Outcome(want.asset, want.address, reason, reason and "it says so")
        if self.until == len(wanted):
            raise self.error


def client_of(*provers: Prover, may: bool = True) -> Any:
    """The endpoints of a network, each of which may prove what it is asked."""
    for prover in provers:
        prover.may = may
    return Over(*provers)


def read(amounts: Mapping[str, int | str], *, heights: Sequence[int] | None = None) -> Claimed:
    """Coins that were read, as they are settled."""
    codes = Codes()
    claimed = held(dict.fromkeys(amounts, 0), codes, asset="ETH", heights=heights)
    for answer in Told(amounts).readings(chains.Holdings("ETH", ETH, claimed.accounts, claimed.form), AT):
        claimed.read.take(answer)
    claimed.settle(ETH)
    return claimed


def prove(
    folder: Path, client: Any, claimed: Claimed, *, share: str = "1", give_up: bool | None = None
) -> tuple[list[str], Heard]:
    """(the accounts whose balances are proved, what was told)."""
    heard = Heard()
    options = {} if give_up is None else {"give_up": give_up}
    proofs = Proofs(run(folder, heard, proof_share=Decimal(share)), "ethereum", client, **options)
    proofs.prove(claimed, ETH, {7: AT, 9: LATER})
    texts = claimed.form.texts(claimed.accounts).to_pylist()
    methods = claimed.read.codes.methods
    return [text for row, text in enumerate(texts) if methods[claimed.read.methods[row]] == "proved"], heard


@pytest.mark.parametrize(("share", "may", "asked"), [("0", True, False), ("1", False, False), ("1", True, True)])
def test_nobody_is_asked_where_no_share_or_no_token_is_to_be_proved(
    tmp_path: Path, share: str, may: bool, asked: bool
) -> None:
    prover = Prover()
    proved, heard = prove(tmp_path, client_of(prover, may=may), read({"a": 1}), share=share)
    assert (bool(prover.asked), proved) == (asked, ["a"] if asked else [])
    assert heard.lines == ([("prove ethereum", 1, 1)] if asked else [])


def test_what_was_not_settled_is_not_proved(tmp_path: Path) -> None:
    prover, claimed = Prover(), read({"a": 1})
    claimed.amounts = None
    assert prove(tmp_path, client_of(prover), claimed)[0] == []
    assert prover.asked == []


def test_each_balance_is_proved_at_its_block_and_only_what_was_read(tmp_path: Path) -> None:
    prover = Prover()
    claimed = read({"a": 5, "b": 6, "c": "bad_answer", "d": 7}, heights=[9, 7, 7, 9])
    proved, _ = prove(tmp_path, client_of(prover), claimed)
    assert prover.asked == [(7, [("b", 6)]), (9, [("d", 7), ("a", 5)])]
    assert proved == ["a", "b", "d"]


def test_what_a_proof_contradicts_is_withheld_and_told(tmp_path: Path) -> None:
    claimed = read({"a": 5, "b": 6, "c": 7})
    proved, heard = prove(tmp_path, client_of(Prover({"b": "proof_fails"})), claimed)
    assert proved == ["a", "c"]
    assert amounts_of(claimed) == {"a": 5, "b": "proof_fails", "c": 7}
    assert heard.lines == [
        ("prove ethereum: ETH at b: it says so", 0, 0), ("prove ethereum", 3, 3),
    ]  # fmt: skip


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_so_many_accounts_of_an_asset_are_proved(tmp_path: Path, more: int) -> None:
    count = MOST_ACCOUNTS + more
    prover = Prover()
    proved, heard = prove(tmp_path, client_of(prover), read({f"a{n:05}": 1 for n in range(count)}))
    assert len(proved) == min(count, MOST_ACCOUNTS) == len(prover.asked[0][1])
    told = [f"prove ethereum: ETH: the largest {MOST_ACCOUNTS:,} accounts of {count:,}"]
    assert heard.sentences == (told if more > 0 else [])
    assert MOST_ACCOUNTS == 10_000


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_progress_is_told_now_and_then_and_at_the_end(tmp_path: Path, more: int) -> None:
    count = 2 * PROGRESS_EVERY + more
    _, heard = prove(tmp_path, client_of(Prover()), read({f"a{n:05}": 1 for n in range(count)}))
    done = sorted({1_000, 2_000 if more >= 0 else count, count})
    assert heard.lines == [("prove ethereum", number, count) for number in done]


# --- provers that fail ------------------------------------------------------------------------------------------------
NO_PROOFS = [RequestFailed("no"), Unavailable("no"), TooBig("no"), NotRecorded("no"), ChainError("no")]


@pytest.mark.parametrize("error", NO_PROOFS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("give_up", [None, False, True])
def test_an_endpoint_without_proofs_leaves_balances_as_they_were_read(
    tmp_path: Path, error: Exception, give_up: bool | None
) -> None:
    claimed = read({"a": 5, "b": 6})
    proved, heard = prove(tmp_path, client_of(Prover(until=1, error=error)), claimed, give_up=give_up)
    assert proved == ["b"], "what was proved before it is marked"
    assert amounts_of(claimed) == {"a": 5, "b": 6}
    assert heard.lines == [("prove ethereum: 1 balances are not proved: no", 0, 0)]


def test_what_one_prover_leaves_open_the_next_is_asked_for(tmp_path: Path) -> None:
    first, second, third = Prover({"c": "proof_differs"}, until=2), Prover(), Prover()
    claimed = read({"a": 5, "b": 6, "c": 7, "d": 8})
    proved, heard = prove(tmp_path, client_of(first, second, third), claimed)
    assert [[name for name, _ in prover.asked[0][1]] for prover in (first, second)] == [list("dcba"), list("ba")]
    assert third.asked == []
    assert proved == ["a", "b", "d"]
    assert heard.sentences == ["prove ethereum: ETH at c: it says so"]


@pytest.mark.parametrize("give_up", [None, False, True])
def test_a_passing_fault_is_raised_unless_it_is_given_up(tmp_path: Path, give_up: bool | None) -> None:
    errors = [RequestFailed("none"), RateLimited("later"), TransportError("gone")]
    client = client_of(*[Prover(until=0, error=error) for error in errors])
    if not give_up:
        with pytest.raises(RateLimited, match="later"):
            prove(tmp_path, client, read({"a": 5}), give_up=give_up)
        return
    proved, heard = prove(tmp_path, client, read({"a": 5}), give_up=give_up)
    assert proved == []
    assert heard.lines == [("prove ethereum: 1 balances are not proved: none; later; gone", 0, 0)]
