"""BitMEX's reserves: one YAML file of its bitcoin, each address with the script or the output descriptor behind it, and
one of its tokens on other chains.

Published twice a week from 2021 to 2026-09 below data/porl/ of https://public.bitmex.com; layout as its verifier reads
it (https://github.com/BitMEX/proof-of-reserves-liabilities). Content: addresses. Nobody signs; what is shown is what
locks the coins, and that it holds the keys which BitMEX names (`keys`, `xpub`).

The two files speak of different moments, and each is a report of its own. Of bitcoin all is in satoshi, the total over
own, unspendable and custodial addresses. Of tokens a `balance` is in base units of its chain, while `total` is one
figure over all chains in BitMEX's own unit, repeated under each; the sum of every chain is cut to that unit first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from porlake import registry
from porlake.errors import BadStructure
from porlake.reports import _rows, _yaml
from porlake.reports._bundle import Bundle, Member
from porlake.reports._items import Item, Published, Refused, Summary
from porlake.reports._json import Shape, Value
from porlake.reports._snapshot import Snapshot
from porlake.stamps import stamp

NAME = "bitmex_yaml"
ROLES = RESERVES, TOKENS = ("reserves", "token_reserves")

COIN = "BTC"
SATOSHI = 8
MAIN = "main"  # as bitcoind names its chains
TOP = Shape(
    "address", optional=("chain", "height", "total", "custodial", "keys", "xpub"), unused=("claim", "blockhash")
)
LISTS = ("address", "custodial")
ADDRESS = Shape("addr", "addr_type", "balance", optional=("script",))
CUSTODIAL = Shape("addr", "balance")
TYPES = re.compile(r"sh|sh_wsh|wsh|wpkh|multisig_[A-Za-z]{2,6}_[0-9]{1,2}_[0-9]{1,2}")
UNSPENDABLE = "unspendable"

ASSET = Shape("addresses", "total")
HELD = Shape("balance")
#: Digits behind the point of BitMEX's unit of an asset, in which totals are printed.
UNITS = {"BTC": SATOSHI, "ETH": 9, "USDT": 6, "ADA": 8, "RLUSD": 6, "BMEX": 6}
#: Coins that are issued on the XRP Ledger have no base unit: balances there are whole coins.
IN_COINS = frozenset({("xrp", "RLUSD")})

_NAME = re.compile(r"(?:^|[^0-9])(?:token_)?reserves-(?:[0-9]+-)?([0-9]{8})(?:D([0-9]{6})[0-9]*)?(?![0-9])", re.ASCII)
_DAY = re.compile(r"^([0-9]{8})-(?:token_)?reserves-", re.ASCII)
WHOLE = re.compile(r"0|[1-9][0-9]*")  # YAML 1.1 reads 010 as eight
_KEY = re.compile(r"04([0-9a-fA-F]{64})[0-9a-fA-F]{64}")


def matches(bundle: Bundle) -> bool:
    """Whether the head holds `addr_type:` keys, or networks with assets with `addresses:` and balances (YAML)."""
    return any(_role(member) for member in bundle.members)


def members(bundle: Bundle) -> list[tuple[Member, ...]]:
    """Each file is a report of its own."""
    return [(replace(member, role=role),) for member in bundle.members if (role := _role(member))]


def _role(member: Member) -> str:
    """What a file is to its report; '' where it is none of BitMEX's."""
    if re.search(rb"(?m)(?:^|[ \t{,])addr_type: ", member.head):
        return RESERVES
    has_assets = re.search(rb"(?m)^ +addresses: *\r?$", member.head)
    return TOKENS if has_assets and re.search(rb"(?m)^ +balance: ", member.head) else ""


def content(bundle: Bundle) -> str:
    return "addresses"


def snapshot_of(file_name: str) -> Snapshot | None:
    """20221115-reserves-763269-20221115D113036434534000.yaml: a moment of UTC; 20260827-token_reserves-20260827.yaml: a
    day
    """
    for pattern in (_NAME, _DAY):
        if match := pattern.search(file_name):
            day, clock = match[1], match[2] if pattern is _NAME else None
            try:
                at = stamp(day + (clock or "")[:4])
                at = datetime(at.year, at.month, at.day, at.hour, at.minute, int((clock or "0")[4:] or 0))
            except ValueError:
                continue
            return Snapshot(at, "moment" if clock else "day")
    return None


def parse(bundle: Bundle) -> Iterator[Item]:
    """Raises BadStructure."""
    (member,) = bundle.members
    last, found = 0, 0
    for item in _bitcoin(member, bundle) if member.role == RESERVES else _tokens(member, bundle):
        if item.source_row <= last:
            raise BadStructure(member.name, item.source_row, "two addresses or totals stand on one line")
        last, found = item.source_row, found + (not isinstance(item, Summary))
        yield item
    if not found:
        raise BadStructure(member.name, 0, "the file lists no address")


# --- bitcoin ----------------------------------------------------------------------------------------------------------
def _bitcoin(member: Member, bundle: Bundle) -> Iterator[Item]:
    # what counts for every address may stand below them: the file is read twice
    top: dict[str, Any] = {}
    for entry in _yaml.entries(member, LISTS):
        if entry.key in LISTS:
            if not entry.is_item and entry.value.found:
                raise entry.value.bad("a list was expected")
            top[entry.key] = []
        else:
            top[entry.key] = entry.value.found
    file = _File(bundle.exchange, Value(member.name, "", top).object(TOP))
    for entry in _yaml.entries(member, LISTS):
        if entry.key == "total":
            yield file.total(entry, bundle.name)
        elif entry.key == "address" and entry.is_item:
            yield file.address(entry)
        elif entry.key == "custodial" and entry.is_item:
            yield file.custodial(entry)


class _File:
    """What the file says beside its addresses, which counts for each of them."""

    def __init__(self, exchange: str, facts: dict[str, Value]) -> None:
        self._exchange = exchange
        self._chain = facts["chain"].text() if "chain" in facts else MAIN  # an address of a test network is refused
        self._height = facts["height"].whole() if "height" in facts else None
        self._keys = [key.text() for key in facts["keys"].items()] if "keys" in facts else []
        self._xpubs = [key.text() for key in facts["xpub"].items()] if "xpub" in facts else []

    def address(self, entry: _yaml.Entry) -> Item:
        fields = entry.value.object(ADDRESS)
        kind = fields["addr_type"].text()
        script = fields["script"].text() if "script" in fields else ""
        row = replace(self._row(entry, fields), key_or_script=script, remark=self._remark(script))
        if kind == UNSPENDABLE:
            return _rows.refused(row, UNSPENDABLE, "an address that BitMEX can spend from")
        if not TYPES.fullmatch(kind):
            return _rows.refused(row, "unknown_type", "sh, sh_wsh, wsh, wpkh or multisig_<type>_<m>_<n>")
        return self._named(row)

    def custodial(self, entry: _yaml.Entry) -> Item:
        return self._named(replace(self._row(entry, entry.value.object(CUSTODIAL)), holding="custody"))

    def total(self, entry: _yaml.Entry, source: str) -> Item:
        amount = entry.value.text()
        height = "" if self._height is None else str(self._height)
        return _summary(self._exchange, source, entry.line, f"total: {amount}", COIN, height, amount)

    def _row(self, entry: _yaml.Entry, fields: dict[str, Value]) -> Published:
        return Published(
            source_row=entry.line,
            label=COIN,
            network_label=self._chain,
            network="",
            asset="",
            address=fields["addr"].text(),
            amount=fields["balance"].text(),
            unit="base",
            height=self._height,
            raw=entry.value.raw,
        )

    def _named(self, row: Published) -> Published | Refused:
        return _named(self._exchange, row)

    def _remark(self, script: str) -> str:
        """Whether a script lacks what BitMEX names as its own: one of the keys, or every extended key."""
        if not script or (re.fullmatch("[0-9a-fA-F]+", script) is None and not self._xpubs):
            return ""
        if re.fullmatch("[0-9a-fA-F]+", script):
            held = all(_holds(script.lower(), key) for key in self._keys)
        else:
            held = any(key in script for key in self._xpubs)
        return "" if held else "script_without_stated_key"


def _holds(script: str, key: str) -> bool:
    """Whether a script holds a key, which is stated uncompressed, in either form."""
    match = _KEY.fullmatch(key)
    forms = (key.lower(), f"02{match[1].lower()}", f"03{match[1].lower()}") if match else (key.lower(),)
    return any(form in script for form in forms)


# --- tokens -----------------------------------------------------------------------------------------------------------
def _tokens(member: Member, bundle: Bundle) -> Iterator[Item]:
    totals: dict[str, str] = {}
    for entry in _yaml.entries(member):
        for coin, value in entry.value.fields().items():
            fields = value.object(ASSET)
            items = list(_held(bundle.exchange, entry.key, coin, fields["addresses"]))
            if (total := _total(bundle, coin, value, fields["total"].text(), totals)) is not None:
                items.append(total)
            yield from sorted(items, key=lambda item: item.source_row)


def _held(exchange: str, chain: str, coin: str, addresses: Value) -> Iterator[Item]:
    lines: dict[str, int] = getattr(addresses.found, "lines", {})
    for address, value in addresses.fields().items():
        row = Published(
            source_row=lines[address],
            label=coin,
            network_label=chain,
            network="",
            asset="",
            address=address,
            amount=value.object(HELD)["balance"].text(),
            unit="coin" if (chain, coin) in IN_COINS else "base",
            raw=f"{chain}: {coin}: {address}: {value.raw}",
        )
        yield _named(exchange, row)


def _total(bundle: Bundle, coin: str, value: Value, total: str, totals: dict[str, str]) -> Item | None:
    """The total of an asset where it stands first; None where it is repeated."""
    line = value.found.lines["total"]
    raw = f"{coin}: total: {total}"
    if coin in totals:
        if totals[coin] == total:
            return None
        expected = f"the total of all networks, {totals[coin]} as above"
        return _rows.unused_summary(line, raw, "total_differs", expected, label=coin)
    totals[coin] = total
    return _summary(bundle.exchange, bundle.name, line, raw, coin, "", total)


def _summary(exchange: str, source: str, line: int, raw: str, coin: str, height: str, amount: str) -> Item:
    """The total of an asset over all its networks."""
    found = _rows.summary(exchange, source, line, raw, label=f"{coin}(ALL)", height_text=height, amount=amount)
    if isinstance(found, Refused):
        return replace(found, label=coin)
    if found.asset not in UNITS:
        expected = f"an asset whose unit BitMEX has told: {', '.join(UNITS)}"
        return _rows.unused_summary(line, raw, "unit_unknown", expected, label=coin)
    return replace(found, label=coin, decimals=UNITS[found.asset])


def _named(exchange: str, row: Published) -> Published | Refused:
    """The row with what its labels mean."""
    try:
        meant = _rows.meant(exchange, row.label, row.network_label)
    except registry.UnknownLabel as error:
        return _rows.refused(replace(row, network=error.network, asset=error.asset), error.code, str(error))
    remark = " ".join(filter(None, (row.remark, meant.remark)))
    named = replace(row, network=meant.network, asset=meant.asset, scheme=meant.scheme, remark=remark)
    if not meant.network:
        return _rows.refused(named, "unknown_network", f"the label {row.label!r} names no network")
    if not WHOLE.fullmatch(row.amount or ""):
        return _rows.refused(named, "not_a_number", "a whole number of units, without a zero in front")
    return named
