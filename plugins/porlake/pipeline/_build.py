"""build, publish: the tables of the lake as it is, and the marts for readers.

The warehouse is imported where it is needed: it brings DuckDB, which no other stage starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from porlake.errors import Damaged, MissingPartition
from porlake.pipeline._session import Session


def build(session: Session) -> str:
    """All marts in a fresh DuckDB file that then takes the old one's place; the build's id. Raises BuildError and
    changes nothing.
    """
    from porlake import warehouse

    return warehouse.build(session.lake).build_id


def publish(session: Session) -> str:
    """The marts of the last build as Parquet, shown all at once; the build's id."""
    from porlake import warehouse

    return str(warehouse.publish(session.lake)["build_id"])


def published(session: Session) -> Mapping[str, Any]:
    """What is published now: `build_id`, and `marts` with the rows of each. Raises MissingPartition before the first
    time.
    """
    from porlake import warehouse

    return warehouse.manifest_of(session.lake)


def is_published(session: Session) -> bool:
    """Whether the marts as published are those of the lake as it is now, so that building them again would change
    nothing.
    """
    from porlake import warehouse

    try:
        return bool(published(session)["build_id"] == warehouse.identity(session.lake))
    except (MissingPartition, Damaged):
        return False
