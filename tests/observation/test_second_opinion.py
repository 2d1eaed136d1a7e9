"""Whom to believe: what another operator's endpoint is asked about, what it confirms, and how much of its word
discredits the first one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from observation.told import AT, USDT, Told, held
from porlake import chains
from porlake.chains._columns import words_from
from porlake.errors import ChainError, TransportError
from porlake.observation.columns import Codes, Columns
from porlake.observation.second_opinion import SecondOpinion, contradicted, drawn

OTHER = chains.BlockRef(7, "bb", AT.moment)
HEAD = chains.BlockRef(9, "cc", AT.moment)
NOTHING, ALL = Decimal(0), Decimal(1)


@dataclass
class Second:
    """Another operator's endpoint. `nobody`: there is none."""

    told: Told
    fails: Exception | None = None
    nobody: bool = False
    asked_beside: list[list[str]] = field(default_factory=list)
    lost: Sequence[Exception] = ()

    def others(self, sources: Sequence[str]) -> Sequence[Any]:
        self.asked_beside.append(list(sources))
        return [] if self.nobody else [self.told]

    def again(self, witnesses: Sequence[Any], holdings: chains.Holdings, at: chains.BlockRef) -> Iterator[Any]:
        if self.fails is not None:
            raise self.fails
        return self.told.readings(holdings, at)

    @property
    def asked(self) -> list[str]:
        return [address for _, addresses in self.told.asked for address in addresses]


@dataclass
class Seen:
    confirmed: dict[str, str]
    reasons: dict[str, str]
    told: list[str]


def confirmed(
    first: Told,
    second: Second,
    *,
    claims: Mapping[str, int] | None = None,
    sample: Decimal = NOTHING,
    above: Decimal = ALL,
) -> Seen:
    """What a second endpoint makes of what the first one said."""
    codes, told = Codes(), list[str]()
    names = list(first.balances)
    claimed = held({name: (claims or {}).get(name, 0) for name in names}, codes)
    holdings = chains.Holdings("USDT", USDT, claimed.accounts, claimed.form)
    read = Columns(codes, len(names))
    for answer in first.readings(holdings, AT):
        read.take(answer)
    SecondOpinion(second, holdings, AT, claimed.claims, read, sample, above, told.append).confirm()
    return Seen(
        {name: codes.sources[read.confirmed[row]] or "" for row, name in enumerate(names) if read.confirmed[row]},
        {name: codes.reasons[read.reasons[row]] for row, name in enumerate(names) if read.reasons[row]},
        told,
    )


def same(balances: Mapping[str, int | str | None], **changes: Any) -> Second:
    return Second(Told({**balances, **changes}, source="b.example"))


# --- who is asked about -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("above", "asked"),
    [("0.19", "bc"), ("0.2", "bc"), ("0.21", "c"), ("0.7", "c"), ("0.71", ""), ("0", "abc")],
)
def test_accounts_with_so_large_a_share_of_what_was_read_are_asked_about(above: str, asked: str) -> None:
    balances = {"a": 10, "b": 20, "c": 70}
    second = same(balances)
    seen = confirmed(Told(balances), second, above=Decimal(above))
    assert second.asked == list(asked)
    assert seen == Seen(dict.fromkeys(asked, "b.example"), {}, [])
    assert set(map(tuple, second.asked_beside)) == {("a.example",)}


@pytest.mark.parametrize(
    ("balances", "asked"), [({"a": 0, "b": 0}, ""), ({"a": 0, "b": 1}, "b"), ({"a": 0, "b": 1, "c": 2}, "bc")]
)
def test_an_account_of_nothing_is_never_large(balances: dict[str, int], asked: str) -> None:
    second = same(balances)
    confirmed(Told(balances), second, above=NOTHING)
    assert second.asked == list(asked)


@pytest.mark.parametrize(("claim", "asked"), [(29, ""), (30, "b"), (31, "b")])
def test_accounts_with_so_large_a_share_of_what_is_claimed_are_asked_about(claim: int, asked: str) -> None:
    balances = {"a": 0, "b": 0, "c": 0, "d": 0, "e": 0}
    claims = {"b": claim, "a": 25, "c": 25, "d": 20, "e": 30 - claim if claim < 30 else 0}
    second = same(balances)
    confirmed(Told(balances), second, claims=claims, above=Decimal("0.3"))
    assert second.asked == list(asked)


def test_what_the_other_endpoint_says_counts_for_what_is_large() -> None:
    """One made-up balance hides no other behind it: without it forty accounts are large, with it none of them."""
    large = {f"l{n}": 600 for n in range(40)}
    balances = {f"s{n}": 1 for n in range(3_000)} | large | {"c": 10**9}
    second = same(balances, c=1)
    seen = confirmed(Told(balances), second, sample=Decimal("0.9"), above=Decimal("0.02"))
    assert seen.reasons == {"c": "endpoints_disagree"}
    assert set(large) <= set(seen.confirmed)
    assert not set(large) <= set(second.told.asked[0][1]), "some are no part of the sample"
    assert len(second.told.asked) == 2


def test_what_could_not_be_read_weighs_nothing() -> None:
    balances: dict[str, int | str | None] = {"a": 1, "b": 1, "c": "timed_out"}
    second = same(balances)
    seen = confirmed(Told(balances), second, above=Decimal("0.5"))
    assert second.asked == ["a", "b"]
    assert seen.reasons == {"c": "timed_out"}


def expected_sample(count: int, share: Decimal, block: str, words: bytes) -> list[int]:
    """The sample as its definition says it: by the block's hash and all that was answered."""
    seed = int.from_bytes(hashlib.sha256(block.encode() + words).digest()[:8], "big") | 1
    numbers = [
        int.from_bytes(hashlib.blake2b(f"a{row}".encode(), digest_size=8).digest(), "big") for row in range(count)
    ]
    return [row for row, number in enumerate(numbers) if number * seed % 2**64 < share * 2**64]


@pytest.mark.parametrize("share", ["0", "0.1", "0.5", "0.9", "0.99999999999999999999", "1"])
@pytest.mark.parametrize("block", ["aa", "ab"])
def test_a_sample_is_drawn_by_the_block_and_all_answers(share: str, block: str) -> None:
    """A recording holds the answers about this sample and no other."""
    count = 300
    accounts = held({f"a{row}": 0 for row in range(count)}, Codes()).accounts
    holdings, words = chains.Holdings("USDT", USDT, accounts), words_from(range(count))
    rows = np.flatnonzero(drawn(holdings, chains.BlockRef(7, block, None), words, Decimal(share)))
    assert rows.tolist() == expected_sample(count, Decimal(share), block, words.tobytes())
    assert Decimal(share) not in (NOTHING, ALL) or len(rows) == int(share) * count


class Numbered(chains.AccountForm):
    """Accounts whose number, by which a sample is drawn, is always the same."""

    def __init__(self, number: int) -> None:
        self.number = number

    def numbers(self, accounts: chains.Accounts) -> Any:
        return np.full(len(accounts), self.number, np.uint64)


@pytest.mark.parametrize(("share", "drawn_of"), [("0", 0), ("0.1", 3), ("1", 3)])
def test_a_share_of_nothing_draws_nobody_whatever_his_number(share: str, drawn_of: int) -> None:
    accounts = held(dict.fromkeys("abc", 0), Codes()).accounts
    holdings = chains.Holdings("USDT", USDT, accounts, Numbered(0))
    assert drawn(holdings, AT, words_from(range(3)), Decimal(share)).sum() == drawn_of


@pytest.mark.parametrize(("sample", "asked"), [(NOTHING, 0), (Decimal("0.5"), 0), (ALL, 40)])
def test_a_sample_is_asked_about_once(sample: Decimal, asked: int) -> None:
    balances = {f"a{row}": 0 for row in range(40)}
    second = same(balances)
    confirmed(Told(balances), second, sample=sample)
    assert len(second.asked) == len(set(second.asked))
    assert len(second.told.asked) == (sample > 0)
    assert len(second.asked) == asked or (sample == Decimal("0.5") and 5 < len(second.asked) < 35)


def test_only_balances_of_the_block_itself_are_compared() -> None:
    balances: dict[str, int | str | None] = {"a": 1, "b": 2, "c": 3, "d": "bad_answer"}
    second = same(balances)
    seen = confirmed(Told(balances, block_of={"b": OTHER}), second, sample=ALL)
    assert (second.asked, set(seen.confirmed)) == (["a", "c"], {"a", "c"})
    second = same(balances)
    assert confirmed(Told(balances, as_of="head"), second, sample=ALL).confirmed == {}
    assert second.asked == []
    assert second.asked_beside == [], "nobody is looked for where nothing can be compared"


# --- what is believed -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("against", "asked", "all_of_it"),
    [
        (0, 0, False), (0, 1, False), (1, 999, True), (1, 1_000, False), (1, 1_001, False), (2, 1_999, True),
        (2, 2_000, False), (2, 2_001, False), (2, 10**9, False), (3, 10**9, True), (4, 10**9, True),
    ],
)  # fmt: skip
def test_so_many_contradictions_discredit_an_endpoint(against: int, asked: int, all_of_it: bool) -> None:
    assert contradicted(against, asked) is all_of_it


@pytest.mark.parametrize(
    ("said", "stands"),
    [(5, True), (4, False), (6, False), (5 + 2**64, False), ("token_call_failed!", False)],
)
def test_what_is_confirmed_and_what_is_contradicted(said: int | str, stands: bool) -> None:
    balances = {"a": 5}
    seen = confirmed(Told(balances), same(balances, a=said), sample=ALL)
    assert seen.confirmed == ({"a": "b.example"} if stands else {})
    assert seen.reasons == ({} if stands else {"a": "endpoints_disagree"})
    said_so = ["1 of 1 accounts of USDT are contradicted: all are asked for again",
               "endpoints disagree about 1 of 1 accounts of USDT"]  # fmt: skip
    assert seen.told == ([] if stands else said_so)


@pytest.mark.parametrize(
    "other",
    [
        Told({"a": "timed_out", "b": 2}, "b.example"),
        Told({"a": None, "b": 2}, "b.example"),
        Told({"a": 9, "b": 2}, "b.example", block_of={"a": OTHER}),
    ],
    ids=["it failed", "it said nothing", "of another block"],
)
def test_what_the_other_endpoint_does_not_know_takes_nothing_away(other: Told) -> None:
    seen = confirmed(Told({"a": 5, "b": 2}), Second(other), sample=ALL)
    assert seen == Seen({"b": "b.example"}, {}, [])
    assert other.asked == [(7, ["a", "b"])], "and is not asked again"


def test_what_it_has_now_and_parts_of_it_confirm_nothing() -> None:
    now = Told({"a": 5, "b": 2}, "b.example", as_of="head")
    assert confirmed(Told({"a": 5, "b": 2}), Second(now), sample=ALL) == Seen({}, {}, [])
    parts = Told({"a": 5, "b": 2}, "b.example", parts={"liquid": {"a": 1, "b": 1}})
    assert confirmed(Told({"a": 5, "b": 2}), Second(parts), sample=ALL).confirmed == dict.fromkeys("ab", "b.example")


@pytest.mark.parametrize(("wrong", "all_asked"), [(2, False), (3, True), (4, True)])
def test_an_endpoint_that_is_contradicted_too_often_is_believed_nowhere(wrong: int, all_asked: bool) -> None:
    """Nothing stands then that is not confirmed; where few are, only those fall."""
    small = {f"s{n}": 1 for n in range(3_000)}
    large = {f"l{n}": 10**6 for n in range(4)}
    names = [f"l{n}" for n in range(wrong)]
    second = Second(Told({**small, **large, **dict.fromkeys(names, 10**6 + 1), "s1": None}, "b.example"))
    # a share of the claims keeps the small ones out of the first question
    sample, above = (NOTHING, Decimal("0.2")) if wrong > 2 else (Decimal("0.9"), Decimal("0.2"))
    seen = confirmed(Told({**small, **large}), second, sample=sample, above=above)
    fallen = dict.fromkeys(names, "endpoints_disagree")
    assert seen.reasons == (fallen | {"s1": "endpoints_disagree"} if all_asked else fallen)
    assert (len(second.asked) == len(small) + len(large)) == all_asked
    assert len(second.asked) == len(set(second.asked))
    count = f"{len(second.asked):,}"
    said = [f"{wrong} of 4 accounts of USDT are contradicted: all are asked for again"] if all_asked else []
    assert seen.told == [*said, f"endpoints disagree about {wrong} of {count} accounts of USDT"]


@pytest.mark.parametrize("error", [TransportError("gone"), ChainError("gone")])
def test_a_second_endpoint_that_fails_takes_nothing_away_and_is_told_of(error: Exception) -> None:
    second = Second(Told({}), fails=error)
    seen = confirmed(Told({"a": 5, "b": 2, "c": "timed_out"}), second, sample=ALL)
    assert seen == Seen({}, {"c": "timed_out"}, ["no second endpoint confirms 2 accounts of USDT: gone"])


def test_without_another_operator_nothing_is_confirmed() -> None:
    second = Second(Told({}), nobody=True)
    assert confirmed(Told({"a": 5}), second, sample=ALL) == Seen({}, {}, [])
    assert second.asked_beside == [["a.example"]]


# --- a zero behind which no history stands ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (0, ""), (1, "endpoints_disagree"), (2**64, "endpoints_disagree"), ("timed_out", "no_history"),
        ("token_call_failed!", "no_history"), (None, "no_history"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("claim", [1, 2**64])
def test_a_claimed_zero_without_a_history_needs_somebody_elses_word(
    said: int | str | None, reason: str, claim: int
) -> None:
    second = Second(Told({"a": said, "b": 7, "c": 7}, "b.example"))
    seen = confirmed(Told({"a": 0, "b": 0, "c": 0}, empty=["a", "b"]), second, claims={"a": claim, "c": claim})
    assert second.asked == ["a"], "of the others nothing is claimed, or a history is known"
    assert seen.reasons == ({"a": reason} if reason else {})
    assert seen.confirmed == ({} if reason else {"a": "b.example"})


@pytest.mark.parametrize("empty_said", [0, 5])
def test_of_several_each_has_its_own_word(empty_said: int) -> None:
    second = Second(Told({"a": 0, "b": empty_said, "c": "timed_out"}, "b.example"))
    seen = confirmed(Told(dict.fromkeys("abc", 0), empty=list("abc")), second, claims=dict.fromkeys("abc", 1))
    assert seen.reasons == ({"b": "endpoints_disagree"} if empty_said else {}) | {"c": "no_history"}
    assert set(seen.confirmed) == ({"a"} if empty_said else {"a", "b"})


def test_without_anybody_elses_word_it_is_no_zero() -> None:
    first, claims = Told({"a": 0, "b": 0}, empty=["a"]), {"a": 1}
    assert confirmed(first, Second(Told({}), nobody=True), claims=claims).reasons == {"a": "no_history"}
    seen = confirmed(first, Second(Told({}), fails=TransportError("gone")), claims=claims)
    assert seen == Seen({}, {"a": "no_history"}, ["the second endpoint: gone"])


def test_what_was_refused_already_keeps_its_reason() -> None:
    codes = Codes()
    claimed = held({"a": 1}, codes)
    holdings, read = chains.Holdings("USDT", USDT, claimed.accounts, claimed.form), Columns(codes, 1)
    for answer in (*Told({"a": 0}, empty=["a"]).readings(holdings, AT), chains.Unreadable(np.array([0]), "bad_answer")):
        read.take(answer)
    second = Second(Told({"a": 0}))
    SecondOpinion(second, holdings, AT, claimed.claims, read, ALL, ALL, lambda _: None).confirm()
    assert codes.reasons[read.reasons[0]] == "bad_answer"
    assert second.asked == []
