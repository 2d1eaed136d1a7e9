"""Published reports: one file a format; a bundle of published files in, rows as published out.

A format names the columns of its publisher's files, and labels go through labels.csv; it scales nothing and decodes no
address. Every module here whose name begins with no underscore is a format (`_formats`), and at most one may know a
file. Rows come lazily, in the order of the files: memory does not grow with them.
"""

from __future__ import annotations

from porlake.reports import observed_list
from porlake.reports._bundle import Bundle, Member, hashed
from porlake.reports._formats import (
    FORMATS,
    ColumnFormat,
    Format,
    SplitFormat,
    format_of,
    known_in,
    recognised,
    snapshot_of,
    unknown,
)
from porlake.reports._items import Figure, Item, Part, Published, Refused, Rows, Stretch, Summary, Transfer
from porlake.reports._rows import RAW_CHARACTERS, UNREADABLE
from porlake.reports._snapshot import Snapshot, first_stated
from porlake.reports._zip import is_archive, members
from porlake.stamps import day_of

__all__ = [
    "FORMATS",
    "RAW_CHARACTERS",
    "UNREADABLE",
    "Bundle",
    "ColumnFormat",
    "Figure",
    "Format",
    "Item",
    "Member",
    "Part",
    "Published",
    "Refused",
    "Rows",
    "Snapshot",
    "SplitFormat",
    "Stretch",
    "Summary",
    "Transfer",
    "day_of",
    "first_stated",
    "format_of",
    "hashed",
    "is_archive",
    "known_in",
    "members",
    "observed_list",
    "recognised",
    "snapshot_of",
    "unknown",
]
