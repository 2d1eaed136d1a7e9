"""Rows with a known verdict, made by seeded generators: one module a scheme family, each with `SCHEMES` and `case`.

    SCHEMES: frozenset[str]                      ids of schemes.csv for which the module makes rows
    case(chance: random.Random) -> Case          a row of one of them; about a third of the rows are changed so that
                                                 they no longer hold

The keys come from `chance` alone: equal seeds, equal rows.
"""

from __future__ import annotations

from dataclasses import dataclass

from porlake.model import Evidence


@dataclass(frozen=True, slots=True)
class Case:
    """`why` says what was done to the row, in a word or two; `flags` are checked where they are stated."""

    row: Evidence
    verdict: str
    reason: str
    why: str
    flags: tuple[str, ...] | None = None
