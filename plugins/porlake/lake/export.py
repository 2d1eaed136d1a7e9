"""Rows as one file of their own for a person: Parquet, or CSV that is safe to open."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa
import pyarrow.parquet as pq

from porlake.errors import ConfigurationError
from porlake.lake.schema import BATCH_ROWS, PARQUET, record_batch, schema


def export(path: Path, row_class: type, rows: Iterable[object]) -> None:
    """Rows of an annotated class as one file of its own; see `export_batches`."""
    made = schema(row_class)
    chunks = _chunks((tuple(getattr(row, name) for name in made.names) for row in rows), BATCH_ROWS)
    export_batches(path, made, (record_batch(path.name, made, chunk) for chunk in chunks))


def writable(path: Path | None) -> None:
    """Raises ConfigurationError where nothing can be exported to `path`: better before an hour's work than after it.

    None is nothing to write.
    """
    if path is None:
        return
    if path.suffix not in {".parquet", ".csv"}:
        raise ConfigurationError(f"{path}: write to a name that ends in .parquet or .csv")
    try:
        is_folder, has_folder = path.is_dir(), path.parent.is_dir()
    except OSError as error:  # a folder on the way that may not be looked into
        raise ConfigurationError(f"{path}: cannot be written: {error.strerror or error}") from error
    if is_folder:
        raise ConfigurationError(f"{path}: cannot be written: it is a folder")
    if not has_folder:
        raise ConfigurationError(f"{path}: cannot be written: there is no folder {path.parent}")
    if not os.access(path.parent, os.W_OK):
        raise ConfigurationError(f"{path}: cannot be written: the folder {path.parent} is read-only")


def export_batches(path: Path, made: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
    """Record batches as one file, .parquet or .csv (see `csv_writer`), whole or not at all. Raises
    ConfigurationError.
    """
    writable(path)
    aside = path.with_name(f".{path.name}.writing")
    try:
        with _exporter(aside, path.suffix, made) as write:
            for part in batches:
                write(part)
        aside.replace(path)
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        aside.unlink(missing_ok=True)


@contextmanager
def _exporter(path: Path, suffix: str, made: pa.Schema) -> Iterator[Callable[[pa.RecordBatch], None]]:
    if suffix == ".parquet":
        with pq.ParquetWriter(path, made, **PARQUET) as parquet:
            yield parquet.write_batch
        return
    with path.open("w", encoding="utf-8", newline="") as stream:
        lines = _lines(stream)
        lines.writerow(map(_cell, made.names))

        def write_batch(part: pa.RecordBatch) -> None:
            lines.writerows(zip(*map(_cells, part.columns), strict=True))

        yield write_batch


def csv_writer(stream: TextIO) -> Callable[[Iterable[object]], object]:
    """What writes a row of CSV (RFC 4180, but lines end in LF) that is safe to open: its cells come from strangers'
    files.

    A cell that a spreadsheet would run as a formula is led by an apostrophe. A character that a terminal would obey is
    written as its escape (`\\x1b`); a line end within a cell is quoted. Decimals are written out, never with an
    exponent; lists are JSON; null is an empty cell.
    """
    lines = _lines(stream)
    return lambda row: lines.writerow([_cell(value) for value in row])


def _lines(stream: TextIO) -> Any:
    """The standard library's writer: with this ending it quotes a lone CR in a cell too."""
    return csv.writer(_EndingInLf(stream), lineterminator="\r\n")


class _EndingInLf:
    """A text stream to which csv.writer hands whole rows."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, row: str) -> int:
        return self._stream.write(row.removesuffix("\r\n") + "\n")


def _cells(column: pa.Array) -> list[object]:
    """The cells of a column: what stands in many rows is written out once."""
    if pa.types.is_nested(column.type):
        return [_cell(value) for value in column.to_pylist()]
    encoded = column.dictionary_encode()
    cells = [_cell(value) for value in encoded.dictionary.to_pylist()]
    return [None if place is None else cells[place] for place in encoded.indices.to_pylist()]


def _cell(value: object) -> object:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, list):
        value = json.dumps(value, ensure_ascii=False, default=str)
    if not isinstance(value, str):
        return value
    text = value if value.isprintable() else "".join(map(_escaped, value))
    return f"'{text}" if _FORMULA.match(text) else text


def _escaped(character: str) -> str:
    """A character as it may stand in a file: line ends and tabs as they are, whatever else a terminal obeys as its
    escape.
    """
    return (
        character if character in "\n\r\t" or character.isprintable() else character.encode("unicode_escape").decode()
    )


# A leading minus is left alone before a number, and before an address on TON's masterchain (-1:ab...).
_FORMULA = re.compile(r"[=+@\t\r\n]|-(?!(?:[0-9]+(?:\.[0-9]+)?|[0-9]+:[0-9A-Fa-f]{2,64})$)")


def _chunks(rows: Iterable[tuple[Any, ...]], size: int) -> Iterator[list[tuple[Any, ...]]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, size)):
        yield chunk
