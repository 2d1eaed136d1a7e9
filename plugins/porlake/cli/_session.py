"""The session of a command: the lake on which it works, and how it is set."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from porlake.errors import ConfigurationError

if TYPE_CHECKING:
    from porlake.pipeline import Session


@contextmanager
def file_alone(options: argparse.Namespace) -> Iterator[tuple[Session, list[str]]]:
    """A lake of its own for one file: (session, ids of its reports). Nothing of it stays."""
    from porlake import pipeline, progress
    from porlake.queries import publisher

    with tempfile.TemporaryDirectory(prefix="porlake-") as folder, progress.shown() as tell:
        session = pipeline.session(folder, environ={}, progress=tell)
        exchange = options.exchange or publisher.publisher(options.file)
        found = pipeline.archive(session, exchange, options.file, undated=True)
        for report in found:
            pipeline.parse(session, report)
        yield session, found


@contextmanager
def aside() -> Iterator[Session]:
    """A session with nothing of the machine's: an empty lake that goes away, no setting, no recording."""
    from porlake import pipeline, progress

    with tempfile.TemporaryDirectory(prefix="porlake-") as folder, progress.shown() as tell:
        yield pipeline.session(folder, environ={}, progress=tell)


def existing(options: argparse.Namespace, **others: Any) -> Session:
    """A session with a lake that is there already. Raises ConfigurationError where a name leads to none: it is
    mistyped, not empty.
    """
    from porlake import pipeline

    session = pipeline.session(options.lake, **others)
    if options.lake and not session.lake.is_there():
        place = session.lake.where() if session.store else options.lake
        raise ConfigurationError(
            f"{place}: no lake lies there; `porlake run EXCHANGE --report FILE --lake {place}` would make one"
        )
    return session
