"""What an exchange has published, when, and where it lies: one file a publisher.

Every module here whose name begins with no underscore is a source; `registry/publications.csv` names that of each
exchange, or `manual` with what a person does. A source knows the publisher's listing, the names of its files, its hosts
and its traps. It reads no report: what a file says is for `reports`.

Three clocks stay apart: the snapshot (in the publisher's clock, as names and listings show it), the publication (as the
publisher's server tells it), the retrieval (ours). "Not there" is said only where the host's own answer says it;
whatever else goes wrong is `unknown`, with its reason.
"""

from __future__ import annotations

from porlake.sources._files import fetched
from porlake.sources._publications import PAGE, Look, Member, Publication, Publications, Unknown
from porlake.sources._sources import SOURCES, Source, hosts

__all__ = [
    "PAGE",
    "SOURCES",
    "Look",
    "Member",
    "Publication",
    "Publications",
    "Source",
    "Unknown",
    "fetched",
    "hosts",
]
