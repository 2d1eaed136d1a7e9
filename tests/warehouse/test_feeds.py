"""The feeds of the bundled month: valid Atom, the same entries under the same ids, text of strangers harmless."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from porlake import warehouse
from porlake.lake import Lake
from porlake.warehouse import feeds, findings
from support import made_once

ATOM = "{http://www.w3.org/2005/Atom}"
MOMENT = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z"
EVENT = findings.Event(
    "finding", "label", "x", "x/2024-01-01", None, "t", "", datetime(2024, 1, 1, tzinfo=UTC), None,
    {"sha256": "aa", "name": "n", "address": None, "retrieved_at": None, "age_days": None},
)  # fmt: skip


@pytest.fixture(scope="module")
def out(lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_once(tmp_path_factory, "page", lambda folder: warehouse.page_in(lake, folder) and None)


def every(out: Path, name: str) -> Iterator[Path]:
    yield out / name
    yield from sorted((out / "exchange").glob(f"*/{name}"))


def test_the_market_and_each_exchange_have_a_feed(out: Path) -> None:
    listed = json.loads((out / "data" / "page.json").read_bytes())
    names = {exchange["name"] for exchange in listed["exchanges"]}
    assert {path.parent.name for path in every(out, "feed.xml")} == names | {out.name}
    assert {path.parent.name for path in every(out, "latest.json")} == names | {out.name}


def test_a_feed_is_what_rfc_4287_asks_for(out: Path) -> None:
    entries = 0
    for path in every(out, "feed.xml"):
        feed = ET.parse(path).getroot()
        assert feed.tag == f"{ATOM}feed"
        for element in (feed, *feed.iter(f"{ATOM}entry")):
            for name in ("id", "title", "updated"):
                assert len(element.findall(f"{ATOM}{name}")) == 1, (path, name)
            assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", element.findtext(f"{ATOM}id") or "")
            assert re.fullmatch(MOMENT, element.findtext(f"{ATOM}updated") or "")
            assert [link for link in element.findall(f"{ATOM}link") if link.get("rel") == "alternate"]
        assert feed.findtext(f"{ATOM}author/{ATOM}name")
        ids = [element.text for element in feed.iter(f"{ATOM}id")]
        assert len(ids) == len(set(ids)), path
        times = [entry.findtext(f"{ATOM}updated") or "" for entry in feed.iter(f"{ATOM}entry")]
        assert times == sorted(times, reverse=True)
        entries += len(times)
    assert entries > 100


def test_every_event_names_the_file_that_it_rests_on_and_its_age(out: Path) -> None:
    found = [event for path in every(out, "latest.json") for event in json.loads(path.read_bytes())["events"]]
    assert {event["kind"] for event in found} >= {"report", "finding"}
    for event in found:
        assert re.fullmatch("[0-9a-f]{64}", event["file"]["sha256"]), event
        assert event["file"]["name"]
        archived, at = event["file"]["retrieved_at"], event["snapshot_at"]
        assert (event["file"]["age_days"] is None) == (at is None or archived < at), event
        assert event["file"]["age_days"] is None or event["file"]["age_days"] >= 0, event
        assert (event["list"] is None) == (event["basis"] != "onchain")
        assert event["page"] == f"#/attestation/{event['attestation']}"


def test_the_bundled_month_raises_no_alarm_and_tells_what_its_file_contradicts(out: Path) -> None:
    """What stands there is a hundred rows of OKX's: nothing of it is complete."""
    said = json.loads((out / "exchange" / "okx" / "latest.json").read_bytes())
    found = {event["finding"] for event in said["events"] if event["kind"] == "finding"}
    assert "below_100" not in found
    assert said["exchange"] == "okx"
    months = {(row["month"], row["basis"]) for row in said["months"]}
    assert len(months) == len(said["months"]) > 0
    assert all(isinstance(row["usd_total"], str | None) for row in said["months"])


def test_an_address_that_was_given_makes_whole_links(lake: Lake, tmp_path: Path) -> None:
    warehouse.page_in(lake, tmp_path / "page", "https://example.org/reserves")
    feed = ET.parse(tmp_path / "page" / "exchange" / "okx" / "feed.xml").getroot()
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    assert links == {
        "self": "https://example.org/reserves/exchange/okx/feed.xml",
        "alternate": "https://example.org/reserves/index.html#/exchange/okx",
    }


def test_an_event_keeps_its_id_over_builds_and_others_have_another() -> None:
    from dataclasses import replace

    assert feeds.identity(replace(EVENT, text="said in other words", figures={"a": "1"})) == feeds.identity(EVENT)
    others = [
        replace(EVENT, kind="report"), replace(EVENT, finding="arithmetic"), replace(EVENT, attestation="x/2024-02-01"),
        replace(EVENT, what="BTC"), replace(EVENT, file=dict(EVENT.file or {}, sha256="bb")),
    ]  # fmt: skip
    assert len({feeds.identity(event) for event in (EVENT, *others)}) == 6


HOSTILE = "<script>alert(1)</script>&amp;\"'\x00\x1b[31m\u202egnp.exe\ud800\ufffe]]>"


def test_text_of_strangers_is_text(tmp_path: Path) -> None:
    from dataclasses import replace

    event = replace(EVENT, title=HOSTILE, text=HOSTILE, file=dict(EVENT.file or {}, name=HOSTILE,
                    address="https://x.example/\"><script>&\u202e"))  # fmt: skip
    feed = ET.fromstring(feeds._atom("all", None, [event], "", ""))
    (entry,) = feed.iter(f"{ATOM}entry")
    title = entry.findtext(f"{ATOM}title") or ""
    assert title.startswith("<script>alert(1)</script>&amp;\"'\\x00\\x1b[31m\\u202egnp.exe\\ud800")
    assert title.isprintable()
    assert not list(entry.iter("script"))
    (related,) = (link.get("href") for link in entry.findall(f"{ATOM}link") if link.get("rel") == "related")
    assert related == "https://x.example/%22%3E%3Cscript%3E&%E2%80%AE"
    said: Any = feeds._json(event)
    assert json.loads(json.dumps(said))["title"] == title
