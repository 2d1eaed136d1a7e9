"""The published marts as Delta tables, for engines that read tables and not our manifest: Spark, Trino, Databricks.

    <root>/marts/delta/<mart>/_delta_log/*.json     versions: one for each publish in which the mart's rows changed
    <root>/marts/delta/<mart>/part-*.parquet

A table is written from the mart's published Parquet file; the commit of a version names the build and that file's
sha256. Unlike all else here its bytes are not the same twice: the format names files by chance and holds the time.
https://github.com/delta-io/delta/blob/master/PROTOCOL.md
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from porlake.dbt_project import marts
from porlake.errors import LakeError, Overtaken, StoreUnavailable
from porlake.lake import Lake

if TYPE_CHECKING:
    from deltalake import DeltaTable

#: No smallest and largest values beside a file: deltalake writes those of decimals as 64-bit integers and doubles, and
#: a reader would skip the file for a filter that its rows meet (of 10^38 - 1 it writes 9223372036854775807).
NO_STATISTICS = {"delta.dataSkippingNumIndexedCols": "0"}
DELTA_TABLES = "marts/delta"
Tables = Mapping[str, "DeltaTable | None"]


def opened(lake: Lake) -> Tables:
    """The table of each mart as it is now, None for one that was never written. Raises LakeError."""
    return {mart: _opened(lake, mart) for mart in marts()}


def write(lake: Lake, tables: Tables, manifest: Mapping[str, Any]) -> None:
    """A version of each table with the rows that the manifest leads to, none where they are the last one's. `tables`
    were opened before the manifest was made: raises Overtaken where another wrote one since, LakeError.
    """
    for mart, facts in manifest["marts"].items():
        table = tables[mart]
        if table is None or table.history(1)[0].get("sha256") != facts["sha256"]:
            key = f"marts/{mart}/{facts['folder']}/part-0.parquet"
            _write(
                lake, mart, table, lake.store.local(key), {"build_id": manifest["build_id"], "sha256": facts["sha256"]}
            )


def vacuum(lake: Lake, older: timedelta) -> int:
    """Remove the files that no version of a table needs which is younger than that; their number. Raises LakeError."""
    gone = 0
    for mart, table in opened(lake).items():
        if table is not None:
            with _told(lake, mart):
                hours = int(older.total_seconds() // 3600)
                gone += len(table.vacuum(hours, dry_run=False, enforce_retention_duration=False))
    return gone


def _opened(lake: Lake, mart: str) -> DeltaTable | None:
    from deltalake import DeltaTable
    from deltalake.exceptions import TableNotFoundError

    place, options = lake.elsewhere(f"{DELTA_TABLES}/{mart}")
    with _told(lake, mart):
        try:
            return DeltaTable(place, storage_options=dict(options))
        except TableNotFoundError:
            return None


def _write(lake: Lake, mart: str, table: DeltaTable | None, file: Any, said: Mapping[str, str]) -> None:
    from deltalake import CommitProperties, write_deltalake

    place, options = lake.elsewhere(f"{DELTA_TABLES}/{mart}")
    with _told(lake, mart), pq.ParquetFile(file) as parquet:
        rows = pa.RecordBatchReader.from_batches(parquet.schema_arrow, parquet.iter_batches())
        commit = CommitProperties(custom_metadata=dict(said), max_commit_retries=0)
        if table is None:
            write_deltalake(
                place, rows, mode="error", name=mart, configuration=NO_STATISTICS, commit_properties=commit,
                storage_options=dict(options),
            )  # fmt: skip
        else:
            write_deltalake(table, rows, mode="overwrite", schema_mode="overwrite", commit_properties=commit)


@contextmanager
def _told(lake: Lake, mart: str) -> Iterator[None]:
    """What the library says as an error of ours; of an object store without its text, which may hold a secret."""
    from deltalake.exceptions import CommitFailedError, DeltaError

    where = lake.where(f"{DELTA_TABLES}/{mart}")
    try:
        yield
    except CommitFailedError:
        raise Overtaken(f"{where}: another publish was faster; its version stays") from None
    except (DeltaError, OSError) as error:
        if "already exists" in str(error):
            raise Overtaken(f"{where}: another publish was faster; its version stays") from None
        told = f"{where}: the Delta table cannot be read or written"
        if lake.store.shared:
            raise (StoreUnavailable if _may_pass(error) else LakeError)(f"{told}: {type(error).__name__}") from None
        raise LakeError(f"{told}: {str(error).partition(chr(10))[0]}") from error


def _may_pass(error: Exception) -> bool:
    """Whether the store may answer later, as `lake.objects` has it of its own client: no answer came, or one that says
    so. The library breaks its text into coloured lines.
    """
    said = re.sub(r"\x1b\[[0-9;]*m|↳|\s", "", str(error))
    status = re.search(r"statuscode:?(\d{3})", said)
    return status[1].startswith(("5", "429", "408")) if status else "Generic" in said
