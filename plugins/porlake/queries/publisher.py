"""Whose file is this: the exchange that publishes a file's format."""

from __future__ import annotations

from contextlib import ExitStack

from porlake import liabilities, pipeline, registry, reports
from porlake.errors import ConfigurationError, UnknownFormat


def publisher(source: str) -> str:
    """The exchange whose labels a published file uses, by its format; of several that share one, that which the file's
    name says, else its first.

    Raises ReportError, ConfigurationError where none can be told.
    """
    with ExitStack() as files:
        came = pipeline.files_at(pipeline.session(environ={}), files, source)
        found, others = reports.known_in(came.bundle)
        if not found:
            raise _proof(others) or reports.unknown(came.bundle, others)
        formats = {form.NAME for form, _ in found}
    named = [row.exchange for row in registry.load().exchanges.values() if formats <= set(row.formats.split())]
    if len(named) > 1:
        by_name = [exchange for exchange in named if exchange in came.bundle.name.lower()]
        named = by_name or [exchange for exchange in named if {f"{exchange}_csv"} == formats]
    if len(named) != 1:
        raise ConfigurationError(
            f"{came.bundle.name}: {len(named)} exchanges publish {', '.join(sorted(formats))}; say which with "
            "--exchange"
        )
    return named[0]


def _proof(files: list[reports.Member]) -> UnknownFormat | None:
    """What to do with files that are no report, where they are of what is owed."""
    if liabilities.known_by(files, lambda some: reports.Bundle(tuple(some), "")):
        return UnknownFormat(f"{files[0].name}: a proof of what is owed: `porlake liabilities verify FILE` checks it")
    return None
