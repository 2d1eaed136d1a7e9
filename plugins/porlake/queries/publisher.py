"""Whose file is this: the exchange that publishes a file's format."""

from __future__ import annotations

from contextlib import ExitStack

from porlake import pipeline, registry, reports
from porlake.errors import ConfigurationError


def publisher(source: str) -> str:
    """The exchange whose labels a published file uses, by its format; of several that share one, that which the file's
    name says, else its first.

    Raises ReportError, ConfigurationError where none can be told.
    """
    with ExitStack() as files:
        came = pipeline.files_at(pipeline.session(environ={}), files, source)
        formats = {form.NAME for form, _ in reports.recognised(came.bundle)[0]}
    found = [row.exchange for row in registry.load().exchanges.values() if formats <= set(row.formats.split())]
    if len(found) > 1:
        by_name = [exchange for exchange in found if exchange in came.bundle.name.lower()]
        found = by_name or [exchange for exchange in found if {f"{exchange}_csv"} == formats]
    if len(found) != 1:
        raise ConfigurationError(
            f"{came.bundle.name}: {len(found)} exchanges publish {', '.join(sorted(formats))}; say which with "
            "--exchange"
        )
    return found[0]
