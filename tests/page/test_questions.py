"""What a person who knows no SQL asks of the page, and how many clicks it takes: each answer is that of SQL."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from porlake import cli
from support import MONTH, ROOT

pytestmark = pytest.mark.node
AT = "okx/2024-03-25"


def sql(site: Any, statement: str, *marts: str) -> list[tuple[Any, ...]]:
    """The answer of SQL over the published files of a page."""
    held = {mart["name"]: mart for mart in json.loads((site.folder / "data" / "page.json").read_bytes())["marts"]}
    with duckdb.connect() as connection:
        for mart in marts:
            path = Path(site.folder) / held[mart]["parquet"]
            connection.execute(f"create view {mart} as select * from read_parquet('{path}')")
        return connection.execute(statement).fetchall()


def cell(tab: Any, row: str, column: str, section: str = "main") -> str | None:
    """The exact value that stands in a row of the first such table."""
    found = tab.tab.locator(f"{section} tr{row} [data-column={column}]").first
    return str(found.get_attribute("data-value"))


def choose(tab: Any, label: str, value: str) -> None:
    tab.tab.evaluate("document.documentElement.dataset.ready = 'asked'")
    tab.tab.locator(f"label.choice:has(> span:text-is('{label}')) select").select_option(label=value)
    tab.wait()


def find(tab: Any, name: str) -> None:
    """Through the box at the top."""
    tab.tab.evaluate("document.documentElement.dataset.ready = 'asked'")
    tab.tab.get_by_label("Go to an exchange or asset").fill(name)
    tab.tab.keyboard.press("Enter")
    tab.wait()


def test_who_holds_the_most(sites: Callable[..., Any], seen: Callable[..., Any]) -> None:
    """Two clicks: the heads of the columns sort."""
    site, tab = sites("grown"), seen()
    tab.show(site, "#/market")
    tab.tab.get_by_role("button", name="Reserves, USD").click()
    [(first, usd)] = sql(
        site, "select exchange, usd_total::varchar from exchange_month where month = (select max(month) from "
        "exchange_month) order by usd_total desc, exchange limit 1", "exchange_month",
    )  # fmt: skip
    rows = tab.tab.locator("main table").first.locator("tbody tr")
    assert rows.first.get_attribute("data-exchange") == first
    assert rows.first.locator("[data-column=usd_total]").get_attribute("data-value") == usd
    assert "sort=-usd_total" in tab.tab.evaluate("location.hash"), "the order is in the address, to be linked to"


def test_how_much_bitcoin_did_okx_hold_in_march_2024_and_does_it_cover_what_is_owed(
    sites: Callable[..., Any], seen: Callable[..., Any]
) -> None:
    site, tab = sites("month"), seen()
    tab.show(site, "#/market")
    find(tab, "OKX")
    choose(tab, "Month", "Mar 2024")
    [(claimed, owed, covered)] = sql(
        site, "select reserves_claimed_units::varchar, liabilities_units::varchar, is_covered_claimed::varchar from "
        f"reserve_ratio where attestation = '{AT}' and asset = 'BTC'", "reserve_ratio",
    )  # fmt: skip
    of_bitcoin = "[data-asset=BTC]:has([data-column=is_covered_claimed])"
    shown = [cell(tab, of_bitcoin, name, "#s-ratios") for name in (
        "reserves_claimed_units", "liabilities_units", "is_covered_claimed")]  # fmt: skip
    assert shown == [claimed, owed, covered]


def test_how_much_of_it_is_really_proven(sites: Callable[..., Any], seen: Callable[..., Any]) -> None:
    """It stands in large print, as the lower bound that it is."""
    site, tab = sites("month"), seen()
    tab.show(site, "#/exchange/okx?month=2024-03")
    [(usd, share)] = sql(
        site, "select usd_signed_and_seen::varchar, share_signed_and_seen from exchange_month where "
        f"attestation = '{AT}' and basis = 'claimed'", "exchange_month",
    )  # fmt: skip
    figures = tab.tab.locator("dl.figures", has_text="Reserves, claimed")
    figure = figures.locator(".figure", has_text="Signed and seen").inner_text()
    assert f"at least ${Decimal(usd):,}" in figure
    assert f"{int(share * 10_000) / 100:.2f} %" in figure


def test_what_came_and_went_in_a_year_without_the_price(sites: Callable[..., Any], seen: Callable[..., Any]) -> None:
    site, tab = sites("grown"), seen()
    tab.show(site, "#/market")
    choose(tab, "Columns", "Flows")
    flows = sql(
        site, "select exchange, sum(usd_flow)::varchar, count(*) from exchange_month where month > (select "
        "max(month) - interval 12 month from exchange_month) group by exchange having count(usd_flow) = 12 "
        "and sum(days) >= 336",
        "exchange_month",
    )  # fmt: skip
    shown = {
        row.get_attribute("data-exchange"): row.locator("[data-column=usd_flow_12]").get_attribute("data-value")
        for row in tab.tab.locator("main table").first.locator("tbody tr").all()
    }
    assert {exchange: value for exchange, value in shown.items() if value is not None} == {
        exchange: value for exchange, value, _ in flows
    }
    assert len(shown) == 12


def test_what_speaks_against_the_file(sites: Callable[..., Any], seen: Callable[..., Any]) -> None:
    """A banner says so at the top of the view, and leads to the file with its reasons."""
    site, tab = sites("month"), seen()
    tab.show(site, f"#/attestation/{AT}")
    [(refused, why)] = sql(
        site, "select lines_refused, array_to_string(lines_refused_because, '; ') from reports where "
        f"attestation = '{AT}' and content = 'addresses'", "reports",
    )  # fmt: skip
    assert f"{refused} rows of the file could not be read" in tab.tab.locator(".banner").first.inner_text()
    assert cell(tab, ":has-text('okx_por_2024032500.csv')", "lines_refused_because", "#s-files") == why


def test_why_a_row_has_its_verdict(
    sites: Callable[..., Any], seen: Callable[..., Any], axe: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the lake is at hand: rows are chosen by verdict, and one is explained as `porlake explain` does."""
    site, tab = sites("asks"), seen()
    tab.show(site, f"#/attestation/{AT}?section=explain")
    choose(tab, "Verdict", "invalid")
    (bad,) = tab.tab.locator("#s-explain table tbody tr").all()
    line = bad.locator("[data-column=source_row]").get_attribute("data-value")
    bad.locator("a").click()
    tab.tab.wait_for_selector("#told")
    tab.wait()
    assert f"row={line}" in tab.tab.evaluate("location.hash")
    assert tab.tab.locator("#told h3").inner_text() == f"Line {line}: invalid"
    assert cli.main(["explain", MONTH[0], "--row", str(line)]) == 0
    said = "".join(capsys.readouterr().out.split())
    told = [(name, text) for name, text in zip(
        tab.tab.locator("#told dt").all_inner_texts(), tab.tab.locator("#told dd").all_inner_texts(), strict=True
    )]  # fmt: skip
    on_chain = {"liquid", "total", "read at", "last change", "not read"}
    assert [name for name, text in told if "".join((name + text).split()) not in said and name not in on_chain] == []
    assert any(name in on_chain for name, _ in told)
    tab.tab.evaluate(axe)
    found = tab.tab.evaluate("axe.run(document, {resultTypes: ['violations']}).then(found => found.violations)")
    assert [one["id"] for one in found] == []
    (ROOT / "build" / "page").mkdir(parents=True, exist_ok=True)
    tab.tab.screenshot(path=ROOT / "build" / "page" / "explain.png")


def test_a_line_that_is_typed_and_one_that_is_not_there(sites: Callable[..., Any], seen: Callable[..., Any]) -> None:
    site, tab = sites("asks"), seen()
    tab.show(site, f"#/attestation/{AT}?section=explain&row=57")
    assert tab.tab.locator("#told h3").inner_text() == "Line 57: proven"
    tab.tab.evaluate("document.documentElement.dataset.ready = 'asked'")
    tab.tab.get_by_label("Line", exact=True).fill("1")
    tab.tab.keyboard.press("Enter")
    tab.wait()
    assert "no row of an address stands on line 1" in tab.tab.locator("#s-explain .banner").inner_text()
    (error,) = tab.errors  # the browser's own word of the 404
    assert "404" in error
    tab.errors.clear()


def test_a_static_folder_tells_the_command(sites: Callable[..., Any], seen: Callable[..., Any]) -> None:
    tab = seen()
    tab.show(sites("month"), f"#/attestation/{AT}?section=explain&row=57")
    assert "porlake explain okx_por_2024032500.csv --row 57" in tab.tab.locator("#s-explain").inner_text()
    assert tab.tab.locator("#s-explain form").count() == 0
