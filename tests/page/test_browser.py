"""The page in a real browser that reaches nothing but loopback: what it shows is what SQL answers."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from made_marts import HOSTILE
from porlake import warehouse
from porlake.warehouse.measures import measures
from support import ROOT

pytestmark = pytest.mark.node
SHOTS = ROOT / "build" / "page"
SECTIONS = ("flows", "reserves", "ratios", "composition", "networks", "proven", "unread", "restatements", "addresses",
            "findings", "liabilities", "files")  # fmt: skip
VIEWS = ("#/market", "#/market?month=2024-01", "#/exchange/okx", "#/exchange/okx?asset=BTC&month=2024-03",
         "#/asset/BTC", "#/asset/BTC?month=2024-03", "#/attestation/okx/2024-03-25", "#/news",
         "#/news/okx?kind=finding", "#/method", "#/data")  # fmt: skip


# --- every view, every link -------------------------------------------------------------------------------------------
def test_every_view_and_every_permalink_stands(sites: Callable[..., Any], seen: Callable[..., Any]) -> None:
    site, tab = sites("grown"), seen()
    for view in VIEWS:
        tab.show(site, view)
        assert tab.tab.locator("h1").count() == 1, view
    tab.show(sites("one"), "#/market")  # the smallest, for there are fifty of them
    links = [f"#/exchange/okx?section={section}" for section in SECTIONS]
    links += [f"#/method/{measure.name}" for measure in measures()]
    links += [f"#/data/{mart}" for mart in warehouse.marts()]
    for view in links:
        tab.follow(view)
        assert tab.tab.evaluate("location.hash") == view
        assert tab.tab.locator("h1").count() == 1, view


def test_a_link_to_what_is_not_there_says_so_and_leads_on(sites: Callable[..., Any], seen: Callable[..., Any]) -> None:
    tab = seen()
    for view in ("#/exchange/nobody", "#/asset/NOTHING", "#/attestation/okx/1999-01-01", "#/method/none", "#/nowhere",
                 "#/exchange/%3Cscript%3E"):  # fmt: skip
        tab.show(sites("month"), view)
        assert tab.tab.locator("main a[href^='#/']").count() > 0, view


def test_every_link_of_the_feeds_leads_to_a_view_that_stands(
    sites: Callable[..., Any], seen: Callable[..., Any]
) -> None:
    site, tab = sites("month"), seen()
    tab.show(site, "#/market")
    said = json.loads((site.folder / "latest.json").read_bytes())
    for view in sorted({event["page"] for event in said["events"]})[:12]:
        tab.follow(view)


# --- the numbers ------------------------------------------------------------------------------------------------------
CELLS = """
() => [...document.querySelectorAll('table[data-mart] tbody tr')].map(row => ({
    mart: row.closest('table').dataset.mart,
    of: Object.fromEntries(['attestation', 'exchange', 'asset', 'network'].filter(name => row.dataset[name])
        .map(name => [name, row.dataset[name]])),
    cells: [...row.querySelectorAll('[data-column]')]
        .map(cell => ({mart: cell.dataset.mart, column: cell.dataset.column, value: cell.dataset.value ?? null,
                       text: cell.innerText})),
}))
"""


def rows_of(folder: Path, mart: Mapping[str, Any]) -> list[dict[str, str | None]]:
    """What SQL answers of a published mart, each value as DuckDB writes it in full."""
    parts = []
    for column in mart["columns"]:
        name, kind = f'"{column["name"]}"', column["type"]
        if kind.startswith("timestamp"):
            parts.append(f"strftime(make_timestamp(epoch_us({name})), '%Y-%m-%dT%H:%M:%SZ') as {name}")
        elif kind.endswith("[]"):
            parts.append(f"array_to_string({name}::varchar[], '; ') as {name}")
        else:
            parts.append(f"{name}::varchar as {name}")
    with duckdb.connect() as connection:
        answer = connection.execute(f"select {', '.join(parts)} from read_parquet('{folder / mart['parquet']}')")
        names = [name for name, *_ in answer.description]
        return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def same(shown: str | None, answered: str | None) -> bool:
    """To the last digit; a double is the same number, for two programs write it in two ways (1e-05, 0.00001)."""
    if shown == answered:
        return True
    if shown is None or answered is None:
        return shown in (None, "") and answered in (None, "")
    return (
        bool(re.search(r"[.e]", answered)) and shown.count(".") <= 1 and _float(shown) == _float(answered) is not None
    )


def _float(text: str) -> float | None:
    try:
        return float(text) if len(text) < 26 and "E" in f"{float(text):E}" else None
    except ValueError:
        return None


@pytest.mark.parametrize(
    ("name", "view"),
    [("grown", "#/market"), ("grown", "#/exchange/okx"), ("grown", "#/asset/BTC"), ("month", "#/market"),
     ("month", "#/exchange/okx"), ("month", "#/attestation/okx/2024-03-25"), ("month", "#/exchange/kucoin")],
)  # fmt: skip
def test_the_numbers_are_those_that_sql_answers(
    sites: Callable[..., Any], seen: Callable[..., Any], name: str, view: str
) -> None:
    """Each row of a table is one of the mart that its attributes name: no cell of it says anything else."""
    site, tab = sites(name), seen()
    tab.show(site, view)
    marts = {mart["name"]: mart for mart in json.loads((site.folder / "data" / "page.json").read_bytes())["marts"]}
    answered: dict[str, list[dict[str, str | None]]] = {}
    compared, wrong = Counter[str](), []
    for row in tab.tab.evaluate(CELLS):
        for mart, cells in _by_mart(row, marts):
            if mart not in answered:
                answered[mart] = rows_of(site.folder, marts[mart])
            candidates = [
                found
                for found in answered[mart]
                if all(found.get(key, value) == value for key, value in row["of"].items())
            ]
            if not any(all(same(cell["value"], found[cell["column"]]) for cell in cells) for found in candidates):
                wrong.append((mart, row["of"], [(cell["column"], cell["value"]) for cell in cells]))
            compared[mart] += len(cells)
    assert wrong == []
    assert sum(compared.values()) > 30, compared


def _by_mart(row: Any, marts: Mapping[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    """The cells of a row that show a column of a mart, by that mart; those that say so come of another than the
    table's.
    """
    by_mart: dict[str, list[Any]] = {}
    for cell in row["cells"]:
        mart = cell["mart"] or row["mart"]
        if cell["mart"] and cell["value"] is None:  # there, no row says anything of what is meant
            continue
        if mart in marts and cell["column"] in [column["name"] for column in marts[mart]["columns"]]:
            by_mart.setdefault(mart, []).append(cell)
    yield from by_mart.items()


def test_money_is_shown_with_every_digit(sites: Callable[..., Any], seen: Callable[..., Any]) -> None:
    tab = seen()
    tab.show(sites("month"), "#/attestation/okx/2024-03-25")
    shown = 0
    for row in tab.tab.evaluate(CELLS):
        for cell in row["cells"]:
            if cell["value"] and cell["column"].startswith(("usd", "amount", "claimed", "liabilities_units")):
                text = re.sub(r"[^0-9.-]", "", cell["text"].replace("\u2212", "-"))
                value = cell["value"]
                short = value.rstrip("0").rstrip(".") if "." in value else value
                assert text in (value, short), cell
                shown += 1
    assert shown > 20


def test_a_null_is_told_with_its_reason_and_never_zero(sites: Callable[..., Any], seen: Callable[..., Any]) -> None:
    tab = seen()
    tab.show(sites("month"), "#/attestation/okx/2024-03-25")
    told = 0
    for row in tab.tab.evaluate(CELLS):
        for cell in row["cells"]:
            if cell["value"] is None:
                assert not re.search(r"\d", cell["text"]), cell
                told += bool(cell["text"].strip(" –"))
    assert told > 10


# --- downloads --------------------------------------------------------------------------------------------------------
def test_the_downloads_are_the_marts(sites: Callable[..., Any], seen: Callable[..., Any]) -> None:
    site, tab = sites("month"), seen()
    tab.show(site, "#/data")
    links = tab.tab.evaluate("[...document.querySelectorAll('a')].map(a => a.href)")
    got = {
        link.rpartition("/")[2]: link
        for link in links
        if link.startswith(site.url) and link.endswith((".parquet", ".csv", ".sql"))
    }
    marts = warehouse.manifest_of(site.lake)["marts"]
    listed = json.loads((site.folder / "data" / "page.json").read_bytes())["marts"]
    columns = {mart["name"]: [column["name"] for column in mart["columns"]] for mart in listed}
    assert {name for name in got if name.endswith(".parquet")} == {f"{mart}.parquet" for mart in marts}
    for mart, facts in marts.items():
        with urllib.request.urlopen(got[f"{mart}.parquet"]) as answer:
            assert hashlib.sha256(answer.read()).hexdigest() == facts["sha256"]
        with urllib.request.urlopen(got[f"{mart}.csv"]) as answer:
            assert answer.read().decode().split("\n", 1)[0] == ",".join(columns[mart])
        with urllib.request.urlopen(got[f"{mart}.sql"]) as answer:
            assert answer.read().decode() == facts["sql"]


# --- lakes that are odd -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["empty", "one"])
def test_an_empty_lake_and_one_exchange(sites: Callable[..., Any], seen: Callable[..., Any], name: str) -> None:
    site, tab = sites(name), seen()
    for view in ("#/market", "#/exchange/okx", "#/asset/BTC", "#/attestation/okx/2024-03-25", "#/method", "#/data"):
        tab.show(site, view)
        assert tab.tab.locator("h1").count() == 1, view
    SHOTS.mkdir(parents=True, exist_ok=True)
    tab.show(site, "#/market")
    tab.tab.screenshot(path=SHOTS / f"{name}.png", full_page=True)


def test_what_strangers_wrote_is_shown_as_text(sites: Callable[..., Any], seen: Callable[..., Any]) -> None:
    site, tab = sites("hostile"), seen()
    shown = 0
    for view in ("#/market", "#/exchange/okx", "#/attestation/okx/2024-03-25", "#/exchange/kucoin", "#/data"):
        tab.show(site, view)
        assert tab.tab.evaluate("window.hurt === undefined")
        assert tab.tab.locator("img[src='x']").count() == 0
        assert tab.tab.locator("script").count() == tab.tab.locator("script[src]").count()
        shown += tab.tab.get_by_text("<script>window.hurt=1</script>").count()
        outside = tab.tab.evaluate(
            """() => {
                const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
                const found = [];
                while (walker.nextNode()) {
                    const text = walker.currentNode;
                    const turns = /[\\u202a-\\u202e\\u2066-\\u2069]/.test(text.data);
                    if (turns && !text.parentElement.closest('bdi, title, option')) found.push(text.data.slice(0, 80));
                }
                return found;
            }"""
        )
        assert outside == [], view
    assert shown > 3, HOSTILE
    SHOTS.mkdir(parents=True, exist_ok=True)
    tab.show(site, "#/attestation/okx/2024-03-25")
    tab.tab.screenshot(path=SHOTS / "hostile.png", full_page=True)


# --- for everybody ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("view", "scheme"),
    [("#/market", "light"), ("#/market", "dark"), ("#/exchange/okx", "light"), ("#/exchange/okx", "dark"),
     ("#/attestation/okx/2024-03-25", "light"), ("#/asset/BTC", "dark"), ("#/news", "light"), ("#/method", "light"),
     ("#/data", "dark")],
)  # fmt: skip
def test_axe_finds_nothing(
    sites: Callable[..., Any], seen: Callable[..., Any], axe: str, view: str, scheme: str
) -> None:
    tab = seen(color_scheme=scheme)
    tab.show(sites("month"), view)
    tab.tab.evaluate(axe)
    found = tab.tab.evaluate("axe.run(document, {resultTypes: ['violations']}).then(found => found.violations)")
    assert [(one["id"], [node["html"][:120] for node in one["nodes"]][:3]) for one in found] == []


def test_it_is_walked_by_keyboard(sites: Callable[..., Any], seen: Callable[..., Any]) -> None:
    tab = seen()
    tab.show(sites("month"), "#/market")
    reached = []
    for _ in range(12):
        tab.tab.keyboard.press("Tab")
        reached.append(tab.tab.evaluate("[document.activeElement.tagName, document.activeElement.innerText ?? '']"))
    assert {"A", "SELECT"} <= {name for name, _ in reached}, reached


PICTURES = {
    "market": ("grown", "#/market", {}),
    "market-dark": ("grown", "#/market", {"color_scheme": "dark"}),
    "market-phone": ("grown", "#/market", {"viewport": {"width": 390, "height": 844}, "has_touch": True}),
    "printed": ("printed", "#/exchange/okx?asset=BTC&section=ratios", {}),
    "exchange": ("month", "#/exchange/okx", {}),
    "exchange-dark": ("month", "#/exchange/okx", {"color_scheme": "dark"}),
    "exchange-phone": ("month", "#/exchange/okx", {"viewport": {"width": 390, "height": 844}, "has_touch": True}),
    "attestation": ("month", "#/attestation/okx/2024-03-25", {}),
    "asset": ("grown", "#/asset/BTC", {}),
    "method": ("month", "#/method", {}),
    "data": ("month", "#/data", {}),
}


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_that_a_person_can_look_at(sites: Callable[..., Any], seen: Callable[..., Any], name: str) -> None:
    """In build/page. With PORLAKE_TESTS_PICTURE set, the README's is made anew."""
    site, view, options = PICTURES[name]
    tab = seen(**options)
    tab.show(sites(site), view)
    width = tab.tab.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert width[0] <= width[1], "the page is wider than the window"
    SHOTS.mkdir(parents=True, exist_ok=True)
    tab.tab.screenshot(path=SHOTS / f"{name}.png", full_page=name not in ("market", "printed"))
    if name == "exchange":
        tab.tab.emulate_media(media="print")
        tab.tab.screenshot(path=SHOTS / "exchange-print.png", full_page=True)
    if name == "printed" and os.environ.get("PORLAKE_TESTS_PICTURE"):
        shutil.copy(SHOTS / "printed.png", ROOT / "docs" / "page.png")


def test_the_readme_has_its_picture() -> None:
    content = (ROOT / "docs" / "page.png").read_bytes()
    assert content.startswith(b"\x89PNG")
    assert len(content) < 300_000
