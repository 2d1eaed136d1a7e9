"""The formats there are: every module of this room whose name begins with no underscore, and which one reads a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from porlake import reports
from porlake.errors import ReportError, UnknownFormat, UnsafeArchive
from porlake.formats import Formats, looked_for
from porlake.reports._bundle import Bundle, Member
from porlake.reports._items import Item, Part, Stretch
from porlake.reports._snapshot import Snapshot
from porlake.reports._zip import is_archive


@runtime_checkable
class Format(Protocol):
    """A module of this room, named as its NAME says.

    `ROLES`: what a file can be to one of its reports, in the order of the files' numbers; a report of one file has one.
    `EXCHANGE`, where it is there: the one exchange that publishes it.
    """

    NAME: str
    ROLES: tuple[str, ...]

    def matches(self, bundle: Bundle) -> bool:
        """Whether it knows a file of the bundle, told by the heads. Its docstring says how: `Whether a file ...`."""

    def members(self, bundle: Bundle) -> list[tuple[Member, ...]]:
        """The files of the bundle that it knows, with their roles: one tuple a report. Raises BadStructure."""

    def content(self, bundle: Bundle) -> str:
        """What a report states, as `report_file.content` has it: addresses, totals, address_list ..."""

    def snapshot_of(self, file_name: str) -> Snapshot | None:
        """The moment and revision that a file's name states in its publisher's clock; None where it states none."""

    def parse(self, bundle: Bundle) -> Iterator[Item]:
        """The rows of a report as published, in the order of its files and of their lines. Raises BadStructure."""


@runtime_checkable
class SplitFormat(Format, Protocol):
    """A format whose file may speak of many attestations."""

    def split(self, bundle: Bundle) -> Iterator[Part]:
        """A file of its own for each exchange, moment and source that the file speaks of. Raises BadStructure."""


@runtime_checkable
class ColumnFormat(Format, Protocol):
    """A format whose files have millions of rows."""

    def runs(self, bundle: Bundle) -> Iterator[Item | Stretch]:
        """What `parse` gives, rows of the address block by column where they are plain. Raises BadStructure as it
        does. Where a file is cut into stretches depends on its bytes alone.
        """


FORMATS: Formats[Format] = Formats(
    reports.__name__, ("NAME", "ROLES", "matches", "members", "content", "snapshot_of", "parse")
)


def format_of(name: str) -> Format:
    """The format of that name. Raises UnknownFormat: a lake may be older or newer than the formats here."""
    try:
        return FORMATS[name]
    except KeyError as error:
        raise UnknownFormat(f"no format has the name {name!r}; there are {', '.join(FORMATS)}") from error


def recognised(bundle: Bundle) -> tuple[list[tuple[Format, Bundle]], list[Member]]:
    """The reports among files that were published together, each with its format, and the files that no format knows:
    a README, what a file manager left behind.

    Raises UnknownFormat where no file is of a report, or several formats know one; UnsafeArchive where all that lies
    there is an archive in an archive; BadStructure where a format cannot tell which files belong together.
    """
    found, others = known_in(bundle)
    if not found:
        raise unknown(bundle, others)
    return found, others


def known_in(bundle: Bundle) -> tuple[list[tuple[Format, Bundle]], list[Member]]:
    """As `recognised`, of files of which none needs be of a report."""
    found, known_by = list[tuple[Format, Bundle]](), dict[int, list[str]]()
    for form in FORMATS.values():
        if not form.matches(bundle):
            continue
        for members in form.members(bundle):
            found.append((form, Bundle(members, members[0].name, bundle.exchange)))
            for member in members:
                known_by.setdefault(id(member.content), []).append(form.NAME)
    for member in bundle.members:
        if len(names := known_by.get(id(member.content), [])) > 1:
            raise UnknownFormat(f"{member.name}: {' and '.join(names)} recognise it. Looked for: {_looked_for()}")
    return found, [member for member in bundle.members if id(member.content) not in known_by]


def unknown(bundle: Bundle, others: list[Member]) -> ReportError:
    """Why files are refused of which no format knows one."""
    if not others:
        return UnknownFormat(f"{bundle.name}: there is no file")
    if all(is_archive(member.content) for member in others):
        return UnsafeArchive(f"{others[0].name}: an archive in an archive: unpack it, and give what lies in it")
    is_page = others[0].head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    what = "a page of HTML or XML, as sites give in place of a file; " if is_page else ""
    return UnknownFormat(f"{others[0].name}: {what}no format recognises it. Looked for: {_looked_for()}")


def _looked_for() -> str:
    return looked_for((form.NAME, form.matches.__doc__) for form in FORMATS.values())


def snapshot_of(file_name: str) -> Snapshot | None:
    """The moment that a file's name states in its publisher's clock, by whichever format's rule."""
    return next((snapshot for form in FORMATS.values() if (snapshot := form.snapshot_of(file_name))), None)
