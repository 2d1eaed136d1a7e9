"""Transfers by which an exchange says that it shows control of its addresses: our own format, described in
docs/formats/control_transfers_csv.md.

Content: control_transfers. Bybit publishes the hashes of such transfers on a page: each new address sends itself an
amount that everybody can compute (the first three digits of the nonce of a block of Bitcoin, divided by a million); on
Tron, where no account sends to itself, to another address of its own. They are no signatures.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from porlake import registry
from porlake.errors import BadStructure
from porlake.reports import _csv, _rows
from porlake.reports._bundle import Bundle, Member, each_alone
from porlake.reports._csv import Line
from porlake.reports._items import Item, Refused, Transfer
from porlake.reports._snapshot import Snapshot, day_in

NAME = "control_transfers_csv"
ROLES = (NAME,)

COLUMNS = (
    "network", "address", "recipient", "transaction", "asset", "amount", "first_height", "last_height", "source",
)  # fmt: skip

_TRANSACTION = re.compile(r"[\x21-\x7e]{1,128}")


def matches(bundle: Bundle) -> bool:
    """Whether the first line names our columns: network,address,recipient,transaction ..."""
    return any(map(_is_list, bundle.members))


def members(bundle: Bundle) -> list[tuple[Member, ...]]:
    """Each file is a report of its own."""
    return each_alone(bundle, _is_list, NAME)


def _is_list(member: Member) -> bool:
    return _csv.begins_with(member, COLUMNS)


def content(bundle: Bundle) -> str:
    return "control_transfers"


def snapshot_of(file_name: str) -> Snapshot | None:
    """The day of the transfers: control_transfers_2022-12-11.csv"""
    return day_in(file_name) if file_name.startswith("control_transfers") else None


def parse(bundle: Bundle) -> Iterator[Item]:
    """Raises BadStructure."""
    (member,) = bundle.members
    found = 0
    for line in _csv.behind_header(member):
        found += 1
        yield _row(line, dict(zip(COLUMNS, _csv.cells_of(line, COLUMNS, member.name), strict=True)), bundle.exchange)
    if not found:
        raise BadStructure(member.name, 0, "the file has a header and no rows")


def _row(line: Line, cells: Mapping[str, str], exchange: str) -> Item:
    facts = registry.load()
    if cells["network"] not in facts.networks:
        return _refused(line, "unknown_network", "a network of the registry")
    if cells["asset"] not in facts.assets:
        return _refused(line, "unknown_asset", "an asset of the registry")
    if not _TRANSACTION.fullmatch(cells["transaction"]):
        return _refused(line, "no_transaction_id", "the id of a transaction")
    try:
        first, last = _rows.height(cells["first_height"]), _rows.height(cells["last_height"])
    except ValueError:
        return _refused(line, "bad_height", "block heights, or nothing")
    return Transfer(
        source_row=line.number,
        network=cells["network"],
        asset=cells["asset"],
        address=cells["address"],
        recipient=cells["recipient"],
        transaction=cells["transaction"],
        amount=cells["amount"],
        first_height=first,
        last_height=last,
        source=cells["source"] or exchange,
        raw=line.raw,
    )


def _refused(line: Line, reason: str, expected: str) -> Refused:
    return Refused(source_row=line.number, block="summary", reason=reason, expected=expected, raw=line.raw)
