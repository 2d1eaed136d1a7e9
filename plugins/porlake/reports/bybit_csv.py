"""Bybit's file of funds: one record a coin and chain, with one amount for all addresses that it names.

Monthly since 2022-12 as https://api2.bybit.com/common-static/por/bybit_por_<YYYYMM>.csv. No day, no zone and no
revision: a record names a block of its chain. Nobody signs, and liabilities stand elsewhere.

Coin,Height,Amount,Address,,,,,
ETH(All),-,156064.22 ,,,,,,
ETH-ETH,16151774,148036.65 ,"0xf89d7b9c864f589bbF53a82105107622B35EaA40
0x1Db92e2EeBC8E0c075a02BeA49a2935BcD2dFCF4",,,,,

A quoted cell of addresses goes over several lines; later files part them by blanks. An amount cannot be told apart by
address. So the file becomes two reports: itself, whose amounts are published totals (content: totals), and a list of
the addresses without amounts, a row each (content: address_list), in the same columns.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from io import BytesIO, StringIO

from porlake import registry
from porlake.errors import BadStructure
from porlake.reports import _csv, _rows
from porlake.reports._bundle import Bundle, Member, each_alone
from porlake.reports._csv import Line
from porlake.reports._items import Item, Part, Published, Summary
from porlake.reports._snapshot import Snapshot, named

NAME = "bybit_csv"
ROLES = (NAME,)

COLUMNS = ("coin", "height", "amount", "address")
#: The longest real record goes over eight lines.
RECORD_LINES = 4_096

_NAME = re.compile(r"bybit_por_(\d{6})(?!\d)", re.IGNORECASE | re.ASCII)
_PLAIN = re.compile(r"\d{1,60}(\.\d{0,40})?", re.ASCII)


def matches(bundle: Bundle) -> bool:
    """Whether the first line begins with Coin,Height,Amount,Address."""
    return any(map(_is_funds, bundle.members))


def members(bundle: Bundle) -> list[tuple[Member, ...]]:
    """Each month is a report of its own, before it is split."""
    return each_alone(bundle, _is_funds, NAME)


def _is_funds(member: Member) -> bool:
    first = next(_csv.head_lines(member), None)
    return first is not None and tuple(_csv.fold(cell) for cell in first.cells[: len(COLUMNS)]) == COLUMNS


def content(bundle: Bundle) -> str:
    return "address_list" if _is_split_off(bundle.members[0]) else "totals"


def snapshot_of(file_name: str) -> Snapshot | None:
    """bybit_por_202212.csv: a month"""
    match = _NAME.search(file_name)
    return named(match and f"{match[1]}01", "month")


def split(bundle: Bundle) -> Iterator[Part]:
    """The file itself, for its amounts, and the list of its addresses. Raises BadStructure."""
    (member,) = bundle.members
    yield Part(bundle.exchange, None, member.content)
    if _is_split_off(member):
        return
    read = [(cells[0], cells[1], cells[3]) for line in _records(member) if (cells := _cells(line))]
    listed = [(label, height, "", address) for label, height, text in read for address in text.split()]
    if listed:
        yield Part(bundle.exchange, None, BytesIO(_csv.text_of([COLUMNS, *listed])))


def parse(bundle: Bundle) -> Iterator[Item]:
    """Raises BadStructure."""
    (member,) = bundle.members
    if _is_split_off(member):
        for line in _records(member):
            yield _listed(line, bundle)
        return
    sums, found = _sums(member), False
    for line in _records(member):
        found = True
        yield _total(line, bundle, sums)
    if not found:
        raise BadStructure(member.name, 0, "the file has a header and no rows")


# --- records ----------------------------------------------------------------------------------------------------------
def _records(member: Member) -> Iterator[Line]:
    """The records behind the header, each with the number of its first line. Raises BadStructure for another header.

    A quoted cell that is not closed, or goes on behind its end, costs its first line alone: the next line is a new
    record.
    """
    waiting: list[tuple[int, bytes]] = []
    lines = enumerate(_physical(member), 1)
    _check_header(next(lines, (1, b""))[1], member.name)
    while True:
        number, data = waiting.pop(0) if waiting else next(lines, (0, b""))
        if not data:
            return
        joined, taken = data, list[tuple[int, bytes]]()
        while joined.count(b'"') % 2 and len(taken) < RECORD_LINES and len(joined) < _csv.LINE_BYTES:
            more = waiting[len(taken)] if len(taken) < len(waiting) else next(lines, (0, b""))
            if not more[1]:
                break
            if len(taken) == len(waiting):
                waiting.append(more)
            taken.append(more)
            joined += more[1]
        line = _record(number, joined)
        if line.fault and taken:
            line = _record(number, data)
        else:
            del waiting[: len(taken)]
        if not line.is_blank:
            yield line


def _physical(member: Member) -> Iterator[bytes]:
    """Lines with their ends; of a line that is too long its beginning, which no record is made of."""
    member.content.seek(0)
    first = True
    while data := member.content.readline(_csv.LINE_BYTES):
        if len(data) >= _csv.LINE_BYTES and not data.endswith(b"\n"):
            while (rest := member.content.readline(_csv.LINE_BYTES)) and not rest.endswith(b"\n"):
                pass
        yield data.removeprefix(_csv.BOM) if first else data
        first = False


def _record(number: int, data: bytes) -> Line:
    if len(data) >= _csv.LINE_BYTES:
        return Line(number, [], _csv.shown(data), "line_too_long")
    if b"\0" in data:
        return Line(number, [], _csv.shown(data), "nul_byte")
    try:
        text = data.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        return Line(number, [], _csv.shown(data), "invalid_utf8")
    try:
        rows = list(csv.reader(StringIO(text, newline=""), strict=True)) or [[]]
    except csv.Error:
        rows = [[], []]
    # a quote in the middle of a cell opens none: what looked like one record are several; no cell has one
    if len(rows) > 1 or any('"' in cell for cell in rows[0]):
        return Line(number, [], text[: _rows.RAW_CHARACTERS], "bad_quoting")
    return Line(number, rows[0], text[: _rows.RAW_CHARACTERS])


def _check_header(data: bytes, file: str) -> None:
    """Raises BadStructure."""
    columns = _csv.header(_record(1, data).cells, dict(zip(COLUMNS, COLUMNS, strict=True)))
    _csv.nothing_left(file, 1, columns)
    if tuple(columns) != COLUMNS:
        raise BadStructure(file, 1, f"a header with the columns {', '.join(columns)}; known is {', '.join(COLUMNS)}")


def _is_split_off(member: Member) -> bool:
    """Whether it is the list that `split` makes: its header is in lower case, and it has no empty columns."""
    return member.head.split(b"\n", 1)[0] == ",".join(COLUMNS).encode()


def _cells(line: Line) -> tuple[str, str, str, str] | None:
    """Coin, height, amount and addresses of a record; None where it is none."""
    if line.fault or len(line.cells) < len(COLUMNS) or any(cell.strip() for cell in line.cells[len(COLUMNS) :]):
        return None
    coin, height, amount, addresses = map(str.strip, line.cells[: len(COLUMNS)])
    return coin, height, amount, addresses


# --- amounts ----------------------------------------------------------------------------------------------------------
def _total(line: Line, bundle: Bundle, sums: Counter[str]) -> Item:
    cells = _cells(line)
    if cells is None:
        return _csv.unreadable(line, "summary", f"{len(COLUMNS)} cells of CSV in UTF-8, and empty ones behind them")
    label, height, amount, addresses = cells
    bare, level = _rows.group(label)
    if level == "group" and addresses:
        expected = "a line over all chains names no address: of which chain it is cannot be told"
        return _rows.unused_summary(line.number, line.raw, "unknown_network", expected, label=label)
    if not amount:
        return _rows.unused_summary(line.number, line.raw, "not_a_number", "a decimal number", label=label)
    found = _rows.summary(
        bundle.exchange, bundle.exchange, line.number, line.raw, label=label, height_text=height, amount=amount
    )
    if not isinstance(found, Summary) or level != "group":
        return found
    differs = sums[f"{registry.fold(bare)} parts"] and not _adds_up(registry.fold(bare), amount, sums)
    return replace(found, level="asset", remark=f"{found.remark} {'parts_differ' if differs else ''}".strip())


def _sums(member: Member) -> Counter[str]:
    """By coin the sum of its records of single chains in hundredths, and under `<coin> parts` their number."""
    sums: Counter[str] = Counter()
    for line in _records(member):
        label, _, amount, _ = _cells(line) or ("", "", "", "")
        if _rows.group(label)[1] == "group" or not label:
            continue
        coin = registry.fold(label.split("-")[0])
        sums[f"{coin} parts"] += 1
        sums[coin] += _cents(amount) if _PLAIN.fullmatch(amount) else 0
    return sums


def _adds_up(coin: str, amount: str, sums: Counter[str]) -> bool:
    """Whether the records of single chains are the line over all: each was rounded by itself, and so was the line."""
    return not _PLAIN.fullmatch(amount) or abs(_cents(amount) - sums[coin]) <= sums[f"{coin} parts"] + 1


def _cents(amount: str) -> int:
    return int(_rows.EXACT.multiply(Decimal(amount), Decimal(100)))


# --- addresses --------------------------------------------------------------------------------------------------------
def _listed(line: Line, bundle: Bundle) -> Item:
    cells = _cells(line)
    if cells is None or len(cells[3].split()) > 1:
        return _csv.unreadable(line, "rows", "coin, height, no amount and one address")
    label, height, amount, address = cells
    if amount:
        raise BadStructure(bundle.name, line.number, "an amount in a list of addresses: it would be left off")
    meant, at, why = registry.Resolved("", "", "", "wallet"), None, None
    try:
        meant, at = _rows.meant(bundle.exchange, label, ""), _rows.height(height)
    except registry.UnknownLabel as error:
        meant, why = registry.Resolved(error.network, error.asset, error.scheme, "wallet"), (error.code, str(error))
    except ValueError:
        why = "bad_height", "a block height or -"
    row = Published(
        source_row=line.number,
        label=label,
        network=meant.network,
        asset=meant.asset,
        scheme=meant.scheme,
        holding=meant.holding,
        remark=meant.remark,
        height=at,
        address=address,
        amount=None,
        unit="unknown",
        raw=line.raw,
    )
    if not why and not meant.network:
        why = "unknown_network", f"the label {label!r} names no network"
    return _rows.refused(row, *why) if why else row
