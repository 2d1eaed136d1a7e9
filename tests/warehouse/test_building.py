"""What a build is made of is held from its beginning; builds wait for each other; what stops one is named."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from porlake import pipeline, warehouse
from porlake.errors import Damaged
from porlake.lake import Lake
from porlake.model import Balance, Price
from porlake.warehouse import building
from support import SAMPLE_ROWS, own_rows, tree


def test_the_same_lake_builds_the_same_parquet_even_if_it_is_written_meanwhile(
    lake: Lake, month: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With another number of threads; and what a partition was when the build began is what is built, however often it
    is replaced since.
    """
    again = Lake(tmp_path / "again")
    shutil.copytree(month, again.root, symlinks=True)
    dbt = warehouse.dbt

    def written_meanwhile(*arguments: Any, **options: Any) -> None:
        place = {"exchange": "okx", "attestation": "okx/2024-03-25"}
        (pointer, *_) = again.pointers(Price, **place)
        rows = list(again.rows(Price, **place))
        for price in (1, 2, 3):  # the third replaces the files that the pointer named when the build began
            again.write(Price, place, [replace(row, usd=Decimal(price)) for row in rows])
        assert not pointer.paths[0].exists()
        dbt(*arguments, **options)

    monkeypatch.setattr(building, "dbt", written_meanwhile)
    monkeypatch.setitem(warehouse.SETTINGS, "threads", "1")
    with own_rows(SAMPLE_ROWS):
        warehouse.build(again)
    warehouse.publish(again)
    later = "select distinct usd from lake.price where usd is not null and attestation = 'okx/2024-03-25'"
    assert warehouse.query(again, later)[1] == [(3,)], (
        "the file of the build is gone; the view shows the one that took its place"
    )
    first, second = (json.loads((made.root / "marts" / "manifest.json").read_bytes()) for made in (lake, again))
    assert first == second
    for mart in warehouse.marts():
        name = Path("marts", "latest", mart, "part-0.parquet")
        assert (lake.root / name).read_bytes() == (again.root / name).read_bytes()


@pytest.mark.thorough
@pytest.mark.skipif("DBT_ONCE" not in os.environ, reason="each build is dbt's own here")
def test_tables_that_tests_are_given_at_once_are_those_of_dbt(
    lake: Lake, own: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tables, columns, comments, what each data test finds, and the Parquet that is published."""
    monkeypatch.setenv("TABLES_ONCE", "yes")
    compiled = Path(os.environ["DBT_ONCE"]).parent
    if not list(compiled.glob("*.json")):
        warehouse.build(own)
    assert list(compiled.glob("*.json"))
    with own_rows(SAMPLE_ROWS):
        assert warehouse.build(own).warnings == warehouse.build(own).warnings != {}
    warehouse.publish(own)
    first, second = (json.loads((made.root / "marts" / "manifest.json").read_bytes()) for made in (lake, own))
    assert first == second
    catalogue = (
        "select schema_name, table_name, column_name, data_type, comment, is_nullable from duckdb_columns() where not "
        "internal union all select schema_name, table_name, '', '', comment, null from duckdb_tables() order by all"
    )
    tables = (
        "select schema_name || '.' || table_name from duckdb_tables() where schema_name in ('core', 'failed_tests')"
    )
    assert len(warehouse.query(own, catalogue)[1]) > 1_000
    assert warehouse.query(own, catalogue) == warehouse.query(lake, catalogue)
    for (table,) in warehouse.query(lake, tables)[1]:
        sql = f"select * from {table} order by all"
        assert warehouse.query(own, sql) == warehouse.query(lake, sql), table


def test_a_damaged_file_stops_the_build_and_is_named(own: Lake) -> None:
    (path, *_) = own.pointers(Balance)[0].paths
    content = path.read_bytes()
    path.write_bytes(content[:100] + bytes([content[100] ^ 1]) + content[101:])
    with pytest.raises(
        Damaged, match=r"part-0\.parquet: its bytes are not those that were written.*run observe again for exchange okx"
    ):
        warehouse.build(own)


FULL = """
import resource, sys
from porlake import warehouse
from porlake.errors import PorlakeError
from porlake.lake import Lake
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
for stage in (warehouse.build, warehouse.publish):
    try:
        stage(Lake(sys.argv[1]))
    except PorlakeError as error:
        print(f"{type(error).__name__}: {error}")
"""


def test_a_full_disk_ends_in_a_sentence_and_leaves_what_was_there(own: Lake) -> None:
    before = tree(own.root)
    alone = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}  # Python cuts what it compiles at the limit, and keeps it
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(own.root)], capture_output=True, text=True, check=False, env=alone
    )
    assert done.stderr == ""
    said = done.stdout.splitlines()
    assert len(said) == 2
    assert said[0].startswith("BuildError: ")
    assert "nothing was replaced" in said[0]
    assert said[1].startswith("LakeError: ")
    assert "those of before stay" in said[1]
    assert tree(own.root) == before


def test_two_builds_at_once_wait_for_each_other(own: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TABLES_ONCE", "yes")
    ids: list[str] = []
    threads = [
        threading.Thread(target=lambda: ids.append(pipeline.build(pipeline.session(own.root, environ={}))))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert warehouse.query(own, "select count(*) > 0 from dominance")[1] == [(True,)]


def test_a_build_holds_what_its_largest_report_needs() -> None:
    said = [building.memory_for(rows) for rows in (0, 999_999, 1_000_000, 1_000_001, 9_999_999, 10_000_000, 10**9)]
    assert said == ["600MB", "600MB", "800MB", "800MB", "2400MB", "2500MB", "2500MB"]
