"""The published marts as Delta tables: what Polars and Spark read of them, and of the Parquet files, to the digit."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from datetime import timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from object_store import KEYS, SeaweedFS, odd, says
from porlake import warehouse
from porlake.errors import LakeError, Overtaken, StoreUnavailable
from porlake.lake import Lake
from porlake.lake.objects import ObjectStore
from porlake.warehouse import delta
from support import ROOT, command, environment

SPARK = ROOT / ".nodes" / "spark"
WIDEST = 10**38 - 1
"""The largest of DECIMAL(38,0)."""


@pytest.fixture(scope="module")
def lake(published_month: Path, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The month, published as Delta tables too."""
    folder = tmp_path_factory.mktemp("delta") / "lake"
    shutil.copytree(published_month, folder, symlinks=True)
    done = subprocess.run(
        command("publish", "--as", "delta", "--lake", str(folder)), env=environment(), capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == f"Delta tables: {folder}/marts/delta/<mart>"
    return Lake(folder)


@pytest.fixture
def copy(lake: Lake, tmp_path: Path) -> Lake:
    shutil.copytree(lake.root, tmp_path / "lake", symlinks=True)
    return Lake(tmp_path / "lake")


def parquet(lake: Lake, mart: str) -> Path:
    return lake.root / "marts" / "latest" / mart / "part-0.parquet"


def table(lake: Lake, mart: str) -> str:
    return lake.elsewhere(f"{delta.DELTA_TABLES}/{mart}")[0]


def ordered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=repr)


# --- what is read -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("mart", warehouse.marts())
def test_polars_reads_of_both_what_was_published(lake: Lake, mart: str) -> None:
    published = pq.read_table(parquet(lake, mart))
    files, tables = polars.read_parquet(parquet(lake, mart)), polars.read_delta(table(lake, mart))
    assert files.schema == tables.schema
    decimals = {field.name for field in published.schema if pa.types.is_decimal(field.type)}
    assert {name for name, kind in tables.schema.items() if isinstance(kind, polars.Decimal)} == decimals
    rows = ordered(published.to_pylist())
    assert ordered(files.to_dicts()) == rows
    assert ordered(tables.to_dicts()) == rows


#: With Spark's Python packages on the path: every mart as Spark reads it, of its Parquet file and of its Delta table.
SPARK_READS = """
import sys
from pathlib import Path

import pyarrow as pa
from pyspark.sql import SparkSession

jars, marts, out = map(Path, sys.argv[1:])
spark = (
    SparkSession.builder.master("local[2]")
    .config("spark.ui.enabled", "false")
    .config("spark.ui.showConsoleProgress", "false")
    .config("spark.sql.shuffle.partitions", "1")  # of 200, each a task, as of the 50 of a table's state
    .config("spark.databricks.delta.snapshotPartitions", "1")
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.sql.warehouse.dir", str(out / "warehouse"))
    .config("spark.jars", ",".join(map(str, sorted(jars.glob("*.jar")))))
    .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
    .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
    .getOrCreate()
)
for folder in sorted((marts / "delta").iterdir()):
    for kind, place in (("parquet", marts / "latest" / folder.name), ("delta", folder)):
        rows = spark.read.format(kind).load(str(place)).toArrow()
        with (
            pa.OSFile(str(out / f"{folder.name}.{kind}.arrow"), "wb") as file,
            pa.ipc.new_file(file, rows.schema) as ipc,
        ):
            ipc.write_table(rows)
WIDE = "select sum(cast('99999999999999999999999999999999999999' as decimal(38, 0))) from range(2)"
try:
    said = str(spark.sql(WIDE).collect())
except Exception as error:
    said = type(error).__name__
spark.conf.set("spark.sql.ansi.enabled", "false")
(out / "wide").write_text(f"{said} {spark.sql(WIDE).collect()[0][0]}")
spark.stop()
"""
spark = pytest.mark.skipif(
    not (SPARK / "jars").exists() or shutil.which("java") is None, reason="needs a JVM, and Spark (`make nodes`)"
)


@spark
@pytest.mark.thorough
def test_spark_reads_of_both_what_was_published(lake: Lake, tmp_path: Path) -> None:
    env = os.environ | {"PYTHONPATH": str(SPARK / "site"), "SPARK_LOCAL_IP": "127.0.0.1"}
    places = [str(SPARK / "jars"), str(lake.root / "marts"), str(tmp_path)]
    subprocess.run([sys.executable, "-c", SPARK_READS, *places], env=env, check=True)
    decimals = 0
    for mart in warehouse.marts():
        published = pq.read_table(parquet(lake, mart))
        for kind in ("parquet", "delta"):
            with pa.ipc.open_file(tmp_path / f"{mart}.{kind}.arrow") as file:
                read = file.read_all()
            assert [str(one.type) for one in read.schema if pa.types.is_decimal(one.type)] == [
                str(one.type) for one in published.schema if pa.types.is_decimal(one.type)
            ]
            assert ordered(read.cast(published.schema).to_pylist()) == ordered(published.to_pylist()), (mart, kind)
        decimals += sum(pa.types.is_decimal(one.type) for one in published.schema) * published.num_rows
    assert decimals > 1_000
    assert (tmp_path / "wide").read_text() == "ArithmeticException None", "docs/engines.md says what it does"


def widest(lake: Lake, mart: str = "dominance") -> Path:
    """A mart's file with the widest amounts that there are."""
    amounts = pa.array([Decimal(WIDEST), Decimal(-WIDEST), Decimal(1), None], pa.decimal128(38, 0))
    made = lake.root / "widest.parquet"
    made.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"amount": amounts}), made)
    delta._write(lake, mart, None, made, {"build_id": "b", "sha256": "s"})
    return Path(table(lake, mart))


def test_a_filter_finds_amounts_that_no_statistics_hold(tmp_path: Path) -> None:
    """deltalake writes bounds of decimals as 64-bit integers: by them a reader skips the file of such an amount."""
    place = widest(Lake(tmp_path))
    rows = polars.scan_delta(str(place)).filter(polars.col("amount") > 10**19).collect()
    assert rows["amount"].to_list() == [Decimal(WIDEST)]
    (said,) = [
        json.loads(line)["add"]["stats"]
        for line in next(place.glob("_delta_log/*.json")).read_text().splitlines()
        if '"add"' in line
    ]
    assert json.loads(said) == {"numRecords": 4, "minValues": {}, "maxValues": {}, "nullCount": {}}


# --- versions ---------------------------------------------------------------------------------------------------------
def versions(lake: Lake) -> set[int]:
    return {DeltaTable(table(lake, mart)).version() for mart in warehouse.marts()}


def test_what_did_not_change_gets_no_version_and_each_says_its_build(copy: Lake) -> None:
    manifest = warehouse.publish(copy, as_delta=True)
    assert versions(copy) == {0}
    for mart, facts in manifest["marts"].items():
        (said,) = DeltaTable(table(copy, mart)).history(1)
        assert (said["build_id"], said["sha256"]) == (manifest["build_id"], facts["sha256"])


def changed(lake: Lake) -> dict[str, Any]:
    """A manifest by which `dominance` has other rows, and another column."""
    manifest = json.loads(json.dumps(warehouse.manifest_of(lake)))
    facts = manifest["marts"]["dominance"]
    rows = pq.read_table(parquet(lake, "dominance")).slice(1).append_column("more", pa.array([1] * (facts["rows"] - 1)))
    target = lake.root / "marts" / "dominance" / "0123456789abcdef" / "part-0.parquet"
    target.parent.mkdir()
    pq.write_table(rows, target)
    facts |= {"folder": target.parent.name, "sha256": "another"}
    return dict(manifest)


def test_a_version_of_before_is_read_until_it_is_vacuumed(copy: Lake) -> None:
    before = DeltaTable(table(copy, "dominance")).count()
    delta.write(copy, delta.opened(copy), changed(copy))
    assert versions(copy) == {0, 1}
    now = polars.read_delta(table(copy, "dominance"))
    assert (now.height, now["more"].to_list()) == (before - 1, [1] * (before - 1))
    assert warehouse.vacuum(copy, timedelta(hours=1)) == 0
    assert polars.read_delta(table(copy, "dominance"), version=0).height == before
    assert warehouse.vacuum(copy, timedelta(0)) == 1
    assert polars.read_delta(table(copy, "dominance")).height == before - 1


@pytest.mark.parametrize("first", [True, False])
def test_who_opened_the_tables_before_another_wrote_them_is_overtaken(copy: Lake, first: bool) -> None:
    if first:
        shutil.rmtree(copy.root / "marts" / "delta")
    late, manifest = delta.opened(copy), changed(copy)
    delta.write(copy, delta.opened(copy), manifest)
    manifest["marts"]["dominance"]["sha256"] = "a third"
    with pytest.raises(Overtaken, match="another publish was faster"):
        delta.write(copy, late, manifest)
    assert DeltaTable(table(copy, "dominance")).history(1)[0]["sha256"] == "another"


def test_a_table_that_is_damaged_is_named(copy: Lake) -> None:
    (log,) = Path(table(copy, "dominance"), "_delta_log").glob("*.json")
    log.write_text("{")
    with pytest.raises(LakeError, match=r"marts/delta/dominance: the Delta table cannot be read or written: "):
        warehouse.publish(copy, as_delta=True)


# --- an object store --------------------------------------------------------------------------------------------------
@pytest.fixture
def stored(lake: Lake, object_store: SeaweedFS, tmp_path: Path) -> Lake:
    """The published marts on an object store."""
    there = object_store.lake(tmp_path)
    marts = warehouse.manifest_of(lake)["marts"]
    files = [f"marts/{mart}/{facts['folder']}/part-0.parquet" for mart, facts in marts.items()]
    for key in ["marts/manifest.json", *files]:
        there.store.put(key, (lake.root / key).read_bytes())
    return there


def test_tables_lie_on_an_object_store_too(lake: Lake, stored: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    delta.write(stored, delta.opened(stored), warehouse.manifest_of(stored))
    for mart in ("dominance", "reserve_ratio"):
        place, options = stored.elsewhere(f"{delta.DELTA_TABLES}/{mart}")
        assert place.startswith("s3://porlake/")
        rows = DeltaTable(place, storage_options=dict(options)).to_pyarrow_table().to_pylist()
        assert ordered(rows) == ordered(pq.read_table(parquet(lake, mart)).to_pylist())
    late = delta.opened(stored)
    manifest = json.loads(json.dumps(warehouse.manifest_of(stored)))
    manifest["marts"]["dominance"]["sha256"] = "another"
    delta.write(stored, delta.opened(stored), manifest)
    manifest["marts"]["dominance"]["sha256"] = "a third"
    with pytest.raises(Overtaken):
        delta.write(stored, late, manifest)


def test_what_the_store_says_of_wrong_keys_shows_none(stored: Lake, tmp_path: Path, object_store: SeaweedFS) -> None:
    wrong = Lake(object_store.url("lake"), tmp_path / "wrong", KEYS | {"secret_access_key": "hunter2"})
    with pytest.raises(LakeError, match="the Delta table cannot be read or written: ") as caught:
        delta.opened(wrong)
    assert "hunter2" not in str(caught.value)
    assert KEYS["access_key_id"] not in str(caught.value)


def of_a_store(url: str, tmp_path: Path, patience: float) -> Lake:
    lake = Lake(f"s3://bucket/lake?endpoint={url}", tmp_path, KEYS)
    assert isinstance(lake.store, ObjectStore)
    lake.store = ObjectStore(lake.store.place, lake.root, KEYS, patience)
    return lake


@pytest.mark.parametrize(
    ("status", "kind"), [(503, StoreUnavailable), (429, StoreUnavailable), (403, LakeError)], ids=str
)
def test_a_store_that_refuses_for_the_moment_is_told_from_one_that_refuses(
    status: int, kind: type[LakeError], tmp_path: Path
) -> None:
    """A task of Airflow's is tried again for the one, and not for the other; no text of the store's is told."""
    with odd(says(status, b"<Error><Code>AKIASECRET</Code></Error>")) as url:
        with pytest.raises(LakeError, match="marts/delta/dominance: the Delta table cannot be read") as caught:
            delta._opened(of_a_store(url, tmp_path, 0.3), "dominance")
        assert type(caught.value) is kind
        assert "AKIASECRET" not in f"{caught.value} {caught.value.__cause__}"
    with pytest.raises(StoreUnavailable):
        delta._opened(of_a_store("http://127.0.0.1:9", tmp_path, 0.3), "dominance")


def test_a_store_that_is_there_again_within_the_patience_is_waited_for(tmp_path: Path) -> None:
    """Ten tries, as the library has it, are over after 3 s of one that answers at once."""
    began, asked_of = time.monotonic(), list[float]()

    def later(handler: BaseHTTPRequestHandler) -> bool:
        asked_of.append(time.monotonic() - began)
        empty = b"<ListBucketResult></ListBucketResult>"
        there = says(200, empty) if "list-type" in handler.path else says(404, b"<Error><Code>NoSuchKey</Code></Error>")
        return (says(503) if asked_of[-1] < 8 else there)(handler)

    with odd(later) as url:
        assert delta._opened(of_a_store(url, tmp_path, 60), "dominance") is None
    assert len(asked_of) > 1
