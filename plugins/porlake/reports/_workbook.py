"""Workbooks that are read: a sheet as lines of cells, by openpyxl. Other workbooks are to be saved as CSV (`_zip`).

A workbook keeps numbers as doubles. One that fifteen digits write is the number that somebody typed; of one that needs
more nobody knows what was meant, and its cell holds no number. Rows and cells stand in the order of the sheet, or the
workbook is refused: openpyxl passes over what stands elsewhere.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from porlake.errors import BadStructure, UnsafeArchive
from porlake.reports import _zip
from porlake.reports._bundle import Member
from porlake.reports._csv import CELL_CHARACTERS, Line
from porlake.reports._rows import RAW_CHARACTERS

MOST_UNPACKED = 32 << 20
"""Bytes of all parts together; a month of 133 rows has some 60 kB."""
MOST_ROWS, MOST_CELLS = 100_000, 64
DIGITS = 15  # of a double that are all the writer's

_ROW = re.compile(rb"<(?:\w+:)?row\b([^>]*)>")
_CELL = re.compile(rb"<(?:\w+:)?c\b([^>]*)>")
_PLACE = re.compile(rb'\sr\s*=\s*["\']([A-Z]{0,3})([0-9]{1,7})["\']')
_DECLARED = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
#: What zipfile, the parser of XML and openpyxl raise for what is no workbook; SyntaxError is the parser's.
_BROKEN = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, NotImplementedError, RuntimeError, SyntaxError,
    ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError, AssertionError,
)  # fmt: skip


def lines(member: Member) -> Iterator[Line]:
    """The rows of the sheet, cells as text, without empty cells at their ends; a row that is empty is blank.

    Raises BadStructure, UnsafeArchive.
    """
    import openpyxl  # only who meets a workbook pays for it

    name = _zip.sheet_of(member.content)
    try:
        with zipfile.ZipFile(member.content) as archive:
            _check(archive, member.name)
        book = openpyxl.load_workbook(member.content, read_only=True, keep_links=False)
        sheet = book[name]
        sheet.reset_dimensions()  # a sheet's own word for its size may be a million columns
        for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
            if number > MOST_ROWS or len(row) > MOST_CELLS:
                raise BadStructure(
                    member.name, number, f"a sheet of over {MOST_ROWS:,} rows or {MOST_CELLS} cells in a row"
                )
            yield _line(number, row)
    except _BROKEN as error:
        raise BadStructure(member.name, 0, f"the workbook is broken: {error}") from error
    finally:
        member.content.seek(0)


def fitted(line: Line, cells: int) -> Line:
    """A row with as many cells as its header: a sheet does not tell empty cells at the end of a row from none."""
    missing = cells - len(line.cells)
    return Line(line.number, [*line.cells, *[""] * missing], line.raw, line.fault) if missing > 0 else line


def _line(number: int, row: tuple[Any, ...]) -> Line:
    cells = [_text(value) for value in row]
    while cells and not cells[-1]:
        cells.pop()
    raw = ",".join(cells)[:RAW_CHARACTERS]
    if any(len(cell) > CELL_CHARACTERS for cell in cells):
        return Line(number, [], raw, "cell_too_long")
    return Line(number, cells, raw)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value).replace("\r", " ").replace("\n", " ")
    number = Decimal(repr(value))  # the shortest text of that double
    digits = "".join(map(str, number.as_tuple().digits)).strip("0")
    if not number.is_finite() or len(digits) > DIGITS:
        return f"{value!r} (more than {DIGITS} digits)"
    return f"{number:f}".removesuffix(".0")


# --- before openpyxl sees it ------------------------------------------------------------------------------------------
def _check(archive: zipfile.ZipFile, file: str) -> None:
    """Raises UnsafeArchive for parts that are too large (zipfile gives no more of one than it states), share bytes, or
    declare entities; BadStructure for rows and cells out of order.
    """
    files = [(entry.orig_filename, entry) for entry in archive.infolist()]
    _zip.check(archive, files, file)
    if sum(entry.file_size for _, entry in files) > MOST_UNPACKED:
        raise UnsafeArchive(f"{file}: the workbook unpacks to more than {MOST_UNPACKED:,} bytes")
    for name, entry in files:
        part = archive.read(entry)
        if name.endswith((".xml", ".rels")) and (b"\0" in part or _DECLARED.search(part)):
            raise UnsafeArchive(f"{file}: {name[:100]!r} is no XML in UTF-8, or declares entities")
        if name.startswith("xl/worksheets/"):
            _check_order(part, file)


def _check_order(sheet: bytes, file: str) -> None:
    before = (0, 0)
    for pattern in (_ROW, _CELL):
        places = [_PLACE.search(match[1]) for match in pattern.finditer(sheet)]
        before = (0, 0)
        for place in places:
            if place is None:
                raise BadStructure(file, before[0], "a row or cell of the workbook does not say its place")
            column = sum((letter - 64) * 26**power for power, letter in enumerate(reversed(place[1])))
            here = int(place[2]), column
            if here <= before:
                raise BadStructure(file, here[0], "the rows or cells of the workbook are out of order")
            before = here
