"""Rows made by seeded generators: the verdict of each is known, and the fast lanes say what `judge` says."""

from __future__ import annotations

import importlib
import pkgutil
import random
from collections import Counter
from dataclasses import astuple

import pytest

import made_rows
from batches import judged
from made_rows import Case
from porlake import ownership, registry

ROWS = 20_000
MAKERS = {
    found.name: importlib.import_module(f"made_rows.{found.name}") for found in pkgutil.iter_modules(made_rows.__path__) if found.name[0] != "_"
}


SLOW = {"beth_bls", "starknet"}


def drawn(seed: int, count: int) -> list[tuple[str, Case]]:
    """Rows of all makers, as many of each scheme, but few of the slow ones."""
    chance = random.Random(seed)
    names = [name for name, maker in sorted(MAKERS.items()) for _ in maker.SCHEMES]
    weights = [1 if name in SLOW else 40 for name in names]  # signing takes them milliseconds as well
    return [(name, MAKERS[name].case(chance)) for name in chance.choices(names, weights, k=count)]


def test_every_made_row_has_its_verdict() -> None:
    made = drawn(20_000, ROWS)
    found = judged([case.row for _, case in made])
    wrong = Counter[str]()
    shown = []
    for (name, case), (verdict, reason, flags, *_) in zip(made, found, strict=True):
        agree = (verdict, reason) == (case.verdict, case.reason) and (case.flags is None or sorted(flags) == sorted(case.flags))
        if not agree:
            wrong[f"{name}: {case.why}"] += 1
            shown.append(f"{name} {case}: {verdict} {reason} {flags}")
    assert not wrong, f"{wrong.most_common(20)}\n" + "\n".join(shown[:5])


def test_the_lanes_say_what_judge_says() -> None:
    rows = [case.row for _, case in drawn(3, 4_000)]
    for row, (verdict, reason, flags, signer, binds, account) in zip(rows, judged(rows, 700), strict=True):
        alone = ownership.judge(row)
        assert (verdict, reason, flags, signer, binds) == (alone.verdict, alone.reason, alone.flags, alone.signer, alone.binds), astuple(row)
        assert account == ownership.account(row.network, row.address_published)


def test_about_a_third_of_the_rows_no_longer_hold() -> None:
    for name, maker in MAKERS.items():
        chance = random.Random(name)
        verdicts = Counter(maker.case(chance).verdict in ("proven", "owner_signed", "signature_only") for _ in range(300))
        assert 0.5 < verdicts[True] / 300 < 0.82, name


def test_equal_seeds_make_equal_rows() -> None:
    assert drawn(5, 300) == drawn(5, 300)


@pytest.mark.parametrize("scheme", [row.scheme for row in registry.load().schemes.values() if row.module != "none"])
def test_every_scheme_that_is_judged_has_a_maker_of_rows(scheme: str) -> None:
    assert scheme in set().union(*(maker.SCHEMES for maker in MAKERS.values())), f"no module of tests/made_rows makes rows of {scheme}"
