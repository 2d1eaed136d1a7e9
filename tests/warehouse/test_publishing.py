"""A publish is seen whole, names what lies there, and mends what is damaged."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from porlake import warehouse
from porlake.errors import LakeError
from porlake.lake import Lake


def test_publishing_again_mends_a_damaged_mart(own: Lake) -> None:
    path = own.root / "marts" / "latest" / "dominance" / "part-0.parquet"
    whole = path.read_bytes()
    path.write_bytes(b"PAR1")
    warehouse.publish(own)
    assert path.read_bytes() == whole


def test_a_type_that_parquet_would_blur_is_not_published(own: Lake) -> None:
    with duckdb.connect(str(warehouse.database_of(own))) as connection:
        connection.execute("alter table dominance alter usd_total type hugeint")
    with pytest.raises(LakeError, match="HUGEINT"):
        warehouse.publish(own)


def test_the_manifest_names_what_lies_there(lake: Lake) -> None:
    manifest = json.loads((lake.root / "marts" / "manifest.json").read_bytes())
    assert set(manifest["marts"]) == set(warehouse.marts())
    for mart, facts in manifest["marts"].items():
        path = lake.root / "marts" / mart / facts["folder"] / "part-0.parquet"
        assert path.stat().st_size == facts["bytes"]
        assert pq.read_metadata(path).num_rows == facts["rows"]
        assert (lake.root / "marts" / "latest" / mart).resolve() == path.parent.resolve()


READER = """
import sys, pyarrow.parquet as pq
from pathlib import Path
latest, rounds = Path(sys.argv[1]), int(sys.argv[2])
seen = set()
for _ in range(rounds):
    shown = latest.resolve()  # what a dashboard opens stays there until the publish after the next
    paths = [shown / mart / "part-0.parquet" for mart in ("reserve_ratio", "asset_composition")]
    ids = {pq.read_table(path, columns=["build_id"]).column(0)[0].as_py() for path in paths}
    assert len(ids) == 1, ids
    seen |= ids
print(len(seen))
"""


def test_a_reader_sees_one_publish_never_two(own: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TABLES_ONCE", "yes")
    other = Lake(tmp_path / "other")
    shutil.copytree(own.root, other.root, symlinks=True)
    shutil.rmtree(other.root / "lake" / "price")
    warehouse.build(other)
    builds = [warehouse.database_of(own).read_bytes(), warehouse.database_of(other).read_bytes()]
    command = [sys.executable, "-c", READER, str(own.root / "marts" / "latest"), "1000"]
    reader = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for number in range(1, 400):
        (own.root / "porlake.duckdb.next").write_bytes(builds[number % 2])
        (own.root / "porlake.duckdb.next").replace(warehouse.database_of(own))
        warehouse.publish(own)
        if reader.poll() is not None:
            break
    out, err = reader.communicate(timeout=60)
    assert reader.returncode == 0, err[-800:]
    assert out.strip() == "2"
    assert len(list((own.root / "marts").glob("shown-*"))) == 2
