"""What the formats that are CSV share: lines of a hostile file, cells, headers."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO

from porlake.errors import BadStructure
from porlake.reports._bundle import Member
from porlake.reports._items import Refused
from porlake.reports._rows import RAGGED, RAW_CHARACTERS

LINE_BYTES = 262_144  # the longest real row, a 15-key script in hex, is under 4 KiB
CELL_CHARACTERS = 65_536
BOM = b"\xef\xbb\xbf"

csv.field_size_limit(LINE_BYTES)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file, counted from 1: its cells, or what is wrong with it (`fault`, a reason code)."""

    number: int
    cells: list[str]
    raw: str
    fault: str = ""

    @property
    def is_blank(self) -> bool:
        return not self.fault and not any(cell.strip() for cell in self.cells)


def lines(stream: BinaryIO, number: int = 0) -> Iterator[Line]:
    """Every line of the file; a line that cannot be read as CSV is one with a fault, and the next line is a new one.

    `number`: of the line before.
    """
    while data := stream.readline(LINE_BYTES):
        number += 1
        if number == 1:
            data = data.removeprefix(BOM)
        if not data.endswith(b"\n") and len(data) >= LINE_BYTES:
            _skip_line(stream)
            yield Line(number, [], shown(data), "line_too_long")
            continue
        yield line_of(number, data)


def all_lines(member: Member) -> Iterator[Line]:
    """`lines` of a file from its beginning."""
    member.content.seek(0)
    return lines(member.content)


def head_lines(member: Member) -> Iterator[Line]:
    """The lines of the head of a file; the last may be cut."""
    return lines(io.BytesIO(member.head))


def line_of(number: int, data: bytes) -> Line:
    """A line of bytes, with or without its end."""
    data = data.rstrip(b"\r\n")
    if b"\0" in data:
        return Line(number, [], shown(data), "nul_byte")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return Line(number, [], shown(data), "invalid_utf8")
    raw = text[:RAW_CHARACTERS]
    try:
        cells = split(text)
    except csv.Error:
        return Line(number, [], raw, "bad_quoting")
    if len(text) > CELL_CHARACTERS and any(len(cell) > CELL_CHARACTERS for cell in cells):
        return Line(number, [], raw, "cell_too_long")
    return Line(number, cells, raw)


def split(text: str) -> list[str]:
    """The cells of a line. Quotes as in RFC 4180; a cell that begins with a bracket keeps its commas up to the
    bracket's end.
    """
    if "[" not in text and "{" not in text:
        if '"' not in text:
            return text.split(",")
        if text.endswith(',""') and text.count('"') == 2:  # so ten million lines of Binance end
            return text[:-2].split(",")
    cells: list[str] = []
    for part in _bracketed(text):
        cells += [part] if part[:1] in ("", "[", "{") else next(csv.reader([part], strict=True))
    return cells


_BRACKET = re.compile(r"(?:(?<=,)|^)(\[[^\[\]]*\]|\{[^{}]*\})(?=,|$)")


def _bracketed(text: str) -> Iterator[str]:
    """The bracketed cells of a line, and the stretches between them."""
    at = 0
    for match in _BRACKET.finditer(text):
        if match.start() > at:
            yield text[at : match.start() - 1]
        yield match[1]
        at = match.end() + 1
    if at <= len(text) - 1 or at == 0:
        yield text[at:]
    elif at == len(text):
        yield ""


def _skip_line(stream: BinaryIO) -> None:
    while (data := stream.readline(LINE_BYTES)) and not data.endswith(b"\n"):
        pass


def shown(data: bytes) -> str:
    """A line that is no text, as far as it is shown."""
    return (
        data[: RAW_CHARACTERS * 4].decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")[:RAW_CHARACTERS]
    )


def header(cells: list[str], names: Mapping[str, str]) -> list[str]:
    """The columns of a header line in our names; a cell that `names` does not know comes back as '?' and its text."""
    folded = [fold(cell) for cell in cells]
    while folded and not folded[-1]:
        folded.pop()  # headers of some months end in a comma
    return [names.get(cell, f"?{cell}") for cell in folded]


@lru_cache(maxsize=1_024)
def fold(cell: str) -> str:
    """Header cells differ between months in case, blanks and the slash."""
    return re.sub(r"[\s/_-]+", " ", cell).strip().lower()


def nothing_left(file: str, line: int, columns: list[str]) -> None:
    """Raises BadStructure for a column that nobody has told us of: it may hold what we must not ignore."""
    if unknown := [column[1:] for column in columns if column.startswith("?")]:
        raise BadStructure(file, line, f"unknown column {', '.join(map(repr, unknown))}")


# --- records of faults -----------------------------------------------------------------------------------------------
def unreadable(line: Line, block: str, expected: str, *, label: str = "", member: int = 0) -> Refused:
    """A line whose cells cannot be told apart, or are too many or too few."""
    return Refused(
        source_row=line.number,
        block=block,
        reason=line.fault or RAGGED,
        expected=expected,
        raw=line.raw,
        label=label,
        member=member,
    )


# --- files of our own: one fixed header, no cell more or less ---------------------------------------------------------
def begins_with(member: Member, columns: Sequence[str]) -> bool:
    """Whether the first line of a file names just these columns."""
    first = next(head_lines(member), None)
    return first is not None and [cell.strip() for cell in first.cells] == list(columns)


def behind_header(member: Member) -> Iterator[Line]:
    """The rows behind the header."""
    return (line for line in all_lines(member) if line.number > 1 and not line.is_blank)


def cells_of(line: Line, columns: Sequence[str], file: str) -> list[str]:
    """The cells of a row, one for each column. Raises BadStructure."""
    if line.fault or len(line.cells) != len(columns):
        raise BadStructure(file, line.number, line.fault or f"{len(line.cells)} cells for {len(columns)} columns")
    return [cell.strip() for cell in line.cells]


def text_of(rows: Iterable[Sequence[str]]) -> bytes:
    """Rows as a file."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()
