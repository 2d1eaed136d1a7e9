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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Context, Decimal
from io import BytesIO
from itertools import islice
from typing import BinaryIO

from porlake import registry
from porlake.errors import BadStructure
from porlake.reports import _rows
from porlake.reports._items import Item, Member, Published, Refused, Snapshot, Source, Summary, stamp
from porlake.reports._rows import Line

NAME = "okx_csv"

COLUMNS = {
    "coin": "label", "type": "type", "network": "network", "snapshot " "height": "height", "address": "address", "amount": "amount",
    "balance": "amount", "message": "message", "signature1": "signature1", "signature2": "signature2", "redeem script public key": "key",
    "redeem script": "key", "eoa1": "owner1", "eoa2": "owner2",
    "digitalasset": "label", "chain": "chain", "signedmessage": "signature1", "signedmessage2": "signature2", "publickey": "key",
    "owner1": "owner1", "owner2": "owner2", "status": "status",
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

#: What a file is to the report, in the order of the members' numbers.
ROLES = ("wallets", "eth_staking")
STAKING = {
    "deposit address": "deposit", "validator publickey": "validator", "validator public key": "validator", "validator pubkey": "validator",
    "amount": "amount", "withdrawal address": "withdrawal",
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
STAKING_HEAD = 64  # lines in which the header of a staking file stands
JUDGED = "5"  # the auditors' tool takes rows of this status only

_EXACT = Context(prec=200)
_NAME = re.compile(r"(\d{8})(\d{2})?(\d{2})?(?=\D|$)(?:.*?[_-][vV](\d{1,3})(?=\D|$))?", re.ASCII)


def matches(head: bytes) -> bool:
    """Whether a line of the head is a header with an address and signature columns of OKX's names, or with OKX's
    columns of a validator.
    """
    return any(_is_row_header(line.cells) or _is_staking_header(line.cells) for line in _rows.lines(BytesIO(head)))


def role(head: bytes) -> str:
    """What a file that `matches` is to its report."""
    return ROLES[any(_is_staking_header(line.cells) for line in _rows.lines(BytesIO(head)))]


def together(members: Sequence[Member]) -> list[list[Member]]:
    """The files of each report: a staking file goes with the wallet file of its moment and revision, as their names
    say.

    Raises BadStructure where several wallet files could be that one.
    """
    groups = [[member] for member in members if member.role == ROLES[0]]
    for staking in (member for member in members if member.role != ROLES[0]):
        fitting = [
            group
            for group in groups
            if len(group) == 1 and group[0].role == ROLES[0] and _are_of_one_moment(group[0].name, staking.name)
        ]
        if len(fitting) > 1:
            names = ", ".join(group[0].name for group in fitting)
            raise BadStructure(staking.name, 0, f"belongs to one wallet file, and could to each of {names}")
        if fitting:
            fitting[0].append(staking)
        else:
            groups.append([staking])
    return groups


def _are_of_one_moment(one: str, other: str) -> bool:
    """As far as their names say."""
    a, b = snapshot_of(one), snapshot_of(other)
    return a is None or b is None or (a.at == b.at and (a.revision or b.revision) == (b.revision or a.revision))


def content(stream: BinaryIO) -> str:
    return "ownership_only" if _layout_of(stream).startswith("auditor") else "addresses"


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


def parse_members(streams: Sequence[BinaryIO], source: Source) -> Iterator[tuple[int, Item]]:
    """The items of a report's files, each with the number of its file; the wallets come first. Raises BadStructure."""
    heights = set[int]()
    for number, stream in enumerate(streams):
        if _is_staking(stream):
            # The staking file states no height: it is a snapshot of the block that the wallets' rows of its coin name.
            for item in _staking(stream, source, next(iter(heights)) if len(heights) == 1 else None):
                yield number, item
            continue
        for item in parse(stream, source):
            if (
                len(streams) > 1
                and isinstance(item, Published)
                and item.height
                and (item.network, item.asset) == (STAKED_AT, STAKED)
            ):
                heights.add(item.height)
            yield number, item


def parse(stream: BinaryIO, source: Source) -> Iterator[Item]:
    """Raises BadStructure."""
    if _is_staking(stream):
        yield from _staking(stream, source, None)
        return
    layout = _layout_of(stream)
    units = _units(stream, source) if layout == "okx-7" else {}
    stream.seek(0)
    found = 0
    heights: dict[str, int | None] = {}
    for line, columns, in_rows in _blocks(stream, source.file_name):
        if not in_rows:
            total = _summary(line, columns, source)
            if isinstance(total, Summary):
                heights[registry.fold(total.label)] = total.height
            yield total
            continue
        found += 1
        row = _row(line, columns, LAYOUTS[layout][1], source, units)
        if isinstance(row, Published) and "height" not in columns:
            # Seven columns: the height of a row is that of its label's line in the totals block.
            row = replace(row, height=heights.get(registry.fold(row.label)))
        yield row
    if not found:
        raise BadStructure(source.file_name, 0, "the address block has no rows")


# --- structure --------------------------------------------------------------------------------------------------------
def _blocks(stream: BinaryIO, file: str) -> Iterator[tuple[Line, tuple[str, ...], bool]]:
    """The lines of both blocks with their columns; True for a row of the address block. Raises BadStructure."""
    columns: tuple[str, ...] = ()
    in_rows, number = False, 0
    for line in _rows.lines(stream):
        number = line.number
        if line.is_blank:
            columns = columns if in_rows else ()
        elif columns:
            yield line, columns, in_rows
        else:
            columns, in_rows = _header(line, file), _is_row_header(line.cells)
    if not in_rows:
        raise BadStructure(file, number, "the file ends before the header of its address block")


def _header(line: Line, file: str) -> tuple[str, ...]:
    columns = tuple(_rows.header(line.cells, COLUMNS) or ())
    _rows.nothing_left(file, line.number, list(columns))
    if columns not in TOTALS and columns not in [known for known, _ in LAYOUTS.values()]:
        raise BadStructure(
            file, line.number, f"a header with the columns {', '.join(columns)}; known are {', '.join(LAYOUTS)}"
        )
    return columns


def _is_row_header(cells: list[str]) -> bool:
    folded = {_rows.fold(cell) for cell in cells}
    return (
        "address" in folded
        and bool(folded & {"coin", "digitalasset"})
        and bool(folded & {"signature1", "signedmessage"})
    )


def _layout_of(stream: BinaryIO) -> str:
    """The name of the layout, by the header of the address block; '' where the file has none that is known."""
    stream.seek(0)
    try:
        for line in _rows.lines(stream):
            if _is_row_header(line.cells):
                columns = tuple(_rows.header(line.cells, COLUMNS) or ())
                return next((name for name, (known, _) in LAYOUTS.items() if known == columns), "")
    finally:
        stream.seek(0)
    return ""


# --- the staking file -------------------------------------------------------------------------------------------------
def _is_staking_header(cells: list[str]) -> bool:
    folded = {_rows.fold(cell) for cell in cells}
    return {"deposit address", "withdrawal address"} <= folded


def _is_staking(stream: BinaryIO) -> bool:
    stream.seek(0)
    found = any(_is_staking_header(line.cells) for line in islice(_rows.lines(stream), STAKING_HEAD))
    stream.seek(0)
    return found


def _staking(stream: BinaryIO, source: Source, height: int | None) -> Iterator[Item]:
    """`height`: of the block of Ethereum that the rows speak of. Raises BadStructure."""
    found, in_rows, label, number = 0, False, STAKED, 0
    for line in _rows.lines(stream):
        number = line.number
        if line.is_blank:
            continue
        if in_rows:
            found += 1
            yield _validator(line, label, height)
        elif _is_staking_header(line.cells):
            columns, in_rows = _rows.header(line.cells, STAKING) or [], True
            _rows.nothing_left(source.file_name, line.number, columns)
            if tuple(columns) != STAKING_ROWS:
                why = f"a header with the columns {', '.join(columns)}; known are {', '.join(STAKING_ROWS)}"
                raise BadStructure(source.file_name, line.number, why)
        elif total := _staking_total(line, source):
            label = total.label if isinstance(total, Summary) else label
            yield total
    if not found:
        raise BadStructure(source.file_name, number, "the file has no rows of validators")


def _staking_total(line: Line, source: Source) -> Summary | Refused | None:
    """A line above the rows; None for a header, whose words have been seen by nobody who told us."""
    cells = [cell.strip() for cell in line.cells]
    amount = cells[1] if len(cells) > 1 else ""
    if not line.fault and not re.search("[0-9]", amount):
        return None
    if line.fault or not _rows.fold(cells[0]).startswith(STAKED.lower()) or any(cells[2:]):
        return Refused(
            line.number,
            "summary",
            line.fault or "ragged",
            f"{STAKED} and its staked total",
            line.raw,
            label=cells[0] if cells else "",
        )
    total = _rows.summary(
        line, source.exchange, source.file_name, STAKED, "", amount, network=VALIDATORS_AT, holding="native_staking"
    )
    return replace(total, label=cells[0])


def _validator(line: Line, label: str, height: int | None) -> Published | Refused:
    cells = [cell.strip() for cell in line.cells]
    while len(cells) > len(STAKING_ROWS) and not cells[-1]:
        cells.pop()
    if line.fault or len(cells) != len(STAKING_ROWS):
        return Refused(
            line.number,
            "rows",
            line.fault or "ragged",
            f"{len(STAKING_ROWS)} cells of CSV in UTF-8",
            line.raw,
            label=label,
        )
    deposit, validator, amount, withdrawal = (_rows.null(cell) for cell in cells)
    found = Published(
        source_row=line.number,
        for_row=None,
        label=label,
        network_label="",
        network=VALIDATORS_AT,
        asset=STAKED,
        scheme="no_scheme",
        holding="native_staking",
        remark="",
        height=height,
        address=validator,
        amount=amount,
        unit="coin",
        message="",
        signatures=[],
        key_or_script="",
        owners=[withdrawal] if withdrawal else [],
        custodian=None,
        raw=line.raw,
        deposit_address=deposit,
        withdrawal_address=withdrawal,
    )
    if deposit or withdrawal:
        return found
    return _rows.refused(found, "no_owner", "a deposit or a withdrawal address")


# --- rows -------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class _Cells:
    """The cells of a row by column, blanks around them taken off; the message stays as it stands, blanks are signed
    too.
    """

    values: dict[str, str]

    @classmethod
    def of(cls, columns: tuple[str, ...], cells: list[str]) -> _Cells:
        return cls(
            {
                column: cell if column == "message" else cell.strip()
                for column, cell in zip(columns, cells, strict=False)
            }
        )

    def __getitem__(self, column: str) -> str:
        return self.values.get(column, "")

    def evidence(self, column: str) -> str:
        return _rows.null(self[column])


def _row(
    line: Line, columns: tuple[str, ...], least: int, source: Source, units: dict[str, str]
) -> Published | Refused:
    cells = line.cells
    while len(cells) > len(columns) and not cells[-1].strip():
        cells = cells[:-1]
    if line.fault or not least <= len(cells) <= len(columns):
        reason = line.fault or _rows.RAGGED
        return Refused(
            line.number,
            "rows",
            reason,
            f"{least} to {len(columns)} cells of CSV in UTF-8, {len(cells)} are there",
            line.raw,
        )
    row = _Cells.of(columns, cells)
    holding = HOLDINGS.get(_rows.fold(row["type"]))
    meant, unknown = _meant(row, source)
    network = _network(meant.network if meant else unknown.network if unknown else "", holding, row["address"])
    try:
        height = _rows.height(row["height"])
    except ValueError:
        height, is_height = None, False
    else:
        is_height = True
    if refused := _why_refused(row, columns, holding, is_height, meant, unknown):
        known = meant or unknown
        asset, scheme = (known.asset, known.scheme) if known else ("", "")
        return _refused(line, row, *refused, holding=holding or "wallet", network=network, asset=asset, scheme=scheme)
    assert meant is not None
    assert holding is not None
    return Published(
        source_row=line.number,
        for_row=None,
        label=row["label"],
        network_label=row["network"],
        network=network,
        asset=meant.asset,
        scheme=meant.scheme,
        holding=holding if holding != "wallet" else meant.holding,
        remark=meant.remark,
        height=height,
        address=row["address"],
        amount=row["amount"] if "amount" in columns else None,
        unit=units.get(registry.fold(row["label"]), "coin") if units else "coin",
        message=row["message"],
        signatures=[row.evidence("signature1"), row.evidence("signature2")],
        key_or_script=row.evidence("key"),
        owners=[row.evidence("owner1"), row.evidence("owner2")],
        custodian=None,
        raw=line.raw,
    )


def _meant(row: _Cells, source: Source) -> tuple[registry.Resolved | None, registry.UnknownLabel | None]:
    """What the labels mean, or why that is not known."""
    try:
        return _rows.meant(source.exchange, row["label"], row.evidence("network")), None
    except registry.UnknownLabel as unknown:
        return None, unknown


def _network(network: str, holding: str | None, address: str) -> str:
    """Validators are accounts of the beacon chain; where nobody knows the type, a validator's key tells."""
    is_validator = len(address.removeprefix("0x")) == VALIDATOR_DIGITS if holding is None else holding in VALIDATORS
    return "ethereum_beacon" if is_validator and network == "ethereum" else network


def _why_refused(
    row: _Cells,
    columns: tuple[str, ...],
    holding: str | None,
    is_height: bool,
    meant: registry.Resolved | None,
    unknown: registry.UnknownLabel | None,
) -> tuple[str, str] | None:
    """(reason, what was expected) of a row that makes no claim; its signature is judged all the same."""
    if holding is None:
        return "unknown_type", f"one of {', '.join(filter(None, HOLDINGS))}"
    if "status" in columns and row["status"] != JUDGED:
        return "status_not_judged", f"status {JUDGED}"
    if not is_height:
        return "bad_height", "a block height or -"
    if unknown is not None:
        return unknown.code, str(unknown)
    if meant is None or not meant.network:
        return "unknown_network", f"the label {row['label']!r} names no network"
    return None


def _refused(
    line: Line, row: _Cells, reason: str, expected: str, *, holding: str, network: str, asset: str, scheme: str
) -> Refused:
    return Refused(
        source_row=line.number,
        block="rows",
        reason=reason,
        expected=expected,
        raw=line.raw,
        label=row["label"],
        network_label=row["network"],
        network=network,
        asset=asset,
        scheme=scheme,
        holding=holding,
        address=row["address"],
        message=row["message"],
        signatures=(row.evidence("signature1"), row.evidence("signature2")),
        key_or_script=row.evidence("key"),
        owners=(row.evidence("owner1"), row.evidence("owner2")),
    )


def _summary(line: Line, columns: tuple[str, ...], source: Source) -> Item:
    if line.fault or len(line.cells) < len(columns) or any(cell.strip() for cell in line.cells[len(columns) :]):
        return Refused(
            line.number, "summary", line.fault or _rows.RAGGED, f"{len(columns)} cells of CSV in UTF-8", line.raw
        )
    row = _Cells.of(columns, line.cells)
    return _rows.summary(line, source.exchange, source.file_name, row["label"], row["height"], row["amount"])


# --- the units of 2022 ------------------------------------------------------------------------------------------------
def _units(stream: BinaryIO, source: Source) -> dict[str, str]:
    """For each label of a seven-column file: coin, base or unknown.

    That layout prints some coins in base units. A fraction shows units of the coin; else the file's own total, compared
    with the sum of the rows, shows which; where it shows neither, nobody can tell.
    """
    totals: dict[str, Decimal] = {}
    sums: dict[str, Decimal] = {}
    fractions: set[str] = set()
    stream.seek(0)
    for line, columns, in_rows in _blocks(stream, source.file_name):
        row = _Cells.of(columns, line.cells)
        label, text = registry.fold(row["label"]), row["amount"]
        if not re.fullmatch(r"\d{1,60}(\.\d{0,40})?", text, re.ASCII):
            continue
        if in_rows:
            sums[label] = _EXACT.add(sums.get(label, Decimal(0)), Decimal(text))
            if text.partition(".")[2].strip("0"):
                fractions.add(label)
        else:
            totals[label] = Decimal(text)
    return {
        label: "coin" if label in fractions else _unit(label, total, totals.get(label), source)
        for label, total in sums.items()
    }


def _unit(label: str, rows: Decimal, total: Decimal | None, source: Source) -> str:
    if rows == 0:
        return "coin"
    if total is None:
        return "unknown"
    last_digit = Decimal(1).scaleb(int(total.as_tuple().exponent))
    if abs(_EXACT.subtract(rows, total)) < last_digit:
        return "coin"
    try:
        meant = registry.load().label(source.exchange, label)
    except registry.UnknownLabel:
        return "unknown"
    token = registry.load().token(meant.network, meant.asset)
    in_base = token is not None and abs(_EXACT.subtract(rows.scaleb(-token.decimals, _EXACT), total)) < last_digit
    return "base" if in_base else "unknown"
