"""Bitfinex's list of wallets: a line an address, `address - description`.

https://github.com/bitfinexcom/pub/blob/main/wallets.txt. Content: address_list, without amounts and without a moment;
the repository has two revisions, of 2022-11-11 and 2022-12-12. One or two blanks stand before and behind the dash.
Liquid addresses have their id of AMP in brackets before it. Coin and temperature (hot, cold, old) are told in prose:
what is left of a description without `hot wallet` is its label in labels.csv. One address may stand on several lines, a
line a network.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from porlake import registry
from porlake.errors import BadStructure
from porlake.reports import _csv, _rows
from porlake.reports._bundle import Bundle, Member, each_alone
from porlake.reports._csv import Line
from porlake.reports._items import Item, Published
from porlake.reports._snapshot import Snapshot, named

NAME = "bitfinex_txt"
ROLES = (NAME,)
EXCHANGE = "bitfinex"

_LINE = re.compile(r"(?P<address>\S+)(?: {1,2}\(AMP ID: [A-Za-z0-9]+\))? {1,2}- {1,2}(?P<description>\S.*)")
#: `cold/wallet`, `KAIhot wallet` and `hot wallet 2` are real.
_TEMPERATURE = re.compile(r"\s*(?:hot|cold)[ /]wallet(?: \d{1,3})?", re.IGNORECASE | re.ASCII)
_NAME = re.compile(r"(?:^|_)wallets_(\d{8})(?!\d)", re.ASCII)


def matches(bundle: Bundle) -> bool:
    """Whether the first line reads as `1Kr6... - BTC hot wallet`: an address, a dash, a hot or cold wallet."""
    return any(map(_is_list, bundle.members))


def members(bundle: Bundle) -> list[tuple[Member, ...]]:
    """Each list is a report of its own."""
    return each_alone(bundle, _is_list, NAME)


def _is_list(member: Member) -> bool:
    first = next(_csv.head_lines(member), None)
    match = _LINE.fullmatch(first.raw.strip()) if first and not first.fault else None
    return match is not None and re.search(r"\b(hot|cold) wallet$", match["description"]) is not None


def content(bundle: Bundle) -> str:
    return "address_list"


def snapshot_of(file_name: str) -> Snapshot | None:
    """wallets_20221212.txt: the day of the revision, where somebody wrote it into the name"""
    match = _NAME.search(file_name)
    return named(match and match[1], "day")


def parse(bundle: Bundle) -> Iterator[Item]:
    """Raises BadStructure."""
    (member,) = bundle.members
    found = 0
    for line in _csv.all_lines(member):
        if not line.is_blank:
            found += 1
            yield _row(line)
    if not found:
        raise BadStructure(member.name, 0, "the list has no addresses")


def _row(line: Line) -> Item:
    # a line of prose may be no CSV, for its quotes: its text is there all the same
    unread = line.fault in _rows.UNREADABLE - {"bad_quoting"} or len(line.raw) >= _rows.RAW_CHARACTERS
    match = None if unread else _LINE.fullmatch(line.raw.strip())
    if match is None:
        return _csv.unreadable(line, "rows", "address - description, in one line of UTF-8")
    description = match["description"]
    label = _label(description)
    place = registry.load().labels.get((EXCHANGE, registry.fold(label), ""))
    row = Published(
        source_row=line.number,
        label=description,
        network=place.network if place else "",
        asset=place.asset if place else "",
        address=match["address"],
        amount=None,
        unit="unknown",
        raw=line.raw,
    )
    if place is None or not place.network:
        return _rows.refused(row, "unknown_network", f"a network that labels.csv names for {label!r} of {EXCHANGE}")
    return row


def _label(description: str) -> str:
    """What a description says beside the temperature; the whole of one that does not end with it."""
    match = _TEMPERATURE.search(description)
    return description[: match.start()] if match and match.end() == len(description) else description
