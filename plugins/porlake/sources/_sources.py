"""The sources there are: every module of this room whose name begins with no underscore."""

from __future__ import annotations

from datetime import date
from typing import Protocol

from porlake import sources
from porlake.formats import Formats
from porlake.sources._publications import Publications
from porlake.transport import Web


class Source(Protocol):
    """A module of this room, named as its NAME says, which is the exchange's id.

    `HOSTS`: where it may ask, a host or what lies below `host/path`; a URL or a redirect elsewhere is refused.
    """

    NAME: str
    HOSTS: tuple[str, ...]

    def find(self, web: Web, since: date | None) -> Publications:
        """What is published of snapshots on `since` and later (None: of all that the listing tells), newest first, and
        what could not be known. Raises NotRecorded; what a publisher answers is in the result.
        """


SOURCES: Formats[Source] = Formats(sources.__name__, ("NAME", "HOSTS", "find"))


def hosts() -> frozenset[str]:
    """The hosts of all publishers."""
    return frozenset(host.partition("/")[0] for source in SOURCES.values() for host in source.HOSTS)
