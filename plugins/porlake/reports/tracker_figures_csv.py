"""What trackers print of exchanges, each figure with the tracker's own definition: our own format, described in
docs/formats/tracker_figures_csv.md.

Content: tracker_figures. It attests nothing: figures stand beside ours and are never computed with. A file may speak of
many exchanges and moments; `split` makes one canonical file of each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from io import BytesIO

from porlake import registry
from porlake.errors import BadStructure
from porlake.reports import _csv
from porlake.reports._bundle import Bundle, Member, each_alone
from porlake.reports._csv import Line
from porlake.reports._items import Figure, Item, Part, Refused
from porlake.reports._snapshot import Snapshot, start_of

NAME = "tracker_figures_csv"
ROLES = (NAME,)

COLUMNS = ("exchange", "source", "moment", "precision", "figure", "value", "unit", "definition", "note")
#: What trackers print, and the units in which they do.
FIGURES: Mapping[str, tuple[str, ...]] = {
    "reserves": ("usd",),
    "reserves_change": ("usd", "percent"),
    "reserves_change_in_a_year": ("usd", "percent"),
    "reserves_without_own_token": ("usd",),
    "clean_reserves": ("percent",),
    "inflow": ("usd",),
    "outflow": ("usd",),
    "net_flow": ("usd",),
    "addresses": ("count",),
}

_WHOLE = re.compile(r"\d{1,18}", re.ASCII)


def matches(bundle: Bundle) -> bool:
    """Whether the first line reads exchange,source,moment,precision,figure,value,unit,definition,note."""
    return any(map(_is_figures, bundle.members))


def members(bundle: Bundle) -> list[tuple[Member, ...]]:
    """Each file is a report of its own, before it is split."""
    return each_alone(bundle, _is_figures, NAME)


def _is_figures(member: Member) -> bool:
    return _csv.begins_with(member, COLUMNS)


def content(bundle: Bundle) -> str:
    return "tracker_figures"


def snapshot_of(file_name: str) -> Snapshot | None:
    """The content says it, row by row."""
    return None


def split(bundle: Bundle) -> Iterator[Part]:
    """One part for each exchange, moment and source, in that order; rows keep theirs.

    Raises BadStructure for a row whose exchange, moment or source cannot be told: no part could hold it.
    """
    (member,) = bundle.members
    parts: dict[tuple[str, str, str, str], tuple[Snapshot, list[list[str]]]] = {}
    for line in _csv.behind_header(member):
        cells = _csv.cells_of(line, COLUMNS, member.name)
        exchange, source, text, precision = cells[:4]
        if exchange not in registry.load().exchanges:
            raise BadStructure(member.name, line.number, f"{exchange!r} is no exchange of the registry")
        if not source:
            raise BadStructure(member.name, line.number, "a figure needs its source: who prints it")
        moment = _moment(text, precision, line, member.name)
        parts.setdefault((exchange, text, precision, source), (moment, []))[1].append(cells)
    if not parts:
        raise BadStructure(member.name, 0, "the file has no rows")
    for (exchange, _, _, source), (moment, rows) in sorted(parts.items()):
        yield Part(exchange, moment, BytesIO(_csv.text_of([COLUMNS, *rows])), source)


def _moment(text: str, precision: str, line: Line, file: str) -> Snapshot:
    try:
        return Snapshot(start_of(text, precision), precision)
    except ValueError as error:
        raise BadStructure(file, line.number, f"moment {error}") from error


def parse(bundle: Bundle) -> Iterator[Item]:
    """Raises BadStructure."""
    (member,) = bundle.members
    for line in _csv.behind_header(member):
        yield _row(line, dict(zip(COLUMNS, _csv.cells_of(line, COLUMNS, member.name), strict=True)))


def _row(line: Line, cells: Mapping[str, str]) -> Item:
    figure, unit = cells["figure"], cells["unit"]
    if unit not in FIGURES.get(figure, ()):
        known = ", ".join(f"{name} ({' or '.join(units)})" for name, units in FIGURES.items())
        return _refused(line, figure, "unknown_figure", f"a figure in a unit of it: {known}")
    if unit == "count" and not _WHOLE.fullmatch(cells["value"]):
        return _refused(line, figure, "not_a_number", "a whole number: it is a count")
    if not cells["definition"]:
        return _refused(line, figure, "no_definition", "what the tracker counts, in words")
    return Figure(
        source_row=line.number,
        figure=figure,
        value=cells["value"],
        unit=unit,
        definition=cells["definition"],
        source=cells["source"],
        note=cells["note"] or None,
        raw=line.raw,
    )


def _refused(line: Line, label: str, reason: str, expected: str) -> Refused:
    return Refused(source_row=line.number, block="summary", reason=reason, expected=expected, raw=line.raw, label=label)
