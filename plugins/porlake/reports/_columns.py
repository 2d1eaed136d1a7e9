"""What formats that are CSV of millions of rows share: chunks of plain lines as columns.

A line is plain where splitting it at its commas is all that CSV asks for: printable ASCII, no quotes but a last cell of
two, no bracket, as many cells as the header. Every other line goes to the rule of one line (`_csv`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from porlake.reports import _csv, _rows
from porlake.reports._bundle import Member
from porlake.reports._csv import Line
from porlake.reports._items import Item

CHUNK_BYTES = 1 << 22
LONG = _csv.CELL_CHARACTERS
"""A line that is no shorter is not split by columns."""

_PLAIN = bytes(set(range(0x20, 0x7F)) - set(b'"[{')) + b"\n"
_PLAIN_OR_QUOTE = _PLAIN + b'"'
_IS_ODD = np.ones(256, np.bool_)
_IS_ODD[list(_PLAIN)] = False
_COMMA, _END = b",\n"
_NOTHING = b',""\n'
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole lines of a file; the first has the number `first`. `ends`: where each ends in `data`, the place of its line
    end, which the last may lack.
    """

    first: int
    data: bytes
    ends: Places

    def __len__(self) -> int:
        return len(self.ends)

    def has_rows(self, start: int) -> bool:
        """Whether a line from `start` on is not blank."""
        return any(not self.line(at).is_blank for at in range(start, len(self)))

    def start(self, at: int) -> int:
        return int(self.ends[at - 1]) + 1 if at else 0

    def line(self, at: int) -> Line:
        """As `_csv.lines` gives it."""
        data = self.data[self.start(at) : int(self.ends[at])]
        return _csv.line_of(self.first + at, data.removeprefix(_csv.BOM) if self.first + at == 1 else data)


def chunks(member: Member) -> Iterator[Chunk | Line]:
    """A file from its beginning in chunks, or line by line where one of a chunk is long."""
    stream, number = member.content, 0
    stream.seek(0)
    while True:
        start = stream.tell()
        data = stream.read(CHUNK_BYTES)
        if not data:
            return
        if not data.endswith(b"\n"):
            data += stream.readline(_csv.LINE_BYTES)
        end = start + len(data)
        ends = _ends(data)
        if np.diff(ends, prepend=-1).max() > LONG:
            stream.seek(start)
            for line in _csv.lines(stream, number):
                number = line.number
                yield line
                if stream.tell() >= end:
                    break
            continue
        yield Chunk(number + 1, data, ends)
        number += len(ends)


def _ends(data: bytes) -> Places:
    found = np.flatnonzero(np.frombuffer(data, np.uint8) == _END)
    return found if data.endswith(b"\n") else np.append(found, len(data))


def table(chunk: Chunk, start: int, columns: Sequence[str], least: int, repeated: set[str]) -> tuple[pa.Table, Places]:
    """(cells, their places in the chunk) of its plain lines from `start` on. A line has `least` cells or more; those
    that it lacks are empty. Columns of `repeated` are dictionaries.
    """
    whole = chunk.data[chunk.start(start) :] if start < len(chunk) else b""
    whole = (whole if whole.endswith(b"\n") else whole + b"\n").replace(b"\r\n", b"\n") if whole else whole
    quotes = whole.count(b'"')
    # in a column that is a dictionary what an empty quoted cell means is asked once, not a line
    is_kept = columns[-1] in repeated and least == len(columns) and quotes == 2 * whole.count(_NOTHING) > 0
    if quotes and not is_kept:
        whole = whole.replace(_NOTHING, b",\n")
    plain, places = _plain_lines(whole, len(columns), least, _PLAIN_OR_QUOTE if is_kept else _PLAIN)
    text = pa.dictionary(pa.int32(), pa.string())
    found = csv.read_csv(
        pa.BufferReader(plain or b"," * (len(columns) - 1) + b"\n"),
        csv.ReadOptions(column_names=columns, use_threads=False, block_size=2 * CHUNK_BYTES + _csv.LINE_BYTES),
        csv.ParseOptions(quote_char=False, escape_char=False, ignore_empty_lines=False),
        csv.ConvertOptions(
            column_types={name: text if name in repeated else pa.string() for name in columns},
            strings_can_be_null=False,
        ),
    )
    if is_kept:
        found = found.set_column(len(columns) - 1, columns[-1], _unquoted(found.column(columns[-1])))
    return found.slice(0, len(places)), places + start


def _plain_lines(whole: bytes, cells: int, least: int, plain: bytes) -> tuple[bytes | pa.Buffer, Places]:
    """(the plain lines of some whole ones, each with as many cells, the places of those lines)."""
    data, ends = np.frombuffer(whole, np.uint8), _ends(whole) if whole else np.zeros(0, np.int64)
    commas = np.searchsorted(np.flatnonzero(data == _COMMA), np.append(0, ends + 1))
    missing = cells - 1 - np.diff(commas)
    good = (missing >= 0) & (missing <= cells - least)
    if whole.translate(None, plain):
        good[np.searchsorted(ends, np.flatnonzero(_IS_ODD[data]))] = False
    if good.all() and not missing.any():
        return whole, np.arange(len(ends))
    lengths = np.diff(ends, prepend=-1)
    data, missing = data[np.repeat(good, lengths)], missing[good]
    if missing.any():
        data = np.insert(data, np.repeat(np.cumsum(lengths[good]) - 1, missing), _COMMA)
    return pa.py_buffer(data), np.flatnonzero(good)


def _unquoted(column: pa.ChunkedArray) -> pa.DictionaryArray:
    """A dictionary column in which two quotes are nothing."""
    whole = column.combine_chunks()
    return pa.DictionaryArray.from_arrays(
        whole.indices, pa.array(["" if value == '""' else value for value in whole.dictionary.to_pylist()], pa.string())
    )


def text(column: pa.ChunkedArray) -> pa.StringArray:
    """A column of a table of one chunk, without the blanks around its cells."""
    whole = column.combine_chunks()
    has_blanks = any(pc.any(ends(whole, " ")).as_py() for ends in (pc.starts_with, pc.ends_with))
    return pc.ascii_trim(whole, " ") if has_blanks else whole


def null(column: pa.StringArray) -> pa.StringArray:
    """'' for the ways in which the files write that a cell holds nothing, as `_rows.null`."""
    return pc.if_else(pc.is_in(column, pa.array(sorted(_rows.NULLS))), "", column)


def pairs(first: pa.StringArray, second: pa.StringArray) -> pa.ListArray:
    """Lists of two texts."""
    rows = len(first)
    turns = np.arange(2 * rows).reshape(2, rows).T.ravel()
    return pa.ListArray.from_arrays(
        pa.array(np.arange(0, 2 * rows + 1, 2, dtype=np.int32)), pa.concat_arrays([first, second]).take(pa.array(turns))
    )


def codes(columns: Sequence[pa.ChunkedArray]) -> tuple[list[tuple[str, ...]], npt.NDArray[np.int64]]:
    """(the combinations of cells that there are, which of them each row has) of dictionary columns."""
    coded, names = np.zeros(len(columns[0]), np.int64), list[list[str]]()
    for column in columns:
        whole = column.combine_chunks()
        names.append(whole.dictionary.to_pylist())
        coded = coded * len(names[-1]) + whole.indices.to_numpy(zero_copy_only=False)
    few, which = np.unique(coded, return_inverse=True)
    combinations = []
    for code in few.tolist():
        cells: list[str] = []
        for values in reversed(names):
            code, at = divmod(code, len(values))
            cells.append(values[at])
        combinations.append(tuple(reversed(cells)))
    return combinations, which


def spread(
    names: Sequence[str], plain: Sequence[Sequence[str | int | None] | None], which: npt.NDArray[np.int64]
) -> dict[str, pa.Array]:
    """The columns `names` of rows of which each has one of a few values (`plain`, None where no row is of it)."""
    indices = pa.array(which, pa.int32())
    return {
        name: pa.array([one and one[at] for one in plain], pa.int64() if name == "height" else pa.string()).take(
            indices
        )
        for at, name in enumerate(names)
    }


def others(chunk: Chunk, start: int, taken: Places, item: Callable[[Line], Item | None]) -> list[Item]:
    """What the rule of one line makes of the lines that are not taken by columns, blank ones left out."""
    if len(taken) == len(chunk) - start:
        return []
    rest = np.ones(len(chunk), bool)
    rest[:start] = False
    rest[taken] = False
    found = (chunk.line(at) for at in np.flatnonzero(rest).tolist())
    return [made for line in found if not line.is_blank and (made := item(line)) is not None]


def published(chunk: Chunk, places: Places, item: Callable[[Line], Item]) -> Callable[[int], Item]:
    """What the rule of one line makes of the plain line at each place."""
    return lambda at: item(chunk.line(int(places[at])))
