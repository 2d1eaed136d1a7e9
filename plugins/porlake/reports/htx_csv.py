"""HTX's (Huobi's) monthly file: a block of totals, an empty line, then one row an address. Poloniex publishes the same
layout.

Published in the repositories of their verifiers, https://github.com/huobiapi/Tool-Node.js-VerifyAddress and
https://github.com/poloniex/tools-nodejs-address-verify. Content: addresses. A row without height and balance is a
signer of the contract row above it, which HTX leaves unsigned and Poloniex does not; a contract may have several, and
they are repeated under every coin.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO

from porlake import registry
from porlake.errors import BadStructure
from porlake.reports import _rows
from porlake.reports._items import Item, Published, Refused, Snapshot, Source, stamp
from porlake.reports._rows import Line

NAME = "htx_csv"

COLUMNS = {
    "coin": "label", "snapshot " "height": "height", "balance": "amount", "address": "address", "message": "message", "signature": "signature",
}  # fmt: skip
TOTALS = ("label", "height", "amount")
ROWS = ("label", "address", "height", "amount", "message", "signature")

_NAME = re.compile(r"(?:huobi|htx|poloniex)[a-z_]*_(\d{8})(?!\d)", re.IGNORECASE | re.ASCII)


def matches(head: bytes) -> bool:
    """Whether a line of the head is the header of the address block."""
    return any(_is_row_header(line.cells) for line in _rows.lines(BytesIO(head)))


def content(stream: BinaryIO) -> str:
    return "addresses"


def snapshot_of(file_name: str) -> Snapshot | None:
    """huobi_por_20240701.csv, poloniex_por_20240801.csv: a day"""
    match = _NAME.search(file_name)
    if match is None:
        return None
    try:
        return Snapshot(stamp(match[1]), "day")
    except ValueError:
        return None


def parse(stream: BinaryIO, source: Source) -> Iterator[Item]:
    """Raises BadStructure."""
    rows = _Rows(source)
    stream.seek(0)
    for line, in_rows in _blocks(stream, source.file_name):
        yield rows.take(line) if in_rows else _summary(line, source)
    if not rows.found:
        raise BadStructure(source.file_name, 0, "the address block has no rows")


def _blocks(stream: BinaryIO, file: str) -> Iterator[tuple[Line, bool]]:
    """The lines of both blocks; True for a row of the address block. Raises BadStructure."""
    columns: tuple[str, ...] = ()
    number = 0
    for line in _rows.lines(stream):
        number = line.number
        if line.is_blank:
            columns = columns if columns == ROWS else ()
        elif columns:
            yield line, columns == ROWS
        else:
            columns = tuple(_rows.header(line.cells, COLUMNS) or ())
            _rows.nothing_left(file, line.number, list(columns))
            if columns not in (TOTALS, ROWS):
                raise BadStructure(
                    file, line.number, f"a header with the columns {', '.join(columns)}; known are {TOTALS} and {ROWS}"
                )
    if columns != ROWS:
        raise BadStructure(file, number, "the file ends before the header of its address block")


def _is_row_header(cells: list[str]) -> bool:
    folded = [_rows.fold(cell) for cell in cells]
    return "address" in folded and "coin" in folded and "signature" in folded


def _summary(line: Line, source: Source) -> Item:
    if line.fault or len(line.cells) != len(TOTALS):
        return Refused(
            line.number, "summary", line.fault or _rows.RAGGED, f"{len(TOTALS)} cells of CSV in UTF-8", line.raw
        )
    label, height, amount = (cell.strip() for cell in line.cells)
    return _rows.summary(line, source.exchange, source.file_name, label, height, amount)


class _Rows:
    """Rows of the address block; remembers the row for which the signer rows below it sign."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._above: Published | None = None
        self.found = 0

    def take(self, line: Line) -> Published | Refused:
        self.found += 1
        if line.fault or len(line.cells) != len(ROWS):
            self._above = None
            return Refused(
                line.number, "rows", line.fault or _rows.RAGGED, f"{len(ROWS)} cells of CSV in UTF-8", line.raw
            )
        label, address, height, amount, _, signature = (cell.strip() for cell in line.cells)
        # Blanks in a message are signed too: it stays as it stands.
        message, signature = (
            ("" if line.cells[4].strip() == "-" else line.cells[4]),
            ("" if signature == "-" else _rows.null(signature)),
        )
        signs_for_other = height == "-" and amount == "-"
        try:
            meant = _rows.meant(self._source.exchange, label, "")
        except registry.UnknownLabel as unknown:
            return self._refused(
                line, unknown.code, str(unknown), label, address, message, signature, asset=unknown.asset
            )
        try:
            at = _rows.height(height)
        except ValueError:
            return self._refused(line, "bad_height", "a block height or -", label, address, message, signature, meant)
        if not meant.network:
            return self._refused(
                line, "unknown_network", f"the label {label!r} names no network", label, address, message, signature
            )
        if signs_for_other and not self._is_signed_by(meant.network):
            return self._refused(
                line,
                "no_row_to_sign_for",
                "an unsigned row above, or one of that network",
                label,
                address,
                message,
                signature,
                meant,
            )
        row = Published(
            source_row=line.number,
            for_row=self._above.source_row if signs_for_other and self._above else None,
            label=label,
            network_label="",
            network=meant.network,
            asset=meant.asset,
            scheme=meant.scheme,
            holding=meant.holding,
            remark=meant.remark,
            height=at,
            address=address,
            amount=None if signs_for_other else amount,
            unit="coin",
            message=message,
            signatures=[signature],
            key_or_script="",
            owners=[],
            custodian=None,
            raw=line.raw,
        )
        if not signs_for_other:
            self._above = row
        return row

    def _is_signed_by(self, network: str) -> bool:
        """Signers of a contract on Avalanche stand below it under `ETH`: an unsigned row takes them of any network."""
        return self._above is not None and (not any(self._above.signatures) or self._above.network == network)

    def _refused(
        self,
        line: Line,
        reason: str,
        expected: str,
        label: str,
        address: str,
        message: str,
        signature: str,
        meant: registry.Resolved | None = None,
        asset: str = "",
    ) -> Refused:
        self._above = None
        return Refused(
            source_row=line.number,
            block="rows",
            reason=reason,
            expected=expected,
            raw=line.raw,
            label=label,
            network=meant.network if meant else "",
            asset=meant.asset if meant else asset,
            scheme=meant.scheme if meant else "",
            address=address,
            message=message,
            signatures=(signature,),
        )
