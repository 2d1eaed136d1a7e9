"""The DuckDB file of a build: where it lies, how it is opened, and what a disk or DuckDB says of it in a sentence."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from porlake import lake as lake_room
from porlake.errors import ConfigurationError, Damaged, Overtaken, PorlakeError
from porlake.lake import Lake, Stored

SEARCH_PATH = "main,core,staging,lake,registry,failed_tests"
OFFLINE = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
# Of a build: a day is a day in UTC, order is told and never assumed, and what does not fit into this memory goes to
# disk beside the file (dbt sets these for each connection, and DuckDB refuses another temp_directory once it has used
# one). Files of the lake never change: the footers of hundreds of them are read once and not for each attestation.
SETTINGS = OFFLINE | {
    "TimeZone": "UTC",
    "preserve_insertion_order": "false",
    "memory_limit": "2500MB",
    "parquet_metadata_cache": "true",
}


BUILD = "marts/build.json"
"""Where a lake on an object store says which file the last build made; it lies under the build's id and its content."""
_BUILT = re.compile(r"marts/builds/[0-9a-z]+/[0-9a-f]{16}/porlake\.duckdb")


def database_of(lake: Lake) -> Path:
    """The last build's file; of a lake on an object store the copy of this machine, which is fetched once. Where
    nothing was built there is no such file. Raises LakeError.
    """
    local = lake.root / "porlake.duckdb"
    stored = lake.store.read(BUILD) if lake.store.shared else None
    if stored is None:
        return local
    remedy = "`porlake build` makes it anew"
    try:
        facts = lake_room.json_of(stored.content)
        key, digest = facts["key"], facts["sha256"]
        if not (_BUILT.fullmatch(key) and isinstance(digest, str)):
            raise ValueError("it leads to no build")
    except (ValueError, LookupError, TypeError) as error:
        raise Damaged(f"{lake.where(BUILD)}: says not which build is the last; {remedy}") from error
    lake_room.check_bytes(lake.store, key, digest, remedy)
    return lake.store.local(key)


def show_build(lake: Lake, made: Path, build_id: str, before: Stored | None) -> None:
    """Let a finished file be the last build; `before` is what BUILD held when it began. Raises Overtaken, LakeError."""
    if not lake.store.shared:
        made.replace(database_of(lake))
        return
    digest, size = lake_room.sha256_of(made), made.stat().st_size
    key = f"marts/builds/{build_id}/{digest[:16]}/porlake.duckdb"
    lake.store.put_file(key, made)
    said = lake_room.json_bytes({"build_id": build_id, "key": key, "sha256": digest, "bytes": size})
    if not lake_room.swapped(lake.store, BUILD, said, before):
        raise Overtaken(f"{lake.where(BUILD)}: another build was faster; its tables stay")


def failed_of(lake: Lake) -> Path:
    """The file of the last build that failed, on the machine that made it."""
    return lake.root / "failed_build.duckdb"


@contextmanager
def connected(target: Path, root: Path | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in which relative paths are found below `root`."""
    with duckdb.connect(str(target), config=OFFLINE) as connection:
        connection.execute(f"set memory_limit = {quoted(SETTINGS['memory_limit'])}")
        if root is not None:
            connection.execute(f"set file_search_path = {quoted(search_path(root))}")
        yield connection


def search_path(root: Path) -> str:
    """A folder as DuckDB's file_search_path, which is a list parted by commas. Raises ConfigurationError."""
    if "," in str(root):
        raise ConfigurationError(
            f"{root}: DuckDB finds no files below a folder with a comma in its path; move the lake"
        )
    return str(root)


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def explained(kind: type[PorlakeError], what: str) -> Iterator[None]:
    """What the machine refuses (a full disk, a folder that cannot be written, a file that is no DuckDB file) as an
    error of ours, its cause kept.
    """
    try:
        yield
    except OSError as error:
        raise kind(
            f"{what}: {error.filename or ''}{': ' if error.filename else ''}{error.strerror or error}"
        ) from error
    except duckdb.Error as error:
        raise kind(f"{what}: {str(error).partition(chr(10))[0]}") from error


@contextmanager
def aside(root: Path, prefix: str) -> Iterator[tuple[Path, int]]:
    """(folder to work in, alone; the lock on it); what a killed run left behind goes first."""
    with lake_room.alone(root, prefix) as lock:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=root))
        try:
            yield folder, lock
        finally:
            shutil.rmtree(folder, ignore_errors=True)
