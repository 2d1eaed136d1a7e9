"""Published totals without addresses, and liabilities beside an address file: our own format, described in
docs/formats/totals_csv.md.

Content: totals. A file may speak of many exchanges and moments; `split` makes one canonical file of each.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

from porlake import registry
from porlake.errors import BadStructure
from porlake.reports import _csv, _rows
from porlake.reports._bundle import Bundle, Member, each_alone
from porlake.reports._csv import Line
from porlake.reports._items import Item, Part, Summary
from porlake.reports._snapshot import Snapshot, start_of

NAME = "totals_csv"
ROLES = (NAME,)

COLUMNS = (
    "exchange", "report_no", "snapshot", "snapshot_precision", "asset", "wallet_amount", "own_amount", "custody_amount",
    "liabilities", "printed_ratio", "usd", "scope", "source", "note",
)  # fmt: skip
TOTAL = "TOTAL"  # in `asset`: a sum in US dollars over what `scope` names
UNSAID = "not stated"  # in place of a source


def matches(bundle: Bundle) -> bool:
    """Whether the first line names our columns."""
    return any(map(_is_totals, bundle.members))


def members(bundle: Bundle) -> list[tuple[Member, ...]]:
    """Each file is a report of its own, before it is split."""
    return each_alone(bundle, _is_totals, NAME)


def _is_totals(member: Member) -> bool:
    return _csv.begins_with(member, COLUMNS)


def content(bundle: Bundle) -> str:
    return "totals"


def snapshot_of(file_name: str) -> Snapshot | None:
    """The content says it, row by row."""
    return None


def split(bundle: Bundle) -> Iterator[Part]:
    """One part for each exchange, snapshot and source, in that order; rows keep their order, and undated rows are parts
    of their own.

    Raises BadStructure for a row whose exchange or snapshot cannot be told: no part could hold it.
    """
    (member,) = bundle.members
    parts: dict[tuple[str, str, str, str], tuple[Snapshot, list[list[str]]]] = {}
    for line in _csv.behind_header(member):
        cells = _csv.cells_of(line, COLUMNS, member.name)
        exchange, snapshot = cells[0], _snapshot(cells, line, member.name)
        parts.setdefault((exchange, cells[2], cells[3], cells[12] or UNSAID), (snapshot, []))[1].append(cells)
    if not parts:
        raise BadStructure(member.name, 0, "the file has no rows")
    for (exchange, _, _, source), (snapshot, rows) in sorted(parts.items()):
        yield Part(exchange, _numbered(snapshot, rows), BytesIO(_csv.text_of([COLUMNS, *rows])), source)


def parse(bundle: Bundle) -> Iterator[Item]:
    """Raises BadStructure."""
    (member,) = bundle.members
    for line in _csv.behind_header(member):
        yield _row(line, dict(zip(COLUMNS, _csv.cells_of(line, COLUMNS, member.name), strict=True)))


def _snapshot(cells: list[str], line: Line, file: str) -> Snapshot:
    exchange, _, text, precision = cells[:4]
    if exchange not in registry.load().exchanges:
        raise BadStructure(file, line.number, f"{exchange!r} is no exchange of the registry")
    try:
        at = start_of(text, precision) if text else None
    except ValueError as error:
        raise BadStructure(file, line.number, f"snapshot {error}") from error
    if (at is None) != (precision == "unknown"):
        raise BadStructure(file, line.number, f"snapshot {text!r} and precision {precision!r} do not fit together")
    return Snapshot(at, precision)


def _numbered(snapshot: Snapshot, rows: list[list[str]]) -> Snapshot:
    """With the edition's number, where the rows agree on one."""
    numbers = {row[1] for row in rows if row[1]}
    return Snapshot(snapshot.at, snapshot.precision, None, numbers.pop() if len(numbers) == 1 else None)


def _row(line: Line, cells: dict[str, str]) -> Item:
    asset, label = "", cells["asset"]
    if label != TOTAL:
        asset = label
        if asset not in registry.load().assets:
            expected = f"an asset of the registry or {TOTAL}"
            return _rows.unused_summary(line.number, line.raw, "unknown_asset", expected, label=label)
    custody_only = not cells["wallet_amount"] and not cells["own_amount"] and cells["custody_amount"]
    return Summary(
        source_row=line.number,
        label=label,
        level="asset" if asset else "group",
        asset=asset,
        holding="custody" if custody_only else "wallet",
        amount=cells["wallet_amount"],
        own_amount=cells["own_amount"],
        custody_amount=cells["custody_amount"],
        owed=cells["liabilities"],
        printed_ratio=cells["printed_ratio"],
        usd=cells["usd"],
        scope=cells["scope"] or None,
        source=cells["source"] or UNSAID,
        note=cells["note"] or None,
        raw=line.raw,
    )
