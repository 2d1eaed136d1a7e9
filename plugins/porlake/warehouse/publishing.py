"""The marts of the last build as Parquet, all shown at once."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, cast

import duckdb
import pyarrow.parquet as pq

from porlake import lake as lake_room
from porlake.dbt_project import marts
from porlake.errors import Damaged, LakeError, MissingPartition, Overtaken
from porlake.lake import Lake
from porlake.warehouse.database import OFFLINE, aside, database_of, explained
from porlake.warehouse.statements import reading

MARTS_VERSION = "5.0"  # a column added raises the second number, a column changed the first


def publish(lake: Lake, *, as_delta: bool = False) -> Mapping[str, Any]:
    """The marts of the last build as Parquet, shown all at once, and `as_delta` each as a Delta table too; the
    manifest. Raises LakeError, Overtaken where another publish was faster; what was published before stays.
    """
    if as_delta:
        from porlake.warehouse import delta

        tables = delta.opened(lake)
        manifest = publish(lake)
        delta.write(lake, tables, manifest)
        return manifest
    place = lake.root / "marts"
    with explained(LakeError, f"{lake.where('marts')}: the marts cannot be published, those of before stay"):
        place.mkdir(parents=True, exist_ok=True)
        with aside(place, ".writing-") as (folder, _):
            return _published(lake, folder)


def _published(lake: Lake, folder: Path) -> Mapping[str, Any]:
    place = lake.root / "marts"
    before = lake.store.read(MANIFEST)  # before the build is looked up: who publishes a newer one overtakes this
    with reading(database_of(lake), lake) as connection:
        published = {mart: _write_mart(connection, mart, folder, lake) for mart in marts()}
        manifest = {"version": MARTS_VERSION, "build_id": _build_id(connection), "marts": published}
        shown = _folders(place)
        if not lake.store.shared:
            _show(place, published)
        if not lake_room.swapped(lake.store, MANIFEST, lake_room.json_bytes(manifest), before):
            raise Overtaken(f"{lake.where(MANIFEST)}: another publish was faster; its marts stay")
        if not lake.store.shared:  # what other machines read is not removed here: `lake.collect`
            _forget(place, _folders(place) | shown)
    return manifest


def shown_at(lake: Lake) -> str:
    """Where a person finds the marts as they are published now."""
    return lake.where(MANIFEST) if lake.store.shared else lake.where("marts/latest")


MANIFEST = "marts/manifest.json"


def _write_mart(connection: duckdb.DuckDBPyConnection, mart: str, folder: Path, lake: Lake) -> dict[str, Any]:
    """One mart as an immutable file in a folder named by its content. Raises LakeError for a type that Parquet would
    not keep exactly.
    """
    columns = {name: kind for name, kind, *_ in connection.execute(f'describe "{mart}"').fetchall()}
    if wide := [name for name, kind in columns.items() if kind in ("HUGEINT", "UHUGEINT")]:
        raise LakeError(f"{mart}.{wide[0]}: a HUGEINT, which would become a double")
    path = folder / f"{mart}.parquet"
    reader = connection.sql(f'select * from "{mart}" order by all').to_arrow_reader(65_536)
    with pq.ParquetWriter(path, reader.schema, **lake_room.PARQUET) as parquet:
        for batch in reader:
            parquet.write_batch(batch)
    digest = lake_room.sha256_of(path)
    facts = {
        "folder": digest[:16],
        "sha256": digest,
        "rows": pq.read_metadata(path).num_rows,
        "bytes": path.stat().st_size,
        "schema": columns,
        **_described(connection, mart),
    }
    # the same bytes where it was there already, unless those are damaged
    lake.store.put_file(f"marts/{mart}/{digest[:16]}/part-0.parquet", path)
    return facts


def _described(connection: duckdb.DuckDBPyConnection, mart: str) -> dict[str, Any]:
    """What a row of the mart and each of its columns is, and the statement that made it, where the build kept that."""

    def asked(sql: str) -> list[tuple[Any, ...]]:
        return list(connection.execute(sql, [mart]).fetchall())

    about = asked("select comment from duckdb_tables() where schema_name = 'main' and table_name = ?")
    columns = asked("select column_name, comment from duckdb_columns() where schema_name = 'main' and table_name = ?")
    kept = connection.execute(
        "select true from duckdb_tables() where schema_name = 'core' and table_name = 'mart_sql'"
    ).fetchall()
    sql = asked("select sql from core.mart_sql where mart = ?") if kept else []
    return {
        "description": about[0][0] or "",
        "columns": {name: comment or "" for name, comment in columns},
        "sql": sql[0][0] if sql else None,
    }


def all_files(lake: Lake) -> Iterator[Callable[[], object]]:
    """For the DuckDB file and each published mart, what reads it and raises LakeError; what was never made is not
    missed.
    """
    if database_of(lake).exists():
        yield partial(_opened, lake)
    if lake.store.holds(MANIFEST):
        yield partial(manifest_of, lake)
        with suppress(LakeError):  # told by the look at the manifest itself
            for mart, facts in manifest_of(lake)["marts"].items():
                yield partial(_check_mart, lake, f"marts/{mart}/{facts['folder']}/part-0.parquet", facts)


def manifest_of(lake: Lake) -> Mapping[str, Any]:
    """What is published now. Raises MissingPartition, Damaged."""
    where, stored = lake.store.where(MANIFEST), lake.store.read(MANIFEST)
    if stored is None:
        raise MissingPartition(f"{where}: nothing is published yet; `porlake publish` does it")
    try:
        manifest = lake_room.json_of(stored.content)
        if all(isinstance(facts["folder"] + facts["sha256"] + mart, str) for mart, facts in manifest["marts"].items()):
            return cast(Mapping[str, Any], manifest)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise Damaged(f"{where}: not a manifest of porlake; `porlake publish` writes it anew") from error
    raise Damaged(f"{where}: not a manifest of porlake; `porlake publish` writes it anew")


def _check_mart(lake: Lake, key: str, facts: Mapping[str, Any]) -> None:
    lake_room.check_bytes(lake.store, key, facts["sha256"], "`porlake publish` writes it anew", anew=True)


def _opened(lake: Lake) -> None:
    """Every table of the DuckDB file read through. Raises Damaged."""
    path = database_of(lake)
    try:
        with duckdb.connect(str(path), read_only=True, config=OFFLINE) as connection:
            for schema, table in connection.execute(
                "select schema_name, table_name from duckdb_tables() where not internal order by all"
            ).fetchall():
                connection.execute(f'select count(columns(*)) from "{schema}"."{table}"').fetchall()
    except duckdb.Error as error:
        raise Damaged(
            f"{path}: cannot be read; `porlake build` makes it anew ({str(error).splitlines()[0]})"
        ) from error


def _show(place: Path, published: Mapping[str, Mapping[str, Any]]) -> None:
    """A folder of links to the marts' folders, and the link `latest` swapped to it: a reader sees one publish, never
    two.
    """
    name = "shown-" + hashlib.sha256(lake_room.json_bytes(published)).hexdigest()[:16]
    shown = place / name
    if not shown.exists():
        made = Path(tempfile.mkdtemp(prefix=".writing-", dir=place))
        made.chmod(0o755)
        for mart, facts in published.items():
            (made / mart).symlink_to(Path("..") / mart / facts["folder"], target_is_directory=True)
        made.rename(shown)
    link = place / ".writing-latest"
    link.unlink(missing_ok=True)
    link.symlink_to(name, target_is_directory=True)
    link.replace(place / "latest")


def _folders(place: Path) -> set[Path]:
    """The folders that `latest` leads to now."""
    latest = place / "latest"
    if not latest.exists():
        return set()
    shown = latest.resolve()
    return {shown} | {link.resolve() for link in shown.iterdir()}


def _forget(place: Path, kept: set[Path]) -> None:
    """All but this publish and the one before it, which a reader may still have open."""
    for folder in [
        *place.glob("shown-*"),
        *place.glob("[a-z]*_[a-z]*/*"),
        *(path for mart in marts() for path in (place / mart).glob("*")),
    ]:
        if folder.is_dir() and not folder.is_symlink() and folder.resolve() not in kept and folder.exists():
            shutil.rmtree(folder)


def _build_id(connection: duckdb.DuckDBPyConnection) -> str:
    return str(connection.execute("select lake.build_id()").fetchall()[0][0])
