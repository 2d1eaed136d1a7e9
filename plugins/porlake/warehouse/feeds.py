"""feed.xml (Atom, RFC 4287) and latest.json, for the market and for each exchange: what is new in the marts."""

from __future__ import annotations

import uuid
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from porlake import lake as lake_room
from porlake.warehouse.findings import Ask, Event, events, exact

OF_MARKET, OF_EXCHANGE = 200, 100  # events of a feed, the newest
_ATOM = "http://www.w3.org/2005/Atom"
_OURS = uuid.uuid5(uuid.NAMESPACE_URL, "https://porlake/feeds")
_NOTHING_YET = "1970-01-01T00:00:00Z"


def feeds(ask: Ask, exchanges: Sequence[Mapping[str, Any]], build_id: str, url: str) -> dict[str, bytes]:
    """Every feed by its name. `ask` answers a statement over the marts; `url` is '' where nobody said where the page
    will be served: its links are then relative to the feed.
    """
    titles = {str(row["name"]): str(row["title"]) for row in exchanges}
    found = events(ask, titles)
    months = ask(
        "select * from exchange_month qualify row_number() over (partition by exchange, basis order by month desc) = 1 "
        "order by exchange, basis nulls last"
    )
    as_of = moment(ask("select max(retrieved_at) as at from reports")[0]["at"])
    made = {}
    for exchange in (None, *titles):
        own = [event for event in found if exchange in (None, event.exchange)]
        chosen = own[: OF_MARKET if exchange is None else OF_EXCHANGE]
        place = "" if exchange is None else f"exchange/{exchange}/"
        newest = [row for row in months if exchange in (None, row["exchange"])]
        said = {
            "porlake": "latest",
            "form": 1,
            "build_id": build_id,
            "as_of": as_of,
            "exchange": exchange,
            "page": _page(exchange),
            "events": [_json(event) for event in chosen],
            "months": [{name: plain(value) for name, value in row.items()} for row in newest],
        }
        made[f"{place}latest.json"] = lake_room.json_bytes(said)
        title = "Proof of reserves" if exchange is None else f"Proof of reserves: {titles[exchange]}"
        made[f"{place}feed.xml"] = _atom(title, exchange, chosen, url, place)
    return made


def identity(event: Event) -> str:
    """The event's id: of what it says and rests on, and of no build or run."""
    sha256 = event.file["sha256"] if event.file else ""
    name = "\n".join((event.kind, event.finding or "", event.attestation, sha256, event.what))
    return f"urn:uuid:{uuid.uuid5(_OURS, name)}"


def moment(at: datetime | None) -> str | None:
    """A moment of the marts, which is UTC, as RFC 3339 has it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at is not None else None


def plain(value: object) -> object:
    """A value of a mart as JSON: decimals and moments as exact text, for readers of JSON make floats of numbers."""
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, Decimal | date):
        return exact(value)
    if isinstance(value, Mapping):
        return {name: plain(part) for name, part in value.items()}
    return [plain(part) for part in value] if isinstance(value, list | tuple) else value


def shown(text: str) -> str:
    """Text of strangers for a feed: what cannot be printed, marks that turn the direction of writing among it, as its
    escape.
    """
    return text if text.isprintable() else "".join(
        one if one.isprintable() else one.encode("unicode_escape", "backslashreplace").decode() for one in text
    )  # fmt: skip


def _page(exchange: str | None, event: Event | None = None) -> str:
    """Where the page shows it, behind `index.html`."""
    if event is not None:
        return f"#/attestation/{quote(event.attestation, safe='/')}"
    return "#/market" if exchange is None else f"#/exchange/{quote(exchange)}"


def _json(event: Event) -> dict[str, Any]:
    return {
        "id": identity(event),
        "kind": event.kind,
        "finding": event.finding,
        "exchange": event.exchange,
        "attestation": event.attestation,
        "snapshot_at": moment(event.snapshot_at),
        "title": shown(event.title),
        "text": shown(event.text),
        "updated": moment(event.updated),
        "basis": event.basis,
        "file": plain(event.file),
        "list": plain(event.listed),
        "figures": plain(event.figures),
        "page": _page(None, event),
    }


def _atom(title: str, exchange: str | None, chosen: Sequence[Event], url: str, place: str) -> bytes:
    up = url or "../" * place.count("/")
    root = ET.Element("feed", {"xmlns": _ATOM})
    _text(root, "id", f"urn:uuid:{uuid.uuid5(_OURS, f'feed {exchange or chr(42)}')}")
    _text(root, "title", shown(title))
    _text(root, "updated", max((moment(event.updated) or "" for event in chosen), default=_NOTHING_YET))
    ET.SubElement(root, "link", {"rel": "self", "type": "application/atom+xml", "href": f"{up}{place}feed.xml"})
    ET.SubElement(root, "link", {"rel": "alternate", "type": "text/html", "href": f"{up}index.html{_page(exchange)}"})
    _text(ET.SubElement(root, "author"), "name", "porlake")
    for event in chosen:
        entry = ET.SubElement(root, "entry")
        _text(entry, "id", identity(event))
        _text(entry, "title", shown(event.title))
        _text(entry, "updated", moment(event.updated) or _NOTHING_YET)
        link = {"rel": "alternate", "type": "text/html", "href": f"{up}index.html{_page(None, event)}"}
        ET.SubElement(entry, "link", link)
        if event.file and event.file["address"]:
            related = quote(str(event.file["address"]), safe="%/:=&?~#+!$,;'@()*[]")
            ET.SubElement(entry, "link", {"rel": "related", "href": related, "title": shown(str(event.file["name"]))})
        for term in (event.kind, event.finding, event.exchange):
            if term:
                ET.SubElement(entry, "category", {"term": term})
        said = event.text
        if event.file:
            said += f" File {event.file['name']}, sha256 {event.file['sha256']}."
        _text(entry, "summary", shown(said))
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _text(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = text
