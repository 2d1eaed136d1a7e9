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
