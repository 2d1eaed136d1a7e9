"""Published reports: one file a format, a binary stream in, rows as published out.

A parser names the columns of its publisher's file, and labels go through labels.csv; it scales nothing and decodes no address. Exactly one
format must recognise a file. Rows come lazily, in the order of the file: memory does not grow with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Protocol

from porlake.errors import UnknownFormat
from porlake.reports import addresses_csv, htx_csv, okx_csv, totals_csv
from porlake.reports._archive import is_archive, members
from porlake.reports._items import Item, Part, Published, Refused, Snapshot, Source, Summary, day_of
from porlake.reports._rows import UNREADABLE

__all__ = [
    "FORMATS",
    "UNREADABLE",
    "Format",
    "Item",
    "Part",
    "Published",
    "Refused",
    "Snapshot",
    "Source",
    "Summary",
    "day_of",
    "detect",
    "is_archive",
    "members",
    "snapshot_of",
]


class Format(Protocol):
    """A module of this room. One that also has `split(stream, file_name)` holds many attestations in a file."""

    NAME: str

    def matches(self, head: bytes) -> bool: ...
    def content(self, stream: BinaryIO) -> str: ...
    def snapshot_of(self, file_name: str) -> Snapshot | None: ...
    def parse(self, stream: BinaryIO, source: Source) -> Iterator[Item]: ...


FORMATS: dict[str, Format] = {form.NAME: form for form in (okx_csv, htx_csv, totals_csv, addresses_csv)}


def detect(head: bytes, file_name: str) -> Format:
    """The one format that recognises the head of a file. Raises UnknownFormat, which says what was looked for."""
    found = [form for form in FORMATS.values() if form.matches(head)]
    if len(found) == 1:
        return found[0]
    looked = "; ".join(f"{form.NAME}: {(form.matches.__doc__ or '').removeprefix('Whether ').rstrip('.')}" for form in FORMATS.values())
    say = " and ".join(form.NAME for form in found) + " recognise it" if found else "no format recognises it"
    raise UnknownFormat(f"{file_name}: {say}. Looked for: {looked}")


def snapshot_of(file_name: str) -> Snapshot | None:
    """The moment that a file's name states in its publisher's clock, by whichever format's rule."""
    return next((snapshot for form in FORMATS.values() if (snapshot := form.snapshot_of(file_name))), None)
