"""HTX's (Huobi's) monthly file: a block of totals, an empty line, then one row an address. Poloniex publishes the same
layout.

HTX publishes the same rows as a workbook of one sheet beside the CSV since 2024-08, which is read the same way.
Published in the repositories of their verifiers, https://github.com/huobiapi/Tool-Node.js-VerifyAddress and
https://github.com/poloniex/tools-nodejs-address-verify. Content: addresses. A row without height and balance is a
signer of the contract row above it, which HTX leaves unsigned and Poloniex does not; a contract may have several, and
they are repeated under every coin.

A contract cannot sign. Where the row of one carries a signature all the same, and the file lists that very signature
under another account, that account is one who signs for the contract: it is given as an owner, for the chain to
confirm.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from porlake import registry
from porlake.errors import BadStructure
from porlake.reports import _csv, _rows, _workbook, _zip
from porlake.reports._bundle import Bundle, Member, each_alone
from porlake.reports._csv import Line
from porlake.reports._items import Item, Published, Refused
from porlake.reports._snapshot import Snapshot, named

NAME = "htx_csv"
ROLES = (NAME,)

COLUMNS = {
    "coin": "label", "snapshot height": "height", "balance": "amount", "address": "address", "message": "message",
    "signature": "signature",
}  # fmt: skip
TOTALS = ("label", "height", "amount")
ROWS = ("label", "address", "height", "amount", "message", "signature")

MOST_COMPARED = 100_000
"""So many rows with a signature, from the first on, are compared with each other; real files have a hundred."""

_NAME = re.compile(r"(?:huobi|htx|poloniex)[a-z_]*_(\d{8})(?!\d)", re.IGNORECASE | re.ASCII)


def matches(bundle: Bundle) -> bool:
    """Whether a line of the head is the header of the address block, or it is a workbook with the sheet huobi_por."""
    return any(map(_is_month, bundle.members))


def members(bundle: Bundle) -> list[tuple[Member, ...]]:
    """Each month is a report of its own."""
    return each_alone(bundle, _is_month, NAME)


def _is_month(member: Member) -> bool:
    return any(_is_row_header(line.cells) for line in _csv.head_lines(member)) or bool(_zip.sheet_of(member.content))


def content(bundle: Bundle) -> str:
    return "addresses"


def snapshot_of(file_name: str) -> Snapshot | None:
    """huobi_por_20240701.csv, poloniex_por_20240801.csv: a day"""
    match = _NAME.search(file_name)
    return named(match and match[1], "day")


def parse(bundle: Bundle) -> Iterator[Item]:
    """Raises BadStructure."""
    (member,) = bundle.members
    rows, signatures = _Rows(bundle.exchange), _Signatures.of(_rows_alone(member, bundle.exchange))
    for line, in_rows in _blocks(member):
        yield signatures.compared(rows.take(line)) if in_rows else _summary(line, bundle)
    if not rows.found:
        raise BadStructure(member.name, 0, "the address block has no rows")


def _blocks(member: Member) -> Iterator[tuple[Line, bool]]:
    """The lines of both blocks; True for a row of the address block. Raises BadStructure."""
    columns: tuple[str, ...] = ()
    number = 0
    is_workbook = bool(_zip.sheet_of(member.content))
    for line in _workbook.lines(member) if is_workbook else _csv.all_lines(member):
        number = line.number
        if line.is_blank:
            columns = columns if columns == ROWS else ()
        elif columns:
            yield _workbook.fitted(line, len(columns)) if is_workbook else line, columns == ROWS
        else:
            columns = tuple(_csv.header(line.cells, COLUMNS))
            _csv.nothing_left(member.name, line.number, list(columns))
            if columns not in (TOTALS, ROWS):
                why = f"a header with the columns {', '.join(columns)}; known are {TOTALS} and {ROWS}"
                raise BadStructure(member.name, line.number, why)
    if columns != ROWS:
        raise BadStructure(member.name, number, "the file ends before the header of its address block")


def _is_row_header(cells: list[str]) -> bool:
    folded = [_csv.fold(cell) for cell in cells]
    return "address" in folded and "coin" in folded and "signature" in folded


def _summary(line: Line, bundle: Bundle) -> Item:
    if line.fault or len(line.cells) != len(TOTALS):
        return _csv.unreadable(line, "summary", f"{len(TOTALS)} cells of CSV in UTF-8")
    label, height, amount = (cell.strip() for cell in line.cells)
    return _rows.summary(
        bundle.exchange, bundle.name, line.number, line.raw, label=label, height_text=height, amount=amount
    )


def _rows_alone(member: Member, exchange: str) -> Iterator[Published]:
    """The rows of the address block that were read, as they stand by themselves."""
    rows = _Rows(exchange)
    taken = (rows.take(line) for line, in_rows in _blocks(member) if in_rows)
    return (row for row in taken if isinstance(row, Published))


@dataclass(frozen=True, slots=True)
class _Signatures:
    """`under`: by signature and message, the accounts of keys whose rows carry both; `under_contracts`: those of
    contracts; `contracts`: lines of rows for which other rows sign.
    """

    under: dict[tuple[str, str], list[str]]
    under_contracts: dict[tuple[str, str], list[str]]
    contracts: set[int]

    @classmethod
    def of(cls, rows: Iterable[Published]) -> _Signatures:
        found: list[tuple[int, tuple[str, str], str]] = []
        contracts: set[int] = set()
        for row in rows:
            if row.for_row is not None:
                contracts.add(row.for_row)
            if any(row.signatures):
                found.append((row.source_row, _signed(row), _folded(row.address)))
            if len(found) == MOST_COMPARED:
                break
        made = cls({}, {}, contracts)
        for line, signed, account in found:
            accounts = (made.under_contracts if line in contracts else made.under).setdefault(signed, [])
            if account not in accounts:
                accounts.append(account)
        return made

    def compared(self, row: Published | Refused) -> Published | Refused:
        """The row with a remark where its signature stands under another account too; and of a contract, with the first
        such account that is none as its owner.
        """
        if isinstance(row, Refused) or not any(row.signatures):
            return row
        account, signed = _folded(row.address), _signed(row)
        keys = [other for other in self.under.get(signed, ()) if other != account]
        if not keys and not any(other != account for other in self.under_contracts.get(signed, ())):
            return row
        remark = f"{row.remark} signature_under_two_accounts".strip()
        return replace(row, remark=remark, owners=tuple(keys[:1]) if row.source_row in self.contracts else ())


def _signed(row: Published) -> tuple[str, str]:
    """What tells a signature: its digits, however they are written, and the message."""
    return row.signatures[0].lower().removeprefix("0x"), row.message


def _folded(address: str) -> str:
    """An account of the EVM is written in either case."""
    return address.lower() if address[:2] in ("0x", "0X") else address


class _Rows:
    """Rows of the address block; remembers the row for which the signer rows below it sign."""

    def __init__(self, exchange: str) -> None:
        self._exchange = exchange
        self._above: Published | None = None
        self.found = 0

    def take(self, line: Line) -> Published | Refused:
        self.found += 1
        if line.fault or len(line.cells) != len(ROWS):
            self._above = None
            return _csv.unreadable(line, "rows", f"{len(ROWS)} cells of CSV in UTF-8")
        label, address, height, amount, _, signature = (cell.strip() for cell in line.cells)
        message = "" if line.cells[4].strip() == "-" else line.cells[4]  # blanks in a message are signed too
        signs_for_other = height == "-" and amount == "-"
        meant, why = self._meant(label)
        at = None
        try:
            at = _rows.height(height)
        except ValueError:
            why = why or ("bad_height", "a block height or -")
        if not meant.network:
            why = why or ("unknown_network", f"the label {label!r} names no network")
        if signs_for_other and not self._is_signed_by(meant.network):
            why = why or ("no_row_to_sign_for", "an unsigned row above, or one of that network")
        row = Published(
            source_row=line.number,
            for_row=self._above.source_row if signs_for_other and self._above and not why else None,
            label=label,
            network=meant.network,
            asset=meant.asset,
            scheme=meant.scheme,
            holding=meant.holding,
            remark=meant.remark,
            height=at,
            address=address,
            amount=None if signs_for_other else amount,
            message=message,
            signatures=("" if signature == "-" else _rows.null(signature),),
            raw=line.raw,
        )
        if why:
            self._above = None
            return _rows.refused(row, *why)
        if not signs_for_other:
            self._above = row
        return row

    def _meant(self, label: str) -> tuple[registry.Resolved, tuple[str, str] | None]:
        """What the label means, as far as it is known; (reason, what was expected) where that is not enough."""
        try:
            return _rows.meant(self._exchange, label, ""), None
        except registry.UnknownLabel as error:
            return registry.Resolved("", error.asset, "", "wallet"), (error.code, str(error))

    def _is_signed_by(self, network: str) -> bool:
        """Signers of a contract on Avalanche stand below it under `ETH`: an unsigned row takes them of any network."""
        return self._above is not None and (not any(self._above.signatures) or self._above.network == network)
