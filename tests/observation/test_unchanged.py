"""A chain without a past that shows when an account last changed: what is kept as evidence, end to end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from observation.toy import FACE, toy
from porlake import pipeline
from porlake.errors import TransportError
from porlake.lake import Lake
from porlake.model import Balance, Block, Sweep, Unchanged, Unobserved
from porlake.transport import Endpoint, Recording
from support import on_loopback, reply, tree

HEADER = (
    "coin,Network,Snapshot Height,address,amount,message,signature1,signature2,redeem script/ public key,eoa1,eoa2\n"
)
NOW_READ = """
            head = self.head()
            now = [Reading(want.asset, want.address, part, told[part], head, "head", "toy_balance", self._http.host)
                   for part in ("staked", "total")]
            yield from (unchanged(one, at, head, told["changed"], f"changed at {told['changed']}") for one in now)
"""
START, END = "            raw = numbers.whole(told", "    def _block"
FACE_NOW = FACE[: FACE.index(START)] + NOW_READ.lstrip("\n") + "\n" + FACE[FACE.index(END) :]
FACE_NOW = FACE_NOW.replace("Reading, Unread", "Reading, Unread, unchanged").replace(
    "class Client(OneByOne):", "class Client(OneByOne):\n    unchanged_since = True\n"
)
#: When each account last changed; the snapshot is of block 100.
CHANGED = {f"toy{number}": 90 + number for number in range(20)}
HELD = {address: {"staked": 1, "total": 1_000 * changed} for address, changed in CHANGED.items()}


class Node:
    def __init__(self, lies: dict[str, int] | None = None) -> None:
        self.left, self.asked, self.lies, self.block_time = 10**9, list[str](), lies or {}, 1_700_000_000

    def answer(self, path: str) -> Any:
        self.asked.append(path)
        match path.strip("/").split("/"):
            case ["head"]:
                return {"height": 200, "hash": "head", "time": 1_700_001_000}
            case ["block", height]:
                return {"height": int(height), "hash": f"aa{height}", "time": self.block_time}
            case ["balance", _, address]:
                self.left -= 1
                told = HELD[address] | {"changed": CHANGED[address]}
                return told | {"total": told["total"] + self.lies.get(address, 0)}
        raise ValueError(path)


@contextmanager
def served(node: Node, host: str = "127.0.0.1") -> Iterator[Endpoint]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = node.answer(self.path)
            if node.left < 0:
                reply(self, 400, b"no")
            else:
                reply(self, 200, json.dumps(found).encode())

        def log_message(self, *_: Any) -> None:
            pass

    with on_loopback(Handler, host) as url:
        yield Endpoint(url, pause=0.001, tries=1)


@pytest.fixture(autouse=True)
def added(tmp_path: Path) -> Iterator[None]:
    with toy(tmp_path / "family", FACE_NOW):
        swept = tmp_path / "family" / "rows" / "sweeps.csv"
        swept.write_text("network,window_seconds,note\ntoynet,600,made\n")
        yield


def settings_of(folder: Path, *endpoints: Endpoint, **options: Any) -> pipeline.Session:
    chosen = replace(pipeline.session(folder / "lake", environ={}), endpoints={"toynet": endpoints}, **options)
    return replace(chosen, check_sample=Decimal(1)) if len(endpoints) > 1 else chosen


def published(settings: pipeline.Session, folder: Path) -> str:
    path = folder / "okx_por_2023111500.csv"
    lines = [f"TOY,TOYNET,100,{address},1,,,,,,\n" for address in HELD]
    path.write_text("coin,amount\nTOY,20\n\n" + HEADER + "".join(lines))
    (report,) = pipeline.archive(settings, "okx", str(path))
    pipeline.parse(settings, report)
    return report


def exact(lake: Lake) -> set[str]:
    return {row.address for row in lake.rows(Balance) if row.as_of == "exact"}


SETTLED = {address for address, changed in CHANGED.items() if changed <= 100}


def test_a_balance_that_did_not_change_is_exact_and_the_evidence_is_kept(tmp_path: Path) -> None:
    with served(Node()) as place:
        taped = settings_of(tmp_path, place, recording=Recording.record(tmp_path / "tape"))
        report = published(taped, tmp_path)
        pipeline.observe(taped, report, "toynet")
    rows = {(row.address, row.component): row for row in taped.lake.rows(Balance)}
    assert exact(taped.lake) == SETTLED
    for (address, component), row in rows.items():
        settled = address in SETTLED
        assert row.amount == HELD[address][component] * 100
        assert (row.as_of, row.height, row.offset_seconds) == (
            ("exact", 100, 0) if settled else ("head", 200, 1_000)
        ), address
        assert row.method == ("unchanged_since" if settled else "toy_balance")
    shown = list(taped.lake.rows(Unchanged))
    assert [row.address for row in shown] == sorted(SETTLED)
    for row in shown:
        assert (row.asset, row.head_height, row.head_hash) == ("TOY", 200, "head")
        assert row.head_time == datetime.fromtimestamp(1_700_001_000, UTC)
        assert (row.last_change, row.answer) == (str(CHANGED[row.address]), f"changed at {CHANGED[row.address]}")
        assert row.source == place.host
    assert {row.height: row.block_origin for row in taped.lake.rows(Block)} == {100: "published", 200: "head"}
    before = tree(tmp_path / "lake" / "lake")
    pipeline.observe(settings_of(tmp_path, recording=Recording.replay(tmp_path / "tape")), report, "toynet")
    assert tree(tmp_path / "lake" / "lake") == before


def test_an_observation_that_was_stopped_goes_on_with_its_evidence(tmp_path: Path) -> None:
    node = Node()
    with served(node) as place:
        settings = settings_of(tmp_path, place)
        report = published(settings, tmp_path)
        node.left = 12
        with pytest.raises(TransportError):
            pipeline.observe(settings, report, "toynet")
        node.left, node.asked = 10**9, []
        pipeline.observe(settings, report, "toynet")
    assert 0 < sum(path.startswith("/balance") for path in node.asked) < len(HELD)
    assert {row.address for row in settings.lake.rows(Unchanged)} == SETTLED == exact(settings.lake)


def test_a_second_endpoint_confirms_them_and_a_contradiction_takes_the_evidence_away(tmp_path: Path) -> None:
    with served(Node()) as place, served(Node({"toy3": 7, "toy15": 7}), "127.0.0.2") as other:
        settings = settings_of(tmp_path, place, other)
        pipeline.observe(settings, published(settings, tmp_path), "toynet")
    confirmed = {row.address for row in settings.lake.rows(Balance) if row.confirmed_by == other.host}
    assert confirmed == SETTLED - {"toy3"} == {row.address for row in settings.lake.rows(Unchanged)}
    assert {row.address: row.reason for row in settings.lake.rows(Unobserved)} == {"toy3": "endpoints_disagree"}


def test_what_takes_over_shows_its_own_evidence(tmp_path: Path) -> None:
    first, second = Node(), Node()
    with served(first) as place, served(second, "127.0.0.2") as other:
        settings = replace(settings_of(tmp_path, place, other), check_sample=Decimal(0), check_above=Decimal(1))
        report = published(settings, tmp_path)
        first.left = 6
        pipeline.observe(settings, report, "toynet")
    sources = {row.address: row.source for row in settings.lake.rows(Unchanged)}
    assert sources.keys() == SETTLED
    assert set(sources.values()) == {place.host, other.host}


def test_a_sweep_stands_in_for_what_changed_and_evidence_comes_before_it(tmp_path: Path) -> None:
    node = Node()
    with served(node) as place:
        settings = settings_of(tmp_path, place)
        report = published(settings, tmp_path)
        at = datetime.fromtimestamp(1_700_001_000, UTC)
        assert pipeline.sweep(settings, "okx", "toynet", at) == len(HELD)
        swept = {row.address: row.amount for row in settings.lake.rows(Sweep) if row.component == "total"}
        node.lies = dict.fromkeys(HELD, 1)
        node.block_time = 1_700_000_700
        pipeline.observe(settings, report, "toynet")
    found = {row.address: row for row in settings.lake.rows(Balance) if row.component == "total"}
    assert {address for address, row in found.items() if row.as_of == "exact"} == SETTLED
    assert {row.as_of for address, row in found.items() if address not in SETTLED} == {"near"}
    for address, row in found.items():
        assert row.amount == (HELD[address]["total"] + 1) * 100 if address in SETTLED else swept[address]
    parts = {row.address for row in settings.lake.rows(Balance) if row.component == "staked"}
    assert parts == set(HELD)
    assert {row.address for row in settings.lake.rows(Unchanged)} == SETTLED
