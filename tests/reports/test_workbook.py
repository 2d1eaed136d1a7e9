"""HTX's workbook: the rows of its CSV; numbers that a double cannot hold; hostile workbooks; others are to be saved as
CSV.
"""

from __future__ import annotations

import csv
import io
import re
import tracemalloc
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porlake import pipeline, reports
from porlake.errors import BadStructure, ReportError, UnknownFormat, UnsafeArchive
from porlake.model import ReportFile
from porlake.reports import _workbook, _zip
from reports.published import HERE, read

SHARED = HERE.parents[2] / "shared/data/htx"
SHEET = "xl/worksheets/sheet1.xml"
ROWS: list[list[object]] = [
    ["coin", "address", "snapshot height", "balance", "message", "signature"],
    ["ETH", "0x" + "11" * 20, 7, 1.5, "-", "-"],
]


def book(rows: Iterable[Sequence[object]], sheet: str = "huobi_por") -> bytes:
    made = openpyxl.Workbook()
    made.active.title = sheet
    for row in rows:
        made.active.append(list(row))
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def with_parts(content: bytes, **parts: bytes | None) -> bytes:
    """A workbook with parts replaced (`/` is `__`), added, or left out."""
    named = {name.replace("__", "/").replace("_xml", ".xml"): part for name, part in parts.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for name in dict.fromkeys((*before.namelist(), *named)):
            part = named.get(name, b"") if name in named else before.read(name)
            if part is not None:
                after.writestr(name, part)
    return out.getvalue()


def part_of(content: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(name)


def months() -> list[Path | None]:
    return list(sorted(SHARED.glob("*.csv"))[::5]) or [None]


@pytest.mark.parametrize("path", months(), ids=lambda path: path.stem if path else "absent")
def test_a_real_month_as_a_workbook_gives_the_rows_of_its_csv(path: Path | None) -> None:
    if path is None:
        pytest.skip("the real files are not beside the project")
    content = path.read_bytes()
    rows = list(csv.reader(content.decode("utf-8-sig").splitlines()))
    plain = [replace(item, raw="", **({"source": ""} if isinstance(item, reports.Summary) else {}))
             for item in read(content, "htx", path.name)]  # fmt: skip
    as_text = [replace(item, raw="", **({"source": ""} if isinstance(item, reports.Summary) else {}))
               for item in read(book(rows), "htx", "huobi_por.xlsx")]  # fmt: skip
    assert as_text == plain
    as_numbers = read(book([[number(cell) for cell in row] for row in rows]), "htx", "huobi_por.xlsx")
    amounts = [(a.amount, b.amount) for a, b in zip(plain, as_numbers, strict=True)  # type: ignore[union-attr]
               if not isinstance(a, reports.Refused) and a.amount not in (None, "", "-")]  # fmt: skip
    assert all(Decimal(str(a)) == Decimal(str(b)) for a, b in amounts)
    assert len(amounts) > 20


def number(cell: str) -> object:
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", cell) and len(cell) <= 16:
        return float(cell) if "." in cell else int(cell)
    return cell


@given(st.decimals(min_value=0, max_value=10**12, places=6))
@settings(max_examples=30, deadline=None)
def test_a_number_is_the_one_that_was_typed_or_none(typed: Decimal) -> None:
    (item,) = read(book([ROWS[0], [*ROWS[1][:3], float(typed), "-", "-"]]), "htx", "huobi_por.xlsx")
    assert isinstance(item, reports.Published)
    if len(str(typed).replace(".", "").strip("0")) <= _workbook.DIGITS:
        assert Decimal(str(item.amount)) == typed
    elif "digits" not in str(item.amount):  # the file's writer cut it to sixteen digits, of which fifteen were enough
        assert abs(Decimal(str(item.amount)) - typed) < Decimal("0.001")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (123456789012345, "123456789012345"), (0.1, "0.1"), (1e-07, "0.0000001"), (5.0, "5"),
        (1e15, "1000000000000000"), (0, "0"), (12345678901234.5, "12345678901234.5"),
    ],
)  # fmt: skip
def test_numbers_of_fifteen_digits_are_plain(value: float, text: str) -> None:
    assert _workbook._text(value) == text


@pytest.mark.parametrize("value", [1234567890123456, 0.1234567890123456, 123456789012345.6, 1e300 * 1.1, float("nan")])
def test_numbers_of_more_digits_are_no_numbers(value: float) -> None:
    assert _workbook._text(value).endswith("(more than 15 digits)")


def test_the_workbook_is_archived_as_it_came(tmp_path: Path) -> None:
    path = tmp_path / "huobi_por_20240701.xlsx"
    path.write_bytes(book(ROWS))
    chosen = pipeline.session(tmp_path / "lake", environ={})
    (report,) = pipeline.archive(chosen, "htx", str(path))
    file: ReportFile = chosen.lake.report(report)
    assert (file.attestation, file.statement, file.container) == ("htx/2024-07-01", "htx/htx_csv", None)
    assert file.size_bytes == path.stat().st_size
    pipeline.parse(chosen, report)


def test_another_workbook_is_to_be_saved_as_csv() -> None:
    for content in (book(ROWS, "Sheet1"), book(ROWS, "huobi_por2"), book(ROWS, "por")):
        with pytest.raises(UnknownFormat, match="an Excel workbook: save it as CSV"):
            list(reports.members(io.BytesIO(content), "huobi_por.xlsx"))
    ((name, stream),) = reports.members(io.BytesIO(book(ROWS)), "huobi_por.xlsx")
    assert (name, stream.read(2)) == ("huobi_por.xlsx", b"PK")


def hostile() -> dict[str, tuple[bytes, str]]:
    good = book(ROWS)
    sheet = part_of(good, SHEET)
    row = re.search(rb"<row .*?</row>", sheet)
    assert row is not None
    rows = lambda *numbers: sheet.replace(  # noqa: E731
        b"</sheetData>",
        b"".join(b'<row r="%d"><c r="A%d"><v>1</v></c></row>' % (n, n) for n in numbers) + b"</sheetData>",
    )
    entity = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + sheet
    named = {
        "entities": (entity, "declares entities"),
        "UTF-16": (sheet.decode().encode("utf-16"), "no XML in UTF-8"),
        "a row twice": (rows(3, 3), "out of order"),
        "rows backwards": (rows(5, 4), "out of order"),
        "a far row": (rows(9_999_999), "over 100,000 rows"),
        "a wide row": (
            sheet.replace(b"</sheetData>", b'<row r="3"><c r="ZZZ3"><v>1</v></c></row></sheetData>'), "64 cells",
        ),
        "cells backwards": (
            sheet.replace(b"</sheetData>", b'<row r="3"><c r="B3"/><c r="A3"/></row></sheetData>'), "out of order",
        ),
        "a cell without its place": (sheet.replace(b"</sheetData>", b'<row r="3"><c/></row></sheetData>'), "its place"),
        "a row without its place": (sheet.replace(b"</sheetData>", b"<row></row></sheetData>"), "its place"),
        "cut": (sheet[: len(sheet) // 2], "broken"),
        "no XML": (b"hello", "broken"),
        "empty": (b"", "broken"),
    }  # fmt: skip
    found = {name: (with_parts(good, xl__worksheets__sheet1_xml=part), why) for name, (part, why) in named.items()}
    found["no header"] = (book([["a"], ["b"]]), "unknown column")
    found["nothing"] = (book([]), "before the header")
    found["no sheet"] = (with_parts(good, xl__worksheets__sheet1_xml=None), "broken")
    found["no styles"] = (with_parts(good, xl__styles_xml=b"<x"), "broken")
    found["large"] = (with_parts(good, xl__media__x_xml=b" " * (40 << 20)), "unpacks to more than")
    found["many parts"] = (with_parts(good, **{f"xl__p{n}_xml": b"x" for n in range(64)}), "files; 1 to 64")
    return found


HOSTILE = hostile()


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_workbook_is_refused_with_a_sentence_and_in_little_memory(name: str) -> None:
    content, why = HOSTILE[name]
    tracemalloc.start()
    with pytest.raises((BadStructure, UnsafeArchive), match=why):
        read(content, "htx", "huobi_por.xlsx")
    assert tracemalloc.get_traced_memory()[1] < 64 << 20
    tracemalloc.stop()


def test_its_own_word_for_its_size_is_not_believed() -> None:
    sheet = part_of(book(ROWS), SHEET)
    wide = re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:XFD1048576"', sheet)
    assert wide != sheet
    assert len(read(with_parts(book(ROWS), xl__worksheets__sheet1_xml=wide), "htx", "huobi_por.xlsx")) == 1


def test_whatever_bytes_are_changed_it_is_read_or_refused() -> None:
    import random

    good, outcomes = book(ROWS), {True: 0, False: 0}
    for seed in range(150):
        chance = random.Random(seed)
        content = bytearray(good)
        for _ in range(chance.randint(1, 3)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        stream = io.BytesIO(bytes(content))
        try:
            for name, inside in reports.members(stream, "huobi_por.xlsx"):
                inside.seek(0)
                read(inside.read(), "htx", name)
            outcomes[True] += 1
        except ReportError as error:
            assert str(error)
            outcomes[False] += 1
    assert outcomes[False] > 20


def test_only_a_workbook_has_a_sheet() -> None:
    for content in (b"", b"PK", b"PK\x03\x04", b"coin,amount\n", book(ROWS)[:-30]):
        assert _zip.sheet_of(io.BytesIO(content)) == ""
    assert _zip.sheet_of(io.BytesIO(book(ROWS))) == "huobi_por"
