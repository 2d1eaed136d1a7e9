"""The contract to Parquet: whole-partition writes, pointers, typed reads, and the raw bytes by their sha256.

    <root>/raw/<sha256>                                   the bytes of a published file, never changed
    <root>/raw/<sha256>.json                              when they first arrived
    <root>/inbox/<exchange>/<name>                        files that wait for a scheduled run
    <root>/lake/<dataset>/<column>=<value>/.../pointer.json
    <root>/lake/<dataset>/<column>=<value>/.../<content>/part-0.parquet

The files of a partition are immutable and lie in a folder named by their content; one small pointer is swapped, and
readers go through it. A writer that dies leaves the old pointer and a folder that the next write of that partition
removes. Bytes are hashed when a process first reads them and compared with the pointer (of raw files: with their name);
a file that differs is named as Damaged, and writing its partition again mends it. Rows arrive in strictly increasing
order of the dataset's key, which makes the check of the key free of memory and the bytes of a file depend on nothing
but the rows. Where the bytes lie is `store`'s alone: a folder of this machine, or an object store that many machines
share (`objects`), under the same keys.
"""

from __future__ import annotations

import tempfile
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc

from porlake.errors import Damaged, LakeError, MissingPartition, Overtaken
from porlake.lake import raw
from porlake.lake.checkpoint import Below, Scratch, forget
from porlake.lake.collecting import Collected, collect
from porlake.lake.export import csv_writer, export, export_batches, writable
from porlake.lake.older import carried, uncarried
from porlake.lake.partition import (
    FILE,
    POINTER,
    REREADS,
    Pointer,
    Seen,
    Writer,
    check_bytes,
    check_schema,
    checked_file,
    json_bytes,
    json_of,
    partition_in,
    place_of,
    read_pointer,
    swapped,
    written_by,
)
from porlake.lake.schema import BATCH_ROWS, PARQUET, column, parquet_options, record_batch, schema, values_of
from porlake.lake.store import LocalStore, Store, Stored, alone, sha256_of
from porlake.model import Dataset, ReportFile

__all__ = [
    "BATCH_ROWS",
    "FILE",
    "PARQUET",
    "REREADS",
    "Below",
    "Collected",
    "Lake",
    "LocalStore",
    "Pointer",
    "Scratch",
    "Seen",
    "Store",
    "Stored",
    "Writer",
    "alone",
    "carried",
    "check_bytes",
    "check_schema",
    "checked_file",
    "collect",
    "column",
    "csv_writer",
    "export",
    "export_batches",
    "forget",
    "json_bytes",
    "json_of",
    "parquet_options",
    "record_batch",
    "schema",
    "sha256_of",
    "swapped",
    "uncarried",
    "writable",
    "written_by",
]  # fmt: skip

#: A dataset's class, and what its rows are.
R = typing.TypeVar("R", bound=Dataset)
Given = typing.TypeVar("Given")
Asked = typing.TypeVar("Asked")
#: Where this machine keeps what it fetched of lakes on object stores.
CACHE = "~/.cache/porlake"
SET_ASIDE = "pointer-of-schema-"


class Lake:
    """The lake at a local folder, or at the URL of an object store (`s3://bucket/prefix?endpoint=https://...`, gs://,
    az://). Raises ConfigurationError.

    `root` is a local folder: the lake's own, or of an object store what this machine fetched of it and works in, a
    folder of its own below `cache`. `keys`: credentials, in place of the environment's; they are shown nowhere.
    """

    def __init__(
        self, place: Path | str, cache: Path | str | None = None, keys: Mapping[str, str] | None = None
    ) -> None:
        self.root, self.store = _opened(str(place), cache, keys)

    def where(self, key: str = "") -> str:
        """The lake, or what lies in it under a key, as a person finds it."""
        return self.store.where(key)

    def elsewhere(self, key: str) -> tuple[str, Mapping[str, str]]:
        """(a path or URL of the key, options with credentials) for another program's client of the same place."""
        return self.store.elsewhere(key)

    def is_there(self) -> bool:
        """Whether anything was written to it."""
        return any(True for _ in self.store.folders("lake")) or (
            not self.store.shared and (self.root / "lake").is_dir()
        )

    # --- datasets ---
    def place(self, row_class: type[Dataset], partition: Mapping[str, str]) -> str:
        """The key below which a partition lies."""
        return place_of(row_class, partition)

    @contextmanager
    def writing(
        self, *partitions: tuple[type[Dataset], Mapping[str, str]], seen: Seen | None = None
    ) -> Iterator[list[Writer]]:
        """Writers for whole partitions, committed together at the end; on an error none of them changes anything.

        What the rows are made of is read inside, or after `seen` was taken. Raises Overtaken where another writer was
        faster since then.
        """
        with ExitStack() as locks:
            writers: list[Writer] = []
            try:
                for row_class, partition in partitions:
                    locks.enter_context(self.store.alone(place_of(row_class, partition)))
                    writers.append(Writer(row_class, partition, self.store, seen))
                yield writers
                for writer in writers:
                    writer.close()
                for writer in writers:
                    writer.commit()
            except BaseException:
                for writer in writers:
                    writer.abort()
                raise

    def write(
        self, row_class: type[R], partition: Mapping[str, str], rows: Iterable[R], seen: Seen | None = None
    ) -> None:
        """Replace one whole partition by `rows`, given in order of the key; `seen` as of `writing`."""
        with self.writing((row_class, partition), seen=seen) as (writer,):
            for row in rows:
                writer.add(row)

    def seen(self, *partitions: tuple[type[Dataset], Mapping[str, str]]) -> Seen:
        """The pointers of partitions as they are now, for a stage that reads its inputs long before it writes."""
        places = [place_of(*one) for one in partitions]
        return dict(zip(places, self.at_once(lambda place: self.store.read(f"{place}/{POINTER}"), places), strict=True))

    def pointers(self, row_class: type[Dataset], **only: str) -> list[Pointer]:
        """The partitions of a dataset, in order of their place; `only` narrows by partition columns."""
        if unknown := set(only) - set(row_class.PARTITION):
            raise LakeError(f"{row_class.NAME} has no partition column {sorted(unknown)}")
        return self.at_once(partial(read_pointer, self.store), self._pointer_keys(row_class, only))

    def at_once(self, ask: Callable[[Given], Asked], each: Iterable[Given]) -> list[Asked]:
        """What `ask` says of each, in their order; as many at the same time as the store answers best."""
        if self.store.at_once == 1:
            return [ask(one) for one in each]
        with ThreadPoolExecutor(self.store.at_once) as pool:
            return list(pool.map(ask, each))

    def _pointer_keys(self, row_class: type[Dataset], only: Mapping[str, str]) -> Iterator[str]:
        depth, prefix = len(row_class.PARTITION) + 2, f"lake/{row_class.NAME}"
        for name in row_class.PARTITION:
            if name not in only:
                break
            prefix += f"/{name}={quote(only[name], safe='')}"
        for key in self.store.list(prefix):
            parts = key.split("/")
            if len(parts) == depth + 1 and parts[-1] == POINTER and only.items() <= partition_in(key).items():
                yield key

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
        for key, file in self._files(row_class, {name: only[name] for name in row_class.PARTITION if name in only}):
            with checked_file(row_class, self.store.where(key), file) as parquet:
                if where is None:
                    batches = _one_ahead(parquet.iter_batches(batch_size=4 * BATCH_ROWS, columns=list(names)))
                    yield from (batch.select(list(names)) for batch in batches)
                else:
                    yield from _filtered(file, made, names, where)

    def scratch(self, row_class: type[Dataset], partition: Mapping[str, str]) -> Path | Below:
        """A folder beside a partition for what a stage has finished of it; no reader looks there. See Scratch."""
        key = _unfinished(row_class, partition)
        return Below(self.store, key) if self.store.shared else self.root / key

    def aside(self, row_class: type[Dataset], partition: Mapping[str, str], *names: str) -> Lake:
        """A lake of its own in that folder, for whole partitions of what is finished."""
        key = "/".join((_unfinished(row_class, partition), *names))
        made = Lake.__new__(Lake)
        made.root, made.store = self.root / key, self.store.below(key)
        return made

    def distinct(self, row_class: type[Dataset], column: str, **only: str) -> set[Any]:
        """The values of one column; the other columns are not read."""
        found: set[Any] = set()
        for batch in self.columns(row_class, [column], **only):
            found.update(batch.column(column).unique().to_pylist())
        return found

    def _files(self, row_class: type[Dataset], only: Mapping[str, str]) -> Iterator[tuple[str, pa.NativeFile]]:
        """The files of the partitions that `only` names, with their keys, their bytes checked: all files of a partition
        are open before its first is given, so that no later write takes one away. Raises Damaged.
        """
        for pointer in self.pointers(row_class, **only):
            with ExitStack() as stack:
                yield from pointer.followed(
                    lambda now, stack=stack: [  # type: ignore[misc]
                        (key, stack.enter_context(self.store.native(key))) for key in now.checked()
                    ]
                )

    def rows(self, row_class: type[R], *, where: pc.Expression | None = None, **only: str) -> Iterator[R]:
        """Rows as instances of the dataset's class; `where` and `only` as in `columns`."""
        for batch in self.batches(row_class, where=where, **only):
            for values in zip(*map(values_of, batch.columns), strict=True):
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
        found = [
            partition_in(key)
            for exchange in self.store.folders(f"lake/{ReportFile.NAME}")
            for name in self.store.folders(f"lake/{ReportFile.NAME}/{exchange}")
            if name.startswith(f"report={quote(report, safe='')}")
            for key in self._pointer_keys(ReportFile, partition_in(f"{exchange}/{name}"))
        ]
        if len({(partition["exchange"], partition["report"]) for partition in found}) != 1:
            raise MissingPartition(f"{len(found)} reports in the lake begin with {report!r}")
        return [self.one(ReportFile, **partition) for partition in found]

    def report(self, report: str) -> ReportFile:
        """The first of `reports`: exchange, format and content are the same for all of them."""
        return self.reports(report)[0]

    def collect(self, before: datetime) -> Collected:
        """See `collecting.collect`; of an object store also what this machine fetched and did not use since."""
        found = collect(self.store, before)
        if self.store.shared:
            from porlake.lake.objects import emptied

            found = replace(found, fetched=emptied(self.root, before))
        return found

    def all_files(self) -> Iterator[Callable[[], object]]:
        """For each file of datasets and archive, in order of place, what reads it whole and raises LakeError."""
        for key in self.store.list("lake"):
            if key.rpartition("/")[2] != POINTER:
                continue
            yield partial(read_pointer, self.store, key)
            with suppress(LakeError):  # told by the look at the pointer itself
                pointer = read_pointer(self.store, key)
                yield from (partial(pointer.read_whole, number) for number in range(len(pointer.files)))
        for key in self.store.list(raw.FOLDER):
            yield partial(raw.check_file, self.store, key)

    # --- what an older porlake wrote ---
    def renumber(self, pointer: Pointer) -> None:
        """Let a partition whose columns are those of now carry the number of its schema; its rows stay as they are."""
        key = f"{pointer.place}/{POINTER}"
        with self.store.alone(pointer.place):
            stored = self.store.read(key)
            if stored is not None and read_pointer(self.store, key) == pointer:
                content = json_of(stored.content) | {"version": pointer.row_class.VERSION}
                if not swapped(self.store, key, json_bytes(content), stored):
                    raise Overtaken(f"{self.store.where(pointer.place)}: another writer was faster; its rows stay")

    def carry(self, pointer: Pointer) -> None:
        """Write an older partition anew in the schema of now. Raises Damaged, ContractViolation; it stays as it was
        then.
        """
        with self.writing((pointer.row_class, pointer.partition)) as (writer,):
            for part in carried(pointer):
                writer.add_batch(part)

    def set_aside(self, pointer: Pointer) -> None:
        """Take a partition out of what readers see. Its pointer is kept beside it under another name, its files
        stay.
        """
        key = f"{pointer.place}/{POINTER}"
        with self.store.alone(pointer.place):
            stored = self.store.read(key)
            if stored is not None:
                self.store.put_if_absent(f"{pointer.place}/{SET_ASIDE}{pointer.version}.json", stored.content)
                self.store.delete(key)

    # --- published files ---
    def keep(self, stream: BinaryIO, facts: Mapping[str, Any]) -> str:
        """See `raw.keep`."""
        return raw.keep(self.store, stream, facts)

    def first_facts(self, sha256: str) -> Mapping[str, Any]:
        """See `raw.first_facts`."""
        return raw.first_facts(self.store, sha256)

    def arrivals(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """(sha256, facts of its first arrival) of each file of the archive; those that cannot be read are left out:
        `all_files` tells of them.
        """
        for key in self.store.list(raw.FOLDER):
            if key.endswith(".json"):
                name = key.rpartition("/")[2].removesuffix(".json")
                with suppress(Damaged):
                    yield name, raw.first_facts(self.store, name)

    def has_raw(self, sha256: str) -> bool:
        return self.store.holds(f"{raw.FOLDER}/{sha256}")

    def open_raw(self, sha256: str) -> BinaryIO:
        """See `raw.open_raw`."""
        return raw.open_raw(self.store, sha256)

    def inbox(self, exchange: str) -> str:
        """Where files are put that a scheduled run of an exchange takes, as a person finds it."""
        return self.store.where(f"inbox/{exchange}")

    def waiting(self, exchange: str) -> list[str]:
        """The files, or folders of files, that wait in an exchange's inbox, by their names, as a person finds them:
        paths, or URLs that `brought` takes on any machine.
        """
        names = {key.split("/")[2] for key in self.store.list(f"inbox/{exchange}")}
        return [self.store.where(f"inbox/{exchange}/{name}") for name in sorted(names)]

    def brought(self, place: str) -> str:
        """What lies in this lake at a URL, as a local file or folder of files; any other place as it is. Raises
        MissingPartition.
        """
        key = self._key_of(place)
        if key is None:
            return place
        if self.store.holds(key):
            return str(self.store.local(key))
        folder = self._folder(key)
        if not folder.exists():
            raise MissingPartition(f"{place}: there is no such file")
        return str(folder)

    def folder_at(self, place: str) -> tuple[Path, Callable[[Path], None]] | None:
        """(local folder with what lies at a URL of this lake, what keeps a file of that folder there too); None for a
        place that is not this lake's.
        """
        key = self._key_of(place)
        if key is None:
            return None
        folder = self._folder(key, alone=False)  # what another process here is about to keep stays

        def keep(path: Path) -> None:
            with tempfile.TemporaryDirectory(prefix=".keeping-", dir=folder) as aside:
                made = Path(aside, path.name)
                made.hardlink_to(path)  # a published file may be larger than the memory; `put_file` takes it away
                self.store.put_file(f"{key}/{path.relative_to(folder).as_posix()}", made)

        return folder, keep

    def _key_of(self, place: str) -> str | None:
        key = place.removeprefix(f"{self.where()}/").rstrip("/")
        return key if self.store.shared and place.startswith(f"{self.where()}/") and key else None

    def _folder(self, key: str, *, alone: bool = True) -> Path:
        """What lies below a key as a local folder, and, `alone`, nothing else; no folder where nothing does. Another
        process of this machine may read it meanwhile.
        """
        folder, there = self.root / key, set(self.at_once(self.store.local, self.store.list(key)))
        for path in sorted(folder.rglob("*"), reverse=True) if alone else []:
            with suppress(OSError):  # a folder in which something lies, or what another process removed
                if path not in there:
                    path.rmdir() if path.is_dir() else path.unlink()
        if not there:
            with suppress(OSError):
                folder.rmdir()
        return folder


def _unfinished(row_class: type[Dataset], partition: Mapping[str, str]) -> str:
    folder, _, name = place_of(row_class, partition).rpartition("/")
    return f"{folder}/.unfinished-{name}"


def _opened(place: str, cache: Path | str | None, keys: Mapping[str, str] | None) -> tuple[Path, Store]:
    if "://" not in place:
        root = Path(place).absolute()
        return root, LocalStore(root)
    from porlake.lake.objects import ObjectStore, Place  # a client that a local lake does not need

    found = Place.of(place)
    root = Path(cache or CACHE).expanduser().absolute() / found.folder
    return root, ObjectStore(found, root, keys)


def _filtered(
    file: pa.NativeFile, made: pa.Schema, names: Sequence[str], where: pc.Expression
) -> Iterator[pa.RecordBatch]:
    """The rows of a file that `where` holds for, in their order, some columns of them."""
    from pyarrow import dataset  # a tenth of a second that few readers need

    fragment = dataset.ParquetFileFormat().make_fragment(file)
    chosen = pa.schema([made.field(name) for name in names])
    for batch in fragment.to_batches(
        schema=made, columns=list(names), filter=where, batch_size=BATCH_ROWS, batch_readahead=2, use_threads=True
    ):
        if batch.num_rows:
            yield pa.RecordBatch.from_arrays(batch.columns, schema=chosen)


def _one_ahead(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same batches; while one is looked at, the next is read."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        coming = pool.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = pool.submit(next, batches, None)
            yield batch
