"""Changes of contracts' rows, as Hyperion keeps them beside a node, where its operator indexes them.
https://hyperion.docs.eosrio.io

A misspelt name in a query is a filter that nothing fits, and an index may begin late: no change at all says nothing.
`before` is with its moment where it is a whole ISO time; what comes back is held to the block all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from porlake import numbers
from porlake.chains._identity import hash_of
from porlake.chains.antelope.assets import Symbol, units
from porlake.errors import BadAnswer, TransportError
from porlake.transport import Http

PATH = "/v2/history/get_deltas"


@dataclass(frozen=True, slots=True)
class Change:
    """A row of a token's table after its last change up to some moment: the block of it, and the amount then."""

    height: int
    raw: int


def serves_deltas(http: Http) -> bool:
    """Whether a Hyperion answers beside the node, and indexes changes of rows."""
    try:
        found = http.ask("GET", "/v2/health", accept=frozenset({400, 404, 500})).body
    except TransportError:
        return False
    features = found.get("features") if isinstance(found, dict) else None
    tables = features.get("tables") if isinstance(features, dict) else None
    told = [features, tables] if isinstance(features, dict) else []
    return any(
        isinstance(one, dict) and True in (one.get("index_deltas"), one.get("index_all_deltas"), one.get("deltas"))
        for one in told
    )


def last_change(http: Http, symbol: Symbol, account: str, until: datetime | None = None) -> Change | None:
    """The last change of what an account holds of a token, up to a moment or of all; None where none is told. Raises
    BadAnswer, TransportError.
    """
    bound = {} if until is None else {"before": until.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"}
    question = {
        "code": symbol.contract, "table": "accounts", "scope": account, "primary_key": str(key_of(symbol.code)),
        "limit": "1", "sort": "desc",
    }  # fmt: skip
    found, what = http.ask("GET", f"{PATH}?{urlencode(question | bound)}").body, f"{http.host}: get_deltas"
    rows = found.get("deltas") if isinstance(found, dict) else None
    if not isinstance(rows, list) or len(rows) > 1 or not all(isinstance(row, dict) for row in rows):
        raise BadAnswer(f"{what}: the answer is no list of one change or none")
    if not rows:
        return None
    row: dict[str, Any] = rows[0]
    if (row.get("code"), row.get("table"), row.get("scope")) != (symbol.contract, "accounts", account):
        raise BadAnswer(f"{what}: a change of another row than the one that was asked for")
    height = numbers.height(row.get("block_num"), what=f"{what}: block_num")
    if int(hash_of(row.get("block_id"), what=f"{what}: block_id")[:8], 16) != height:
        raise BadAnswer(f"{what}: a change of block {height:,} under the id of another")
    present = row.get("present")
    if present not in (0, 1):  # true and false are 1 and 0
        raise BadAnswer(f"{what}: present is {numbers.shown(present)}")
    data = row.get("data")
    if not present:
        return Change(height, 0)
    if not isinstance(data, dict):
        raise BadAnswer(f"{what}: a row without content")
    return Change(height, units(data.get("balance"), symbol, what=f"{what}: balance"))


def key_of(code: str) -> int:
    """The key of a token's row: the letters of its code, the first in the lowest byte."""
    return int.from_bytes(code.encode(), "little")
