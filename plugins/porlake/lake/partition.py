"""Partitions: immutable Parquet files in a folder named by their content, and one small pointer to them. One file,
`part-0.parquet`, or several that follow each other, each named by its own content too.

A writer makes the file aside, puts it into the folder of its content and then swaps the pointer; readers go through the
pointer. It reads the pointer before its rows, and swaps only that one: of two that began with the same pointer one is
Overtaken. The folder of the pointer before stays, for a reader may hold that pointer still; older ones are removed, in
a lake that other machines read by `collect` alone.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, unquote

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from porlake.errors import ContractViolation, Damaged, LakeError, MissingPartition, Outdated, Overtaken
from porlake.lake.schema import BATCH_ROWS, columns_of, parquet_options, record_batch, schema
from porlake.lake.store import Store, Stored, sha256_of, sync, written
from porlake.model import DATASETS, Dataset

POINTER, FILE = "pointer.json", "part-0.parquet"
_FILES = "part-{}.parquet"
#: How often a reader goes after a partition that is written anew each time.
REREADS = 20
Taken = TypeVar("Taken")


def place_of(row_class: type[Dataset], partition: Mapping[str, str]) -> str:
    """The key below which a partition lies. Raises LakeError for columns that are not those of its partition."""
    if tuple(partition) != row_class.PARTITION:
        raise LakeError(f"{row_class.NAME} is partitioned by {row_class.PARTITION}, not {tuple(partition)}")
    return _place(row_class, partition)


def _place(row_class: type[Dataset], partition: Mapping[str, str]) -> str:
    names = row_class.PARTITION
    return "/".join(("lake", row_class.NAME, *(f"{name}={quote(str(partition[name]), safe='')}" for name in names)))


def partition_in(key: str) -> dict[str, str]:
    """The partition that a key lies in: `exchange=okx/report=ab` is {exchange: okx, report: ab}."""
    return {name: unquote(value) for name, _, value in (part.partition("=") for part in key.split("/")) if value}


@dataclass(frozen=True, slots=True)
class Pointer:
    """What a partition holds now; `place` is the key below which it lies."""

    row_class: type[Dataset]
    partition: Mapping[str, str]
    folder: str
    files: tuple[Mapping[str, Any], ...]
    rows: int
    place: str
    columns: Mapping[str, str]
    number: int | None
    """Number of the schema in which it was written; None where the pointer carries none, as those before numbers."""
    store: Store = field(compare=False, repr=False)
    made_of: str = ""
    """A hash of what its rows were made of, where its stage says it (`Writer.made_of`)."""

    @property
    def dataset(self) -> str:
        return self.row_class.NAME

    @property
    def version(self) -> int:
        """The number of its schema. Without one it is 1, or 0 where its columns are older ones still."""
        if self.number is not None:
            return self.number
        return 1 if self.columns == columns_of(schema(self.row_class)) else 0

    @property
    def where(self) -> str:
        """`balance okx, 5e59..., tron`: the dataset and the values of its partition."""
        return f"{self.dataset} {', '.join(self.partition.values())}"

    def current(self) -> None:
        """Raises Outdated where the schema is an older one, LakeError where it is a newer one."""
        reads = self.row_class.VERSION
        has = f"has schema {self.version} of {self.dataset}, this porlake reads {reads}"
        if self.version < reads:
            raise Outdated(f"{self.store.where(self.place)}: {has}; run `porlake upgrade`")
        if self.version > reads:
            raise LakeError(f"{self.store.where(self.place)}: {has}; it was written by a newer porlake")

    @property
    def keys(self) -> list[str]:
        """The keys of its files."""
        return [f"{self.place}/{self.folder}/{file['name']}" for file in self.files]

    @property
    def paths(self) -> list[Path]:
        """Its files as local ones."""
        return [self.store.local(key) for key in self.keys]

    def checked(self) -> list[str]:
        """The keys of its files, whose bytes are those that were written, in the schema of now. Raises Damaged,
        Outdated, LakeError.
        """
        self.current()
        return self.unharmed()

    def unharmed(self) -> list[str]:
        """The keys of its files, whose bytes are those that were written, in whatever schema. Raises Damaged,
        LakeError.
        """
        for key, file in zip(self.keys, self.files, strict=True):
            check_bytes(self.store, key, str(file["sha256"]), _how_to_write(self.row_class, self.partition))
        return self.keys

    def followed(self, take: Callable[[Pointer], Taken]) -> Taken:
        """What `take` makes of the partition as it is now. Its files stay for one more write; where it was written
        twice since this pointer was read, `take` is given the pointer of now. Raises LakeError as `take` does,
        and for a partition that is written faster than it can be read.
        """
        pointer = self
        for _ in range(REREADS):
            try:
                return take(pointer)
            except LakeError:
                now = read_pointer(self.store, f"{self.place}/{POINTER}")
                if now == pointer:
                    raise
                pointer = now
        raise LakeError(
            f"{self.store.where(self.place)}: is written faster than it can be read; ask again when the stage that "
            "writes it has ended"
        )

    def read_whole(self, number: int) -> None:
        """Read one of its files anew. Raises Damaged, Outdated, ContractViolation for a file of another schema or with
        other rows than it says.
        """
        key, file = self.keys[number], self.files[number]
        remedy = _how_to_write(self.row_class, self.partition)
        check_bytes(self.store, key, str(file["sha256"]), remedy, anew=True)
        self.current()
        where = self.store.where(key)
        with self.store.native(key) as held, checked_file(self.row_class, where, held) as parquet:
            if len(self.files) == 1 and parquet.metadata.num_rows != self.rows:
                raise ContractViolation(
                    f"{self.store.where(key)}: {parquet.metadata.num_rows:,} rows, its pointer says {self.rows:,}"
                )

    @property
    def content(self) -> str:
        """Hash of the partition's files: equal content, equal text."""
        return "+".join(str(file["sha256"]) for file in self.files)


#: Partitions' pointers as they were at a moment, by place; None for one that was not there.
Seen = Mapping[str, Stored | None]


class Writer:
    """One partition while it is written. `add` takes rows of the dataset's class; `add_batch` a record batch of its
    schema, which stays one; `add_columns` one whose rows go into the batches in which `add` would put them.

    A file that others are to follow ends with `cut`: where a partition is cut is the stage's to say, by what its rows
    are made of alone. `take` puts a file there that another partition has.

    `made_of`: a hash of what the rows are made of, where the stage wants to know it later; the pointer carries it.
    `seen`: the pointers as they were when the stage began to read what its rows are made of; without it that is now.
    """

    def __init__(
        self, row_class: type[Dataset], partition: Mapping[str, str], store: Store, seen: Seen | None = None
    ) -> None:
        self.dataset, self.partition, self.place = row_class.NAME, dict(partition), place_of(row_class, partition)
        self.rows, self.made_of = 0, ""
        self._class, self._schema, self._store = row_class, schema(row_class), store
        self._values = attrgetter(*self._schema.names)
        self._pending: list[tuple[Any, ...]] = []
        self._waiting: list[pa.RecordBatch] = []
        self._wait = 0  # rows of `_waiting`, which come before those of `_pending`
        self._last: tuple[Any, ...] | None = None
        self._before = seen[self.place] if seen is not None else store.read(f"{self.place}/{POINTER}")
        self._aside = store.workspace(self.place)
        self._files: list[tuple[Path, int]] = []  # those that are finished, with their rows
        self._parquet: pq.ParquetWriter | None = None
        self._file, self._begun = self._aside / FILE, 0  # the one that is written, and the rows before it
        self._open()

    def _open(self) -> None:
        self._file, self._begun = self._aside / _FILES.format(len(self._files)), self.rows
        with written(self._file):
            self._parquet = pq.ParquetWriter(self._file, self._schema, **parquet_options(self._class))

    def add(self, row: object) -> None:
        self._pending.append(self._values(row))
        if self._wait + len(self._pending) >= BATCH_ROWS:
            self._flush()

    def add_columns(self, batch: pa.RecordBatch) -> None:
        self._let_wait()
        while self._wait + batch.num_rows >= BATCH_ROWS:
            taken = BATCH_ROWS - self._wait
            self._waiting.append(batch.slice(0, taken))
            self._wait = BATCH_ROWS
            self._flush()
            batch = batch.slice(taken)
        if batch.num_rows:
            self._waiting.append(batch)
            self._wait += batch.num_rows

    def add_batch(self, batch: pa.RecordBatch) -> None:
        self._flush()
        self._write(batch)

    def cut(self) -> None:
        """The rows that follow go into another file; nothing happens where none came since the last cut."""
        self._flush()
        if self.rows > self._begun:
            self._finish()
            self._open()

    def take(self, pointer: Pointer) -> None:
        """The rows of another partition, which follow, in its files. Raises Damaged, ContractViolation as for rows."""
        self.cut()
        if not pointer.rows:
            return
        self._finish()  # an empty one, in whose place these come
        for key, file in zip(pointer.checked(), pointer.files, strict=True):
            self._check_order(self._store.where(key), pointer.store.native(key))
            path = self._aside / _FILES.format(len(self._files))
            pointer.store.fetch(key, path)
            self._files.append((path, int(file["rows"])))
            self.rows += int(file["rows"])
        self._open()

    def _check_order(self, where: str, native: pa.NativeFile) -> None:
        """Raises ContractViolation where the first key of a file is not behind the last that was written."""
        key = list(self._class.KEY)
        with native as held, checked_file(self._class, where, held) as parquet:
            groups = parquet.metadata.num_row_groups
            ends = [parquet.read_row_group(at, columns=key) for at in (0, groups - 1)]
        first, last = (
            tuple(table.column(name)[at].as_py() for name in key) for table, at in zip(ends, (0, -1), strict=True)
        )
        if self._last is not None and not self._last < first:
            raise ContractViolation(
                f"{self.dataset}: key {first} after {self._last}: rows come in order of {tuple(key)}, each key once"
            )
        self._last = last

    def _finish(self) -> None:
        """Close the file; one without rows goes, for the partition has others."""
        if self._parquet is None:
            return
        with written(self._file):
            self._parquet.close()
            self._parquet = None
            if self.rows > self._begun:
                self._files.append((self._file, self.rows - self._begun))
            else:
                self._file.unlink()

    def close(self) -> None:
        """Finish the files; a row that does not fit raises here at the latest. No reader sees anything yet."""
        self._flush()
        if self.rows > self._begun or self._files:
            self._finish()
        elif self._parquet is not None:
            with written(self._file):
                self._parquet.close()
                self._parquet = None
            self._files.append((self._file, 0))
        with written(self._aside):
            for path, _ in self._files:
                sync(path)

    def commit(self) -> None:
        """Put the file into the folder of its content and swap the pointer to it. Raises Overtaken where another writer
        was faster and wrote something else, LakeError.
        """
        files = []
        for number, (path, rows) in enumerate(self._files):
            with written(path):
                digest, size = sha256_of(path), path.stat().st_size
            name = FILE if len(self._files) == 1 else f"part-{number}-{digest[:16]}.parquet"
            files.append({"name": name, "rows": rows, "bytes": size, "sha256": digest})
        key, folder = f"{self.place}/{POINTER}", _folder_of([str(file["sha256"]) for file in files])
        for (path, _), file in zip(self._files, files, strict=True):
            # the same bytes may lie there, unless those are damaged: either way these are right
            self._store.put_file(f"{self.place}/{folder}/{file['name']}", path)
        shutil.rmtree(self._aside, ignore_errors=True)
        before = self._before
        kept = {folder} | _folder_in(before.content if before else b"")
        pointer = {
            "dataset": self.dataset,
            "partition": self.partition,
            "folder": folder,
            "rows": self.rows,
            "files": files,
            "schema": [[name, kind] for name, kind in columns_of(self._schema).items()],
            "version": self._class.VERSION,
        } | ({"made_of": self.made_of} if self.made_of else {})
        if not swapped(self._store, key, json_bytes(pointer), before):
            raise Overtaken(f"{self._store.where(self.place)}: another writer was faster; its rows stay")
        if self._store.shared:
            return
        below = {other.split("/")[0] for other in self._names()} - {POINTER}
        for old in sorted(below - kept):  # a reader may still hold the pointer before this one
            if _HEX16.fullmatch(old):
                self._store.delete_folder(f"{self.place}/{old}")

    def _names(self) -> Iterator[str]:
        return (key.removeprefix(f"{self.place}/") for key in self._store.list(self.place))

    def abort(self) -> None:
        with suppress(OSError):  # why it is given up is being raised
            if self._parquet is not None:
                self._parquet.close()
        shutil.rmtree(self._aside, ignore_errors=True)

    def _let_wait(self) -> None:
        if self._pending:
            self._waiting.append(record_batch(self.dataset, self._schema, self._pending))
            self._wait += len(self._pending)
            self._pending.clear()

    def _flush(self) -> None:
        self._let_wait()
        if not self._waiting:
            return
        whole = self._waiting[0] if len(self._waiting) == 1 else pa.concat_batches(self._waiting)
        self._waiting.clear()
        self._wait = 0
        self._write(whole)

    def _write(self, batch: pa.RecordBatch) -> None:
        if not batch.num_rows:
            return
        if not batch.schema.equals(self._schema):
            raise ContractViolation(f"{self.dataset}: a batch has the schema {batch.schema}, not {self._schema}")
        for column, values in zip(self._schema, batch.columns, strict=True):
            if values.null_count and not column.nullable:
                raise ContractViolation(f"{self.dataset}.{column.name}: null where the dataset allows none")
        for name, value in self.partition.items():
            if (
                pa.types.is_string(self._schema.field(name).type)
                and pc.any(pc.not_equal(batch.column(name), value)).as_py()
            ):
                raise ContractViolation(f"{self.dataset}: a row of another partition than {name}={value}")
        self._check_key(batch)
        assert self._parquet is not None
        with written(self._file):
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
            for name, values in zip(key, columns, strict=True):
                if name in self.partition and pa.types.is_string(values.type):
                    continue  # all rows have the partition's
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


def _folder_of(digests: list[str]) -> str:
    """The name of the folder of files with these hashes: of one, its hash; of several, that of their hashes."""
    whole = digests[0] if len(digests) == 1 else hashlib.sha256("\n".join(digests).encode()).hexdigest()
    return whole[:16]


def _folder_in(pointer: bytes) -> set[str]:
    """The folder of a pointer; a damaged one leads nowhere, so that no reader can be in one."""
    with suppress(ValueError, LookupError, TypeError):
        folder = json_of(pointer)["folder"]
        return {folder} if isinstance(folder, str) else set()
    return set()


def read_pointer(store: Store, key: str) -> Pointer:
    """Raises Damaged for anything that this module does not write, MissingPartition where there is none."""
    stored = store.read(key)
    if stored is None:
        raise MissingPartition(f"{store.where(key)}: no such partition")
    try:
        content = json_of(stored.content)
    except ValueError as error:
        raise Damaged(f"{store.where(key)}: not a pointer of the lake: {_of_place(key)}") from error
    if wrong := _wrong_in(content, key):
        raise Damaged(f"{store.where(key)}: not a pointer of the lake ({wrong}): {_of_place(key)}")
    row_class = DATASETS[content["dataset"]]
    return Pointer(
        row_class,
        {name: content["partition"][name] for name in row_class.PARTITION},
        content["folder"],
        tuple(content["files"]),
        content["rows"],
        key.rpartition("/")[0],
        dict(content["schema"]),
        content.get("version"),
        store,
        content.get("made_of", ""),
    )


_HEX16, _HEX64 = re.compile("[0-9a-f]{16}"), re.compile("[0-9a-f]{64}")


def _wrong_in(content: Any, key: str) -> str:
    """What is not as `Writer.commit` writes it, '' where all of it is: a pointer leads to files, and must lead to no
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
    if set(partition) != set(names) or key != f"{_place(DATASETS[dataset], partition)}/{POINTER}":
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
    if not isinstance(content.get("made_of", ""), str):
        return "what it is made of"
    return next((f"the file {file!r}"[:200] for file in files if not _is_file(file)), "")


def _is_file(file: Any) -> bool:
    return (
        isinstance(file, dict)
        and isinstance(file.get("sha256"), str)
        and _HEX64.fullmatch(file["sha256"]) is not None
        and isinstance(file.get("name"), str)
        and re.fullmatch(r"part-[0-9]{1,9}(-[0-9a-f]{16})?\.parquet", file["name"]) is not None
    )


def _of_place(key: str) -> str:
    """How a partition is written anew, told by where its pointer lies."""
    dataset = key.split("/")[1]
    return _how_to_write(DATASETS[dataset], partition_in(key)) if dataset in DATASETS else "no dataset's place"


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


@contextmanager
def checked_file(row_class: type[Dataset], where: str, file: pa.NativeFile) -> Iterator[pq.ParquetFile]:
    """A Parquet file whose schema is the contract's; `where` names it in an error. DuckDB would read a double under a
    decimal column and round in silence. Raises LakeError, ContractViolation.
    """
    with parquet_of(where, file) as parquet:
        check_schema(row_class, parquet, where)
        yield parquet


def check_schema(row_class: type[Dataset], parquet: pq.ParquetFile, where: str) -> None:
    """Raises ContractViolation for a file of another schema than the contract's."""
    if not parquet.schema_arrow.equals(schema(row_class)):
        raise ContractViolation(
            f"{where}: its schema is {parquet.schema_arrow}, the contract of {row_class.NAME} is {schema(row_class)}"
        )


@contextmanager
def parquet_of(where: str, file: pa.NativeFile) -> Iterator[pq.ParquetFile]:
    """Raises LakeError."""
    try:
        parquet = pq.ParquetFile(file)
    except (OSError, pa.ArrowInvalid) as error:
        raise LakeError(f"{where}: cannot be read as Parquet: {error}") from error
    with parquet:
        yield parquet


def check_bytes(store: Store, key: str, sha256: str, remedy: str, *, anew: bool = False) -> None:
    """Raises Damaged where the bytes are not those with this hash, or cannot be read."""
    if (found := store.sha256(key, anew=anew)) != sha256:
        raise Damaged(
            f"{store.where(key)}: its bytes are not those that were written (sha256 {found}, not {sha256}); {remedy}"
        )


def swapped(store: Store, key: str, content: bytes, before: Stored | None) -> bool:
    """Replace what was read `before`, None for nothing; True also where the same content lies there now: another writer
    came to it too, or the answer to this very swap was lost and the client asked again.
    """
    if store.swap(key, content, before.tag if before else None):
        return True
    now = store.read(key)
    return now is not None and now.content == content


def json_bytes(value: object) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def json_of(content: bytes) -> Any:
    """What `json_bytes` wrote. Raises ValueError for anything else: a file of a disk may hold any bytes, and the
    standard parser ends the process where they nest without end and a library has raised the limit of recursion.
    """
    return orjson.loads(content)
