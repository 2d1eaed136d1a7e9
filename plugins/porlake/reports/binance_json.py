"""Binance's totals: the answer of `userReserveAuditProofSnapshot`, which its page shows.

POST https://www.binance.com/bapi/apex/v1/public/apex/market/query/userReserveAuditProofSnapshot with the body
{"time": "", "pageIndex": 0, "pageSize": 0}. Content: totals of the current audit alone: per coin what users own, net
of their debts (`customerLiability`), what wallets and custodians hold (`binanceLiability`, the sum of `exchangeBalance`
and `thirdPartyCustody`), and the ratio as a fraction; and the root of the tree of the users' accounts
(`merkleRootHash`), which each line keeps in its note. A moment is written DD/MM/YY, and must be the day of `auditId`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from porlake.reports import _json, _rows, binance_csv
from porlake.reports._bundle import Bundle, Member
from porlake.reports._items import Item, Part, Summary
from porlake.reports._json import Shape, Value
from porlake.reports._snapshot import Snapshot

NAME = "binance_json"
ROLES = (NAME,)
EXCHANGE = "binance"

AUDIT = Shape(
    "snapshotTime", "merkleRootHash", "auditId", "snapshotDataList", unused=("auditor", "auditorLink", "auditDate")
)
#: The value in USDT is Binance's own sorting of the coins; the funds of insurance were null whenever they were seen.
COIN = Shape(
    "coin", "ratio", "customerLiability", "binanceLiability", "exchangeBalance", "thirdPartyCustody",
    optional=("marginInsurance", "futureInsurance"), unused=("customerLiabilityUsdt",),
)  # fmt: skip
PARTS = {"own_amount": "exchangeBalance", "custody_amount": "thirdPartyCustody"}  # null where nothing is said of them
INSURANCE = ("marginInsurance", "futureInsurance")

_TIME = re.compile(r"(\d\d)/(\d\d)/(\d\d) ([01]\d|2[0-3]):([0-5]\d):([0-5]\d) UTC", re.ASCII)
_ROOT = re.compile(r"[0-9a-f]{64}")

matches, members, content, snapshot_of = _json.totals(NAME, "snapshotTime", "merkleRootHash", "snapshotDataList")


def split(bundle: Bundle) -> Iterator[Part]:
    """The answer as it is, with its moment. Raises BadStructure."""
    (member,) = bundle.members
    yield Part(EXCHANGE, Snapshot(_moment(_audit(member)), "moment"), member.content)


def parse(bundle: Bundle) -> Iterator[Item]:
    """Raises BadStructure."""
    (member,) = bundle.members
    audit = _audit(member)
    _moment(audit)
    root = audit["merkleRootHash"].text()
    if not _ROOT.fullmatch(root):
        raise audit["merkleRootHash"].bad("64 hexadecimal digits were expected")
    if not audit["snapshotDataList"].found:  # nothing is held and owed: no audit says that, and it is no newer one
        raise audit["snapshotDataList"].bad("balances of coins were expected")
    note = f"root of the tree: {root}, audit {audit['auditId'].text()}"
    for number, entry in enumerate(audit["snapshotDataList"].items(), 1):
        yield _line(number, entry, note)


def _audit(member: Member) -> dict[str, Value]:
    """Raises BadStructure, also for the answer to a question with a time, all of which is null: it is no report."""
    data = _json.answer(_json.read(member))
    if all(value.is_null for value in data.fields().values()):
        raise data.bad("every field is null: so it answers for a time that it does not tell, ask without one")
    return data.object(AUDIT)


def _moment(audit: dict[str, Value]) -> datetime:
    """Raises BadStructure where the day is not that of the audit's id: DD/MM is easily read as MM/DD."""
    time, audited = audit["snapshotTime"], binance_csv.snapshot_of(audit["auditId"].text())
    match = _TIME.fullmatch(time.text())
    try:
        if match is None:
            raise ValueError("no DD/MM/YY hh:mm:ss UTC")
        day, month, year, hour, minute, second = map(int, match.groups())
        at = datetime(2000 + year, month, day, hour, minute, second)
    except ValueError as error:
        raise time.bad(f"a moment was expected ({error})") from error
    if audited is None or audited.at is None:
        raise audit["auditId"].bad("an id as PR01SEP26 was expected")
    if audited.at.date() != at.date():
        raise time.bad(f"a moment of {audited}, the day of the audit's id, was expected")
    return at


def _line(number: int, entry: Value, note: str) -> Item:
    coin = entry.object(COIN)
    for name in INSURANCE:
        if name in coin and not coin[name].is_null:
            raise coin[name].bad("null was expected: whether such a fund is in the amounts, nobody has told us")
    figures = {
        "amount": coin["binanceLiability"].figure(),
        "owed": coin["customerLiability"].figure(),
        "printed_ratio": _json.percent(coin["ratio"].figure()),
    } | {name: coin[field].amount() for name, field in PARTS.items() if not coin[field].is_null}
    remark = "" if _adds_up(figures) else "parts_differ"
    found = _rows.asset_total(EXCHANGE, number, entry.raw, coin["coin"].text(), figures, remark)
    return replace(found, note=note) if isinstance(found, Summary) else found


def _adds_up(figures: dict[str, str]) -> bool:
    """Whether own wallets and custody are the amount; of what is null, or no number, nothing is said."""
    texts = [figures.get(name, "") for name in (*PARTS, "amount")]
    if not all(map(_rows.PLAIN.fullmatch, texts)):
        return True
    own, custody, whole = map(Decimal, texts)
    return _rows.EXACT.add(own, custody) == whole
