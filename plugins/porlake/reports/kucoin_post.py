"""KuCoin's table of November 2022: coin, address, amount and height, parted by tabs, as copied from its post.

https://www.kucoin.com/blog. Content: addresses, unsigned. There is no header and no network: the height tells it, each
of which labels.csv names, and the form of the address where that is of one network alone. Bitcoin on Tron stands there
with Bitcoin's height: a height of another network than the address's is left off (`height_of_another_network`). Amounts
are grouped by commas, with two places. Addresses of Algorand are broken over two or three lines, at different places.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from porlake import registry
from porlake.errors import BadStructure
from porlake.reports import _csv, _rows
from porlake.reports._bundle import Bundle, Member, each_alone
from porlake.reports._items import Item, Published
from porlake.reports._snapshot import Snapshot, named

NAME = "kucoin_post"
ROLES = (NAME,)
EXCHANGE = "kucoin"

OTHER_HEIGHT = "height_of_another_network"
ALGORAND_CHARACTERS = 58
#: Forms of addresses that are of one network alone, and its name among the labels. An account of EVM is on many.
FORMS = {
    "TRON": re.compile(r"T[1-9A-HJ-NP-Za-km-z]{33}"),
    "ALGORAND": re.compile(rf"[A-Z2-7]{{{ALGORAND_CHARACTERS}}}"),
    "EOS": re.compile(r"[a-z1-5.]{1,12}"),
    "BITCOIN": re.compile(r"bc1[0-9a-z]{8,87}|[13][1-9A-HJ-NP-Za-km-z]{24,34}"),
}

_FIRST = re.compile(rb"[A-Z]{2,6}\t[^\t\r\n]+\t[\d,]+\.\d\d\t\d{6,9}\r?(?:\n|\Z)")
_BROKEN = re.compile(r"[A-Z2-7]+")
_NAME = re.compile(r"kucoin_por_(\d{6})(?!\d)", re.ASCII)


def matches(bundle: Bundle) -> bool:
    """Whether the first line reads coin, address, amount with two places, height, parted by tabs."""
    return any(map(_is_table, bundle.members))


def members(bundle: Bundle) -> list[tuple[Member, ...]]:
    """Each table is a report of its own."""
    return each_alone(bundle, _is_table, NAME)


def _is_table(member: Member) -> bool:
    return _FIRST.match(member.head) is not None


def content(bundle: Bundle) -> str:
    return "addresses"


def snapshot_of(file_name: str) -> Snapshot | None:
    """kucoin_por_202211_pasted.txt: a month"""
    match = _NAME.search(file_name)
    return named(match and f"{match[1]}01", "month")


def parse(bundle: Bundle) -> Iterator[Item]:
    """Raises BadStructure."""
    (member,) = bundle.members
    found = 0
    for record in _records(member):
        found += 1
        yield _row(record)
    if not found:
        raise BadStructure(member.name, 0, "the table has no rows")


@dataclass(frozen=True, slots=True)
class _Record:
    """A row of the table, over one line or more; `number`: of its first line; `cells`: four, where it can be read."""

    number: int
    cells: list[str]
    raw: str
    fault: str = ""


def _records(member: Member) -> Iterator[_Record]:
    """The rows of the table, with broken addresses joined. A line that goes on nothing is a row of its own."""
    begun: _Record | None = None
    for line in _csv.all_lines(member):
        if line.is_blank:
            continue
        cells = [] if line.fault else [cell.strip() for cell in line.raw.split("\t")]
        if begun is not None and (joined := _joined(begun, cells, line.raw)):
            begun = None if len(joined.cells) == len(_CELLS) else joined
            if begun is None:
                yield joined
            continue
        if begun is not None:
            yield begun
        begun = None
        record = _Record(line.number, cells, line.raw, line.fault)
        if len(cells) == 2 and _BROKEN.fullmatch(cells[1]):
            begun = record
        else:
            yield record
    if begun is not None:
        yield begun


_CELLS = ("coin", "address", "amount", "height")


def _joined(begun: _Record, cells: list[str], raw: str) -> _Record | None:
    """A row with what its next line adds to the address: a piece alone, or its last piece, amount and height."""
    if len(cells) not in (1, 3) or not _BROKEN.fullmatch(cells[0]):
        return None
    address = begun.cells[1] + cells[0]
    is_whole = len(address) == ALGORAND_CHARACTERS
    if len(address) > ALGORAND_CHARACTERS or is_whole != (len(cells) == 3):
        return None
    return _Record(begun.number, [begun.cells[0], address, *cells[1:]], f"{begun.raw}\n{raw}"[: _rows.RAW_CHARACTERS])


def _row(record: _Record) -> Item:
    if record.fault or len(record.cells) != len(_CELLS):
        line = _csv.Line(record.number, record.cells, record.raw, record.fault)
        return _csv.unreadable(line, "rows", f"{', '.join(_CELLS)}, parted by tabs")
    label, address, amount, height = record.cells
    row = Published(
        source_row=record.number,
        label=label,
        network_label=height,
        network="",
        asset="",
        address=address,
        amount=_rows.ungrouped(amount),
        raw=record.raw,
    )
    try:
        at = _rows.height(height)
        of_height = _rows.meant(EXCHANGE, label, height)
        form = next((name for name, form in FORMS.items() if form.fullmatch(address)), "")
        meant = _rows.meant(EXCHANGE, label, form) if form else of_height
    except registry.UnknownLabel as error:
        return _rows.refused(replace(row, network=error.network, asset=error.asset), error.code, str(error))
    except ValueError:
        return _rows.refused(row, "bad_height", "a block height")
    row = replace(row, network=meant.network, asset=meant.asset, scheme=meant.scheme, holding=meant.holding)
    if meant.network != of_height.network:
        return replace(row, remark=f"{meant.remark} {OTHER_HEIGHT}".strip())
    return replace(row, height=at, remark=meant.remark)
