"""Rows made by seeded generators: the verdict of each is known, and batches say what `judge` says."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import astuple

import pytest

from batches import judged
from made_rows import _checked, _spoiled
from made_rows._checked import drawn
from porlake import ownership, registry
from porlake.model import Evidence

ROWS = [4_000, pytest.param(20_000, marks=pytest.mark.thorough)]
SPOILED = 6_000
MAKERS = _checked.makers()


@pytest.mark.parametrize("rows", ROWS)
def test_every_made_row_has_its_verdict(rows: int) -> None:
    made = drawn(random.Random(20_000), rows)
    found = judged([case.row for _, case in made])
    wrong = Counter[str]()
    shown = []
    for (name, case), (verdict, reason, flags, *_) in zip(made, found, strict=True):
        agree = (verdict, reason) == (case.verdict, case.reason) and (
            case.flags is None or sorted(flags) == sorted(case.flags)
        )
        if not agree:
            wrong[f"{name}: {case.why}"] += 1
            shown.append(f"{name} {case}: {verdict} {reason} {flags}")
    assert not wrong, f"{wrong.most_common(20)}\n" + "\n".join(shown[:5])


def test_no_spoiled_or_forged_row_is_proven() -> None:
    """A slice of `python -m made_rows`, which judges as many as are asked for."""
    found = _checked.part(random.Random(8), SPOILED)
    assert not found.wrong, "\n".join(found.wrong[:5])
    assert (
        sum(
            count
            for (kind, verdict), count in found.verdicts.items()
            if kind == "changed" and verdict in _spoiled.HOLDS
        )
        > 100
    )
    assert found.verdicts["forged", "invalid"] > 100


@pytest.mark.parametrize("make", _spoiled.FORGERIES, ids=lambda make: make.__name__.strip("_"))
def test_no_kind_of_forgery_is_proven(make: Callable[[random.Random], Evidence]) -> None:
    chance = random.Random(make.__name__)
    for _ in range(25):
        row = make(chance)
        assert ownership.judge(row).verdict in ("invalid", "malformed", "unsupported"), row


@pytest.mark.parametrize("number", [1_500, pytest.param(4_000, marks=pytest.mark.thorough)])
def test_batches_say_what_judge_says(number: int) -> None:
    rows = [case.row for _, case in drawn(random.Random(3), number)]
    for row, (verdict, reason, flags, signer, binds, account) in zip(rows, judged(rows, 700), strict=True):
        alone = ownership.judge(row)
        assert (verdict, reason, flags, signer, binds) == (
            alone.verdict,
            alone.reason,
            alone.flags,
            alone.signer,
            alone.binds,
        ), astuple(row)
        assert account == ownership.account(row.network, row.address_published)


def test_about_a_third_of_the_rows_no_longer_hold() -> None:
    for name, maker in MAKERS.items():
        chance = random.Random(name)
        verdicts = Counter(
            maker.case(chance).verdict in ("proven", "owner_signed", "signature_only") for _ in range(150)
        )
        assert 0.5 < verdicts[True] / 150 < 0.82, name


def test_equal_seeds_make_equal_rows() -> None:
    assert drawn(random.Random(5), 300) == drawn(random.Random(5), 300)


@pytest.mark.parametrize("scheme", [row.scheme for row in registry.load().schemes.values() if row.module != "none"])
def test_every_scheme_that_is_judged_has_a_maker_of_rows(scheme: str) -> None:
    assert scheme in set().union(*(maker.SCHEMES for maker in MAKERS.values())), (
        f"no module of tests/made_rows makes rows of {scheme}"
    )
