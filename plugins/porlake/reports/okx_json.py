"""OKX's detail page: what it owes and holds of each asset, as digits, and the root of its liabilities' tree.

https://www.okx.com/proof-of-reserves/detail, in the JSON of its one `<script id="appState">`, below
appContext.initialProps.App.auditRootInfo; taken as the page, as that script's JSON, or as the object alone. Content:
totals of the latest report alone, and the only place where OKX's liabilities stand in digits: a page that nobody kept
is gone. `reserveBalances` are those of the exchange and of custody together; custody has no addresses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal, InvalidOperation

from porlake.errors import BadStructure
from porlake.reports import _json, _rows
from porlake.reports._bundle import Bundle, Member
from porlake.reports._items import Item, Part, Summary
from porlake.reports._json import Shape, Value

NAME = "okx_json"
ROLES = (NAME,)
EXCHANGE = "okx"

MOST_SCRIPT = 8 << 20
"""Bytes of the script; a whole page of 2026 is shorter."""
PATH = ("appContext", "initialProps", "App")
ROOT = "auditRootInfo"
INFO = Shape(
    "auditId", "merkleHash", "createTime", "capitalRatio", "liabilityBalances", "reserveBalances",
    optional=("exchangeReserveBalances", "custodyReserveBalances"),
    unused=("typeNum", "reserveCurrencies", "liabilityCurrencies"),
)  # fmt: skip
#: What each object of balances is to an asset, in the order in which assets are looked for.
FIGURES = {
    "reserveBalances": "amount",
    "exchangeReserveBalances": "own_amount",
    "custodyReserveBalances": "custody_amount",
    "liabilityBalances": "owed",
    "capitalRatio": "printed_ratio",
}

_SCRIPT = re.compile(rb"""<script\b[^>]{0,1000}?\bid\s*=\s*["']?appState\b["']?[^>]{0,1000}>""", re.IGNORECASE)
_END = re.compile(rb"</script\s*>", re.IGNORECASE)
_HASH = re.compile(r"(?:0x)?[0-9a-fA-F]{16,128}")
_PERCENT = re.compile(r"(\d{1,12}(?:\.\d{1,12})?)\s?%", re.ASCII)


def _is_detail(member: Member) -> bool:
    """The script stands anywhere in the page: all of it is looked through, where it begins as a page or as JSON."""
    head = member.head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head[:1] not in (b"<", b"{"):
        return False
    member.content.seek(0)
    body = member.content.read(_json.MOST_BYTES)
    member.content.seek(0)
    if b'"auditRootInfo"' in body:
        return head[:1] == b"{" or _SCRIPT.search(body) is not None
    return head[:1] == b"{" and all(b'"%s"' % key.encode() in body for key in ("merkleHash", "liabilityBalances"))


matches, members, content, snapshot_of = _json.totals_of(
    NAME, _is_detail, "it is a page or JSON with the key auditRootInfo, or the object itself with liabilityBalances"
)


def split(bundle: Bundle) -> Iterator[Part]:
    """The page as it is, with the moment of its report. Raises BadStructure."""
    (member,) = bundle.members
    yield _json.part_at(EXCHANGE, member, _info(member)["createTime"].moment())


def parse(bundle: Bundle) -> Iterator[Item]:
    """One line an asset. Raises BadStructure."""
    (member,) = bundle.members
    info = _info(member)
    root = info["merkleHash"].text()
    if not _HASH.fullmatch(root):
        raise info["merkleHash"].bad("a hash in hexadecimal digits was expected")
    note = f"audit {_audit_id(info['auditId'])}, root of the liabilities' tree {root}"
    objects = {name: info[name].fields() for name in FIGURES if name in info}
    coins = dict.fromkeys(coin for fields in objects.values() for coin in fields)
    if not coins:
        raise info["reserveBalances"].bad("balances of assets were expected")
    for number, coin in enumerate(coins, 1):
        stated = {name: fields[coin] for name, fields in objects.items() if coin in fields}
        yield _line(number, coin, stated, note)


def _audit_id(value: Value) -> str:
    if isinstance(value.found, str) and re.fullmatch(r"[0-9]{1,20}", value.found):
        return str(value.found)
    raise value.bad("an id in digits was expected")


def _line(number: int, coin: str, stated: dict[str, Value], note: str) -> Item:
    raw = "; ".join(f"{name}.{coin}: {value.raw}" for name, value in stated.items())[: _rows.RAW_CHARACTERS]
    figures = {FIGURES[name]: value.figure() for name, value in stated.items()}
    if "printed_ratio" in figures:
        match = _PERCENT.fullmatch(figures["printed_ratio"])
        figures["printed_ratio"] = match[1] if match else ""
    found = _rows.asset_total(EXCHANGE, number, raw, coin, figures)
    if not isinstance(found, Summary):
        return found
    return replace(found, note=note, remark=f"{found.remark} {_compared(figures)}".strip())


def _compared(figures: dict[str, str]) -> str:
    """A remark where what the exchange and custody hold does not add up to the reserves, as far as all are printed."""
    try:
        amount, *parts = (Decimal(figures[name]) for name in ("amount", "own_amount", "custody_amount"))
    except (KeyError, InvalidOperation):
        return ""
    return "" if _rows.EXACT.add(*parts) == amount else "parts_differ"


# --- the page ---------------------------------------------------------------------------------------------------------
def _info(member: Member) -> dict[str, Value]:
    """The fields of auditRootInfo. Raises BadStructure."""
    member.content.seek(0)
    body = member.content.read(_json.MOST_BYTES + 1)
    if len(body) > _json.MOST_BYTES:
        raise BadStructure(member.name, 0, f"the file has more than {_json.MOST_BYTES:,} bytes: no page is so long")
    found = body.removeprefix(b"\xef\xbb\xbf").lstrip()
    page = _json.loads(_script(found, member.name) if found[:1] == b"<" else found, member.name)
    if "liabilityBalances" in page.fields():
        return page.object(INFO)
    place = page if ROOT in page.fields() else _below(page, PATH)
    info = _below(place, (ROOT,))
    if info.is_null:
        raise info.bad("the page shows no report")
    return info.object(INFO)


def _below(value: Value, path: tuple[str, ...]) -> Value:
    """The value at a path of the page's own state, of which the rest does not matter here."""
    for name in path:
        fields = value.fields()
        if name not in fields:
            raise BadStructure(value.file, 0, f'{value.path or "the page"}: the field "{name}" is missing')
        value = fields[name]
    return value


def _script(page: bytes, file: str) -> bytes:
    """The JSON in the page's one script of that id. Raises BadStructure."""
    found = list(_SCRIPT.finditer(page))
    if len(found) != 1:
        raise BadStructure(file, 0, f'{len(found)} scripts with id="appState"; a page has one')
    end = _END.search(page, found[0].end(), found[0].end() + MOST_SCRIPT)
    if end is None:
        raise BadStructure(file, 0, f'the script "appState" does not end within {MOST_SCRIPT:,} bytes')
    return page[found[0].end() : end.start()]
