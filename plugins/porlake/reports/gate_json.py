"""Gate's totals: the answer of `bill/audit/lastSnapshot`.

https://www.gate.io/api/web/v1/bill/audit/lastSnapshot. Content: totals of the last snapshot alone: some 500 coins, per
coin what is owed to customers (six decimals), what is in own wallets (mostly whole numbers) and at third parties.
Amounts may be grouped by commas. The moment has no zone: its page of 2024 said UTC. `total_reserve_rate` is one ratio
over all coins, which no row of a coin holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from porlake.reports import _json, _rows
from porlake.reports._bundle import Bundle, Member
from porlake.reports._items import Item, Part
from porlake.reports._json import Shape, Value
from porlake.reports._snapshot import Snapshot
from porlake.stamps import day_of

NAME = "gate_json"
ROLES = (NAME,)
EXCHANGE = "gate"

SNAPSHOT = Shape("snapshot_time", "currency_data", unused=("total_reserve_rate",))
COIN = Shape("currency", "customer_net_balances", "exchange_net_balances", "third_net_balances")

_TIME = re.compile(r"(\d{4}-\d{2}-\d{2}) ([01]\d|2[0-3]):([0-5]\d):([0-5]\d)", re.ASCII)

matches, members, content, snapshot_of = _json.totals(NAME, "currency_data", "customer_net_balances")


def split(bundle: Bundle) -> Iterator[Part]:
    """The answer as it is, with its moment. Raises BadStructure."""
    (member,) = bundle.members
    yield Part(EXCHANGE, Snapshot(_moment(_snapshot(member)["snapshot_time"]), "moment"), member.content)


def parse(bundle: Bundle) -> Iterator[Item]:
    """Raises BadStructure."""
    (member,) = bundle.members
    for number, entry in enumerate(_snapshot(member)["currency_data"].items(), 1):
        yield _line(number, entry)


def _snapshot(member: Member) -> dict[str, Value]:
    return _json.answer(_json.read(member)).object(SNAPSHOT)


def _moment(time: Value) -> datetime:
    match = _TIME.fullmatch(time.text())
    try:
        if match is None:
            raise ValueError("no YYYY-MM-DD hh:mm:ss")
        day = day_of(match[1])
    except ValueError as error:
        raise time.bad(f"a moment was expected ({error})") from error
    return datetime(day.year, day.month, day.day, int(match[2]), int(match[3]), int(match[4]))


def _line(number: int, entry: Value) -> Item:
    coin = entry.object(COIN)
    figures = {
        "own_amount": _rows.ungrouped(coin["exchange_net_balances"].figure()),
        "custody_amount": _rows.ungrouped(coin["third_net_balances"].figure()),
        "owed": _rows.ungrouped(coin["customer_net_balances"].figure()),
    }
    return _rows.asset_total(EXCHANGE, number, entry.raw, coin["currency"].text(), figures)
