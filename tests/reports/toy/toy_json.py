"""The Toy Exchange's wallets: two JSON files a report, one of its hot and one of its cold wallets.

Published nowhere: an example of a format, added as CONTRIBUTING says. Content: addresses.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from porlake import registry
from porlake.errors import BadStructure
from porlake.reports import _rows
from porlake.reports._bundle import Bundle, Member, joined
from porlake.reports._items import Item, Published
from porlake.reports._snapshot import Snapshot
from porlake.stamps import stamp

NAME = "toy_json"
ROLES = ("cold", "hot")

_NAME = re.compile(r"toy_(?:cold|hot)_(\d{8})\.json", re.ASCII)


def matches(bundle: Bundle) -> bool:
    """Whether the file begins with {"toy": and says cold or hot."""
    return any(_role(member) for member in bundle.members)


def members(bundle: Bundle) -> list[tuple[Member, ...]]:
    """The cold wallets, and the hot ones of the same day."""
    known = [replace(member, role=role) for member in bundle.members if (role := _role(member))]
    return joined(known, ROLES, lambda cold, hot: snapshot_of(cold.name) == snapshot_of(hot.name))


def _role(member: Member) -> str:
    return next((role for role in ROLES if member.head.startswith(f'{{"toy": "{role}"'.encode())), "")


def content(bundle: Bundle) -> str:
    return "addresses"


def snapshot_of(file_name: str) -> Snapshot | None:
    """toy_cold_20260101.json: a day"""
    match = _NAME.fullmatch(file_name)
    try:
        return Snapshot(stamp(match[1]), "day") if match else None
    except ValueError:
        return None


def parse(bundle: Bundle) -> Iterator[Item]:
    """Raises BadStructure."""
    for number, member in enumerate(bundle.members):
        member.content.seek(0)
        try:  # numbers stay as they are written: a float would round them
            wallets = json.load(member.content, parse_float=str, parse_int=str)["wallets"]
        except (ValueError, KeyError, RecursionError) as error:
            raise BadStructure(member.name, 0, f"no JSON with wallets: {error}") from error
        for place, wallet in enumerate(wallets, 1):
            yield _row(bundle.exchange, number, place, wallet)


def _row(exchange: str, number: int, place: int, wallet: dict[str, Any]) -> Item:
    label, raw = str(wallet.get("coin", "")), json.dumps(wallet)
    row = Published(
        source_row=place,
        label=label,
        network="",
        asset="",
        address=str(wallet.get("address", "")),
        amount=str(wallet.get("amount", "")),
        raw=raw,
        member=number,
    )
    try:
        meant = _rows.meant(exchange, label, "")
    except registry.UnknownLabel as error:
        return _rows.refused(row, error.code, str(error))
    return replace(row, network=meant.network, asset=meant.asset, holding=meant.holding)
