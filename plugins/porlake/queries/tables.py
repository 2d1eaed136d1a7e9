"""The tables of the last build: one statement's rows, a mart, and the summary that a person wants."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from porlake import dbt_project, warehouse
from porlake.errors import ConfigurationError
from porlake.pipeline import Session


def database(session: Session) -> Path:
    """The DuckDB file of the last build."""
    return warehouse.database_of(session.lake)


def shown_at(session: Session) -> str:
    """Where the marts are as they are published now: the folder of all, or of an object store their manifest."""
    return warehouse.shown_at(session.lake)


def delta_at(session: Session) -> str:
    """Where the marts are as Delta tables: the folder of all."""
    return session.lake.where(warehouse.DELTA_TABLES)


def vacuum(session: Session, older: timedelta) -> int:
    """Remove files of Delta tables that no version needs which is younger than that; their number."""
    return warehouse.vacuum(session.lake, older)


def query(session: Session, sql: str, *, failed: bool = False) -> tuple[list[str], list[tuple[Any, ...]]]:
    """(columns, rows) of one statement over the last build, or over the one that failed. Raises BuildError,
    MissingPartition.
    """
    return warehouse.query(session.lake, sql, failed=failed)


def read(session: Session, mart: str) -> Any:
    """A mart of the last build as an Arrow table. Raises ConfigurationError, MissingPartition."""
    return warehouse.read(session.lake, mart)


def summary(session: Session, attestations: Sequence[str]) -> Iterator[tuple[str, list[str], list[tuple[Any, ...]]]]:
    """(title, columns, rows) of the tables a person wants, for some attestations or the latest of each exchange.

    Raises ConfigurationError for an attestation that the tables do not have, MissingPartition before the first build.
    """
    known = "select attestation, max(is_latest) from core_attestation group by attestation order by attestation"
    there = dict(warehouse.query(session.lake, known)[1])
    if unknown := sorted(set(attestations) - set(there)):
        raise ConfigurationError(
            f"{', '.join(unknown)}: no such attestation in the tables; {_near(unknown[0], list(there))}"
        )
    chosen = sorted(attestations) or [attestation for attestation, is_latest in there.items() if is_latest]
    for path in sorted((dbt_project.sql_folder() / "summary").glob("*.sql")):
        sql = path.read_text(encoding="utf-8")
        # what looks at holdings one by one is asked for one attestation after the other
        if "getvariable('attestation')" in sql:
            parts = [warehouse.query(session.lake, sql, attestation=attestation) for attestation in chosen]
            columns, rows = parts[0][0] if parts else [], [row for _, found in parts for row in found]
        else:
            columns, rows = warehouse.query(session.lake, sql, {"attestations": list(attestations)})
        yield sql.split("\n", 1)[0].removeprefix("-- "), columns, rows


def _near(asked: str, known: list[str]) -> str:
    """What somebody who asked for what is not there may have meant."""
    if not known:
        return "they are empty"
    alike = (
        get_close_matches(asked, known, 3) or [name for name in known if name.split("/")[0] == asked.split("/")[0]][-3:]
    )
    return f"there are {', '.join(alike)}" if alike else f"there are {len(known):,}, from {known[0]} to {known[-1]}"
