"""KuCoin's totals: the answer of `asset-front/proof-of-reserves/asset-reserve`, which its page shows too.

https://www.kucoin.com/_api/asset-front/proof-of-reserves/asset-reserve. Content: totals of the latest audit alone: per
coin what users own (`userAsset`), what wallets hold (`walletAsset`), and the ratio in whole percents. Moments are
milliseconds; the one of an audit is the last second of a month in UTC+8. Its report with addresses is a PDF.
"""

from __future__ import annotations

from collections.abc import Iterator

from porlake.reports import _json, _rows
from porlake.reports._bundle import Bundle, Member
from porlake.reports._items import Item, Part
from porlake.reports._json import Shape, Value

NAME = "kucoin_json"
ROLES = (NAME,)
EXCHANGE = "kucoin"

#: The addresses of PDFs may still be those of the month before: they say nothing of the moment.
AUDIT = Shape("latestAuditDate", "reserveAsset", unused=("auditReportUrl", "verifyAuditResultUrl"))
ASSET = Shape("currency", "userAsset", "walletAsset", "reserveRate")

matches, members, content, snapshot_of = _json.totals(NAME, "latestAuditDate", "reserveAsset", "walletAsset")


def split(bundle: Bundle) -> Iterator[Part]:
    """The answer as it is, with its moment. Raises BadStructure."""
    (member,) = bundle.members
    yield _json.part_at(EXCHANGE, member, _audit(member)["latestAuditDate"].moment())


def parse(bundle: Bundle) -> Iterator[Item]:
    """Raises BadStructure."""
    (member,) = bundle.members
    for number, entry in enumerate(_audit(member)["reserveAsset"].items(), 1):
        yield _line(number, entry)


def _audit(member: Member) -> dict[str, Value]:
    """The audit of an answer, or of the page's own object, which stands alone."""
    page = _json.read(member)
    return (page if "reserveAsset" in page.fields() else _json.answer(page)).object(AUDIT)


def _line(number: int, entry: Value) -> Item:
    asset = entry.object(ASSET)
    figures = {
        "amount": asset["walletAsset"].figure(),
        "owed": asset["userAsset"].figure(),
        "printed_ratio": asset["reserveRate"].figure(),
    }
    return _rows.asset_total(EXCHANGE, number, entry.raw, asset["currency"].text(), figures)
