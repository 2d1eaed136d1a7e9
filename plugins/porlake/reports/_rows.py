"""What formats of every kind of file share, CSV, JSON or YAML: what labels, heights and empty cells mean, and how a
refused row and a line of totals are made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Context
from functools import lru_cache

from porlake import registry
from porlake.reports._items import Published, Refused, Summary

RAW_CHARACTERS = 2_000
NULLS = frozenset({"", "null", "\\N"})
RAGGED = "ragged"
UNREADABLE = frozenset({RAGGED, "line_too_long", "nul_byte", "invalid_utf8", "bad_quoting", "cell_too_long"})
"""Reasons of a row whose cells cannot be told apart: nothing of it is known, neither address nor signature."""

#: A plain number of a file's totals, and arithmetic on what files print that loses no digit of it.
PLAIN = re.compile(r"\d{1,60}(?:\.\d{1,60})?", re.ASCII)
EXACT = Context(prec=200)

_GROUP = re.compile(r"(.*?)\s*\(all\)", re.IGNORECASE)
_GROUPED = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?", re.ASCII)
_HEIGHT = re.compile(r"\d{1,18}", re.ASCII)


@lru_cache(maxsize=1_024)
def meant(exchange: str, label: str, network_label: str) -> registry.Resolved:
    """`registry.label`, looked up once a pair of labels: a file has half a million rows of a few hundred. Raises
    UnknownLabel.
    """
    return registry.load().label(exchange, label, network_label)


def height(text: str) -> int | None:
    """A snapshot height in ASCII digits, 18 at the most; `-` and nothing are None. Raises ValueError."""
    if text in ("-", ""):
        return None
    if not _HEIGHT.fullmatch(text):
        raise ValueError(text)
    return int(text)


def null(text: str) -> str:
    """'' for the ways in which the files write that a cell holds nothing."""
    return "" if text in NULLS else text


def ungrouped(text: str) -> str:
    """An amount of a publisher who groups digits by commas (1,234.50) without them; any other text as it stands."""
    return text.replace(",", "") if _GROUPED.fullmatch(text) else text


def group(label: str) -> tuple[str, str]:
    """(label, level) of a summary line: `ETH(ALL)` is the group of ETH."""
    match = _GROUP.fullmatch(label)
    return (match[1], "group") if match else (label, "part")


def refused(row: Published, reason: str, expected: str) -> Refused:
    """A row of the address block that was read and is not used."""
    return Refused(
        source_row=row.source_row,
        block="rows",
        reason=reason,
        expected=expected,
        raw=row.raw,
        label=row.label,
        network_label=row.network_label,
        network=row.network,
        asset=row.asset,
        scheme=row.scheme,
        holding=row.holding,
        address=row.address,
        message=row.message,
        signatures=row.signatures,
        key_or_script=row.key_or_script,
        owners=row.owners,
        member=row.member,
    )


def listed(
    exchange: str,
    source_row: int,
    raw: str,
    *,
    label: str,
    network_label: str,
    address: str,
    custodian: str = "",
    member: int = 0,
) -> Published | Refused:
    """A row of a list of addresses that says nothing of what they hold: the network's own coin stands for all."""
    facts = registry.load()
    place = facts.labels.get((exchange, "", registry.fold(network_label)))
    network = place.network if place else ""
    row = Published(
        source_row=source_row,
        label=label,
        network_label=network_label,
        network=network,
        asset=facts.networks[network].native_asset if network else "",
        holding="custody" if custodian else "wallet",
        custodian=custodian or None,
        address=address,
        amount=None,
        unit="unknown",
        raw=raw,
        member=member,
    )
    if not network:
        return refused(row, "unknown_network", f"a network of {exchange} that labels.csv names")
    return row


def summary(
    exchange: str,
    source: str,
    source_row: int,
    raw: str,
    *,
    label: str,
    height_text: str,
    amount: str,
    network: str = "",
    holding: str = "",
    member: int = 0,
) -> Summary | Refused:
    """A line of a totals block; `network` and `holding` where the file says them and the label does not."""
    bare, level = group(label)
    try:
        at = height(height_text)
        meant = registry.load().group(exchange, bare) if level == "group" else registry.load().label(exchange, bare)
    except ValueError:
        return unused_summary(source_row, raw, "bad_height", "a block height or -", label=label, member=member)
    except registry.UnknownLabel as error:
        return Refused(
            source_row=source_row,
            block="summary",
            reason=error.code,
            expected=str(error),
            raw=raw,
            label=label,
            network=error.network,
            asset=error.asset,
            member=member,
        )
    return Summary(
        source_row=source_row,
        label=label,
        level=level,
        network=network or ("" if level == "group" else meant.network),
        asset=meant.asset,
        holding=holding or meant.holding,
        height=at,
        amount=amount,
        source=source,
        raw=raw,
        remark=meant.remark,
        member=member,
    )


def asset_total(
    exchange: str, source_row: int, raw: str, label: str, figures: Mapping[str, str], remark: str = ""
) -> Summary | Refused:
    """What an exchange itself states of one coin over all its networks.

    `figures`: by the names that `Summary` has for them (amount, own_amount, custody_amount, owed, printed_ratio), the
    ratio in percent; one that is there and empty refuses the line, for it is no zero.
    """
    try:
        meant = registry.load().group(exchange, label)
    except registry.UnknownLabel as error:
        return unused_summary(source_row, raw, error.code, str(error), label=label)
    if empty := [name for name, text in figures.items() if not text]:
        return unused_summary(source_row, raw, "not_a_number", f"a number ({empty[0]})", label=label)
    return Summary(
        source_row=source_row,
        label=label,
        level="asset",
        asset=meant.asset,
        source=exchange,
        raw=raw,
        remark=f"{meant.remark} {remark}".strip(),
        amount=figures.get("amount", ""),
        own_amount=figures.get("own_amount", ""),
        custody_amount=figures.get("custody_amount", ""),
        owed=figures.get("owed", ""),
        printed_ratio=figures.get("printed_ratio", ""),
    )


def unused_summary(
    source_row: int, raw: str, reason: str, expected: str, *, label: str = "", member: int = 0
) -> Refused:
    """A line of a totals block that is not used."""
    return Refused(
        source_row=source_row, block="summary", reason=reason, expected=expected, raw=raw, label=label, member=member
    )
