"""What each figure of the marts measures, in a paragraph, with its formula and its limits: `measures.toml` beside this
file, which the page shows.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("measures.toml")


@dataclass(frozen=True, slots=True)
class Measure:
    """`columns`: those of the marts that it is about, as `mart.column`; `*` stands for any part of a name."""

    name: str
    title: str
    columns: tuple[str, ...]
    paragraph: str
    formula: str
    limits: str


@cache
def measures() -> tuple[Measure, ...]:
    """All of them, in the order in which they are read."""
    found = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return tuple(
        Measure(
            name,
            row["title"],
            tuple(row["columns"]),
            *(" ".join(row[part].split()) for part in ("paragraph", "formula", "limits")),
        )
        for name, row in found.items()
    )
