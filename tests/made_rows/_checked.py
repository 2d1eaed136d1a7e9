"""Made rows of all schemes, judged and held against what is known of them."""

from __future__ import annotations

import importlib
import pkgutil
import random
from collections import Counter
from dataclasses import dataclass
from functools import cache
from types import ModuleType

import made_rows
from batches import judged
from made_rows import Case, _spoiled
from porlake.model import Evidence

SLOW = {"beth_bls", "starknet"}


@cache
def makers() -> dict[str, ModuleType]:
    names = [found.name for found in pkgutil.iter_modules(made_rows.__path__) if found.name[0] != "_"]
    return {name: importlib.import_module(f"made_rows.{name}") for name in names}


def drawn(chance: random.Random, count: int) -> list[tuple[str, Case]]:
    """Rows of all makers, as many of each scheme, but few of the slow ones."""
    names = [name for name, maker in sorted(makers().items()) for _ in maker.SCHEMES]
    weights = [1 if name in SLOW else 40 for name in names]  # signing takes them milliseconds as well
    return [(name, makers()[name].case(chance)) for name in chance.choices(names, weights, k=count)]


@dataclass(frozen=True, slots=True)
class Checked:
    """`verdicts`: counted by (kind of row, verdict); `wrong`: one line for each verdict that is not what is known of
    its row.
    """

    verdicts: Counter[tuple[str, str]]
    wrong: list[str]


def part(chance: random.Random, count: int) -> Checked:
    made = drawn(chance, count // 3)
    good = [case.row for _, case in made if case.verdict in _spoiled.HOLDS]
    changed: list[tuple[str, Evidence, list[Evidence]]] = []
    for number in range(count // 3):
        row, other = good[number % len(good)], chance.choice(good)
        # all that decides may have come from the other
        changed.append((*_spoiled.spoiled(chance, row, other), [row, other]))
    forged = [_spoiled.forged(chance) for _ in range(count - len(made) - len(changed))]
    found = judged([case.row for _, case in made] + [row for _, row, _ in changed] + [row for _, row in forged])
    verdicts, wrong = Counter[tuple[str, str]](), []
    for (name, case), (verdict, reason, *_) in zip(made, found, strict=False):
        verdicts["as made", verdict] += 1
        if (verdict, reason) != (case.verdict, case.reason):
            wrong.append(f"{name}: {case.why}: {verdict} {reason}, not {case.verdict} {case.reason}: {case.row}")
    for (how, row, before), (verdict, reason, *_) in zip(changed, found[len(made) :], strict=False):
        verdicts["changed", verdict] += 1
        if not any(_spoiled.may_hold(one, row, verdict) for one in before):
            wrong.append(f"{how}: {verdict} {reason}: {row} of {before[0]}")
    for (how, row), (verdict, reason, *_) in zip(forged, found[len(made) + len(changed) :], strict=True):
        verdicts["forged", verdict] += 1
        if verdict in _spoiled.HOLDS:
            wrong.append(f"{how}: {verdict} {reason}: {row}")
    return Checked(verdicts, wrong)
