"""Published reports: one file a format, binary streams in, rows as published out.

A parser names the columns of its publisher's file, and labels go through labels.csv; it scales nothing and decodes no
address. Exactly one format must recognise a file. Rows come lazily, in the order of the file: memory does not grow with
it. Files that are one report (a bundle) are its members; which belong together is the format's to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from porlake.errors import UnknownFormat, UnsafeArchive
from porlake.reports import addresses_csv, htx_csv, okx_csv, totals_csv
from porlake.reports._archive import is_archive, members
from porlake.reports._items import Item, Member, Part, Published, Refused, Snapshot, Source, Summary, day_of
from porlake.reports._rows import UNREADABLE

__all__ = [
    "FORMATS",
    "UNREADABLE",
    "Bundle",
    "Format",
    "Item",
    "Member",
    "Part",
    "Published",
    "Refused",
    "Snapshot",
    "Source",
    "Summary",
    "bundles",
    "day_of",
    "detect",
    "is_archive",
    "items",
    "members",
    "snapshot_of",
]

HEAD_BYTES = 65_536


class Format(Protocol):
    """A module of this room. One that also has `split(stream, file_name)` holds many attestations in a file.

    One whose reports may be of several files has `role(head)`, what a file is to it; `together(members)`, which of them
    are one report each; and `parse_members(streams, source)`, which yields the number of the member with each item.
    """

    NAME: str

    def matches(self, head: bytes) -> bool: ...
    def content(self, stream: BinaryIO) -> str: ...
    def snapshot_of(self, file_name: str) -> Snapshot | None: ...
    def parse(self, stream: BinaryIO, source: Source) -> Iterator[Item]: ...


FORMATS: dict[str, Format] = {form.NAME: form for form in (okx_csv, htx_csv, totals_csv, addresses_csv)}


@dataclass(frozen=True, slots=True)
class Bundle:
    """The files of one report, in the order of their numbers."""

    form: Format
    members: tuple[Member, ...]


def detect(head: bytes, file_name: str) -> Format:
    """The one format that recognises the head of a file. Raises UnknownFormat, which says what was looked for."""
    found = [form for form in FORMATS.values() if form.matches(head)]
    if len(found) == 1:
        return found[0]
    looked = "; ".join(
        f"{form.NAME}: {' '.join((form.matches.__doc__ or '').split()).removeprefix('Whether ').rstrip('.')}"
        for form in FORMATS.values()
    )
    say = " and ".join(form.NAME for form in found) + " recognise it" if found else "no format recognises it"
    raise UnknownFormat(f"{file_name}: {say}. Looked for: {looked}")


def bundles(files: Iterable[tuple[str, BinaryIO]]) -> tuple[list[Bundle], list[Member]]:
    """The reports among some published files, and the files that no format knows: a README, what a file manager left
    behind.

    Raises UnknownFormat where no file is of a report, or several formats recognise one; UnsafeArchive where all that
    lies there is an archive in an archive.
    """
    known: dict[str, list[Member]] = {}
    others, why = list[Member](), None
    for name, content in files:
        head = content.read(HEAD_BYTES)
        content.seek(0)
        recognising = [form for form in FORMATS.values() if form.matches(head)]
        if recognising:
            form = detect(head, name)
            known.setdefault(form.NAME, []).append(
                Member(name, form.role(head) if hasattr(form, "role") else form.NAME, content)
            )
            continue
        others.append(Member(name, "", content))
        try:
            detect(head, name)
        except UnknownFormat as error:
            why = why or error
    if not known:
        if others and all(is_archive(member.content) for member in others):
            raise UnsafeArchive(f"{others[0].name}: an archive in an archive: unpack it, and give what lies in it")
        raise why or UnknownFormat("there is no file")
    found = []
    for name, of_form in known.items():
        form = FORMATS[name]
        groups = form.together(of_form) if hasattr(form, "together") else [[member] for member in of_form]
        found += [Bundle(form, tuple(group)) for group in groups]
    return found, others


def items(form: Format, streams: Sequence[BinaryIO], source: Source) -> Iterator[tuple[int, Item]]:
    """What the files of a report say, with the number of the file that says it. Raises BadStructure."""
    if hasattr(form, "parse_members"):
        yield from form.parse_members(streams, source)
        return
    for number, stream in enumerate(streams):
        for item in form.parse(stream, source):
            yield number, item


def snapshot_of(file_name: str) -> Snapshot | None:
    """The moment that a file's name states in its publisher's clock, by whichever format's rule."""
    return next((snapshot for form in FORMATS.values() if (snapshot := form.snapshot_of(file_name))), None)
