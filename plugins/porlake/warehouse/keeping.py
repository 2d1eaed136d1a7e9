"""What a build filled for an attestation, kept in the lake for the next one.

    <root>/core/<table>/attestation=<attestation>/<made of>-<bytes>.parquet
    <root>/core/<table>/exchange=<exchange>/<made of>-<bytes>.parquet        of all its attestations up to one

A name holds a hash of what the rows were made of (the partitions of the attestation's reports, the rows of the registry
and the SQL that are read for them, and what `further_inputs` of the SQL adds) and one of the file's bytes, so that
nothing else has to be asked whether a file is still right, or harmed. What a build does not use goes with its end: the
folder is never larger than one build makes it. The DuckDB file is made anew each time, and is the same either way.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

import duckdb
import pyarrow.parquet as pq

from porlake import lake as lake_room
from porlake import registry
from porlake.dbt_project import sql_folder
from porlake.errors import LakeError, MissingPartition
from porlake.lake import Lake, Pointer
from porlake.warehouse.database import connected

FOLDER = "core"
FORM = 1
"""Raised when what is kept, or how, changes by other code than SQL."""
FROM_CLAIMS = 10_000
"""Of smaller attestations nothing is kept: hundreds are filled at once in the time that their files would take."""
_KEPT = re.compile(FOLDER + r"/(\w+)/(?:attestation|exchange)=([^/]+)/([0-9a-f]{32})-([0-9a-f]{32})\.parquet")
_READ = re.compile(r"source\('registry', '([a-z_]+)'\)")


@dataclass(frozen=True, slots=True)
class Kept:
    """A kept file, by its key in the store."""

    key: str
    table: str
    attestation: str
    """Or the exchange."""
    made_of: str
    sha256: str

    @classmethod
    def at(cls, key: str) -> Kept | None:
        """None for what porlake does not write there."""
        found = _KEPT.fullmatch(key)
        return cls(key, found[1], unquote(found[2]), found[3], found[4]) if found else None


def prepare(connection: duckdb.DuckDBPyConnection) -> None:
    """The tables in which a build and the SQL tell each other what is kept; empty, so that all is filled."""
    connection.execute("create schema keeping")
    connection.execute("create table keeping.input (attestation varchar, inputs varchar, claims bigint)")
    for table in ("file", "filled"):
        columns = "model varchar, attestation varchar, made_of varchar, path varchar"
        connection.execute(f"create table keeping.{table} ({columns})")


def offer(
    lake: Lake, target: Path, folder: Path, pointers: Mapping[str, Sequence[Pointer]], variables: str
) -> dict[str, str]:
    """Tell the SQL what is kept and unharmed, as files in `folder`, and of what each attestation is made now. Gives the
    keys of these files by their paths.
    """
    place = folder / FOLDER
    place.mkdir()
    rows, keys = [], {}
    for number, kept in enumerate(filter(None, map(Kept.at, lake.store.list(FOLDER)))):
        path = place / f"{number}.parquet"
        with suppress(MissingPartition):  # removed by another build meanwhile
            lake.store.fetch(kept.key, path)
            if lake_room.sha256_of(path).startswith(kept.sha256):
                relative = path.relative_to(folder).as_posix()
                rows.append((kept.table, kept.attestation, kept.made_of, relative))
                keys[relative] = kept.key
    inputs = [(name, made_of, claims) for name, (made_of, claims) in sorted(_inputs(pointers, variables).items())]
    with connected(target, None) as connection:
        connection.begin()
        if rows:
            connection.executemany("insert into keeping.file values (?, ?, ?, ?)", rows)
        if inputs:
            connection.executemany("insert into keeping.input values (?, ?, ?)", inputs)
        connection.commit()
    return keys


def keep(lake: Lake, target: Path, folder: Path, offered: Mapping[str, str]) -> None:
    """Keep what was filled now, forget what was not used of what was offered; the tables of `prepare` go. Raises
    LakeError.
    """
    used = set[str]()
    with connected(target, folder) as connection:
        filled = connection.execute(
            "select f.model, f.attestation, f.made_of, f.path, sum(i.claims)::bigint from keeping.filled f"
            " join keeping.input i on i.attestation = f.attestation or starts_with(i.attestation, f.attestation || '/')"
            " group by all order by all"
        ).fetchall()
        for table, attestation, made_of, taken, claims in filled:
            if taken is not None:
                used.add(offered[taken])
            elif claims >= FROM_CLAIMS:
                made = folder / FOLDER / "made.parquet"
                used.add(_write(lake, connection, made, table, attestation, made_of))
        forget(connection)
    for key in list(lake.store.list(FOLDER)):
        if Kept.at(key) is not None and key not in used:
            lake.store.delete(key)


def forget(connection: duckdb.DuckDBPyConnection) -> None:
    """Drop the tables of `prepare`: nobody who reads the finished file needs them."""
    connection.execute("drop schema if exists keeping cascade")


def _write(
    lake: Lake, connection: duckdb.DuckDBPyConnection, path: Path, table: str, attestation: str, made_of: str
) -> str:
    """The key of the file."""
    columns = connection.execute(f'describe core."{table}"').fetchall()
    if wide := [name for name, kind, *_ in columns if kind in ("HUGEINT", "UHUGEINT")]:
        raise LakeError(f"{table}.{wide[0]}: a HUGEINT, which would become a double")
    of = "attestation" if any(name == "attestation" for name, *_ in columns) else "exchange"
    # Parquet has no bits; as text they come back the same
    chosen = ", ".join(f'"{name}"::varchar as "{name}"' if kind == "BIT" else f'"{name}"' for name, kind, *_ in columns)
    rows = f'select {chosen} from core."{table}" where {of} = $name order by all'
    reader = connection.sql(rows, params={"name": attestation}).to_arrow_reader(65_536)
    with pq.ParquetWriter(path, reader.schema, **lake_room.PARQUET) as parquet:
        for batch in reader:
            parquet.write_batch(batch)
    sha256 = lake_room.sha256_of(path)[:32]
    key = f"{FOLDER}/{table}/{of}={quote(attestation, safe='')}/{made_of}-{sha256}.parquet"
    lake.store.put_file(key, path)
    return key


def _inputs(pointers: Mapping[str, Sequence[Pointer]], variables: str) -> dict[str, tuple[str, int]]:
    """For each attestation a hash of what its own rows are made of, and how many claims it has."""
    everywhere = f"{FORM} {duckdb.__version__} {variables} {_sql_and_registry()}"
    of_report: dict[tuple[str, str], list[str]] = defaultdict(list)
    of_attestation: dict[str, list[str]] = defaultdict(list)
    reports: dict[str, set[tuple[str, str]]] = defaultdict(set)
    claims: dict[tuple[str, str], int] = defaultdict(int)
    for pointer in (pointer for dataset in pointers.values() for pointer in dataset):
        told, partition = f"{pointer.dataset} {dict(pointer.partition)} {pointer.content}", pointer.partition
        if "report" in partition:
            # the moments for which the same bytes are stated too
            of_report[partition["exchange"], partition["report"]].append(told)
            if "attestation" in partition:
                reports[partition["attestation"]].add((partition["exchange"], partition["report"]))
        elif "attestation" in partition:
            of_attestation[partition["attestation"]].append(told)
        if pointer.dataset == "claim":
            claims[partition["exchange"], partition["report"]] += pointer.rows
    made: dict[str, tuple[str, int]] = {}
    for attestation, found in reports.items():
        told_of = [told for one in sorted(found) for told in of_report[one]]
        made_of = _hashed([everywhere, *of_attestation[attestation], *told_of])
        made[attestation] = made_of, sum(claims[one] for one in found)
    return made


def _sql_and_registry() -> str:
    """The SQL that tables of `core` are made of, and the rows of the registry that it reads."""
    folder = sql_folder()
    sql = [
        f"{path.relative_to(folder).as_posix()}\n{path.read_text(encoding='utf-8')}"
        for path in sorted(_sql_files(folder))
    ]
    read = {table for text in sql for table in _READ.findall(text)}
    rows = [
        f"{table.name} {sorted(map(repr, registry.rows(table)))}" for table in registry.TABLES if table.name in read
    ]
    return _hashed([*sql, *rows])


def _sql_files(folder: Path) -> Iterator[Path]:
    yield folder / "dbt_project.yml"
    for part in ("macros", "models/staging", "models/core"):
        yield from (folder / part).rglob("*.sql")


def _hashed(texts: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(f"{len(text)} ".encode() + text.encode())
    return digest.hexdigest()[:32]
