"""What the CSV parsers share: lines of a hostile file, cells, headers, labels, heights."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO

from porlake import registry
from porlake.errors import BadStructure
from porlake.reports._items import Published, Refused, Summary

LINE_BYTES = 262_144  # the longest real row, a 15-key script in hex, is under 4 KiB
CELL_CHARACTERS = 65_536
RAW_CHARACTERS = 2_000
BOM = b"\xef\xbb\xbf"
NULLS = frozenset({"", "null", "\\N"})
RAGGED = "ragged"
UNREADABLE = frozenset({RAGGED, "line_too_long", "nul_byte", "invalid_utf8", "bad_quoting", "cell_too_long"})
"""Reasons of a row whose cells cannot be told apart: nothing of it is known, neither address nor signature."""

csv.field_size_limit(LINE_BYTES)

_GROUP = re.compile(r"(.*?)\s*\(all\)", re.IGNORECASE)
_HEIGHT = re.compile(r"\d{1,18}", re.ASCII)


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


def lines(stream: BinaryIO) -> Iterator[Line]:
    """Every line of the file; a line that cannot be read as CSV is one with a fault, and the next line is a new one."""
    number = 0
    while data := stream.readline(LINE_BYTES):
        number += 1
        if number == 1:
            data = data.removeprefix(BOM)
        if not data.endswith(b"\n") and len(data) >= LINE_BYTES:
            _skip_line(stream)
            yield Line(number, [], _shown(data), "line_too_long")
            continue
        yield _line(number, data.rstrip(b"\r\n"))


def _line(number: int, data: bytes) -> Line:
    if b"\0" in data:
        return Line(number, [], _shown(data), "nul_byte")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return Line(number, [], _shown(data), "invalid_utf8")
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
    if '"' not in text and "[" not in text and "{" not in text:
        return text.split(",")
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


def _shown(data: bytes) -> str:
    return (
        data[: RAW_CHARACTERS * 4].decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")[:RAW_CHARACTERS]
    )


def header(cells: list[str], names: Mapping[str, str]) -> list[str] | None:
    """The columns of a header line in our names; a cell that `names` does not know comes back as '?' and its text."""
    folded = [fold(cell) for cell in cells]
    while folded and not folded[-1]:
        folded.pop()  # headers of some months end in a comma
    return [names.get(cell, f"?{cell}") for cell in folded]


@lru_cache(maxsize=1_024)
def meant(exchange: str, label: str, network_label: str) -> registry.Resolved:
    """`registry.label`, looked up once a pair of labels: a file has half a million rows of a few hundred. Raises
    UnknownLabel.
    """
    return registry.load().label(exchange, label, network_label)


@lru_cache(maxsize=1_024)
def fold(cell: str) -> str:
    """Header cells differ between months in case, blanks and the slash."""
    return re.sub(r"[\s/_-]+", " ", cell).strip().lower()


def nothing_left(file: str, line: int, columns: list[str]) -> None:
    """Raises BadStructure for a column that nobody has told us of: it may hold what we must not ignore."""
    if unknown := [column[1:] for column in columns if column.startswith("?")]:
        raise BadStructure(file, line, f"unknown column {', '.join(map(repr, unknown))}")


def height(text: str) -> int | None:
    """A snapshot height; `-` and nothing are None. Raises ValueError."""
    if text in ("-", ""):
        return None
    if not _HEIGHT.fullmatch(text):
        raise ValueError(text)
    return int(text)


def null(text: str) -> str:
    """'' for the ways in which the files write that a cell holds nothing."""
    return "" if text in NULLS else text


def group(label: str) -> tuple[str, str]:
    """(label, level) of a summary line: `ETH(ALL)` is the group of ETH."""
    match = _GROUP.fullmatch(label)
    return (match[1], "group") if match else (label, "part")


def refused(row: Published, reason: str, expected: str) -> Refused:
    """A row that was read and is not used."""
    return Refused(
        source_row=row.source_row,
        block="rows",
        reason=reason,
        expected=expected,
        raw=row.raw,
        label=row.label,
        network_label=row.network_label,
        network=row.network,
        asset=row.asset,
        scheme=row.scheme,
        holding=row.holding,
        address=row.address,
        message=row.message,
        signatures=tuple(row.signatures),
        key_or_script=row.key_or_script,
        owners=tuple(row.owners),
    )


def summary(
    line: Line,
    exchange: str,
    file: str,
    label: str,
    height_text: str,
    amount: str,
    *,
    network: str = "",
    holding: str = "",
) -> Summary | Refused:
    """A line of a totals block; `network` and `holding` where the file says them and the label does not."""
    bare, level = group(label)
    try:
        at = height(height_text)
        meant = registry.load().group(exchange, bare) if level == "group" else registry.load().label(exchange, bare)
    except ValueError:
        return Refused(line.number, "summary", "bad_height", "a block height or -", line.raw, label=label)
    except registry.UnknownLabel as unknown:
        return Refused(
            line.number,
            "summary",
            unknown.code,
            str(unknown),
            line.raw,
            label=label,
            network=unknown.network,
            asset=unknown.asset,
        )
    return Summary(
        source_row=line.number,
        label=label,
        level=level,
        network=network or ("" if level == "group" else meant.network),
        asset=meant.asset,
        holding=holding or meant.holding,
        height=at,
        amount=amount,
        own_amount="",
        custody_amount="",
        owed="",
        printed_ratio="",
        usd="",
        scope=None,
        source=file,
        note=None,
        raw=line.raw,
        remark=meant.remark,
    )


# --- files of our own: one fixed header, no cell more or less ---------------------------------------------------------
def behind_header(stream: BinaryIO) -> Iterator[Line]:
    """The rows behind the header."""
    return (line for line in lines(stream) if line.number > 1 and not line.is_blank)


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
