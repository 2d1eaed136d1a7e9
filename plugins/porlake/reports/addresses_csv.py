"""Addresses that are said to be an exchange's, without amounts: our own format, described in
docs/formats/addresses_csv.md.

Content: address_list. A file may speak of many exchanges; `split` makes one canonical file of each. Such lists claim no
reserves: they are compared with what others claim (`address_collisions`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from typing import BinaryIO

from porlake import registry
from porlake.errors import BadStructure
from porlake.reports import _rows
from porlake.reports._items import Item, Part, Published, Refused, Snapshot, Source, day_of
from porlake.reports._rows import Line

NAME = "addresses_csv"

COLUMNS = ("exchange", "network", "address", "label", "source")

_DAY = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)", re.ASCII)


def matches(head: bytes) -> bool:
    """Whether the first line reads exchange,network,address,label,source."""
    return next((tuple(cell.strip() for cell in line.cells) == COLUMNS for line in _rows.lines(BytesIO(head))), False)


def content(stream: BinaryIO) -> str:
    return "address_list"


def snapshot_of(file_name: str) -> Snapshot | None:
    """The day on which the list was made: addresses_2026-11-20.csv"""
    match = _DAY.search(file_name)
    if match is None:
        return None
    try:
        return Snapshot(datetime.combine(day_of(match[0]), datetime.min.time()), "day")
    except ValueError:
        return None


def split(stream: BinaryIO, file_name: str) -> Iterator[Part]:
    """One part for each exchange, in order of their ids; rows keep their order. Its snapshot is that of the file's
    name, None where it has none.

    Raises BadStructure for a row whose exchange the registry does not know: no part could hold it.
    """
    stream.seek(0)
    parts: dict[str, list[list[str]]] = {}
    for line in _rows.behind_header(stream):
        cells = _rows.cells_of(line, COLUMNS, file_name)
        if cells[0] not in registry.load().exchanges:
            raise BadStructure(file_name, line.number, f"{cells[0]!r} is no exchange of the registry")
        parts.setdefault(cells[0], []).append(cells)
    if not parts:
        raise BadStructure(file_name, 0, "the file has no rows")
    for exchange, rows in sorted(parts.items()):
        yield Part(exchange, snapshot_of(file_name), BytesIO(_rows.text_of([COLUMNS, *rows])))


def parse(stream: BinaryIO, source: Source) -> Iterator[Item]:
    """Raises BadStructure."""
    stream.seek(0)
    for line in _rows.behind_header(stream):
        yield _row(line, _rows.cells_of(line, COLUMNS, source.file_name))


def _row(line: Line, cells: list[str]) -> Published | Refused:
    _, network, address, label, source = cells
    known = registry.load().networks.get(network)
    if known is None:
        return Refused(
            line.number,
            "rows",
            "unknown_network",
            "a network of the registry",
            line.raw,
            label=label,
            network_label=network,
            address=address,
        )
    return Published(
        source_row=line.number,
        for_row=None,
        label=label,
        network_label=network,
        network=network,
        asset=known.native_asset,  # the list names no asset; the network's own coin stands for all that may lie there
        scheme="no_scheme",
        holding="wallet",
        remark="",
        height=None,
        address=address,
        amount=None,
        unit="unknown",
        message="",
        signatures=[],
        key_or_script="",
        owners=[],
        custodian=None,
        raw=line.raw,
        source=source or None,
    )
