"""Binance's list of addresses of now: the answer of `por/address`, which its page shows.

GET https://www.binance.com/bapi/apex/v1/public/apex/market/por/address. Content: address_list, without amounts and
without a moment: it is now. An address stands once for each asset that is held there, and no row says which; a row with
`thirdPartyCustodianName` is held by that third party. Networks have codes, several of one network (ARB, ARBITRUM). The
wallets that back the tokens that Binance pegs are not in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from porlake.errors import BadStructure
from porlake.reports import _json, _rows
from porlake.reports._bundle import Bundle, Member, each_alone
from porlake.reports._items import Item
from porlake.reports._json import Shape, Value
from porlake.reports._snapshot import Snapshot, named

NAME = "binance_addresses_json"
ROLES = (NAME,)
EXCHANGE = "binance"

ADDRESS = Shape("network", "address", "thirdPartyCustodianName")

_NAME = re.compile(r"binance_(\d{8})_addresses(?=\.|$)", re.ASCII)


def matches(bundle: Bundle) -> bool:
    """Whether it is JSON with the keys network, address and thirdPartyCustodianName."""
    return any(map(_is_list, bundle.members))


def members(bundle: Bundle) -> list[tuple[Member, ...]]:
    """Each answer is a report of its own."""
    return each_alone(bundle, _is_list, NAME)


def _is_list(member: Member) -> bool:
    return _json.has_keys(member, *ADDRESS.required)


def content(bundle: Bundle) -> str:
    return "address_list"


def snapshot_of(file_name: str) -> Snapshot | None:
    """binance_20261101_addresses.json: the day on which it was read; the answer is of now and names none"""
    match = _NAME.search(file_name)
    return named(match and match[1], "day")


def parse(bundle: Bundle) -> Iterator[Item]:
    """Raises BadStructure."""
    (member,) = bundle.members
    number = 0
    for number, entry in enumerate(_json.answer(_json.read(member)).items(), 1):
        yield _row(number, entry)
    if not number:
        raise BadStructure(member.name, 0, "the list has no addresses")


def _row(number: int, entry: Value) -> Item:
    """A row without an address is refused alone, and the list stands: readers of it leave out such ones."""
    fields = entry.object(ADDRESS)
    network, address, custodian = ("" if fields[name].is_null else fields[name].text() for name in ADDRESS.required)
    custodian = "" if custodian == "-" else _rows.null(custodian)
    return _rows.listed(
        EXCHANGE, number, entry.raw, label=network, network_label=network, address=address, custodian=custodian
    )
