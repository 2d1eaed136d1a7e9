"""MEXC's totals: the answer of `asset/merkle/stock_info` for one date of its list.

https://www.mexc.com/api/assetbussiness/asset/merkle/stock_info?snapshotDate=. Content: totals of one snapshot: per coin
what users own (`userSpotAsset`), what wallets hold (`walletTotalAsset`), and the ratio as a fraction (2.9713). Moments
are milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator

from porlake.reports import _json, _rows
from porlake.reports._bundle import Bundle, Member, each_alone
from porlake.reports._items import Item, Part
from porlake.reports._json import Shape, Value
from porlake.reports._snapshot import Snapshot

NAME = "mexc_json"
ROLES = (NAME,)
EXCHANGE = "mexc"

STOCK = Shape("snapshotDate", "details")
COIN = Shape("currency", "userSpotAsset", "walletTotalAsset", "stockRate")


def matches(bundle: Bundle) -> bool:
    """Whether it is JSON with the keys snapshotDate, details and walletTotalAsset."""
    return any(map(_is_answer, bundle.members))


def members(bundle: Bundle) -> list[tuple[Member, ...]]:
    """Each answer is a report of its own."""
    return each_alone(bundle, _is_answer, NAME)


def _is_answer(member: Member) -> bool:
    return _json.has_keys(member, "snapshotDate", "details", "walletTotalAsset")


def content(bundle: Bundle) -> str:
    return "totals"


def snapshot_of(file_name: str) -> Snapshot | None:
    """The content says it."""
    return None


def split(bundle: Bundle) -> Iterator[Part]:
    """The answer as it is, with its moment. Raises BadStructure."""
    (member,) = bundle.members
    yield _json.part_at(EXCHANGE, member, _stock(member)["snapshotDate"].moment())


def parse(bundle: Bundle) -> Iterator[Item]:
    """Raises BadStructure."""
    (member,) = bundle.members
    for number, entry in enumerate(_stock(member)["details"].items(), 1):
        yield _line(number, entry)


def _stock(member: Member) -> dict[str, Value]:
    return _json.answer(_json.read(member)).object(STOCK)


def _line(number: int, entry: Value) -> Item:
    coin = entry.object(COIN)
    figures = {
        "amount": coin["walletTotalAsset"].figure(),
        "owed": coin["userSpotAsset"].figure(),
        "printed_ratio": _json.percent(coin["stockRate"].figure()),
    }
    return _rows.asset_total(EXCHANGE, number, entry.raw, coin["currency"].text(), figures)
