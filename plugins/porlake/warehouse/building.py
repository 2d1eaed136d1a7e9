"""The build: the lake's pointers first, held, then all tables anew in a file aside that takes the old one's place."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb

from porlake import registry
from porlake.dbt_project import sql_folder
from porlake.errors import BuildError
from porlake.lake import Lake, Pointer
from porlake.model import DATASETS
from porlake.warehouse import keeping
from porlake.warehouse.database import BUILD, aside, connected, database_of, explained, failed_of, quoted, show_build
from porlake.warehouse.dbt_run import Result, dbt, describe, keep_results, results_of
from porlake.warehouse.views import prepare, view

FEW, SMALL = 16, 20_000
"""More files of a dataset than these, with fewer rows each, are read as one."""


@dataclass(frozen=True, slots=True)
class Built:
    """`warnings` names the tests that found something a reader should know and that stops nothing, with the number of
    their rows; `results` what each model and test came to.
    """

    build_id: str
    database: Path
    warnings: Mapping[str, int]
    results: Sequence[Result] = ()


@dataclass(frozen=True, slots=True)
class LinkedPartition:
    """A partition as it was when a build began; `paths` are links to its files, which no writer removes."""

    pointer: Pointer
    paths: list[Path]


State = Mapping[str, Sequence[LinkedPartition]]


def build(lake: Lake) -> Built:
    """All tables anew. Raises BuildError with what failed; the old file stays, the failed one is kept beside it. Raises
    Overtaken where another machine built meanwhile.
    """
    with explained(BuildError, f"{lake.where()}: the build failed, nothing was replaced"):
        lake.root.mkdir(parents=True, exist_ok=True)
        with aside(lake.root, ".building-") as (folder, lock):
            return _built(lake, folder, lock)


def _built(lake: Lake, folder: Path, lock: int) -> Built:
    before = lake.store.read(BUILD) if lake.store.shared else None
    target, state = folder / "porlake.duckdb", _linked(lake, folder / "lake")
    build_id = identity(lake, state)
    files = {dataset: [path for held in state[dataset] for path in held.paths] for dataset in DATASETS}
    prepare(target, files, folder, build_id)
    _gather(target, folder, state)
    variables = _variables(state)
    pointers = {dataset: [held.pointer for held in held_ones] for dataset, held_ones in state.items()}
    offered = keeping.offer(lake, target, folder, pointers, " ".join(variables))
    try:
        words = ("build", "--exclude-resource-type", "unit_test", *variables)
        most = max((held.pointer.rows for held in state["claim"]), default=0)
        dbt(target, folder, *words, lock=lock, memory=memory_for(most))
    except BuildError:
        with suppress(OSError, duckdb.Error):  # on a full disk nothing can be kept: the first fault is told
            keep_results(target, folder / "target" / "run_results.json")
            with connected(target, None) as connection:
                keeping.forget(connection)
            _point_views_at_lake(lake, target, state)
            target.replace(failed_of(lake))
        raise
    results = results_of(folder / "target" / "run_results.json")
    warnings = keep_results(target, folder / "target" / "run_results.json")
    keeping.keep(lake, target, folder, offered)
    describe(target, folder / "target" / "manifest.json")
    _point_views_at_lake(lake, target, state)
    show_build(lake, target, build_id, before)
    failed_of(lake).unlink(missing_ok=True)
    return Built(build_id, database_of(lake), warnings, results)


def _linked(lake: Lake, folder: Path) -> State:
    """The lake's pointers as they are now, and links in `folder` to the files that they name."""
    folder.mkdir()
    return {
        dataset: lake.at_once(partial(_link_partition, lake, folder), lake.pointers(DATASETS[dataset]))
        for dataset in DATASETS
    }


def _link_partition(lake: Lake, folder: Path, pointer: Pointer) -> LinkedPartition:
    def linked(now: Pointer) -> LinkedPartition:
        held = folder / f"{now.dataset}-{hashlib.sha256(now.place.encode()).hexdigest()[:16]}-{now.folder}"
        held.mkdir(exist_ok=True)
        return LinkedPartition(now, [_link(lake, key, held) for key in now.checked()])

    return pointer.followed(linked)


def _link(lake: Lake, key: str, held: Path) -> Path:
    target = held / key.rpartition("/")[2]
    lake.store.fetch(key, target)
    return target


def _gather(target: Path, folder: Path, state: State) -> None:
    """Let the views of a build read small files of a dataset as one. Opening a file costs as much as reading thousands
    of rows, and a build reads each some dozens of times.
    """
    place = folder / "gathered"
    place.mkdir()
    with connected(target, folder) as connection:
        for dataset, held_ones in state.items():
            small = [path for held in held_ones if held.pointer.rows < SMALL for path in held.paths]
            if len(small) > FEW:
                gathered, listed = place / f"{dataset}.parquet", ", ".join(quoted(path.as_posix()) for path in small)
                connection.execute(
                    f"copy (from read_parquet([{listed}], hive_partitioning = false)) to {quoted(str(gathered))}"
                )
                large = [path for held in held_ones if held.pointer.rows >= SMALL for path in held.paths]
                view(connection, dataset, [*large, gathered], folder)


def memory_for(rows: int) -> str:
    """What DuckDB may hold where the largest report has so many claims: of the joins over it not all goes to disk."""
    return f"{min(600 + rows // 1_000_000 * 200, 2500)}MB"


def _variables(state: State) -> list[str]:
    """What the SQL must be compiled for: `most_attestations` of one exchange, in steps of 64, where 64 are too few."""
    named = {
        (held.pointer.partition["exchange"], held.pointer.partition["attestation"]) for held in state["report_file"]
    }
    most = max(Counter(exchange for exchange, _ in named).values(), default=1)
    return ["--vars", json.dumps({"most_attestations": -(-most // 64) * 64})] if most > 64 else []


def identity(lake: Lake, state: State | None = None) -> str:
    """Hash of everything that a build is made of: pointers, those of a build's state or the lake's of now, the SQL, the
    registry.
    """
    digest = hashlib.sha256()
    for dataset in DATASETS:
        for pointer in lake.pointers(DATASETS[dataset]) if state is None else [held.pointer for held in state[dataset]]:
            digest.update(f"{dataset} {dict(pointer.partition)} {pointer.content}\n".encode())
    rows = ((folder, "*.csv") for folder in (registry.FOLDER, *registry.own_folders()))
    for folder, pattern in ((sql_folder(), "**/*.sql"), (sql_folder(), "**/*.yml"), *rows):
        for path in sorted(folder.glob(pattern)):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def files_of(lake: Lake) -> dict[str, list[Path]]:
    """The files of every dataset, as the lake's pointers name them now. Raises Damaged."""
    return {
        dataset: [
            lake.store.local(key) for pointer in lake.pointers(row_class) for key in pointer.followed(Pointer.checked)
        ]
        for dataset, row_class in DATASETS.items()
    }


def _point_views_at_lake(lake: Lake, target: Path, state: State) -> None:
    """The views over the links that the build held, as views over the lake's own files."""
    with connected(target, lake.root) as connection:
        connection.begin()
        for dataset in DATASETS:
            paths = [path for held in state[dataset] for path in _files_now(lake, held.pointer)]
            view(connection, dataset, paths, lake.root)
        connection.commit()


def _files_now(lake: Lake, pointer: Pointer) -> list[Path]:
    """The files that a pointer names; where it was written twice since they are gone, and those that took their place
    are named. What other machines read is not removed at a write.
    """
    if lake.store.shared or all(map(lake.store.holds, pointer.keys)):
        return pointer.paths
    return [path for now in lake.pointers(pointer.row_class, **pointer.partition) for path in now.paths]
