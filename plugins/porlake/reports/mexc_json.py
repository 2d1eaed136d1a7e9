"""MEXC's totals: the answer of `asset/merkle/stock_info` for one date of its list.

https://www.mexc.com/api/assetbussiness/asset/merkle/stock_info?snapshotDate=. Content: totals of one snapshot: per coin
what users own (`userSpotAsset`), what wallets hold (`walletTotalAsset`), and the ratio as a fraction (2.9713). Moments
are milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator

from porlake.reports import _json, _rows
from porlake.reports._bundle import Bundle, Member
from porlake.reports._items import Item, Part
from porlake.reports._json import Shape, Value

NAME = "mexc_json"
ROLES = (NAME,)
EXCHANGE = "mexc"

STOCK = Shape("snapshotDate", "details")
COIN = Shape("currency", "userSpotAsset", "walletTotalAsset", "stockRate")

matches, members, content, snapshot_of = _json.totals(NAME, "snapshotDate", "details", "walletTotalAsset")


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
