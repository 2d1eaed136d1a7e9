"""What stands beside an address block, as published, to published totals, liabilities, trackers' figures and stated
transfers.
"""

from __future__ import annotations

from decimal import Decimal

from porlake import addresses, amounts, registry
from porlake.model import Liability, PublishedTotal, ReportFile, StatedTransfer, TrackerFigure
from porlake.reports import Figure, Summary, Transfer


def total_of(file: ReportFile, row: Summary) -> PublishedTotal | None:
    """What a line says that is held; None where it says nothing of it. Raises InvalidAmount.

    A line of a file's summary that prints no amount stays one without: the lines below it are its own, and not those
    of the group above.
    """
    is_of_summary = bool(row.asset) and row.level in ("group", "part")
    if not (is_of_summary or row.amount or row.own_amount or row.custody_amount or row.usd):
        return None
    figures = _Figures(_scale(row), row.remark)
    amount = row.amount if row.decimals is None else amounts.with_point(row.amount, row.decimals)
    return PublishedTotal(
        exchange=file.exchange,
        report=file.report,
        source_row=row.source_row,
        label=row.label,
        level=row.level,
        network=row.network or None,
        asset=row.asset or None,
        amount=figures.units(amount) if row.asset else None,
        amount_published=row.amount,
        printed_decimals=amounts.printed_decimals(amount) if amount else None,
        own_amount=figures.units(row.own_amount) if row.asset else None,
        custody_amount=figures.units(row.custody_amount) if row.asset else None,
        usd_published=figures.decimal(row.usd, 38, 2),
        snapshot_height=row.height,
        holding=row.holding,
        scope=row.scope,
        source=row.source,
        note=row.note,
        member=row.member,
        remark=figures.remark,
    )


def liability_of(file: ReportFile, row: Summary) -> Liability | None:
    """What a line says that is owed; None where it says nothing of it. Raises InvalidAmount."""
    if not row.asset or not (row.owed or row.printed_ratio):
        return None
    figures = _Figures(_scale(row), row.remark)
    return Liability(
        exchange=file.exchange,
        report=file.report,
        source_row=row.source_row,
        label=row.label,
        asset=row.asset,
        owed=figures.units(row.owed, up=True),
        printed_ratio=figures.decimal(row.printed_ratio, 20, 12),
        proof_kind="printed",
        proof_verdict=None,
        source=row.source,
        note=row.note,
        member=row.member,
        remark=figures.remark,
    )


def figure_of(file: ReportFile, row: Figure) -> TrackerFigure:
    """A tracker's figure, in its unit. Raises InvalidAmount."""
    size = amounts.decimal(row.value.removeprefix("-"), 38, 8)
    return TrackerFigure(
        exchange=file.exchange,
        report=file.report,
        source_row=row.source_row,
        figure=row.figure,
        value=-size if row.value.startswith("-") else size,
        unit=row.unit,
        definition=row.definition,
        source=row.source,
        note=row.note,
        member=row.member,
    )


def transfer_of(file: ReportFile, row: Transfer) -> StatedTransfer:
    """A transfer as an exchange states it. Raises InvalidAddress, InvalidAmount."""
    address = addresses.parse(row.network, row.address).text
    return StatedTransfer(
        exchange=file.exchange,
        report=file.report,
        source_row=row.source_row,
        network=row.network,
        asset=row.asset,
        address=address,
        recipient=addresses.parse(row.network, row.recipient).text if row.recipient else address,
        transaction=row.transaction,
        amount_stated=amounts.base_units(row.amount, registry.load().assets[row.asset].scale),
        first_height=row.first_height,
        last_height=row.last_height,
        source=row.source,
        member=row.member,
    )


def _scale(row: Summary) -> int:
    """Digits behind the point of the asset's units; 0 for a line of dollars alone."""
    return registry.load().assets[row.asset].scale if row.asset else 0


class _Figures:
    """Figures that a publisher prints beside its rows: finer ones than can be kept are cut, what it holds down and what
    it owes up, and flagged.

    `remark` is complete once all figures of a row have been read.
    """

    def __init__(self, scale: int, remark: str) -> None:
        self._scale, self._remarks = scale, {remark} - {""}

    @property
    def remark(self) -> str | None:
        return " ".join(sorted(self._remarks)) or None

    def units(self, text: str, *, up: bool = False) -> int | None:
        return amounts.base_units(self._cut(text, self._scale, up), self._scale) if text else None

    def decimal(self, text: str, digits: int, places: int) -> Decimal | None:
        return amounts.decimal(self._cut(text, places), digits, places) if text else None

    def _cut(self, text: str, places: int, up: bool = False) -> str:
        kept, is_cut = amounts.cut(text, places, up=up)
        if is_cut:
            self._remarks.add("rounded_up" if up else "rounded_down")
        return kept
