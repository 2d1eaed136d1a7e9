"""Bitget's totals: the answer of `proof/assets/public/queryPlatformReserveDetail` for one audit id.

https://www.bitget.com/v1/bill/proof/assets/public/queryPlatformReserveDetail (POST). Content: totals of one audit: per
coin what customers own, and what the platform holds on each chain, as JSON floats. No total of a coin is printed: it is
the sum of its chains, told by `sum_of_parts`, those included that the registry does not know. The answer names no
moment; the audit's id does, which the file's name holds: Au2026092917 is 17:00 of 2026-09-29 in UTC+8.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, localcontext

from porlake import registry
from porlake.reports import _json, _rows
from porlake.reports._bundle import Bundle
from porlake.reports._items import Item, Summary
from porlake.reports._json import Shape
from porlake.reports._snapshot import Snapshot, named

NAME = "bitget_json"
ROLES = (NAME,)
EXCHANGE = "bitget"

DETAIL = Shape("platformAssetDetailListList")
COIN = Shape("coinName", "customerTotalAmount", "platformTotalAssetList")
CHAIN = Shape("chainName", "platformTotalAmount")

_NAME = re.compile(r"(?<![A-Za-z])Au(\d{10})(?!\d)", re.ASCII)

matches, members, content = _json.totals(NAME, "platformAssetDetailListList", "platformTotalAssetList")[:3]


def snapshot_of(file_name: str) -> Snapshot | None:
    """bitget_Au2026092917.json: the hour of the audit"""
    match = _NAME.search(file_name)
    return named(match and match[1], "moment")


def parse(bundle: Bundle) -> Iterator[Item]:
    """Raises BadStructure."""
    (member,) = bundle.members
    number = 0
    for entry in _json.answer(_json.read(member)).object(DETAIL)["platformAssetDetailListList"].items():
        coin = entry.object(COIN)
        chains = [(chain, chain.object(CHAIN)) for chain in coin["platformTotalAssetList"].items()]
        label, amounts = coin["coinName"].text(), [held["platformTotalAmount"].figure() for _, held in chains]
        number += 1
        figures = {"owed": coin["customerTotalAmount"].figure()}
        if chains:  # else nothing is said to be held
            figures["amount"] = _sum(amounts)
        yield _rows.asset_total(EXCHANGE, number, entry.raw, label, figures, "sum_of_parts" if chains else "")
        for (chain, held), amount in zip(chains, amounts, strict=True):
            number += 1
            yield _part(number, chain.raw, label, held["chainName"].text(), amount)


def _sum(amounts: list[str]) -> str:
    """The sum of some amounts in plain digits; one that is none is the sum: `amounts` says what is wrong with it."""
    if unreadable := [text for text in amounts if not _rows.PLAIN.fullmatch(text)]:
        return unreadable[0]
    with localcontext(_rows.EXACT):
        return f"{sum(map(Decimal, amounts)):f}"


def _part(number: int, raw: str, label: str, chain: str, amount: str) -> Item:
    shown = f"{label}-{chain}"
    try:
        meant = _rows.meant(EXCHANGE, label, chain)
    except registry.UnknownLabel as error:
        return _rows.unused_summary(number, raw, error.code, str(error), label=shown)
    if not amount:
        return _rows.unused_summary(number, raw, "not_a_number", "a number (platformTotalAmount)", label=shown)
    return Summary(
        source_row=number,
        label=shown,
        level="part",
        network=meant.network,
        asset=meant.asset,
        amount=amount,
        source=EXCHANGE,
        raw=raw,
        remark=meant.remark,
    )
