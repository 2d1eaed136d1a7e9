"""parse: rows as published to claims, evidence, totals, liabilities and rejections."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from decimal import Decimal

from porlake import addresses, amounts, registry, reports
from porlake.errors import (
    BadStructure,
    InvalidAddress,
    InvalidAmount,
)
from porlake.model import (
    Claim,
    Dataset,
    Evidence,
    Liability,
    PublishedTotal,
    Rejection,
    ReportFile,
)
from porlake.pipeline._session import Session
from porlake.pipeline._settings import TELL_EVERY

STAKED_AT = "ethereum"  # where the accounts of validators are
PARSED: tuple[type[Dataset], ...] = (Claim, Evidence, PublishedTotal, Liability, Rejection)


def parse(session: Session, report: str) -> str:
    """Rows as published to claims, evidence, totals, liabilities and rejections. Raises BadStructure and writes nothing
    then.

    Every row of the address block becomes exactly one of a claim, a signer row or a rejection; the count is checked.
    """
    lake = session.lake
    file: ReportFile = lake.report(report)
    partition = {"exchange": file.exchange, "report": file.report}
    with (
        ExitStack() as files,
        _seldom_collected(),
        lake.writing(*((row_class, partition) for row_class in PARSED)) as writers,
    ):
        members = tuple(
            reports.Member(name, files.enter_context(lake.open_raw(digest)), role, digest)
            for digest, role, name in _members(file)
        )
        take = _Taker(file, dict(zip(PARSED, (writer.add for writer in writers), strict=True)))
        for item in reports.format_of(file.format).parse(reports.Bundle(members, file.file_name, file.exchange)):
            take(item)
            if take.rows and take.rows % TELL_EVERY == 0:
                session.progress(f"parse {file.attestation}", take.rows, None)
        take.check()
    return file.report


def _members(file: ReportFile) -> list[list[str]]:
    """[sha256, role, name] of each file of a report, in the order of their numbers."""
    listed = (line.split("  ", 2) for line in file.members)
    return [entry for entry in listed if entry[1] != "-"]


@contextmanager
def _seldom_collected() -> Iterator[None]:
    """Rows hold no cycles: the collector would look through half a million of them for nothing, which costs a tenth of
    the stage.
    """
    before = gc.get_threshold()
    gc.set_threshold(100_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _account(text: str) -> str | None:
    """An account of Ethereum in its canonical spelling, None where none is said. Raises InvalidAddress."""
    return addresses.parse(STAKED_AT, text).text if text else None


class _Taker:
    """Turns what a parser yields into rows of the datasets: canonical address, whole base units, or a rejection."""

    def __init__(self, file: ReportFile, out: Mapping[type[Dataset], Callable[[object], None]]) -> None:
        self._file, self._out = file, out
        self._exchange, self._report = file.exchange, file.report
        self._assets = registry.load().assets
        self.rows = 0
        self._claims = self._signers = self._rejections = 0

    def check(self) -> None:
        """Every row of the address block is in the lake once. Raises BadStructure."""
        if self.rows != self._claims + self._signers + self._rejections:
            kept = f"{self._claims} claims, {self._signers} signer rows and {self._rejections} rejections"
            raise BadStructure(self._file.file_name, 0, f"{self.rows} rows of the address block became {kept}")

    def __call__(self, item: reports.Item) -> None:
        if isinstance(item, reports.Published):
            self.rows += 1
            self._published(item)
        elif isinstance(item, reports.Refused):
            self.rows += item.block == "rows"
            self._refused(item)
        else:
            self._summary(item)

    def _published(self, row: reports.Published) -> None:
        self._out[Evidence](self._evidence(row))
        try:
            address = addresses.parse(row.network, row.address)
            deposit, withdrawal = _account(row.deposit_address), _account(row.withdrawal_address)
            amount, decimals, remark = self._amount(row)
        except (InvalidAddress, InvalidAmount) as error:
            self._reject(row, "rows", error.code, error.why)
            return
        if row.for_row is not None:
            self._signers += 1
            return
        self._claims += 1
        self._out[Claim](
            Claim(
                exchange=self._file.exchange,
                report=self._file.report,
                source_row=row.source_row,
                network=row.network,
                asset=row.asset,
                address=address.text,
                address_published=row.address,
                label=row.label,
                network_label=row.network_label or None,
                amount=amount,
                amount_published=row.amount,
                printed_decimals=decimals,
                snapshot_height=row.height,
                holding=row.holding,
                custodian=row.custodian,
                remark=(f"{remark} {address.remark}".strip() if address.remark else remark) or None,
                source=row.source,
                member=row.member,
                deposit_address=deposit,
                withdrawal_address=withdrawal,
            )
        )

    def _amount(self, row: reports.Published) -> tuple[int | None, int | None, str]:
        if row.amount is None:
            return None, None, row.remark
        scale = self._assets[row.asset].scale
        if row.unit == "coin":
            return *amounts.printed(row.amount, scale), row.remark
        raw = amounts.base_units(row.amount, 0)
        token = registry.load().token(row.network, row.asset)
        if row.unit == "base" and token is not None:
            return amounts.rescale(raw, token.decimals, scale), token.decimals, row.remark
        # Layouts of 2022 print some coins in base units; where the file does not show which, no figure is better than a
        # wrong one.
        return None, None, row.remark or "unit_unknown"

    def _evidence(self, row: reports.Published | reports.Refused) -> Evidence:
        return Evidence(  # by place: half a million times, names cost a microsecond each time
            self._exchange,
            self._report,
            row.source_row,
            row.for_row if isinstance(row, reports.Published) else None,
            row.network or None,
            row.asset or None,
            row.label or "",
            row.network_label or None,
            row.holding,
            row.scheme or "no_scheme",
            row.address or "",
            row.message,
            list(row.signatures),
            row.key_or_script,
            list(row.owners),
            row.member,
        )

    def _refused(self, row: reports.Refused) -> None:
        if row.block == "rows":
            self._out[Evidence](self._evidence(row))
        self._reject(row, row.block, row.reason, row.expected)

    def _reject(self, row: reports.Item, block: str, reason: str, expected: str) -> None:
        self._rejections += block == "rows"
        self._out[Rejection](
            Rejection(
                exchange=self._file.exchange,
                report=self._file.report,
                source_row=row.source_row,
                block=block,
                network=row.network or None,
                asset=row.asset or None,
                label=row.label or None,
                address_published=getattr(row, "address", None) or None,
                reason=reason,
                expected=expected,
                raw=row.raw[: reports.RAW_CHARACTERS],
                member=row.member,
            )
        )

    def _summary(self, row: reports.Summary) -> None:
        try:
            total, liability = self._total(row), self._liability(row)
        except InvalidAmount as error:
            self._reject(row, "summary", error.code, error.why)
            return
        if total:
            self._out[PublishedTotal](total)
        if liability:
            self._out[Liability](liability)

    def _total(self, row: reports.Summary) -> PublishedTotal | None:
        if not (row.amount or row.own_amount or row.custody_amount or row.usd):
            return None
        figures = _Figures(self._assets[row.asset].scale if row.asset else 0, row.remark)
        return PublishedTotal(
            exchange=self._file.exchange,
            report=self._file.report,
            source_row=row.source_row,
            label=row.label,
            level=row.level,
            network=row.network or None,
            asset=row.asset or None,
            amount=figures.units(row.amount) if row.asset else None,
            amount_published=row.amount,
            printed_decimals=amounts.printed_decimals(row.amount) if row.amount else None,
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

    def _liability(self, row: reports.Summary) -> Liability | None:
        if not row.asset or not (row.owed or row.printed_ratio):
            return None
        figures = _Figures(self._assets[row.asset].scale, row.remark)
        return Liability(
            exchange=self._file.exchange,
            report=self._file.report,
            source_row=row.source_row,
            label=row.label,
            asset=row.asset,
            owed=figures.units(row.owed, up=True),
            printed_ratio=figures.decimal(row.printed_ratio, 20, 12),
            proof_kind="stated",
            proof_verdict=None,
            source=row.source,
            note=row.note,
            member=row.member,
            remark=figures.remark,
        )


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
