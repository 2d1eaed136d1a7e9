"""Bitstamp's addresses: the pages of `wallet_transparency`.

https://www.bitstamp.net/api/v2/wallet_transparency/?perPage=100&page=1. Content: address_list, without amounts and
without a moment: it is now. The pages of one reading are one report. They overlap, for what stands on a page changes
between two calls, and only an empty page is the end: a reading without one may lack addresses, and is refused. An
address that stands on two pages is two rows of one account.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from porlake.errors import BadStructure
from porlake.reports import _json, _rows
from porlake.reports._bundle import Bundle, Member
from porlake.reports._items import Item
from porlake.reports._json import Shape, Value
from porlake.reports._snapshot import Snapshot, named

NAME = "bitstamp_json"
ROLES = ("page",)
EXCHANGE = "bitstamp"

PAGE = Shape("wallets")
WALLET = Shape("address", "network")

_EMPTY = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"wallets"\s*:\s*\{\s*\}\s*\}\s*')
_NAME = re.compile(r"bitstamp_(\d{8})_page", re.ASCII)
_NUMBER = re.compile(r"page[=_-]?(\d{1,6})(?!\d)", re.ASCII)


def matches(bundle: Bundle) -> bool:
    """Whether it is JSON with the keys wallets, address and network, or an empty {"wallets": {}}."""
    return any(map(_is_page, bundle.members))


def members(bundle: Bundle) -> list[tuple[Member, ...]]:
    """All pages are one report, in the order of the numbers in their names (page_2.json), else as they came."""
    pages = [replace(member, role="page") for member in bundle.members if _is_page(member)]
    numbers = [match and int(match[1]) for match in (_NUMBER.search(page.name) for page in pages)]
    if all(number is not None for number in numbers):
        pages = [page for _, page in sorted(zip(numbers, pages, strict=True), key=lambda pair: pair[0] or 0)]
    return [tuple(pages)]


def _is_page(member: Member) -> bool:
    return _json.has_keys(member, "wallets", "address", "network") or _is_empty(member)


def _is_empty(member: Member) -> bool:
    return _EMPTY.fullmatch(member.head) is not None


def content(bundle: Bundle) -> str:
    return "address_list"


def snapshot_of(file_name: str) -> Snapshot | None:
    """bitstamp_20261101_page_1.json: the day on which the pages were read; the answer is of now and names none"""
    match = _NAME.search(file_name)
    return named(match and match[1], "day")


def parse(bundle: Bundle) -> Iterator[Item]:
    """Raises BadStructure."""
    pages = [_wallets(member) for member in bundle.members]
    if all(pages):
        raise BadStructure(bundle.name, 0, "no page is empty: the list may go on; give the pages up to the empty one")
    if not any(pages):
        raise BadStructure(bundle.name, 0, "the list has no addresses")
    for member, wallets in enumerate(pages):
        for number, (group, wallet) in enumerate(wallets, 1):
            yield _row(number, group, wallet, member)


def _wallets(member: Member) -> list[tuple[str, Value]]:
    """The wallets of a page, each with the name of the group in which it stands."""
    groups = _json.read(member).object(PAGE)["wallets"].fields()
    return [(group, wallet) for group, listed in groups.items() for wallet in listed.items()]


def _row(number: int, group: str, wallet: Value, member: int) -> Item:
    fields = wallet.object(WALLET)
    return _rows.listed(
        EXCHANGE,
        number,
        wallet.raw,
        label=group.strip(),
        network_label=fields["network"].text(),
        address=fields["address"].text(),
        member=member,
    )
