"""Which format reads a file; and a format is added by one file, rows and a case."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from porlake import pipeline, reports
from porlake.errors import BadStructure, ReportError, UnknownFormat, UnsafeArchive
from porlake.model import Claim, Rejection
from porlake.queries import publisher
from porlake.reports import addresses_csv, control_transfers_csv, totals_csv, tracker_figures_csv
from reports.published import (
    HERE,
    OKX_ROWS,
    STAKING,
    as_bundle,
    cases,
    check_case,
    check_complete,
    exchange_of,
    read,
    report_of,
    zipped,
)
from support import own_rows

CASES = cases(HERE / "cases")
TOY = HERE / "toy"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_published_files_give_their_rows(case: Path) -> None:
    check_case(case)


def test_every_format_has_a_case() -> None:
    check_complete(HERE / "cases")


@pytest.mark.parametrize("name", reports.FORMATS)
def test_every_format_has_all_parts_and_says_how_it_is_recognised(name: str) -> None:
    form = reports.FORMATS[name]
    assert isinstance(form, reports.Format)
    assert name == form.NAME
    assert len(set(form.ROLES)) == len(form.ROLES) > 0
    assert not [role for role in form.ROLES if not re.fullmatch("[a-z0-9_]+", role)], (
        "members lists them between blanks"
    )
    assert (form.matches.__doc__ or "").startswith("Whether ")


# --- a format of one's own, added as CONTRIBUTING says: one file, rows, a case ----------------------------------------
@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The file of the format lies in the room, and its rows in the registry."""
    monkeypatch.setattr(reports, "__path__", [*reports.__path__, str(TOY)])
    with own_rows(TOY):
        yield
    sys.modules.pop("porlake.reports.toy_json", None)
    monkeypatch.delattr(reports, "toy_json", raising=False)


@pytest.mark.usefixtures("toy")
def test_an_added_format_is_found_and_needs_a_case() -> None:
    assert "toy_json" in reports.FORMATS
    with pytest.raises(AssertionError):
        check_complete(HERE / "cases")


@pytest.mark.usefixtures("toy")
@pytest.mark.parametrize("case", cases(TOY / "cases"), ids=lambda case: case.name)
def test_the_case_of_an_added_format_is_checked(case: Path) -> None:
    check_case(case)


@pytest.mark.usefixtures("toy")
def test_an_added_format_goes_from_its_files_to_the_lake(tmp_path: Path) -> None:
    chosen = pipeline.session(tmp_path / "lake", environ={})
    folder = TOY / "cases" / "toy_json" / "hot_and_cold"
    assert publisher.publisher(str(folder)) == "toy"
    (report,) = pipeline.archive(chosen, "toy", str(folder))
    assert pipeline.archive(chosen, "toy", str(folder)) == [report]
    pipeline.parse(chosen, report)
    file = chosen.lake.report(report)
    assert (file.attestation, file.format, file.statement) == ("toy/2026-01-01", "toy_json", "toy/toy_json")
    assert [line.split("  ")[1:] for line in file.members] == [
        ["cold", "toy_cold_20260101.json"],
        ["hot", "toy_hot_20260101.json"],
        ["-", "expected.json"],
    ]
    assert [(row.member, row.source_row, row.network, row.amount) for row in chosen.lake.rows(Claim)] == [
        (0, 1, "bitcoin", 21 * 10**8),
        (1, 1, "ethereum", 1_100000000000000001),
    ]
    assert [(row.member, row.source_row, row.reason) for row in chosen.lake.rows(Rejection)] == [
        (1, 2, "unknown_asset")
    ]


def test_a_module_that_lacks_a_part_is_named_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "half_csv.py").write_text("NAME = 'half_csv'\nROLES = (NAME,)\n")
    (tmp_path / "other_csv.py").write_text((TOY / "toy_json.py").read_text())
    monkeypatch.setattr(reports, "__path__", [*reports.__path__, str(tmp_path)])
    with pytest.raises(TypeError, match=r"reports/half_csv\.py lacks matches, members, content, snapshot_of, parse"):
        reports.FORMATS["half_csv"]
    with pytest.raises(TypeError, match=r"reports/other_csv\.py lacks NAME = 'other_csv'"):
        reports.FORMATS["other_csv"]
    assert "_csv" not in reports.FORMATS


# --- which format reads a file ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"<html></html>", b"a,b,c\n1,2,3\n", b"\xff" * 100, b"coin,amount\nBTC,1\n"]
)
def test_a_file_that_no_format_recognises_says_what_was_looked_for(content: bytes) -> None:
    with pytest.raises(UnknownFormat, match=r"f\.csv.*addresses_csv.*htx_csv.*okx_csv.*totals_csv"):
        read(content)


def test_a_page_that_a_site_gave_in_place_of_a_file_is_said_to_be_one() -> None:
    page = "f.csv: a page of HTML or XML, as sites give in place of a file; no format recognises it. Looked for"
    for content, said in (
        (b"\xef\xbb\xbf \n<!DOCTYPE html><p>Coin,Height", page),
        (b"Coin;Height", "f.csv: no format"),
    ):
        with pytest.raises(UnknownFormat) as refused:
            read(content)
        assert str(refused.value).startswith(said)


#: By format: its files without what they hold.
HEADER_OF_TOTALS = ",".join(totals_csv.COLUMNS).encode() + b"\n"
EMPTIED = {
    "addresses_csv": {"addresses_2026-01-01.csv": b"exchange,network,address,label,source\n"},
    "binance_addresses_json": {"binance_20261101_addresses.json": b'{"code":"000000","data":[]}'},
    "binance_csv": {"PR01JAN30_HotCold.csv": b"coin,network,address,balance,Height,Third party custodian name\n"},
    "binance_json": {
        "audit.json": b'{"code":"000000","success":true,"data":{"snapshotTime":"01/09/26 00:00:00 UTC",'
        b'"merkleRootHash":"' + b"ab" * 32 + b'","auditId":"PR01SEP26","snapshotDataList":[]}}'
    },
    "bitfinex_txt": {"wallets_20221212.txt": b"\n\n"},
    "bitget_json": {"bitget_Au2026092917.json": b'{"code":"200","data":{"platformAssetDetailListList":[]}}'},
    "bitmex_yaml": {"reserves-7-20211108D000000.yaml": b"address:\n# addr_type: sh\n"},
    "bitstamp_json": {"page_1.json": b'{"wallets":{}}'},
    "bybit_csv": {"bybit_por_203001.csv": b"Coin,Height,Amount,Address,,,,,\r\n"},
    "control_transfers_csv": {"c.csv": ",".join(control_transfers_csv.COLUMNS).encode() + b"\n"},
    "gate_json": {"g.json": b'{"code":0,"data":{"snapshot_time":"2026-09-13 00:00:00","currency_data":[]}}'},
    "htx_csv": {
        "huobi_por_20240601.csv": b"coin,snapshot height,balance\nBTC(ALL),-,1\n\n"
        b"coin,address,snapshot height,balance,message,signature\n"
    },
    "kucoin_json": {"k.json": b'{"code":"200","data":{"latestAuditDate":1788191999000,"reserveAsset":[]}}'},
    "kucoin_post": {"kucoin_por_202211.txt": b"\n"},
    "mexc_json": {"m.json": b'{"code":0,"data":{"snapshotDate":1788969600000,"details":[]}}'},
    "observed_list": {"o.json": b"{}\n"},
    "okx_csv": {"okx_por_2026081100_V6.csv": OKX_ROWS.encode()},
    "okx_json": {
        "d.json": b'{"auditId":"5","merkleHash":"' + b"ab" * 32 + b'","createTime":1788796800000,"capitalRatio":{},'
        b'"liabilityBalances":{},"reserveBalances":{}}'
    },
    "totals_csv": {"t.csv": HEADER_OF_TOTALS},
    "tracker_figures_csv": {"f.csv": ",".join(tracker_figures_csv.COLUMNS).encode() + b"\n"},
}


@pytest.mark.parametrize("name", reports.FORMATS)
def test_a_file_that_states_nothing_is_no_report_and_newer_than_none(name: str) -> None:
    exchange = exchange_of(name)
    with pytest.raises(ReportError):
        for form, bundle in reports.recognised(as_bundle(EMPTIED[name], exchange))[0]:
            if isinstance(form, reports.SplitFormat):
                list(form.split(bundle))
            list(form.parse(bundle))


def test_an_archive_in_an_archive_is_opened_by_nobody() -> None:
    with pytest.raises(UnsafeArchive, match="an archive in an archive"):
        reports.recognised(as_bundle({"inner.zip": zipped({"a": b"b"}).getvalue()}))


def test_a_file_that_two_formats_recognise_is_refused() -> None:
    both = OKX_ROWS.strip() + ",signature\n"
    with pytest.raises(UnknownFormat, match=r"f\.csv: htx_csv and okx_csv recognise it"):
        read(both.encode())


def test_files_of_several_formats_are_reports_of_their_own() -> None:
    files = {"a.csv": OKX_ROWS.encode(), "b.csv": b"exchange,network,address,label,source\n", "README": b"hello"}
    found, others = reports.recognised(as_bundle(files))
    assert [(form.NAME, bundle.name) for form, bundle in found] == [("addresses_csv", "b.csv"), ("okx_csv", "a.csv")]
    assert [member.name for member in others] == ["README"]


def test_nothing_is_no_report() -> None:
    with pytest.raises(UnknownFormat, match="there is no file"):
        reports.recognised(reports.Bundle((), "empty.zip"))


def test_a_format_that_is_gone_is_named() -> None:
    with pytest.raises(UnknownFormat, match="no format has the name 'gone_csv'; there are addresses_csv, .*htx_csv"):
        reports.format_of("gone_csv")


# --- a structure that stops a file is named with its line, and without one where the whole file is meant --------------
LIST, TOTALS, FIGURES = (",".join(form.COLUMNS) + "\n" for form in (addresses_csv, totals_csv, tracker_figures_csv))
BINANCE = "coin,network,address,balance,Height,Third party custodian name\n"
BYBIT = "Coin,Height,Amount,Address,,,,,\n"
HTX = "coin,address,snapshot height,balance,message,signature\n"
ASKED = '{"at":"2026-11-0%sT00:00:00Z","exchange":"%s","list":"' + "a" * 64 + '","registry":"' + "b" * 64 + '"}\n'


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("addresses_csv", LIST, "f.csv: the file has no rows"),
        ("addresses_csv", f"{LIST}okx,bitcoin,a,,\n\nnobody,bitcoin,a,,\n", "f.csv:4: 'nobody' is no exchange"),
        ("addresses_csv", f"{LIST}okx,bitcoin,a,,\nokx,bitcoin,a,\n", "f.csv:3: 4 cells for 5 columns"),
        ("totals_csv", TOTALS, "f.csv: the file has no rows"),
        ("totals_csv", f"{TOTALS}\nnobody,1,,unknown,BTC,1,,,,,,,x,\n", "f.csv:3: 'nobody' is no exchange"),
        ("totals_csv", f"{TOTALS}\nokx,1,,day,BTC,1,,,,,,,x,\n", "f.csv:3: snapshot '' and precision 'day'"),
        ("tracker_figures_csv", FIGURES, "f.csv: the file has no rows"),
        ("tracker_figures_csv", f"{FIGURES}\nnobody,t,2023-01-12,day,reserves,1,usd,all,\n", "f.csv:3: 'nobody' is"),
        ("tracker_figures_csv", f"{FIGURES}\nokx,,2023-01-12,day,reserves,1,usd,all,\n", "f.csv:3: a figure needs"),
        ("tracker_figures_csv", f"{FIGURES}\nokx,t,2023-01,day,reserves,1,usd,all,\n", "f.csv:3: moment "),
        ("binance_csv", BINANCE, "f.csv: the file has a header and no rows"),
        ("binance_csv", BINANCE.replace("network", "memo"), "f.csv:1: unknown column 'memo'"),
        ("binance_csv", BINANCE.replace("coin,network", "network,coin"), "f.csv:1: a header with the columns"),
        ("bitfinex_txt", "\n", "f.csv: the list has no addresses"),
        ("bybit_csv", BYBIT, "f.csv: the file has a header and no rows"),
        ("bybit_csv", BYBIT.replace("Coin,Height", "Height,Coin"), "f.csv:1: a header with the columns"),
        ("bybit_csv", "coin,height,amount,address\nBTC-BTC,7,,a\nBTC-BTC,7,1,b\n", "f.csv:3: an amount in a list"),
        ("kucoin_post", "\n", "f.csv: the table has no rows"),
        ("htx_csv", HTX, "f.csv: the address block has no rows"),
        ("htx_csv", "coin,snapshot height,balance\nBTC,1,2\n", "f.csv:2: the file ends before the header"),
        ("htx_csv", "coin,snapshot height,balance\nBTC,1,2\n\ncoin,balance\n", "f.csv:4: a header with the columns"),
        ("okx_csv", OKX_ROWS, "f.csv: the address block has no rows"),
        ("okx_csv", "coin,amount\nBTC,1\n", "f.csv:2: the file ends before the header"),
        ("okx_csv", "coin,amount\nBTC,1\n\ncoin,address\n", "f.csv:4: a header with the columns"),
        ("observed_list", ASKED % (31, "okx"), "f.csv:1: "),
        ("observed_list", ASKED % (1, "nobody"), "f.csv:1: 'nobody' is no exchange"),
        ("observed_list", "{}\n", "f.csv:1: it is no observation of a list"),
    ],
)
def test_what_stops_a_file_is_named_with_its_line(name: str, content: str, says: str) -> None:
    form = reports.FORMATS[name]
    report = report_of(form, content.encode(), exchange_of(name))
    with pytest.raises(BadStructure) as stopped:
        if isinstance(form, reports.SplitFormat) and name != "bybit_csv":
            list(form.split(report))
        else:
            list(form.parse(report))
    assert str(stopped.value).startswith(says)


def test_a_staking_file_without_rows_is_named_with_its_last_line() -> None:
    with pytest.raises(BadStructure, match="^okx_por_eth_staking_2026070700.csv:4: the file has no rows of validators"):
        read(STAKING, "okx", "okx_por_eth_staking_2026070700.csv")
