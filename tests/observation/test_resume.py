"""Answers that are kept: what comes back is what was given, and a holding is whole or is asked for again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from porlake import chains, registry
from porlake.chains._columns import words_from
from porlake.observation import resume
from porlake.observation.columns import Codes, Columns

AT = chains.BlockRef(7, "aa", datetime(2024, 3, 25, tzinfo=UTC))
BTC = registry.load().tokens["bitcoin", "BTC"]


def holdings(*addresses: str) -> chains.Holdings:
    return chains.holdings("BTC", BTC, addresses, chains.TEXT)


def reading(rows: list[int], component: str = chains.TOTAL, block: chains.BlockRef = AT) -> chains.Readings:
    words = words_from([row + 1 for row in rows])
    return chains.Readings(np.array(rows, np.int64), words, component, block, "exact", "m", "a.example")


def told(answers: list[chains.Answer], count: int) -> tuple[list[int], list[bool], list[tuple[str, list[int]]]]:
    found = Columns(Codes(), count)
    for answer in answers:
        found.take(answer)
    parts = [(part.component, part.rows.tolist()) for part in found.parts]
    return found.words[:, 1].tolist(), found.answered.tolist(), parts


def again(folder: Path, count: int, at: chains.BlockRef = AT) -> list[chains.Answer]:
    kept = resume.kept(folder, "bitcoin", holdings(*map(str, range(count))), at)
    return kept.answers()


def test_what_was_kept_comes_back(tmp_path: Path) -> None:
    given_ = [
        reading([0, 2]),
        chains.Unreadable(np.array([1]), "token_call_failed", answered=True),
        reading([3], block=chains.BlockRef(9, "bb", None)),
    ]
    kept = resume.kept(tmp_path, "bitcoin", holdings(*map(str, range(4))), AT)
    for answer in given_:
        kept.keep(answer)
    kept.flush()
    assert told(again(tmp_path, 4), 4) == told(given_, 4)
    assert {answer.block for answer in again(tmp_path, 4) if isinstance(answer, chains.Readings)} == {
        AT, chains.BlockRef(9, "bb", None),
    }  # fmt: skip


def test_what_was_kept_of_another_block_or_other_accounts_is_nothing(tmp_path: Path) -> None:
    kept = resume.kept(tmp_path, "bitcoin", holdings("0", "1"), AT)
    kept.keep(reading([0, 1]))
    kept.flush()
    assert again(tmp_path, 2)
    assert not again(tmp_path, 3)
    assert not again(tmp_path, 2, chains.BlockRef(7, "ab", AT.moment))


def test_what_failed_and_what_must_be_confirmed_is_asked_anew(tmp_path: Path) -> None:
    kept = resume.kept(tmp_path, "bitcoin", holdings("0", "1"), AT)
    kept.keep(chains.Unreadable(np.array([0]), "timed_out"))
    kept.keep(
        chains.Readings(
            np.array([1]), words_from([0]), chains.TOTAL, AT, "exact", "m", "a.example", np.array([True])
        )
    )  # fmt: skip
    kept.flush()
    assert not again(tmp_path, 2)


@pytest.mark.parametrize(
    ("answers", "covered"),
    [
        ([reading([0], "liquid")], [False, False]),
        ([reading([0], "liquid"), reading([0])], [True, False]),
        ([reading([0, 1]), chains.Withdrawn(np.array([1]))], [True, False]),
        ([reading([0, 1]), chains.Withdrawn(np.array([0, 1])), reading([1])], [False, True]),
    ],
)
def test_a_holding_is_covered_by_its_total(answers: list[chains.Answer], covered: list[bool]) -> None:
    known = resume.covered(answers, 2)
    assert known.tolist() == covered
    rows = {row for answer in resume.complete(answers, known) for row in answer.rows.tolist()}
    assert rows <= {row for row, is_known in enumerate(covered) if is_known}


@given(st.lists(st.lists(st.integers(0, 9), max_size=10, unique=True), max_size=6))
def test_withdrawn_holdings_are_not_known_whatever_was_said(steps: list[list[int]]) -> None:
    found, known = Columns(Codes(), 10), set[int]()
    for number, rows in enumerate(steps):
        if number % 2:
            found.take(chains.Withdrawn(np.array(rows, np.int64)))
            known -= set(rows)
        else:
            found.take(reading(rows, "liquid"))
            found.take(reading(rows))
            known |= set(rows)
    assert set(np.flatnonzero(found.answered).tolist()) == known
    assert {row for part in found.parts for row in part.rows.tolist()} == known


def test_evidence_comes_back_with_its_rows_and_stays_with_them(tmp_path: Path) -> None:
    heads = [chains.BlockRef(9, "bb", AT.moment), chains.BlockRef(10, "cc", None)]
    shown = [chains.Evidence(heads[row % 2], str(row), f"answer {row}") for row in range(3)]
    whole = replace(reading([0, 1, 2]), evidence=shown)
    kept = resume.kept(tmp_path, "bitcoin", holdings("0", "1", "2"), AT)
    kept.keep(whole)
    kept.flush()
    found = again(tmp_path, 3)
    (answer,) = found
    assert isinstance(answer, chains.Readings)
    assert answer.evidence == shown
    (some,) = resume.complete(found, np.array([True, False, True]))
    assert isinstance(some, chains.Readings)
    assert (some.rows.tolist(), some.evidence) == ([0, 2], [shown[0], shown[2]])
    columns = Columns(Codes(), 3)
    columns.take(some)
    columns.take(reading([0]))
    assert [columns.codes.evidence[code] for code in columns.evidence] == [None, None, shown[2]]


def test_what_was_kept_of_another_token_or_network_is_nothing(tmp_path: Path) -> None:
    kept = resume.kept(tmp_path, "bitcoin", holdings("0"), AT)
    kept.keep(reading([0]))
    kept.flush()
    usdt = registry.load().tokens["tron", "USDT"]
    assert again(tmp_path, 1)
    assert not resume.kept(tmp_path, "litecoin", holdings("0"), AT).answers()
    assert not resume.kept(tmp_path, "bitcoin", replace(holdings("0"), token=usdt), AT).answers()


def test_rows_and_words_of_several_answers_in_one_file_are_told_apart(tmp_path: Path) -> None:
    """A row is a number of 64 bits, an amount one of 128; each answer's stand behind those of the one before it."""
    large = chains.Readings(np.array([4, 1]), words_from([2**64 + 5, 2**127]), "liquid", AT, "near", "m", "a.example")
    given_ = [
        chains.Unreadable(np.array([2**40, 3]), "token_call_failed", answered=True),
        large,
        chains.Withdrawn(np.array([7, 2**33])),
        reading([6, 5, 0]),
    ]
    kept = resume.kept(tmp_path, "bitcoin", holdings("0"), AT)
    for answer in given_:
        kept.keep(answer)
    kept.flush()
    unreadable, part, withdrawn, total = again(tmp_path, 1)
    assert isinstance(unreadable, chains.Unreadable)
    assert (unreadable.rows.tolist(), unreadable.reason, unreadable.answered) == ([2**40, 3], "token_call_failed", True)
    assert isinstance(part, chains.Readings)
    assert (part.rows.tolist(), part.component, part.as_of) == ([4, 1], "liquid", "near")
    assert part.words.tolist() == large.words.tolist()
    assert isinstance(withdrawn, chains.Withdrawn)
    assert withdrawn.rows.tolist() == [7, 2**33]
    assert isinstance(total, chains.Readings)
    assert (total.rows.tolist(), total.words[:, 1].tolist()) == ([6, 5, 0], [7, 6, 1])


@pytest.mark.parametrize(("seconds", "is_kept"), [(0.999, False), (1.0, True), (1.001, True)])
def test_answers_of_a_second_are_kept_in_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float, is_kept: bool
) -> None:
    now = [0.0]
    monkeypatch.setattr("porlake.observation.resume.time.monotonic", lambda: now[0])
    scratch = resume.kept(tmp_path, "bitcoin", holdings("0", "1", "2"), AT).scratch
    kept = resume.Kept(scratch, _since=0.0)
    kept.keep(reading([0]))
    assert not again(tmp_path, 3)
    now[0] = seconds
    kept.keep(reading([1]))
    assert len(again(tmp_path, 3)) == (2 if is_kept else 0)
    now[0] += 0.5
    kept.keep(reading([2]))
    assert len(again(tmp_path, 3)) == (2 if is_kept else 0 if now[0] < 1 else 3), "a second begins with each file"
    kept.flush()
    assert [answer.rows.tolist() for answer in again(tmp_path, 3)] == [[0], [1], [2]]


def test_the_name_of_a_file_says_its_place_and_how_many_holdings_are_whole(tmp_path: Path) -> None:
    kept = resume.kept(tmp_path, "bitcoin", holdings("0", "1", "2", "3"), AT)
    for answers in (
        [reading([0, 1], "liquid"), reading([0])],
        [chains.Unreadable(np.array([2, 3]), "token_call_failed", answered=True), chains.Withdrawn(np.array([0]))],
    ):
        for answer in answers:
            kept.keep(answer)
        kept.flush()
        kept.flush()
    assert [name for name, _ in kept.scratch.parts()] == ["00000001-1", "00000002-2"]
    goes_on = resume.kept(tmp_path, "bitcoin", holdings("0", "1", "2", "3"), AT)
    goes_on.answers()
    goes_on.keep(reading([0, 1]))
    goes_on.flush()
    assert [name for name, _ in kept.scratch.parts()][2:] == ["00000003-2"]
