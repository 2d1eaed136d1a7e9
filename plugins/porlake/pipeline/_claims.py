"""Rows of an address block, as published, to claims, evidence and rejections: canonical addresses, whole base units."""

from __future__ import annotations

from porlake import addresses, amounts, registry, reports
from porlake.model import Claim, Evidence, Rejection, ReportFile

STAKED_AT = "ethereum"  # where the accounts of validators are


def claim_of(file: ReportFile, row: reports.Published) -> Claim:
    """The claim that a row makes. Raises InvalidAddress, InvalidAmount."""
    address = addresses.parse(row.network, row.address)
    deposit, withdrawal = _account(row.deposit_address), _account(row.withdrawal_address)
    amount, decimals, remark = _amount(row)
    return Claim(
        exchange=file.exchange,
        report=file.report,
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


def _account(text: str) -> str | None:
    """An account of Ethereum in its canonical spelling, None where none is said. Raises InvalidAddress."""
    return addresses.parse(STAKED_AT, text).text if text else None


def _amount(row: reports.Published) -> tuple[int | None, int | None, str]:
    """(base units, digits behind the point, remark) of a row's amount. Raises InvalidAmount."""
    if row.amount is None:
        return None, None, row.remark
    scale = registry.load().assets[row.asset].scale
    if row.unit == "coin":
        return *amounts.printed(row.amount, scale), row.remark
    raw = amounts.base_units(row.amount, 0)
    token = registry.load().token(row.network, row.asset)
    if row.unit == "base" and token is not None:
        return amounts.rescale(raw, token.decimals, scale), token.decimals, row.remark
    # Layouts of 2022 print some coins in base units; where the file does not show which, no figure is better than a
    # wrong one.
    return None, None, row.remark or "unit_unknown"


def evidence_of(file: ReportFile, row: reports.Published | reports.Refused) -> Evidence:
    """What a row, used or refused, holds of signatures."""
    return Evidence(  # by place: half a million times, names cost a microsecond each time
        file.exchange,
        file.report,
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


def rejection_of(file: ReportFile, row: reports.Item, block: str, reason: str, expected: str) -> Rejection:
    """Why a row of a block (rows, summary) is not used."""
    return Rejection(
        exchange=file.exchange,
        report=file.report,
        source_row=row.source_row,
        block=block,
        network=row.network or None,
        asset=row.asset or None,
        label=row.label or None,
        address_published=row.address or None,
        reason=reason,
        expected=expected,
        raw=row.raw[: reports.RAW_CHARACTERS],
        member=row.member,
    )
