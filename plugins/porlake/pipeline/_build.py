"""build, publish, page: the tables of the lake as it is, the marts for readers, and the page for people.

The warehouse is imported where it is needed: it brings DuckDB, which no other stage starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from porlake import served
from porlake.errors import Damaged, MissingPartition
from porlake.pipeline._session import Session
from porlake.settings import DELTA

if TYPE_CHECKING:
    from porlake.warehouse import Built


def build(session: Session) -> str:
    """All marts in a fresh DuckDB file that then takes the old one's place; the build's id. Raises BuildError and
    changes nothing.
    """
    return built(session).build_id


def built(session: Session) -> Built:
    """As `build`, with what each model and test of dbt's came to."""
    from porlake import warehouse

    return warehouse.build(session.lake)


def publish(session: Session) -> str:
    """The marts of the last build as Parquet, shown all at once, and Delta tables and the page beside them where the
    settings want them; the build's id.
    """
    from porlake import warehouse

    build_id = str(warehouse.publish(session.lake, as_delta=session.publish_as == DELTA)["build_id"])
    if session.page:
        page(session)
    return build_id


def page(session: Session, out: Path | None = None, url: str = "") -> tuple[str, str]:
    """The page of what is published, in a folder, or in the lake itself; where it is, and the id of its build. `url`:
    where it will be served, else as the settings say.
    """
    from porlake import warehouse

    url = url or (session.page if "://" in session.page else "")
    tell = session.progress
    made = warehouse.page_in(session.lake, out, url, tell) if out else warehouse.page_beside(session.lake, url, tell)
    return made.place, made.build_id


def page_file(session: Session, name: str) -> Path:
    """A local file with the bytes of one file of the page that lies in the lake. Raises MissingPartition."""
    key = f"{served.IN_LAKE}/{name}"
    if not session.lake.store.holds(key):
        raise MissingPartition(f"{session.lake.where(key)}: there is no such file; `porlake page` makes the page")
    return session.lake.store.local(key)


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
