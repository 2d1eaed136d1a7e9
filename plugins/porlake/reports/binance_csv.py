"""Binance's list of all addresses: one row a coin, network and address, in two files that are one statement.

Monthly since 2022-11 as https://public.bnbstatic.com/static/proof-of-reserve/wallet_address_<YYYYMMDD>.zip, whose two
members have one header: PR<DD><MON><YY>_HotCold.csv holds about a thousand wallets of the exchange and of its
custodians, PR<DD><MON><YY>_Deposit.csv the deposit addresses of its users, four to ten million. Nobody signs. Content:
addresses.

An amount is printed with eighteen digits behind the point whatever the coin; a row with a name in its last column is
held by that third party. Snapshots are of 00:00 UTC.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from porlake import registry
from porlake.errors import BadStructure
from porlake.reports import _csv, _rows
from porlake.reports._bundle import Bundle, Member, joined
from porlake.reports._csv import Line
from porlake.reports._items import Item, Published, Refused, Rows, Stretch
from porlake.reports._snapshot import Snapshot
from porlake.stamps import stamp

if TYPE_CHECKING:
    from porlake.reports._columns import Chunk

NAME = "binance_csv"
ROLES = HOT_COLD, DEPOSIT = ("hotcold", "deposit")

COLUMNS = {
    "coin": "label", "network": "network", "address": "address", "balance": "amount", "height": "height",
    "third party custodian name": "custodian",
}  # fmt: skip
ROW = tuple(COLUMNS.values())

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_AUDIT = re.compile(rf"(?<![a-z0-9])PR(\d\d)({'|'.join(MONTHS)})(\d\d)(?=_|\.|$)", re.IGNORECASE | re.ASCII)
_ARCHIVE = re.compile(r"wallet_address_(\d{8})(?!\d)", re.IGNORECASE | re.ASCII)
_ROLE = re.compile(r"_(hotcold|deposit)(?=_|\.|$)", re.IGNORECASE | re.ASCII)


def matches(bundle: Bundle) -> bool:
    """Whether the first line names a balance and a third party custodian."""
    return any(map(_is_list, bundle.members))


def members(bundle: Bundle) -> list[tuple[Member, ...]]:
    """The deposit addresses go with the wallets of the same audit, as their names say.

    Raises BadStructure for a file whose name says neither HotCold nor Deposit (their headers are the same), for one of
    another audit than its archive is named after, and where several files of wallets could be the deposits' own.
    """
    known = [replace(member, role=_role(member)) for member in bundle.members if _is_list(member)]
    archive = snapshot_of(bundle.name) if _ARCHIVE.search(bundle.name) else None
    for member in known:
        named = snapshot_of(member.name)
        if archive is not None and named is not None and named != archive:
            raise BadStructure(member.name, 0, f"a file of {named}, in {bundle.name}, which is named after {archive}")
    return joined(known, ROLES, _are_of_one_audit)


def _is_list(member: Member) -> bool:
    first = next(_csv.head_lines(member), None)
    return first is not None and {"balance", "third party custodian name"} <= {_csv.fold(cell) for cell in first.cells}


def _role(member: Member) -> str:
    """Raises BadStructure."""
    match = _ROLE.search(member.name)
    if match is None:
        raise BadStructure(
            member.name,
            0,
            "its name says neither HotCold nor Deposit: give it the name under which it was published, as "
            "PR01SEP26_HotCold.csv",
        )
    return match[1].lower()


def _are_of_one_audit(wallets: Member, deposits: Member) -> bool:
    """As far as their names say."""
    a, b = snapshot_of(wallets.name), snapshot_of(deposits.name)
    return a is None or b is None or a == b


def content(bundle: Bundle) -> str:
    return "addresses"


def snapshot_of(file_name: str) -> Snapshot | None:
    """PR01SEP26_HotCold.csv, wallet_address_20260901.zip: a day"""
    try:
        if match := _AUDIT.search(file_name):
            month = 1 + MONTHS.index(match[2].upper())
            return Snapshot(datetime(2000 + int(match[3]), month, int(match[1])), "day")
        match = _ARCHIVE.search(file_name)
        return Snapshot(stamp(match[1]), "day") if match else None
    except ValueError:
        return None


def parse(bundle: Bundle) -> Iterator[Item]:
    """Raises BadStructure."""
    for number, member in enumerate(bundle.members):
        found = 0
        for line in _csv.all_lines(member):
            if line.number == 1:
                _check_header(line, member.name)
            elif not line.is_blank:
                found += 1
                yield _row(line, bundle.exchange, number)
        if not found:  # seen once, of 2026-09, on the exchange's page
            raise BadStructure(member.name, 0, "the file has a header and no rows")


REPEATED = {"label", "network", "height", "custodian"}
"""Columns in which the same cells stand again and again."""


def runs(bundle: Bundle) -> Iterator[Item | Stretch]:
    """`parse` by columns. Raises BadStructure."""
    from porlake.reports import _columns  # brings numpy and pyarrow, which this room does without elsewhere

    for number, member in enumerate(bundle.members):
        found = False
        for part in _columns.chunks(member):
            if isinstance(part, Line):
                if part.number == 1:
                    _check_header(part, member.name)
                elif not part.is_blank:
                    found = True
                    yield _row(part, bundle.exchange, number)
                continue
            if part.first == 1:
                _check_header(part.line(0), member.name)
            found = found or part.has_rows(int(part.first == 1))
            yield Stretch(partial(_rows_of, part, bundle.exchange, number))
        if not found:
            raise BadStructure(member.name, 0, "the file has a header and no rows")


def _rows_of(chunk: Chunk, exchange: str, member: int) -> Rows:
    import numpy as np
    import pyarrow as pa

    from porlake.reports import _columns

    start = int(chunk.first == 1)
    cells, places = _columns.table(chunk, start, ROW, len(ROW), REPEATED)
    known, which = _columns.codes([cells.column(name) for name in ("label", "network", "height", "custodian")])
    plain = [_plain(exchange, *map(str.strip, combination)) for combination in known]
    taken = np.array([one is not None for one in plain], bool)[which]
    if not taken.all():
        cells, places, which = cells.filter(pa.array(taken)), places[taken], which[taken]
    columns = _columns.spread(PLAIN, plain, which) | {
        "source_row": pa.array(places + chunk.first),
        "address": _columns.text(cells.column("address")),
        "amount": _columns.text(cells.column("amount")),
    }

    def one(line: Line) -> Published | Refused:
        return _row(line, exchange, member)

    return Rows(member, columns, _columns.others(chunk, start, places, one), _columns.published(chunk, places, one))


Plain = tuple[str, str, str, str, str, str, str | None, str, int | None]
PLAIN = ("label", "network_label", "network", "asset", "scheme", "holding", "custodian", "remark", "height")


def _plain(exchange: str, label: str, network: str, height: str, custodian: str) -> Plain | None:
    """The values of `PLAIN` of a row with these cells; None where the row is for `_row`."""
    custodian = _custodian(custodian)
    try:
        meant, at = _rows.meant(exchange, label, network), _rows.height(height)
    except (registry.UnknownLabel, ValueError):
        return None
    if not label or not meant.network or not meant.asset:
        return None
    holding = "custody" if custodian else meant.holding
    return label, network, meant.network, meant.asset, meant.scheme, holding, custodian or None, meant.remark, at


def _custodian(cell: str) -> str:
    return "" if cell == "-" else _rows.null(cell)


def _check_header(line: Line, file: str) -> None:
    """Raises BadStructure."""
    columns = _csv.header(line.cells, COLUMNS)
    _csv.nothing_left(file, line.number, columns)
    if tuple(columns) != ROW:
        raise BadStructure(
            file, line.number, f"a header with the columns {', '.join(columns)}; known is {', '.join(ROW)}"
        )


def _row(line: Line, exchange: str, member: int) -> Published | Refused:
    if line.fault or len(line.cells) != len(ROW):
        return _csv.unreadable(line, "rows", f"{len(ROW)} cells of CSV in UTF-8", member=member)
    label, network, address, amount, height, custodian = map(str.strip, line.cells)
    custodian = _custodian(custodian)
    why: tuple[str, str] | None = None
    meant, at = registry.Resolved("", "", "", "wallet"), None
    try:
        meant = _rows.meant(exchange, label, network)
        at = _rows.height(height)
    except registry.UnknownLabel as error:
        meant, why = registry.Resolved(error.network, error.asset, error.scheme, "wallet"), (error.code, str(error))
    except ValueError:
        why = "bad_height", "a block height"
    row = Published(
        source_row=line.number,
        label=label,
        network_label=network,
        network=meant.network,
        asset=meant.asset,
        scheme=meant.scheme,
        holding="custody" if custodian else meant.holding,
        custodian=custodian or None,
        remark=meant.remark,
        height=at,
        address=address,
        amount=amount,
        raw=line.raw,
        member=member,
    )
    if not why and not meant.network:
        why = "unknown_network", f"the labels {label!r} and {network!r} name no network"
    return _rows.refused(row, *why) if why else row
