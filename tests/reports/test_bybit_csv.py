"""Bybit's file of funds: records of several lines, amounts that no address has alone, and the list of the addresses."""

from __future__ import annotations

import csv
import io
import random
import re
from decimal import Decimal
from pathlib import Path

import pytest

from porlake import pipeline, registry, reports
from porlake.errors import BadStructure, ReportError, UnknownFormat
from porlake.model import Claim, PublishedTotal, Rejection
from porlake.reports import bybit_csv
from reports.published import HERE, as_bundle, read
from reports.test_spoiled import parsed, spoiled

SHARED = Path(__file__).resolve().parents[3] / "shared"
HEADER = "Coin,Height,Amount,Address,,,,,\r\n"
ETH, OTHER = "0x" + "11" * 20, "0x" + "22" * 20
NAME = "bybit_por_202212.csv"


def both(content: bytes) -> tuple[list[reports.Item], list[reports.Item]]:
    """The items of the file itself, and those of the list that is split off."""
    ((form, bundle),), _ = reports.recognised(as_bundle({NAME: content}, "bybit"))
    assert isinstance(form, reports.SplitFormat)
    whole, *lists = form.split(bundle)
    whole.content.seek(0)
    assert whole.content.read() == content
    found = [item for part in lists for item in read(part.content.read(), "bybit", "list.csv")]
    return list(form.parse(bundle)), found


def listed(items: list[reports.Item]) -> list[tuple[str, str]]:
    return [(item.label, item.address) for item in items if isinstance(item, reports.Published)]


# --- records ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("between", ["\n", "\r\n", " ", "  \n ", "\t"])
def test_addresses_of_a_record_are_parted_by_any_blank(between: str) -> None:
    totals, found = both(f'{HEADER}ETH-ETH,7,1.00 ,"{ETH}{between}{OTHER}",,,,,\r\n'.encode())
    assert listed(found) == [("ETH-ETH", ETH), ("ETH-ETH", OTHER)]
    (total,) = totals
    assert isinstance(total, reports.Summary)
    assert (total.level, total.network, total.amount, total.height) == ("part", "ethereum", "1.00", 7)


@pytest.mark.parametrize(
    "broken",
    [
        f'ETH-ETH,7,1.00,"{ETH}\n{OTHER},,,,,\r\n',  # never closed
        f'ETH-ETH,7,1.00,"{ETH}\n{OTHER}"x,,,,,\r\n',  # goes on behind its end
        f'ETH-ETH,7,1.00,{ETH}"\n{OTHER}",,,,,\r\n',  # a quote in a cell opens none
        f'ETH-ETH,7,1.00,"{ETH}\0\n{OTHER}",,,,,\r\n',
        f'ETH-ETH,7,1.00,"{ETH}\n{OTHER}",x,,,,\r\n',
        'ETH-ETH,7,1.00\r\n',
    ],
)  # fmt: skip
def test_a_record_that_is_broken_costs_itself_alone(broken: str) -> None:
    good = f'USDT-BSC,8,2.00,"{ETH}\n{OTHER}",,,,,\r\n'
    totals, found = both((HEADER + good + broken + good).encode())
    assert listed(found) == [("USDT-BSC", ETH), ("USDT-BSC", OTHER)] * 2
    assert [item.amount for item in totals if isinstance(item, reports.Summary)] == ["2.00", "2.00"]
    refused = [item for item in totals if isinstance(item, reports.Refused)]
    assert refused
    assert {item.reason for item in refused} <= {"bad_quoting", "nul_byte", "ragged", "not_a_number"}
    assert refused[0].source_row == 4


@pytest.mark.thorough
def test_a_record_without_an_end_is_bounded() -> None:
    good = f"USDT-BSC,8,2.00,{ETH},,,,,\r\n"
    totals, found = both((HEADER + 'ETH-ETH,7,1.00,"' + "x\n" * 200_000 + good).encode())
    assert listed(found) == [("USDT-BSC", ETH)]
    assert len(totals) == 200_001


# --- structure --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("header", "why"),
    [("Coin,Height,Amount,Address,Memo\n", "unknown column 'memo'"), (HEADER, "a header and no rows")],
)
def test_a_file_of_another_structure_is_refused(header: str, why: str) -> None:
    with pytest.raises(BadStructure, match=why):
        read(header.encode(), "bybit", NAME)


def test_a_file_of_other_columns_is_not_taken() -> None:
    with pytest.raises(UnknownFormat):
        read(b"Coin,Amount,Height,Address\nETH-ETH,1,1,\n", "bybit", NAME)


def test_an_amount_in_a_list_of_addresses_stops_it() -> None:
    with pytest.raises(BadStructure, match="an amount in a list of addresses"):
        read(f"coin,height,amount,address\nETH-ETH,7,1,{ETH}\n".encode(), "bybit", "list.csv")


@pytest.mark.parametrize(
    ("name", "month"),
    [(NAME, "2022-12"), ("bybit_por_202613.csv", None), ("bybit_por_20221.csv", None), ("por_202212.csv", None)],
)
def test_a_name_states_a_month(name: str, month: str | None) -> None:
    found = bybit_csv.snapshot_of(name)
    assert (found and str(found)) == month


# --- totals against parts ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("total", "differs"),
    [("3.00", False), ("3.03", False), ("2.97", False), ("3.04", True), ("2.96", True), ("3.030", False)],
)
def test_a_line_over_all_chains_is_compared_with_its_parts(total: str, differs: bool) -> None:
    """Two parts and the line may each be off by a hundredth."""
    lines = f"ETH(All),-,{total} ,\nETH-ETH,7,1.00,{ETH}\nETH-BSC,8,2.00,{ETH}\n"
    first = both((HEADER + lines).encode())[0][0]
    assert isinstance(first, reports.Summary)
    assert (first.remark == "parts_differ") is differs


def test_a_line_without_parts_is_compared_with_nothing() -> None:
    (found,) = both(f"{HEADER}ETH(ALL),-,5.00,\n".encode())[0]
    assert isinstance(found, reports.Summary)
    assert (found.level, found.remark) == ("asset", "")


# --- the real file ----------------------------------------------------------------------------------------------------
def test_the_real_file_row_by_row(tmp_path: Path) -> None:
    path = SHARED / "data" / "files" / NAME
    if not path.exists():
        pytest.skip("the real files are not beside the project")
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))[1:]
    chosen = pipeline.session(tmp_path / "lake", environ={})
    whole, only_list = pipeline.archive(chosen, "bybit", str(path))
    assert whole == "".join(re.findall("[0-9a-f]{64}", str(chosen.lake.report(whole).members))[:1])
    for report in (whole, only_list):
        pipeline.parse(chosen, report)
    files = [chosen.lake.report(report) for report in (whole, only_list)]
    assert [(file.content, file.attestation, file.revision) for file in files] == [
        ("totals", "bybit/2022-12", 1), ("address_list", "bybit/2022-12", 1)
    ]  # fmt: skip
    assert pipeline.archive(chosen, "bybit", str(path)) == [whole, only_list]
    assert list(chosen.lake.rows(Rejection)) == []
    totals = list(chosen.lake.rows(PublishedTotal))
    assert [(row.label, row.amount_published, row.remark) for row in totals] == [
        (row[0], row[2].strip(), None) for row in rows
    ]
    scale = {row.asset: registry.load().assets[row.asset].scale for row in totals if row.asset}
    assert all(Decimal(row.amount or 0).scaleb(-scale[row.asset or ""]) == Decimal(row.amount_published or "")
               for row in totals)  # fmt: skip
    claims = list(chosen.lake.rows(Claim))
    assert [(row.label, row.address_published, row.snapshot_height) for row in claims] == [
        (row[0], address, int(row[1])) for row in rows for address in row[3].split()
    ]
    assert len(claims) == 40
    assert all(row.amount is None for row in claims)


# --- spoiled files ----------------------------------------------------------------------------------------------------
def test_no_spoiled_record_becomes_a_wrong_number() -> None:
    """Whatever total is kept is what stands in a record of that line, read as plain CSV."""
    content, kept = (HERE / "cases/bybit_csv/a_month/bybit_por_203001.csv").read_bytes(), 0
    for seed in range(300):
        broken = spoiled(content, random.Random(seed))
        try:
            totals = parsed({NAME: broken}, "bybit")["published_total"]
        except ReportError:
            continue
        lines = broken.split(b"\n")
        for row in totals:
            assert isinstance(row, PublishedTotal)
            text = b"\n".join(lines[row.source_row - 1 :]).decode(errors="replace").replace("\r", " ")
            label, height, amount, *_ = (cell.strip() for cell in next(csv.reader(io.StringIO(text))))
            assert (row.label, row.snapshot_height) == (label, int(height) if height.isdigit() else None)
            assert row.amount is not None
            assert row.asset is not None
            assert Decimal(row.amount).scaleb(-registry.load().assets[row.asset].scale) == Decimal(amount)
            kept += 1
    assert kept > 600


def test_no_spoiled_list_names_an_address_that_is_not_there() -> None:
    content = (HERE / "cases/bybit_csv/a_month/bybit_por_203001.csv").read_bytes()
    for seed in range(100):
        broken = spoiled(content, random.Random(seed))
        try:
            found = both(broken)[1]
        except (ReportError, AssertionError):
            continue
        for item in found:
            assert not isinstance(item, reports.Published) or item.address.encode() in broken
