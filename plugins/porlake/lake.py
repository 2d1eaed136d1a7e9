"""The contract to Parquet: whole-partition writes, pointers, typed reads, and the raw bytes by their sha256.

    <root>/raw/<sha256>                                   the bytes of a published file, never changed
    <root>/raw/<sha256>.json                              when they first arrived
    <root>/lake/<dataset>/<column>=<value>/.../pointer.json
    <root>/lake/<dataset>/<column>=<value>/.../<content>/part-0.parquet

The files of a partition are immutable and lie in a folder named by their content; one small pointer is replaced
atomically (write aside, fsync, rename), and readers go through it. A writer that dies leaves the old pointer and a folder
that the next write of that partition removes. Bytes are hashed when a process first reads them and compared with the
pointer (of raw files: with their name); a file that differs is named as Damaged, and writing its partition again mends it.
Rows arrive in strictly increasing order of the dataset's key, which makes the
check of the key free of memory and the bytes of a file depend on nothing but the rows.
"""

from __future__ import annotations

import csv
import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import MISSING, dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from itertools import islice
from operator import attrgetter
from pathlib import Path
from types import UnionType
from typing import Any, BinaryIO, TextIO
from urllib.parse import quote, unquote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from porlake.errors import ConfigurationError, ContractViolation, Damaged, LakeError, MissingPartition, Outdated
from porlake.model import DATASETS, Column, Dataset, ReportFile

ARCHIVE_AGAIN = "archive the published file again (`porlake run EXCHANGE --report FILE`)"
#: A dataset's class, and what its rows are.
R = typing.TypeVar("R", bound=Dataset)
BATCH_ROWS = 16_384
SET_ASIDE = "pointer-of-schema-"
PARQUET: dict[str, Any] = {"compression": "zstd", "compression_level": 1, "version": "2.6"}

_ARROW: dict[object, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    bool: pa.bool_(),
    date: pa.date32(),
    datetime: pa.timestamp("us", tz="UTC"),
    list[str]: pa.list_(pa.string()),
}
_KINDS: dict[str, pa.DataType] = {
    "base_units": pa.decimal128(38, 0),  # whole base units: the widest exact type that DuckDB and Parquet share
    "usd": pa.decimal128(38, 2),
    "price": pa.decimal128(20, 12),  # units DECIMAL(28,8) times this stays within 38 digits
    "ratio": pa.decimal128(20, 12),
}


def parquet_options(row_class: type) -> dict[str, Any]:
    """How the files of a class are written: dictionaries where values repeat, as far as its columns say."""
    columns = typing.get_type_hints(row_class, include_extras=True)
    repeating = [field for field in schema(row_class) if not column(columns[field.name])[1].varied]
    return PARQUET | {
        "use_dictionary": [
            f"{field.name}.list.element" if pa.types.is_list(field.type) else field.name for field in repeating
        ]
    }


_SCHEMAS: dict[type, pa.Schema] = {}


def schema(row_class: type) -> pa.Schema:
    """The Parquet schema of a dataset's class, or any whose columns are annotated as in `model`; meanings ride along as
    field metadata.
    """
    if row_class not in _SCHEMAS:
        _SCHEMAS[row_class] = _schema(row_class)
    return _SCHEMAS[row_class]


def _schema(row_class: type) -> pa.Schema:
    columns = typing.get_type_hints(row_class, include_extras=True)
    return pa.schema([_field(field.name, columns[field.name]) for field in fields(row_class)])


def column(annotation: object) -> tuple[object, Column, bool]:
    """(Python type, meaning, may be null) of one column's annotation."""
    nullable = isinstance(annotation, UnionType) or typing.get_origin(annotation) is typing.Union
    if nullable:
        annotation = next(part for part in typing.get_args(annotation) if part is not type(None))
    kind, meaning = typing.get_args(annotation)
    return kind, meaning, nullable


def _field(name: str, annotation: object) -> pa.Field:
    kind, meaning, nullable = column(annotation)
    arrow = _KINDS[meaning.kind] if meaning.kind else _ARROW[kind]
    about = {"meaning": meaning.meaning} | ({"unit": meaning.unit} if meaning.unit else {})
    return pa.field(name, arrow, nullable=nullable, metadata=about)


@dataclass(frozen=True, slots=True)
class Pointer:
    """What a partition holds now."""

    row_class: type[Dataset]
    partition: Mapping[str, str]
    folder: str
    files: tuple[Mapping[str, Any], ...]
    rows: int
    place: Path
    columns: Mapping[str, str]
    number: int | None
    """Number of the schema in which it was written; None where the pointer carries none, as those before numbers."""

    @property
    def dataset(self) -> str:
        return self.row_class.NAME

    @property
    def version(self) -> int:
        """The number of its schema. Without one it is 1, or 0 where its columns are older ones still."""
        if self.number is not None:
            return self.number
        return 1 if self.columns == _columns(schema(self.row_class)) else 0

    @property
    def where(self) -> str:
        """`balance okx, 5e59..., tron`: the dataset and the values of its partition."""
        return f"{self.dataset} {', '.join(self.partition.values())}"

    def current(self) -> None:
        """Raises Outdated where the schema is an older one, LakeError where it is a newer one."""
        if self.version < self.row_class.VERSION:
            raise Outdated(
                f"{self.place}: has schema {self.version} of {self.dataset}, this porlake reads {self.row_class.VERSION}; "
                "run `porlake upgrade`"
            )
        if self.version > self.row_class.VERSION:
            raise LakeError(
                f"{self.place}: has schema {self.version} of {self.dataset}, this porlake reads {self.row_class.VERSION}; "
                "it was written by a newer porlake"
            )

    @property
    def paths(self) -> list[Path]:
        return [self.place / self.folder / str(file["name"]) for file in self.files]

    def checked(self) -> list[Path]:
        """The files, whose bytes are those that were written, in the schema of now. Raises Damaged, Outdated,
        LakeError.
        """
        self.current()
        return self.unharmed()

    def unharmed(self) -> list[Path]:
        """The files, whose bytes are those that were written, in whatever schema. Raises Damaged, LakeError."""
        for path, file in zip(self.paths, self.files, strict=True):
            if not path.exists() and self != _pointer(self.place / "pointer.json"):
                raise LakeError(f"{self.place}: was written anew, twice, while it was read; ask again")
            check_bytes(path, str(file["sha256"]), _how_to_write(self.row_class, self.partition))
        return self.paths

    @property
    def content(self) -> str:
        """Hash of the partition's files: equal content, equal text."""
        return "+".join(str(file["sha256"]) for file in self.files)


class Writer:
    """One partition while it is written. `add` takes rows of the dataset's class, `add_batch` a record batch of its
    schema.
    """

    def __init__(self, row_class: type[Dataset], partition: Mapping[str, str], place: Path) -> None:
        self.dataset, self.partition, self.place = row_class.NAME, dict(partition), place
        self.rows = 0
        self._class, self._schema = row_class, schema(row_class)
        self._values = attrgetter(*self._schema.names)
        self._pending: list[tuple[Any, ...]] = []
        self._last: tuple[Any, ...] | None = None
        self._pointer = place / "pointer.json"
        with _written(place):
            self._aside = Path(tempfile.mkdtemp(prefix=".writing-", dir=place))
            self._file = self._aside / "part-0.parquet"
            self._parquet = pq.ParquetWriter(self._file, self._schema, **parquet_options(self._class))

    def add(self, row: object) -> None:
        self._pending.append(self._values(row))
        if len(self._pending) >= BATCH_ROWS:
            self._flush()

    def add_batch(self, batch: pa.RecordBatch) -> None:
        self._flush()
        self._write(batch)

    def seal(self) -> None:
        """Finish the file; a row that does not fit raises here at the latest. No reader sees anything yet."""
        self._flush()
        with _written(self.place):
            self._parquet.close()
            _sync(self._file)

    def show(self) -> None:
        """Move the file to the folder of its content and the pointer to it. Raises LakeError."""
        with _written(self.place):
            self._show()

    def _show(self) -> None:
        digest, size = _sha256_of(self._file), self._file.stat().st_size
        folder, target = digest[:16], self.place / digest[:16]
        if target.exists():  # the same bytes, unless what lies there is damaged: either way these are right
            self._file.replace(target / self._file.name)
            shutil.rmtree(self._aside)
        else:
            self._aside.rename(target)
        kept = {folder} | self._folder_before()
        pointer = {
            "dataset": self.dataset,
            "partition": self.partition,
            "folder": folder,
            "rows": self.rows,
            "files": [{"name": self._file.name, "rows": self.rows, "bytes": size, "sha256": digest}],
            "schema": [[name, kind] for name, kind in _columns(self._schema).items()],
            "version": self._class.VERSION,
        }
        replace_bytes(self._pointer, json_bytes(pointer))
        for old in self.place.iterdir():
            if old.is_dir() and old.name not in kept:  # a reader may still hold the pointer before this one
                shutil.rmtree(old)

    def _folder_before(self) -> set[str]:
        """The folder of the pointer that is there still; a damaged pointer leads nowhere, so that no reader can be in
        one.
        """
        try:
            return {_pointer(self._pointer).folder}
        except (Damaged, MissingPartition):
            return set()

    def abandon(self) -> None:
        with suppress(OSError):  # why it is abandoned is being raised
            self._parquet.close()
        shutil.rmtree(self._aside, ignore_errors=True)

    def _flush(self) -> None:
        if not self._pending:
            return
        batch = _batch(self.dataset, self._schema, self._pending)
        self._pending.clear()
        self._write(batch)

    def _write(self, batch: pa.RecordBatch) -> None:
        if not batch.num_rows:
            return
        if not batch.schema.equals(self._schema):
            raise ContractViolation(f"{self.dataset}: a batch has the schema {batch.schema}, not {self._schema}")
        for field, values in zip(self._schema, batch.columns, strict=True):
            if values.null_count and not field.nullable:
                raise ContractViolation(f"{self.dataset}.{field.name}: null where the dataset allows none")
        for name, value in self.partition.items():
            if (
                pa.types.is_string(self._schema.field(name).type)
                and pc.any(pc.not_equal(batch.column(name), value)).as_py()
            ):
                raise ContractViolation(f"{self.dataset}: a row of another partition than {name}={value}")
        self._check_key(batch)
        with _written(self.place):
            self._parquet.write_batch(batch)
        self.rows += batch.num_rows

    def _check_key(self, batch: pa.RecordBatch) -> None:
        key = self._class.KEY
        columns = [batch.column(name) for name in key]
        first = tuple(values[0].as_py() for values in columns)
        if self._last is not None and not self._last < first:
            raise ContractViolation(
                f"{self.dataset}: key {first} after {self._last}: rows come in order of {key}, each key once"
            )
        if batch.num_rows > 1:
            less, equal = pa.scalar(False), pa.scalar(True)
            for values in columns:
                a, b = values.slice(0, batch.num_rows - 1), values.slice(1)
                less = pc.or_(less, pc.and_(equal, pc.less(a, b)))
                equal = pc.and_(equal, pc.equal(a, b))
            if not pc.all(less).as_py():
                at = pc.index(less, False).as_py() + 1
                bad = tuple(values[at].as_py() for values in columns)
                raise ContractViolation(
                    f"{self.dataset}: key {bad} stands twice or out of order: rows come in order of {key}"
                )
        self._last = tuple(values[-1].as_py() for values in columns)


class Lake:
    """The lake at `root`, a local folder."""

    def __init__(self, root: Path | str) -> None:
        if "://" in str(root):
            raise ConfigurationError(
                f"{str(root).split('://')[0]}://: the lake lies in a local folder; object stores are not read yet"
            )
        self.root = Path(root).absolute()

    # --- datasets ---
    def place(self, row_class: type[Dataset], partition: Mapping[str, str]) -> Path:
        names = row_class.PARTITION
        if tuple(partition) != names:
            raise LakeError(f"{row_class.NAME} is partitioned by {names}, not {tuple(partition)}")
        return self.root.joinpath(
            "lake", row_class.NAME, *(f"{name}={quote(str(value), safe='')}" for name, value in partition.items())
        )

    @contextmanager
    def writing(self, *partitions: tuple[type[Dataset], Mapping[str, str]]) -> Iterator[list[Writer]]:
        """Writers for whole partitions, shown together at the end; on an error none of them changes anything."""
        with ExitStack() as locks:
            writers: list[Writer] = []
            try:
                for row_class, partition in partitions:
                    place = self.place(row_class, partition)
                    with _written(place):
                        place.mkdir(parents=True, exist_ok=True)
                    locks.enter_context(alone(place))
                    writers.append(Writer(row_class, partition, place))
                yield writers
                for writer in writers:
                    writer.seal()
            except BaseException:
                for writer in writers:
                    writer.abandon()
                raise
            for writer in writers:
                writer.show()

    def write(self, row_class: type[R], partition: Mapping[str, str], rows: Iterable[R]) -> None:
        """Replace one whole partition by `rows`, given in order of the key."""
        with self.writing((row_class, partition)) as (writer,):
            for row in rows:
                writer.add(row)

    def pointers(self, row_class: type[Dataset], **only: str) -> list[Pointer]:
        """The partitions of a dataset, in order of their place; `only` narrows by partition columns."""
        names = row_class.PARTITION
        if unknown := set(only) - set(names):
            raise LakeError(f"{row_class.NAME} has no partition column {sorted(unknown)}")
        pattern = "/".join(f"{name}={quote(only[name], safe='') if name in only else '*'}" for name in names)
        return [
            _pointer(path) for path in sorted((self.root / "lake" / row_class.NAME).glob(f"{pattern}/pointer.json"))
        ]

    def batches(
        self, row_class: type[Dataset], *, where: pc.Expression | None = None, **only: str
    ) -> Iterator[pa.RecordBatch]:
        """As `columns`, with all columns."""
        return self.columns(row_class, schema(row_class).names, where=where, **only)

    def columns(
        self, row_class: type[Dataset], names: Sequence[str], *, where: pc.Expression | None = None, **only: str
    ) -> Iterator[pa.RecordBatch]:
        """Record batches of the columns `names`, in the order of the key; other columns are not read.

        `only` names columns with the value that their rows have: those of the partition lead to its files, others join
        `where`, an expression over any columns. A row group whose statistics rule such a row out is not read either.
        Raises Damaged, ContractViolation for another schema, LakeError for a column that the dataset has not.
        """
        made = schema(row_class)
        if unknown := (set(only) | set(names)) - set(made.names):
            raise LakeError(f"{row_class.NAME} has no column {sorted(unknown)}")
        for name in sorted(set(only) - set(row_class.PARTITION)):
            same = pc.field(name) == only[name]
            where = same if where is None else where & same
        for path in self._files(row_class, {name: only[name] for name in row_class.PARTITION if name in only}):
            with checked_file(row_class, path) as parquet:
                if where is None:
                    batches = _one_ahead(parquet.iter_batches(batch_size=4 * BATCH_ROWS, columns=list(names)))
                    yield from (batch.select(list(names)) for batch in batches)
                else:
                    yield from _filtered(path, made, names, where)

    def scratch(self, row_class: type[Dataset], partition: Mapping[str, str]) -> Path:
        """A folder beside a partition for what a stage has finished of it; no reader looks there. See Scratch."""
        place = self.place(row_class, partition)
        return place.with_name(f".unfinished-{place.name}")

    def distinct(self, row_class: type[Dataset], column: str, **only: str) -> set[Any]:
        """The values of one column; the other columns are not read."""
        found: set[Any] = set()
        for batch in self.columns(row_class, [column], **only):
            found.update(batch.column(column).unique().to_pylist())
        return found

    def _files(self, row_class: type[Dataset], only: Mapping[str, str]) -> Iterator[Path]:
        """The files of the partitions that `only` names, their bytes checked. Raises Damaged."""
        for pointer in self.pointers(row_class, **only):
            yield from pointer.checked()

    def rows(self, row_class: type[R], *, where: pc.Expression | None = None, **only: str) -> Iterator[R]:
        """Rows as instances of the dataset's class; `where` and `only` as in `columns`."""
        for batch in self.batches(row_class, where=where, **only):
            for values in zip(*map(_values, batch.columns), strict=True):
                yield row_class(*values)

    def one(self, row_class: type[R], **only: str) -> R:
        """The first row of those that `only` names. Raises MissingPartition."""
        for row in self.rows(row_class, **only):
            return row
        named = ", ".join(f"{name}={value}" for name, value in only.items())
        raise MissingPartition(f"the lake has no {row_class.NAME} for {named}")

    def reports(self, report: str) -> list[ReportFile]:
        """The `report_file` rows of a report, by id or by an unambiguous beginning of it: one for each attestation, the
        first first. Raises MissingPartition.
        """
        pattern = f"exchange=*/report={quote(report, safe='')}*/attestation=*/pointer.json"
        found = [_pointer(path).partition for path in sorted((self.root / "lake" / ReportFile.NAME).glob(pattern))]
        if len({(partition["exchange"], partition["report"]) for partition in found}) != 1:
            raise MissingPartition(f"{len(found)} reports in the lake begin with {report!r}")
        return [self.one(ReportFile, **partition) for partition in found]

    def report(self, report: str) -> ReportFile:
        """The first of `reports`: exchange, format and content are the same for all of them."""
        return self.reports(report)[0]

    def all_files(self) -> Iterator[Callable[[], object]]:
        """For each file of the datasets and of the archive, in order of their places, what reads it whole and raises
        LakeError.
        """
        for path in sorted((self.root / "lake").glob("*/**/pointer.json")):
            yield partial(_pointer, path)
            with suppress(LakeError):  # told by the look at the pointer itself
                yield from (partial(_read_whole, _pointer(path), number) for number in range(len(_pointer(path).files)))
        for path in sorted((self.root / "raw").glob("[!.]*")):
            if path.suffix == ".json":
                yield partial(self.first_facts, path.stem)
            else:
                yield partial(check_bytes, path, path.name, ARCHIVE_AGAIN, anew=True)

    # --- what an older porlake wrote ---
    def renumber(self, pointer: Pointer) -> None:
        """Let a partition whose columns are those of now carry the number of its schema; its rows stay as they are."""
        path = pointer.place / "pointer.json"
        with alone(pointer.place):
            if _pointer(path) == pointer:
                content = json.loads(path.read_bytes()) | {"version": pointer.row_class.VERSION}
                replace_bytes(path, json_bytes(content))

    def carry(self, pointer: Pointer) -> None:
        """Write an older partition anew in the schema of now. Raises Damaged, ContractViolation; it stays as it was
        then.
        """
        with self.writing((pointer.row_class, pointer.partition)) as (writer,):
            for batch in carried(pointer):
                writer.add_batch(batch)

    def set_aside(self, pointer: Pointer) -> None:
        """Take a partition out of what readers see; its pointer is kept beside it under another name, its files stay."""
        with alone(pointer.place), _written(pointer.place):
            pointer.place.joinpath("pointer.json").replace(pointer.place / f"{SET_ASIDE}{pointer.version}.json")

    # --- raw bytes ---
    def keep(self, stream: BinaryIO, facts: Mapping[str, Any]) -> str:
        """Keep the bytes of `stream` under their sha256, which is returned; the `facts` beside them are those of the
        first time.

        A file that lies there already is replaced by the same bytes, which mends one that was damaged. Raises
        LakeError.
        """
        folder = self.root / "raw"
        with _written(folder):
            folder.mkdir(parents=True, exist_ok=True)
        with alone(folder):
            digest = hashlib.sha256()
            with _written(folder):
                handle, aside = tempfile.mkstemp(prefix=".writing-", dir=folder)
                with os.fdopen(handle, "wb") as out:
                    for chunk in _read_through(stream):
                        digest.update(chunk)
                        out.write(chunk)
                    out.flush()
                    os.fsync(out.fileno())
            name = digest.hexdigest()
            with _written(folder):
                Path(aside).replace(folder / name)
            if self._facts_of(name) is None:
                replace_bytes(folder / f"{name}.json", json_bytes(facts))
            return name

    def first_facts(self, sha256: str) -> Mapping[str, Any]:
        """The facts of the time when these bytes first arrived. Raises Damaged where they cannot be read."""
        facts = self._facts_of(sha256)
        if facts is None:
            raise Damaged(
                f"{self.root / 'raw' / sha256}.json: not the facts of a file's arrival; archive the file again"
            )
        return facts

    def _facts_of(self, sha256: str) -> Mapping[str, Any] | None:
        try:
            facts = json.loads((self.root / "raw" / f"{sha256}.json").read_bytes())
        except (FileNotFoundError, ValueError):
            return None
        return facts if isinstance(facts, dict) else None

    def has_raw(self, sha256: str) -> bool:
        return (self.root / "raw" / sha256).is_file()

    def open_raw(self, sha256: str) -> BinaryIO:
        """The bytes of a published file, checked against their name. Raises MissingPartition, Damaged."""
        path = self.root / "raw" / sha256
        try:
            stream = path.open("rb")
        except FileNotFoundError as error:
            raise MissingPartition(f"the archive has no file {sha256}") from error
        except OSError as error:
            raise LakeError(f"{path}: cannot be read: {error.strerror}") from error
        try:
            check_bytes(path, sha256, ARCHIVE_AGAIN)
        except LakeError:
            stream.close()
            raise
        return stream


def _read_through(stream: BinaryIO) -> Iterator[bytes]:
    """Raises LakeError where the source fails: its failure is not the lake's disk's."""
    while True:
        try:
            chunk = stream.read(1 << 20)
        except OSError as error:
            raise LakeError(
                f"{getattr(stream, 'name', 'the file')}: cannot be read: {error.strerror or error}"
            ) from error
        if not chunk:
            return
        yield chunk


class Scratch:
    """Finished parts of long work, each a small file that is whole or not there; they outlive the process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, name: str, content: bytes) -> None:
        """Raises LakeError."""
        with _written(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            aside = self._folder / f".{name}.{os.getpid()}"
            aside.write_bytes(hashlib.sha256(content).digest() + content)
            aside.replace(self._folder / name)

    def parts(self) -> Iterator[tuple[str, bytes]]:
        """(name, content) of what is whole; a file that a crash has torn is none."""
        for path in sorted(self._folder.glob("[!.]*")):
            kept = path.read_bytes()
            if kept[:32] == hashlib.sha256(kept[32:]).digest():
                yield path.name, kept[32:]


def forget(folder: Path) -> None:
    """Remove scratch that is no longer needed."""
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def checked_file(row_class: type[Dataset], path: Path) -> Iterator[pq.ParquetFile]:
    """A Parquet file whose schema is the contract's. DuckDB would read a double under a decimal column and round in
    silence.
    """
    with _opened(path) as parquet:
        if not parquet.schema_arrow.equals(schema(row_class)):
            raise ContractViolation(
                f"{path}: its schema is {parquet.schema_arrow}, the contract of {row_class.NAME} is {schema(row_class)}"
            )
        yield parquet


def _opened(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise LakeError(f"{path}: cannot be read as Parquet: {error}") from error


def export(path: Path, row_class: type, rows: Iterable[object]) -> None:
    """Rows of an annotated class as one file of its own; see `export_batches`."""
    made = schema(row_class)
    chunks = _chunks((tuple(getattr(row, name) for name in made.names) for row in rows), BATCH_ROWS)
    export_batches(path, made, (_batch(path.name, made, chunk) for chunk in chunks))


def writable(path: Path | None) -> None:
    """Raises ConfigurationError where nothing can be exported to `path`: better before an hour's work than after it.

    None is nothing to write.
    """
    if path is None:
        return
    if path.suffix not in {".parquet", ".csv"}:
        raise ConfigurationError(f"{path}: write to a name that ends in .parquet or .csv")
    if path.is_dir():
        raise ConfigurationError(f"{path}: cannot be written: it is a folder")
    if not path.parent.is_dir():
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
            for batch in batches:
                write(batch)
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
        write = csv_writer(stream)
        write(made.names)

        def write_batch(batch: pa.RecordBatch) -> None:
            for row in zip(*(values.to_pylist() for values in batch.columns), strict=True):
                write(row)

        yield write_batch


def csv_writer(stream: TextIO) -> Callable[[Iterable[object]], object]:
    """What writes a row of CSV (RFC 4180, but lines end in LF) that is safe to open: its cells come from strangers'
    files.

    A cell that a spreadsheet would run as a formula is led by an apostrophe. A character that a terminal would obey is
    written as its escape (`\\x1b`); a line end within a cell is quoted. Decimals are written out, never with an
    exponent; lists are JSON; null is an empty cell.
    """
    # with this ending csv quotes a lone CR in a cell too
    lines = csv.writer(_EndingInLf(stream), lineterminator="\r\n")
    return lambda row: lines.writerow([_cell(value) for value in row])


class _EndingInLf:
    """A text stream to which csv.writer hands whole rows."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, row: str) -> int:
        return self._stream.write(row.removesuffix("\r\n") + "\n")


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


def _batch(name: str, made: pa.Schema, rows: list[tuple[Any, ...]]) -> pa.RecordBatch:
    """Rows, as tuples in the order of the schema, as one record batch. Raises ContractViolation."""
    try:
        arrays = [
            pa.array(_exact(field, values), type=field.type)
            for field, values in zip(made, zip(*rows, strict=True), strict=True)
        ]
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
        raise ContractViolation(f"{name}: a row does not fit the schema: {error}") from error
    return pa.RecordBatch.from_arrays(arrays, schema=made)


def replace_bytes(path: Path, content: bytes) -> None:
    """Replace a small file atomically: write aside, fsync, rename. Raises LakeError."""
    with _written(path):
        handle, aside = tempfile.mkstemp(prefix=".writing-", dir=path.parent)
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        Path(aside).chmod(0o644)
        Path(aside).replace(path)
        _sync(path.parent)


def json_bytes(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _filtered(path: Path, made: pa.Schema, names: Sequence[str], where: pc.Expression) -> Iterator[pa.RecordBatch]:
    """The rows of a file that `where` holds for, in their order, some columns of them."""
    from pyarrow import dataset, fs  # a tenth of a second that few readers need

    fragment = dataset.ParquetFileFormat().make_fragment(str(path), fs.LocalFileSystem())
    chosen = pa.schema([made.field(name) for name in names])
    for batch in fragment.to_batches(
        schema=made, columns=list(names), filter=where, batch_size=BATCH_ROWS, batch_readahead=2, use_threads=True
    ):
        if batch.num_rows:
            yield pa.RecordBatch.from_arrays(batch.columns, schema=chosen)


def _values(column: pa.Array) -> list[Any]:
    """The values of a column as the dataset's class has them: base units are whole numbers."""
    values: list[Any] = column.to_pylist()
    if pa.types.is_decimal(column.type) and column.type.scale == 0:
        return [None if value is None else int(value) for value in values]
    return values


def _one_ahead(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same batches; while one is looked at, the next is read."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        coming = pool.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = pool.submit(next, batches, None)
            yield batch


def _exact(field: pa.Field, values: Iterable[Any]) -> list[Any]:
    if not pa.types.is_decimal(field.type) or field.type.scale:
        return list(values)
    return [None if value is None else Decimal(value) for value in values]


def _pointer(path: Path) -> Pointer:
    """Raises Damaged for anything that this module does not write, MissingPartition where there is none."""
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise MissingPartition(f"{path}: no such partition") from error
    except OSError as error:
        raise LakeError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise Damaged(f"{path}: not a pointer of the lake: {_of_place(path)}") from error
    wrong = _wrong_in(content, path)
    if wrong:
        raise Damaged(f"{path}: not a pointer of the lake ({wrong}): {_of_place(path)}")
    return Pointer(
        DATASETS[content["dataset"]],
        {name: content["partition"][name] for name in DATASETS[content["dataset"]].PARTITION},
        content["folder"],
        tuple(content["files"]),
        content["rows"],
        path.parent,
        dict(content["schema"]),
        content.get("version"),
    )


_HEX16, _HEX64 = re.compile("[0-9a-f]{16}"), re.compile("[0-9a-f]{64}")


def _wrong_in(content: Any, path: Path) -> str:
    """What is not as `Writer.show` writes it, '' where all of it is: a pointer leads to files, and must lead to no
    others.
    """
    if not isinstance(content, dict):
        return "it is no object"
    dataset, partition = content.get("dataset"), content.get("partition")
    if (
        dataset not in DATASETS
        or not isinstance(partition, dict)
        or not all(isinstance(value, str) for value in partition.values())
    ):
        return "its dataset or partition"
    names = DATASETS[dataset].PARTITION
    place = [f"{name}={quote(partition.get(name, ''), safe='')}" for name in names]
    if len(partition) != len(names) or list(path.parts[-2 - len(place) : -1]) != [dataset, *place]:
        return "it speaks of another partition"
    if not isinstance(content.get("folder"), str) or not _HEX16.fullmatch(content["folder"]):
        return "its folder"
    files = content.get("files")
    if type(content.get("rows")) is not int or not isinstance(files, list) or not files:
        return "its rows or files"
    columns = content.get("schema")
    if not isinstance(columns, list) or not all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair) for pair in columns
    ):
        return "its schema"
    number = content.get("version", 1)
    if type(number) is not int or number < 1:
        return "its version"
    return next((f"the file {file!r}"[:200] for file in files if not _is_file(file)), "")


def _columns(made: pa.Schema) -> dict[str, str]:
    """Name and type of each column, as a pointer says them."""
    return {field.name: str(field.type) for field in made}


def _is_file(file: Any) -> bool:
    return (
        isinstance(file, dict)
        and isinstance(file.get("sha256"), str)
        and _HEX64.fullmatch(file["sha256"]) is not None
        and isinstance(file.get("name"), str)
        and re.fullmatch(r"part-[0-9]{1,9}\.parquet", file["name"]) is not None
    )


def _of_place(pointer: Path) -> str:
    """How a partition is written anew, told by where its pointer lies."""
    folders = list(pointer.parts[:-1])
    row_class = next((DATASETS[part] for part in reversed(folders) if part in DATASETS), None)
    if row_class is None:
        return "no dataset's place"
    named = dict(part.split("=", 1) for part in folders if "=" in part)
    return _how_to_write(row_class, {name: unquote(value) for name, value in named.items()})


def _how_to_write(row_class: type[Dataset], partition: Mapping[str, str]) -> str:
    """What a person does to have a partition anew: its rows are what its stage writes."""
    where = ", ".join(f"{name} {value}" for name, value in partition.items())
    stage = written_by(row_class)
    if stage == "sweep":
        return (
            f"a sweep reads one moment and cannot be made again; take it from a backup, or remove its folder ({where})"
        )
    return f"run {stage} again for {where} (`porlake run` runs all stages of a file)"


def written_by(row_class: type[Dataset]) -> str:
    """The stage that writes a dataset, as its class says."""
    return str(re.findall(r"Written\s+by\s+(\w+)\.", row_class.__doc__ or "")[-1])


# --- rows of an older schema ---------------------------------------------------------------------------------------
#: Columns that older rows lack and that others say: what makes one row's value of the row's other columns.
_SAID_BY_OTHERS: Mapping[tuple[type[Dataset], str], Callable[[Mapping[str, Any]], Any]] = {
    (ReportFile, "statement"): lambda row: f"{row['exchange']}/{row['format']}",
    (ReportFile, "members"): lambda row: [f"{row['report']}  file  {row['file_name']}"],
    (ReportFile, "snapshot_day"): lambda row: _day_in(row["attestation"]),
}


def _day_in(attestation: str) -> date | None:
    """The day that an attestation's id names, of a month its first."""
    day = attestation.partition("/")[2]
    with suppress(ValueError):
        return date.fromisoformat(day if day.count("-") == 2 else f"{day}-01")
    return None


def uncarried(pointer: Pointer) -> str:
    """Why an older partition cannot be given the schema of now, '' where it can."""
    made = schema(pointer.row_class)
    kinds, missing = _columns(made), _missing(pointer)
    if gone := sorted(set(pointer.columns) - set(kinds)):
        return f"its column {gone[0]} is none of {pointer.dataset}"
    if other := [name for name, kind in pointer.columns.items() if kind != kinds[name]]:
        return f"its {other[0]} is {pointer.columns[other[0]]}, not {kinds[other[0]]}"
    said = {name for row_class, name in _SAID_BY_OTHERS if row_class is pointer.row_class}
    unsaid = [name for name in missing if name not in said and not _has_default(pointer.row_class, made.field(name))]
    return f"it lacks {unsaid[0]}, and nothing says what that was" if unsaid else ""


def _missing(pointer: Pointer) -> list[str]:
    return [name for name in schema(pointer.row_class).names if name not in pointer.columns]


def _has_default(row_class: type[Dataset], field: pa.Field) -> bool:
    return field.nullable or row_class.__dataclass_fields__[field.name].default is not MISSING  # type: ignore[attr-defined]


def carried(pointer: Pointer) -> Iterator[pa.RecordBatch]:
    """The rows of an older partition in the schema of now: a column that they lack is what others say of it, else its
    default, else null. Raises Damaged, ContractViolation where `uncarried` says why.
    """
    if why := uncarried(pointer):
        raise ContractViolation(f"{pointer.place}: cannot be carried: {why}")
    made = schema(pointer.row_class)
    for path in pointer.unharmed():
        with _opened(path) as parquet:
            for batch in parquet.iter_batches(batch_size=BATCH_ROWS):
                arrays = [
                    batch.column(field.name) if field.name in batch.schema.names else _filled(pointer, field, batch)
                    for field in made
                ]
                yield pa.RecordBatch.from_arrays(arrays, schema=made)


def _filled(pointer: Pointer, field: pa.Field, batch: pa.RecordBatch) -> pa.Array:
    if says := _SAID_BY_OTHERS.get((pointer.row_class, field.name)):
        return pa.array([says(row) for row in batch.to_pylist()], field.type)
    default = pointer.row_class.__dataclass_fields__[field.name].default  # type: ignore[attr-defined]
    return pa.array([None if default is MISSING else default] * batch.num_rows, field.type)


# --- bytes that are what was written ----------------------------------------------------------------------------------
#: What this process has hashed: (path, inode, size, time of the last change) with the hash. Files are immutable, so
#: that once is enough.
_HASHED: dict[tuple[str, int, int, int], str] = {}


def _read_whole(pointer: Pointer, number: int) -> None:
    """Raises Damaged, ContractViolation for a file of another schema or with other rows than its pointer says."""
    path, file = pointer.paths[number], pointer.files[number]
    check_bytes(path, str(file["sha256"]), _how_to_write(pointer.row_class, pointer.partition), anew=True)
    pointer.current()
    with checked_file(pointer.row_class, path) as parquet:
        if len(pointer.files) == 1 and parquet.metadata.num_rows != pointer.rows:
            raise ContractViolation(f"{path}: {parquet.metadata.num_rows:,} rows, its pointer says {pointer.rows:,}")


def check_bytes(path: Path, sha256: str, remedy: str, *, anew: bool = False) -> None:
    """Raises Damaged where the file's bytes are not those with this hash, or cannot be read."""
    if (found := hash_of(path, anew=anew)) != sha256:
        raise Damaged(f"{path}: its bytes are not those that were written (sha256 {found}, not {sha256}); {remedy}")


def hash_of(path: Path, *, anew: bool = False) -> str:
    """sha256 of a file, read once a process or `anew`. Raises LakeError."""
    try:
        facts = path.stat()
        key = (str(path), facts.st_ino, facts.st_size, facts.st_mtime_ns)
        if anew or key not in _HASHED:
            _HASHED[key] = _sha256_of(path)
        return _HASHED[key]
    except OSError as error:
        raise Damaged(f"{path}: cannot be read: {error.strerror or error}") from error


@contextmanager
def _written(place: Path) -> Iterator[None]:
    """What a disk says while something is written, in a sentence. Raises LakeError."""
    try:
        yield
    except OSError as error:
        raise LakeError(f"{place}: cannot be written: {error.strerror or error}") from error


@contextmanager
def alone(folder: Path, prefix: str = ".writing-") -> Iterator[int]:
    """One writer at a time in `folder`; what a writer that was killed left under `prefix` goes first.

    The lock ends with the process, however it ends, and with those to which it hands the descriptor that is yielded.
    """
    with _written(folder):
        handle = os.open(folder, os.O_RDONLY)
    try:
        with _written(folder):
            fcntl.flock(handle, fcntl.LOCK_EX)
            for left_over in folder.glob(f"{prefix}*"):
                if left_over.is_dir() and not left_over.is_symlink():
                    shutil.rmtree(left_over)
                else:
                    left_over.unlink()
        yield handle
    finally:
        os.close(handle)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sha256_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
