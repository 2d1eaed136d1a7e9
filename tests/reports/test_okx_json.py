"""OKX's detail page: as published, as its script's JSON and bare; what is missing is no zero; hostile pages."""

from __future__ import annotations

import copy
import json
import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from porlake import pipeline, reports
from porlake.errors import BadStructure, PorlakeError, UnknownFormat
from porlake.model import Liability, PublishedTotal, ReportFile
from porlake.reports import okx_json
from reports.published import HERE, as_bundle, read
from reports.test_json_formats import VALUES, places
from reports.test_spoiled import parsed

PAGE = (HERE / "cases/okx_json/made_from_the_facts/detail.html").read_bytes()
STATE: dict[str, Any] = json.loads(okx_json._script(PAGE, "f"))
INFO: dict[str, Any] = STATE["appContext"]["initialProps"]["App"]["auditRootInfo"]


def page(script: object, before: str = '<script id="appState">') -> bytes:
    body = script if isinstance(script, bytes) else json.dumps(script).encode()
    return b"<html><head></head><body>" + before.encode() + body + b"</script></body></html>"


def state(info: object) -> dict[str, Any]:
    return {"appContext": {"initialProps": {"App": {"auditRootInfo": info}}}}


def changed(**fields: object) -> dict[str, Any]:
    return {**copy.deepcopy(INFO), **fields}


def test_the_page_its_script_and_the_bare_object_say_the_same() -> None:
    found = [read(PAGE, "okx", "detail.html")]
    for body in (STATE, state(INFO), {"auditRootInfo": INFO}, INFO):
        found.append(read(json.dumps(body).encode(), "okx", "detail.json"))
        if "appContext" in body:
            found.append(read(page(body), "okx", "detail.html"))
    assert [items == found[0] for items in found] == [True] * len(found)
    assert len(found[0]) == 6


def test_each_figure_and_the_root_are_kept_to_the_digit() -> None:
    found = parsed({"detail.html": PAGE}, "okx")
    totals = {row.asset: row for row in found["published_total"] if isinstance(row, PublishedTotal)}
    owed = {row.asset: row for row in found["liability"] if isinstance(row, Liability)}
    assert (totals["BTC"].amount, totals["BTC"].own_amount, totals["BTC"].custody_amount) == (
        11793412300000, 11239300000000, 554112300000,
    )  # fmt: skip
    assert (owed["BTC"].owed, owed["BTC"].printed_ratio, owed["BTC"].remark) == (
        11118820000001, 106, "rounded_up",
    )  # fmt: skip
    assert owed["ETH"].note == f"audit 508399035, root of the liabilities' tree {'8f' * 32}"
    assert (totals["BTC"].remark, totals["ETH"].remark) == (None, "parts_differ")
    assert (totals["OKB"].custody_amount, "OKB" in owed) == (None, False)  # what is not printed is no zero


def test_the_moment_is_the_contents_and_the_page_is_archived_as_it_is(tmp_path: Path) -> None:
    ((form, bundle),), _ = reports.recognised(as_bundle({"detail.html": PAGE}))
    assert isinstance(form, reports.SplitFormat)
    (part,) = form.split(bundle)
    assert (part.exchange, part.snapshot) == ("okx", reports.Snapshot(datetime(2026, 5, 7), "moment"))
    (tmp_path / "detail.html").write_bytes(PAGE)
    chosen = pipeline.session(tmp_path / "lake", environ={})
    (report,) = pipeline.archive(chosen, "okx", str(tmp_path / "detail.html"))
    file: ReportFile = chosen.lake.report(report)
    assert (file.attestation, file.statement, file.content) == ("okx/2026-05-07", "okx/okx_json", "totals")
    assert file.size_bytes == len(PAGE)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (state(None), "the page shows no report"),
        (state([]), "an object was expected"),
        (state(changed(bonus="1")), 'unknown field "bonus"'),
        (state({name: value for name, value in INFO.items() if name != "merkleHash"}), '"merkleHash" is missing'),
        (state(changed(liabilityBalances=None)), "liabilityBalances: an object was expected"),
        (state(changed(merkleHash="")), "merkleHash: a hash"),
        (state(changed(merkleHash="xyz")), "merkleHash: a hash"),
        (state(changed(auditId="5b")), "auditId: an id in digits"),
        (state(changed(reserveBalances={}, liabilityBalances={}, exchangeReserveBalances={}, custodyReserveBalances={},
                       capitalRatio={})), "balances of assets"),
        ({"auditRootInfo": None}, "the page shows no report"),
        ({"x": {"auditRootInfo": INFO}}, 'the field "appContext" is missing'),
        ({"appContext": {"x": {"auditRootInfo": INFO}}}, 'appContext: the field "initialProps" is missing'),
    ],
)  # fmt: skip
def test_a_page_that_is_not_as_it_was_is_refused(body: object, why: str) -> None:
    for content in (page(body), json.dumps(body).encode()):
        with pytest.raises(BadStructure, match=why):
            read(content, "okx", "detail.html")


@pytest.mark.parametrize("time", [0, -1, 1.5, "x", None, 253_402_300_800_000, "2026-05-06"])
def test_a_moment_that_is_none_stops_the_file(time: object) -> None:
    bundle = as_bundle({"f": page(state(changed(createTime=time)))})
    with pytest.raises(BadStructure, match="createTime"):
        list(okx_json.split(bundle))


SCRIPT = json.dumps(state(INFO)).encode()
HOSTILE: dict[str, tuple[bytes, str]] = {
    "two scripts": (page(SCRIPT) + page(SCRIPT), "2 scripts"),
    "no end": (page(SCRIPT).replace(b"</script>", b"</scrip>"), "does not end"),
    "too long": (page(SCRIPT + b" " * okx_json.MOST_SCRIPT), "does not end within 8,388,608 bytes"),
    "too deep": (page(SCRIPT[:-1] + b',"x":' + b"[" * 100_000 + b"}"), "nests deeper"),
    "a number of a megabyte": (page(SCRIPT[:-1] + b',"x":' + b"7" * 1_000_000 + b"}"), "no JSON"),
    "a key twice": (page(SCRIPT[:-1] + b',"appContext":1}'), "the key 'appContext' twice"),
    "no JSON": (page(b"appState = " + SCRIPT), "no JSON"),
    "not UTF-8": (page(SCRIPT[:-1] + b',"x":"\xff"}'), "no JSON"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_page_is_refused_with_a_sentence(name: str) -> None:
    content, why = HOSTILE[name]
    with pytest.raises(BadStructure, match=why):
        read(content, "okx", "detail.html")


@pytest.mark.parametrize("size", [-1, 0, 1])
def test_the_script_is_as_long_as_is_taken(size: int) -> None:
    """Its end stands within the border, whole."""
    length = okx_json.MOST_SCRIPT - len(b"</script>") + size
    body = SCRIPT + b" " * (length - len(SCRIPT))
    if size > 0:
        with pytest.raises(BadStructure, match="does not end"):
            read(page(body), "okx", "detail.html")
    else:
        assert len(read(page(body), "okx", "detail.html")) == 6


@pytest.mark.parametrize(
    "content",
    [
        b"<html>auditRootInfo</html>",
        b'<html><script id="other">{"auditRootInfo": 1}</script></html>',
        page({"appContext": {"initialProps": {"App": {"auditList": []}}}}),
        b'coin,"auditRootInfo"\n',
        b'{"merkleHash": "x"}',
    ],
)
def test_another_page_is_no_file_of_this_format(content: bytes) -> None:
    with pytest.raises(UnknownFormat):
        read(content, "okx", "detail.html")


@pytest.mark.parametrize(
    "tag",
    [
        '<script id="appState">', "<script id='appState' type='application/json'>", "<SCRIPT type=x ID=appState>",
        '<script nonce="a"\n id = "appState" >',
    ],
)  # fmt: skip
def test_the_tag_may_be_written_in_many_ways(tag: str) -> None:
    assert len(read(page(SCRIPT, tag), "okx", "detail.html")) == 6


def figures(content: bytes) -> Counter[Any]:
    found = parsed({"detail.html": content}, "okx")
    totals = [row for row in found["published_total"] if isinstance(row, PublishedTotal)]
    owed = [row for row in found["liability"] if isinstance(row, Liability)]
    return Counter(
        [("held", row.asset, row.amount, row.own_amount, row.custody_amount) for row in totals]
        + [("owed", row.asset, row.owed, row.printed_ratio) for row in owed]
    )


def test_a_spoiled_value_becomes_no_other_number() -> None:
    before, outcomes = figures(page(SCRIPT)), Counter[str]()
    for seed in range(400):
        chance = random.Random(f"okx_json {seed}")
        info = copy.deepcopy(INFO)
        path, value = chance.choice([path for path in places(info) if path[0] != "createTime"]), chance.choice(VALUES)
        inner = info
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = value
        try:
            after = figures(page(json.dumps(state(info)).encode()))
        except PorlakeError as refused:
            assert str(refused).strip()
            outcomes["refused"] += 1
            continue
        outcomes["read"] += 1
        plain = (isinstance(value, int | float) and not isinstance(value, bool)) or value in ("0", "1.5", "9" * 60)
        is_fine = isinstance(value, str) and value.startswith("0.0000")
        if not plain and not is_fine:
            assert not after - before, (path, value)
    assert outcomes["read"] > 100, outcomes
    assert outcomes["refused"] > 20, outcomes


@pytest.mark.parametrize("cut", [lambda text: text[:-1], lambda text: text.replace("%", ""), lambda text: f"-{text}"])
def test_a_ratio_is_a_percentage(cut: Callable[[str], str]) -> None:
    items = read(page(state(changed(capitalRatio={"BTC": cut("106%")}))), "okx", "detail.html")
    assert [(item.label, item.reason) for item in items if isinstance(item, reports.Refused)][:1] == [
        ("BTC", "not_a_number")
    ]
