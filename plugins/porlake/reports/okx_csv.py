"""OKX's reserves file: a block of totals, an empty line, then one row an address; and its auditors' layout without
totals.

Published monthly since 2022-11 at https://www.okx.com/proof-of-reserves/download; layouts as OKX's verifier reads them
(https://github.com/okx/proof-of-reserves). Content: addresses; ownership_only in the auditors' layouts, which have no
amounts.

The zips of 2026 up to July hold a second file, okx_por_eth_staking_<stamp>_V<n>.csv, which belongs to the same report:
a staking total, then one row a validator of Ethereum with the account that deposited and the one that withdrawals go
to. Nobody signs for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from porlake import registry
from porlake.errors import BadStructure
from porlake.reports import _csv, _rows
from porlake.reports._bundle import Bundle, Member, joined
from porlake.reports._csv import Line
from porlake.reports._items import Item, Published, Refused, Rows, Stretch, Summary
from porlake.reports._snapshot import Snapshot
from porlake.stamps import stamp

if TYPE_CHECKING:
    import pyarrow as pa

    from porlake.reports._columns import Chunk

NAME = "okx_csv"

COLUMNS = {
    "coin": "label", "type": "type", "network": "network", "snapshot height": "height", "address": "address",
    "amount": "amount", "balance": "amount", "message": "message", "signature1": "signature1",
    "signature2": "signature2", "redeem script public key": "key", "redeem script": "key", "eoa1": "owner1",
    "eoa2": "owner2",
    "digitalasset": "label", "chain": "chain", "signedmessage": "signature1", "signedmessage2": "signature2",
    "publickey": "key", "owner1": "owner1", "owner2": "owner2", "status": "status",
}  # fmt: skip

_MONTHLY = ("address", "amount", "message", "signature1", "signature2", "key")
_AUDITOR = ("network", "address", "signature1", "signature2", "message", "key", "owner1", "owner2")

#: The layouts by name: columns, and how many cells a row must have (the owner columns are left off where they are
#: empty).
LAYOUTS = {
    "okx-7": (("label", *_MONTHLY), 7),
    "okx-9": (("label", "network", "height", *_MONTHLY), 9),
    "okx-11": (("label", "network", "height", *_MONTHLY, "owner1", "owner2"), 9),
    "okx-12": (("label", "type", "network", "height", *_MONTHLY, "owner1", "owner2"), 10),
    "auditor-9": (("label", *_AUDITOR), 9),
    "auditor-9-status": (("label", *_AUDITOR, "status"), 10),
    "auditor-chain": (("label", "chain", *_AUDITOR), 10),
    "auditor-chain-status": (("label", "chain", *_AUDITOR, "status"), 11),
}
TOTALS = (("label", "height", "amount"), ("label", "amount"))

ROLES = WALLETS, ETH_STAKING = ("wallets", "eth_staking")
STAKING = {
    "deposit address": "deposit", "validator publickey": "validator", "validator public key": "validator",
    "validator pubkey": "validator", "amount": "amount", "withdrawal address": "withdrawal",
}  # fmt: skip
STAKING_ROWS = ("deposit", "validator", "amount", "withdrawal")
STAKED = "ETH"  # what the staking file speaks of, where the line of its total does not say it
STAKED_AT, VALIDATORS_AT = "ethereum", "ethereum_beacon"

HOLDINGS = {
    "": "wallet",
    "non staking": "wallet",
    "native staking": "native_staking",
    "native eth staking": "native_staking",
    "eigenlayer staking": "eigenlayer",
    "staking": "staking",
}
VALIDATORS = {"native_staking", "eigenlayer"}  # such rows carry a validator's key in the address column
VALIDATOR_DIGITS = 96
JUDGED = "5"  # the auditors' tool takes rows of this status only

_NAME = re.compile(r"(\d{8})(\d{2})?(\d{2})?(?=\D|$)(?:.*?[_-][vV](\d{1,3})(?=\D|$))?", re.ASCII)


def matches(bundle: Bundle) -> bool:
    """Whether a line of the head is a header with an address and signature columns of OKX's names, or with OKX's
    columns of a validator.
    """
    return any(_role(member) for member in bundle.members)


def members(bundle: Bundle) -> list[tuple[Member, ...]]:
    """A staking file goes with the wallet file of its moment and revision, as their names say. Raises BadStructure
    where several wallet files could be that one.
    """
    known = [replace(member, role=role) for member in bundle.members if (role := _role(member))]
    return joined(known, ROLES, _are_of_one_moment)


def _role(member: Member) -> str:
    """What a file is to its report; '' where it is none of OKX's."""
    role = ""
    for line in _csv.head_lines(member):
        if _is_staking_header(line.cells):
            return ETH_STAKING
        if _is_row_header(line.cells):
            role = WALLETS
    return role


def _are_of_one_moment(wallets: Member, staking: Member) -> bool:
    """As far as their names say."""
    a, b = snapshot_of(wallets.name), snapshot_of(staking.name)
    return a is None or b is None or (a.at == b.at and (a.revision or b.revision) == (b.revision or a.revision))


def content(bundle: Bundle) -> str:
    return "ownership_only" if _layout_of(bundle.members[0]).startswith("auditor") else "addresses"


def snapshot_of(file_name: str) -> Snapshot | None:
    """okx_por_20221122.csv, okx_por_2024032500.csv.zip, okx_por_202507042112.csv, por_csv_2026020419_V4.zip"""
    match = _NAME.search(file_name)
    if match is None:
        return None
    day, hour, minute, revision = match.groups()
    try:
        at = stamp(day + (hour or "") + (minute or ""))
    except ValueError:
        return None
    return Snapshot(at, "moment" if hour else "day", int(revision) if revision else None)


def parse(bundle: Bundle) -> Iterator[Item]:
    """The wallets come first: the staking file states no height, it is a snapshot of the block that the wallets' rows
    of its coin name. Raises BadStructure.
    """
    heights = set[int | None]()
    is_staking_beside = len(bundle.members) > 1
    for number, member in enumerate(bundle.members):
        if member.role == ETH_STAKING:
            yield from _staking(number, bundle, next(iter(heights)) if len(heights) == 1 else None)
            continue
        for item in _wallets(member, bundle):
            if is_staking_beside and isinstance(item, Published) and (item.network, item.asset) == (STAKED_AT, STAKED):
                heights |= {item.height} - {None}
            yield item


def _wallets(member: Member, bundle: Bundle) -> Iterator[Item]:
    layout = _layout_of(member)
    units = _units(member, bundle.exchange) if layout == "okx-7" else {}
    found = 0
    heights: dict[str, int | None] = {}
    for line, columns, in_rows in _blocks(member):
        if not in_rows:
            total = _summary(line, columns, bundle)
            if isinstance(total, Summary):
                heights[registry.fold(total.label)] = total.height
            yield total
            continue
        found += 1
        yield _row(line, columns, LAYOUTS[layout][1], bundle.exchange, units, heights)
    if not found:
        raise BadStructure(member.name, 0, "the address block has no rows")


BY_COLUMN = frozenset({"okx-9", "okx-11", "okx-12"})
"""Layouts of half a million rows, each of which says all that is needed of it."""
REPEATED = {"label", "type", "network", "height"}
"""Columns in which the same cells stand again and again."""


def runs(bundle: Bundle) -> Iterator[Item | Stretch]:
    """`parse`, the rows of large layouts by column. Raises BadStructure."""
    layout = _layout_of(bundle.members[0])
    if layout not in BY_COLUMN:
        yield from parse(bundle)
        return
    heights = set[int | None]()
    is_staking_beside = len(bundle.members) > 1
    for number, member in enumerate(bundle.members):
        if member.role == ETH_STAKING:
            yield from _staking(number, bundle, next(iter(heights)) if len(heights) == 1 else None)
            continue
        for item in _wallet_runs(member, bundle, layout):
            if not is_staking_beside:
                yield item
                continue
            told = item.rows() if isinstance(item, Stretch) else item
            heights |= _heights_of(told)  # what stands beside is told by the heights of all rows
            yield Stretch(partial(_itself, told)) if isinstance(told, Rows) else told


def _itself(rows: Rows) -> Rows:
    return rows


def _heights_of(item: Item | Rows) -> set[int]:
    """The heights that rows of Ethereum's own coin state."""
    if isinstance(item, Published):
        is_it = (item.network, item.asset) == (STAKED_AT, STAKED)
        return {item.height} if is_it and item.height is not None else set()
    if not isinstance(item, Rows):
        return set()
    found = set().union(*map(_heights_of, item.others))
    for place in set(zip(*(item.columns[name].to_pylist() for name in ("network", "asset", "height")), strict=True)):
        if place[:2] == (STAKED_AT, STAKED) and place[2] is not None:
            found.add(place[2])
    return found


def _wallet_runs(member: Member, bundle: Bundle, layout: str) -> Iterator[Item | Stretch]:
    from porlake.reports import _columns  # brings numpy and pyarrow, which this room does without elsewhere

    columns, least = LAYOUTS[layout]
    blocks, found, number = _Blocks(member.name), False, 0

    def row(line: Line) -> Published | Refused:
        return _row(line, columns, least, bundle.exchange, {}, {})

    for part in _columns.chunks(member):
        lines = [part] if isinstance(part, Line) else map(part.line, range(len(part)))
        for at, line in enumerate(lines):
            if blocks.in_rows and not isinstance(part, Line):
                found = found or part.has_rows(at)
                yield Stretch(partial(_rows_of, part, at, columns, least, bundle.exchange, row))
                break
            number = line.number
            if not blocks.take(line):
                continue
            found = found or blocks.in_rows
            yield row(line) if blocks.in_rows else _summary(line, blocks.columns, bundle)
    if not blocks.in_rows:
        raise BadStructure(member.name, number, "the file ends before the header of its address block")
    if not found:
        raise BadStructure(member.name, 0, "the address block has no rows")


def _rows_of(
    chunk: Chunk,
    start: int,
    columns: tuple[str, ...],
    least: int,
    exchange: str,
    row: Callable[[Line], Published | Refused],
) -> Rows:
    import numpy as np
    import pyarrow as pa

    from porlake.reports import _columns

    cells, places = _columns.table(chunk, start, columns, least, REPEATED)
    repeated = [name for name in columns if name in REPEATED]
    known, which = _columns.codes([cells.column(name) for name in repeated])
    plain = [_plain(exchange, **dict(zip(repeated, map(str.strip, one), strict=True))) for one in known]
    taken = np.array([one is not None for one in plain], bool)[which]
    if not taken.all():
        cells, places, which = cells.filter(pa.array(taken)), places[taken], which[taken]

    def text(name: str) -> pa.StringArray:
        return _columns.text(cells.column(name)) if name in columns else pa.repeat(pa.scalar(""), len(places))

    def or_empty(name: str) -> pa.StringArray:
        return _columns.null(text(name))

    made = _columns.spread(PLAIN, plain, which) | {
        "source_row": pa.array(places + chunk.first),
        "address": text("address"),
        "amount": text("amount"),
        "message": cells.column("message").combine_chunks(),
        "signatures": _columns.pairs(or_empty("signature1"), or_empty("signature2")),
        "key_or_script": or_empty("key"),
        "owners": _columns.pairs(or_empty("owner1"), or_empty("owner2")),
    }
    return Rows(0, made, _columns.others(chunk, start, places, row), _columns.published(chunk, places, row))


Plain = tuple[str, str, str, str, str, str, str, int | None]
PLAIN = ("label", "network_label", "network", "asset", "scheme", "holding", "remark", "height")


def _plain(exchange: str, label: str, network: str, height: str, type: str = "") -> Plain | None:
    """The values of `PLAIN` of a row with these cells; None where the row is for `_row`."""
    holding = HOLDINGS.get(_csv.fold(type))
    try:
        meant, at = _rows.meant(exchange, label, _rows.null(network)), _rows.height(height)
    except (registry.UnknownLabel, ValueError):
        return None
    if not label or holding is None or not meant.network or not meant.asset:
        return None
    holding = (holding if holding != "wallet" else meant.holding) or "wallet"
    place = _network(meant.network, HOLDINGS[_csv.fold(type)], "")
    return label, network, place, meant.asset, meant.scheme, holding, meant.remark, at


# --- structure --------------------------------------------------------------------------------------------------------
def _blocks(member: Member) -> Iterator[tuple[Line, tuple[str, ...], bool]]:
    """The lines of both blocks with their columns; True for a row of the address block. Raises BadStructure."""
    blocks, number = _Blocks(member.name), 0
    for line in _csv.all_lines(member):
        number = line.number
        if blocks.take(line):
            yield line, blocks.columns, blocks.in_rows
    if not blocks.in_rows:
        raise BadStructure(member.name, number, "the file ends before the header of its address block")


class _Blocks:
    """Where in a file a line stands. `columns`: of the block; `in_rows`: whether it is the address block."""

    def __init__(self, file: str) -> None:
        self.columns: tuple[str, ...] = ()
        self.in_rows = False
        self._file = file

    def take(self, line: Line) -> bool:
        """Whether the next line is one of a block, and no header and not blank. Raises BadStructure."""
        if line.is_blank:
            self.columns = self.columns if self.in_rows else ()
        elif self.columns:
            return True
        else:
            self.columns, self.in_rows = _header(line, self._file), _is_row_header(line.cells)
        return False


def _header(line: Line, file: str) -> tuple[str, ...]:
    columns = tuple(_csv.header(line.cells, COLUMNS))
    _csv.nothing_left(file, line.number, list(columns))
    if columns not in TOTALS and columns not in [known for known, _ in LAYOUTS.values()]:
        why = f"a header with the columns {', '.join(columns)}; known are {', '.join(LAYOUTS)}"
        raise BadStructure(file, line.number, why)
    return columns


def _is_row_header(cells: list[str]) -> bool:
    folded = {_csv.fold(cell) for cell in cells}
    return (
        "address" in folded
        and bool(folded & {"coin", "digitalasset"})
        and bool(folded & {"signature1", "signedmessage"})
    )


def _layout_of(member: Member) -> str:
    """The name of the layout, by the header of the address block; '' where the file has none that is known."""
    for line in _csv.all_lines(member):
        if _is_row_header(line.cells):
            columns = tuple(_csv.header(line.cells, COLUMNS))
            return next((name for name, (known, _) in LAYOUTS.items() if known == columns), "")
    return ""


# --- the staking file -------------------------------------------------------------------------------------------------
def _is_staking_header(cells: list[str]) -> bool:
    folded = {_csv.fold(cell) for cell in cells}
    return {"deposit address", "withdrawal address"} <= folded


def _staking(number: int, bundle: Bundle, height: int | None) -> Iterator[Item]:
    """The items of the file of that number; `height`: of the block of Ethereum that its rows speak of. Raises
    BadStructure.
    """
    member = bundle.members[number]
    found, in_rows, label, last = 0, False, STAKED, 0
    for line in _csv.all_lines(member):
        last = line.number
        if line.is_blank:
            continue
        if in_rows:
            found += 1
            yield _validator(line, label, height, number)
        elif _is_staking_header(line.cells):
            columns, in_rows = _csv.header(line.cells, STAKING), True
            _csv.nothing_left(member.name, line.number, columns)
            if tuple(columns) != STAKING_ROWS:
                why = f"a header with the columns {', '.join(columns)}; known are {', '.join(STAKING_ROWS)}"
                raise BadStructure(member.name, line.number, why)
        elif total := _staking_total(line, bundle, number):
            label = total.label if isinstance(total, Summary) else label
            yield total
    if not found:
        raise BadStructure(member.name, last, "the file has no rows of validators")


def _staking_total(line: Line, bundle: Bundle, number: int) -> Summary | Refused | None:
    """A line above the rows; None for a header, whose words have been seen by nobody who told us."""
    cells = [cell.strip() for cell in line.cells]
    amount = cells[1] if len(cells) > 1 else ""
    if not line.fault and not re.search("[0-9]", amount):
        return None
    label = cells[0] if cells else ""
    if line.fault or not _csv.fold(label).startswith(STAKED.lower()) or any(cells[2:]):
        return _csv.unreadable(line, "summary", f"{STAKED} and its staked total", label=label, member=number)
    total = _rows.summary(
        bundle.exchange,
        bundle.name,
        line.number,
        line.raw,
        label=STAKED,
        height_text="",
        amount=amount,
        network=VALIDATORS_AT,
        holding="native_staking",
        member=number,
    )
    return replace(total, label=label)


def _validator(line: Line, label: str, height: int | None, number: int) -> Published | Refused:
    cells = [cell.strip() for cell in line.cells]
    while len(cells) > len(STAKING_ROWS) and not cells[-1]:
        cells.pop()
    if line.fault or len(cells) != len(STAKING_ROWS):
        return _csv.unreadable(line, "rows", f"{len(STAKING_ROWS)} cells of CSV in UTF-8", label=label, member=number)
    deposit, validator, amount, withdrawal = (_rows.null(cell) for cell in cells)
    found = Published(
        source_row=line.number,
        label=label,
        network=VALIDATORS_AT,
        asset=STAKED,
        address=validator,
        amount=amount,
        raw=line.raw,
        holding="native_staking",
        height=height,
        owners=(withdrawal,) if withdrawal else (),
        deposit_address=deposit,
        withdrawal_address=withdrawal,
        member=number,
    )
    if deposit or withdrawal:
        return found
    return _rows.refused(found, "no_owner", "a deposit or a withdrawal address")


# --- rows -------------------------------------------------------------------------------------------------------------
def _row(
    line: Line,
    columns: tuple[str, ...],
    least: int,
    exchange: str,
    units: Mapping[str, str],
    heights: Mapping[str, int | None],
) -> Published | Refused:
    """A row of the address block with at least `least` cells.

    `units`, `heights`: by label, of layouts whose rows do not say them (seven columns: the height of a row is that of
    its label's line in the totals block).
    """
    cells = line.cells
    while len(cells) > len(columns) and not cells[-1].strip():
        cells = cells[:-1]
    if line.fault or not least <= len(cells) <= len(columns):
        expected = f"{least} to {len(columns)} cells of CSV in UTF-8, {len(cells)} are there"
        return _csv.unreadable(line, "rows", expected)
    # blanks around a cell are taken off; the message stays as it stands, blanks are signed too
    row = {column: cell if column == "message" else cell.strip() for column, cell in zip(columns, cells, strict=False)}
    cell = row.get
    label, address = row["label"], row["address"]
    holding = HOLDINGS.get(_csv.fold(cell("type", "")))
    known: registry.Resolved | registry.UnknownLabel
    try:
        known = meant = _rows.meant(exchange, label, _rows.null(cell("network", "")))
    except registry.UnknownLabel as error:
        known, meant = error, None
    try:
        height = _rows.height(cell("height", ""))
    except ValueError:
        height, is_height = None, False
    else:
        is_height = True
    folded = registry.fold(label) if units or "height" not in columns else ""
    found = Published(
        source_row=line.number,
        label=label,
        network_label=cell("network", ""),
        network=_network(known.network, holding, address),
        asset=known.asset,
        scheme=known.scheme,
        holding=(holding if holding != "wallet" or meant is None else meant.holding) or "wallet",
        remark=meant.remark if meant else "",
        height=height if "height" in columns else heights.get(folded),
        address=address,
        amount=cell("amount"),
        unit=units.get(folded, "coin"),
        message=cell("message", ""),
        signatures=(_rows.null(cell("signature1", "")), _rows.null(cell("signature2", ""))),
        key_or_script=_rows.null(cell("key", "")),
        owners=(_rows.null(cell("owner1", "")), _rows.null(cell("owner2", ""))),
        raw=line.raw,
    )
    refused = _why_refused(row, holding, is_height, known)
    return _rows.refused(found, *refused) if refused else found


def _network(network: str, holding: str | None, address: str) -> str:
    """Validators are accounts of the beacon chain; where nobody knows the type, a validator's key tells."""
    is_validator = len(address.removeprefix("0x")) == VALIDATOR_DIGITS if holding is None else holding in VALIDATORS
    return VALIDATORS_AT if is_validator and network == STAKED_AT else network


def _why_refused(
    row: Mapping[str, str],
    holding: str | None,
    is_height: bool,
    known: registry.Resolved | registry.UnknownLabel,
) -> tuple[str, str] | None:
    """(reason, what was expected) of a row that makes no claim; its signature is judged all the same."""
    if holding is None:
        return "unknown_type", f"one of {', '.join(filter(None, HOLDINGS))}"
    if row.get("status", JUDGED) != JUDGED:
        return "status_not_judged", f"status {JUDGED}"
    if not is_height:
        return "bad_height", "a block height or -"
    if isinstance(known, registry.UnknownLabel):
        return known.code, str(known)
    if not known.network:
        return "unknown_network", f"the label {row['label']!r} names no network"
    return None


def _summary(line: Line, columns: tuple[str, ...], bundle: Bundle) -> Item:
    if line.fault or len(line.cells) < len(columns) or any(cell.strip() for cell in line.cells[len(columns) :]):
        return _csv.unreadable(line, "summary", f"{len(columns)} cells of CSV in UTF-8")
    row = {column: cell.strip() for column, cell in zip(columns, line.cells, strict=False)}
    return _rows.summary(
        bundle.exchange,
        bundle.name,
        line.number,
        line.raw,
        label=row["label"],
        height_text=row.get("height", ""),
        amount=row["amount"],
    )


# --- the units of 2022 ------------------------------------------------------------------------------------------------
def _units(member: Member, exchange: str) -> dict[str, str]:
    """For each label of a seven-column file: coin, base or unknown.

    That layout prints some coins in base units. A fraction shows units of the coin; else the file's own total, compared
    with the sum of the rows, shows which; where it shows neither, nobody can tell.
    """
    totals: dict[str, Decimal] = {}
    sums: dict[str, Decimal] = {}
    fractions: set[str] = set()
    for line, columns, in_rows in _blocks(member):
        row = dict(zip(columns, map(str.strip, line.cells), strict=False))
        label, text = registry.fold(row.get("label", "")), row.get("amount", "")
        if not re.fullmatch(r"\d{1,60}(\.\d{0,40})?", text, re.ASCII):
            continue
        if in_rows:
            sums[label] = _rows.EXACT.add(sums.get(label, Decimal(0)), Decimal(text))
            if text.partition(".")[2].strip("0"):
                fractions.add(label)
        else:
            totals[label] = Decimal(text)
    return {
        label: "coin" if label in fractions else _unit(label, total, totals.get(label), exchange)
        for label, total in sums.items()
    }


def _unit(label: str, rows: Decimal, total: Decimal | None, exchange: str) -> str:
    if rows == 0:
        return "coin"
    if total is None:
        return "unknown"
    last_digit = Decimal(1).scaleb(int(total.as_tuple().exponent))
    if abs(_rows.EXACT.subtract(rows, total)) < last_digit:
        return "coin"
    try:
        meant = registry.load().label(exchange, label)
    except registry.UnknownLabel:
        return "unknown"
    token = registry.load().token(meant.network, meant.asset)
    in_base = (
        token is not None and abs(_rows.EXACT.subtract(rows.scaleb(-token.decimals, _rows.EXACT), total)) < last_digit
    )
    return "base" if in_base else "unknown"
