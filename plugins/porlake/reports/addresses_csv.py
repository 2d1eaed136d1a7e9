"""Addresses that are said to be an exchange's, without amounts: our own format, described in
docs/formats/addresses_csv.md.

Content: address_list. A file may speak of many exchanges; `split` makes one canonical file of each. Such lists claim no
reserves: they are compared with what others claim (`address_collisions`), and may be observed. Who states one is who
compiled it, the source that its rows name, and never the exchange.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

from porlake import registry
from porlake.errors import BadStructure
from porlake.reports import _csv, _rows
from porlake.reports._bundle import Bundle, Member, each_alone
from porlake.reports._csv import Line
from porlake.reports._items import Item, Part, Published
from porlake.reports._snapshot import Snapshot, day_in

NAME = "addresses_csv"
ROLES = (NAME,)

COLUMNS = ("exchange", "network", "address", "label", "source")

#: Who states a list of which no row names a source, or of which rows name several.
NOT_STATED, SEVERAL = "not stated", "several sources"


def matches(bundle: Bundle) -> bool:
    """Whether the first line reads exchange,network,address,label,source."""
    return any(map(_is_list, bundle.members))


def members(bundle: Bundle) -> list[tuple[Member, ...]]:
    """Each list is a report of its own."""
    return each_alone(bundle, _is_list, NAME)


def _is_list(member: Member) -> bool:
    return _csv.begins_with(member, COLUMNS)


def content(bundle: Bundle) -> str:
    return "address_list"


def snapshot_of(file_name: str) -> Snapshot | None:
    """The day on which the list was made: addresses_2026-11-20.csv"""
    return day_in(file_name)


def split(bundle: Bundle) -> Iterator[Part]:
    """One part for each exchange, in order of their ids; rows keep their order. Its snapshot is that of the file's
    name, None where it has none.

    Raises BadStructure for a row whose exchange the registry does not know: no part could hold it.
    """
    (member,) = bundle.members
    parts: dict[str, list[list[str]]] = {}
    for line in _csv.behind_header(member):
        cells = _csv.cells_of(line, COLUMNS, member.name)
        if cells[0] not in registry.load().exchanges:
            raise BadStructure(member.name, line.number, f"{cells[0]!r} is no exchange of the registry")
        parts.setdefault(cells[0], []).append(cells)
    if not parts:
        raise BadStructure(member.name, 0, "the file has no rows")
    for exchange, rows in sorted(parts.items()):
        sources = sorted({source for *_, source in rows if source})
        stated_by = sources[0] if len(sources) == 1 else SEVERAL if sources else NOT_STATED
        yield Part(exchange, snapshot_of(member.name), BytesIO(_csv.text_of([COLUMNS, *rows])), stated_by)


def parse(bundle: Bundle) -> Iterator[Item]:
    """Raises BadStructure."""
    (member,) = bundle.members
    for line in _csv.behind_header(member):
        yield _row(line, _csv.cells_of(line, COLUMNS, member.name))


def _row(line: Line, cells: list[str]) -> Item:
    _, network, address, label, source = cells
    known = registry.load().networks.get(network)
    row = Published(
        source_row=line.number,
        label=label,
        network_label=network,
        network=known.network if known else "",
        asset=known.native_asset if known else "",  # a list names none: the network's own coin stands for all
        address=address,
        amount=None,
        unit="unknown",
        raw=line.raw,
        source=source or None,
    )
    return row if known else _rows.refused(row, "unknown_network", "a network of the registry")
