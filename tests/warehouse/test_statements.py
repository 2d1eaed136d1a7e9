"""Statements of a person: what reads is answered, what writes or leaves the lake is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from porlake import warehouse
from porlake.errors import BuildError
from porlake.lake import Lake
from porlake.model import Claim
from support import tree

#: `{lake}` is the lake's folder, to which no statement may write, `{file}` a Parquet file of a dataset.
ATTACKS = [
    "copy (select 1) to '{lake}/marts/manifest.json'",
    "copy dominance to '{lake}/lake/new.parquet'",
    "copy (select 1) to '{file}'",
    "copy dominance to '/tmp/porlake-out.csv'",
    "with w as (copy dominance to '{lake}/marts/manifest.json') select 1",
    "with v as (with w as (copy dominance to '{lake}/marts/x.csv') select 1) select * from v",
    "select 1; copy dominance to '{lake}/marts/x.csv'",
    "select * from query('copy dominance to ''{lake}/marts/x.csv''')",
    "explain analyze copy dominance to '{lake}/marts/x.csv'",
    "/* e */ explain (analyze) copy dominance to '{lake}/marts/x.csv'",
    "explain explain analyze copy dominance to '{lake}/marts/x.csv'",
    "prepare p as copy dominance to '{lake}/marts/x.csv'",
    "execute p",
    "export database '{lake}/marts/exported'",
    "import database '{lake}/marts'",
    "attach '{lake}/marts/new.duckdb'",
    "attach '/tmp/other.duckdb'",
    "detach porlake",
    "install httpfs",
    "load httpfs",
    "set enable_external_access = true",
    "set allowed_directories = ['/']",
    "reset lock_configuration",
    "pragma enable_profiling='json'",
    "pragma database_list",
    "call enable_logging(storage='file', storage_config={{'path': '{lake}/marts/logs'}})",
    "select * from enable_logging(storage='file', storage_config={{'path': '{lake}/marts/logs'}})",
    "select * from json_execute_serialized_sql(json_serialize_sql('select 1'))",
    "create table t as select 1",
    "create temp table t as select 1",
    "create secret s (type s3)",
    "insert into dominance default values",
    "with w as (insert into dominance default values returning *) select * from w",
    "with w as (delete from dominance returning *) select * from w",
    "update dominance set usd_total = 0",
    "delete from dominance",
    "drop table dominance",
    "alter table dominance drop usd_total",
    "comment on table dominance is 'x'",
    "vacuum",
    "checkpoint",
    "use lake",
    "update extensions",
    "select * from read_csv('/etc/passwd')",
    "select * from read_text('{lake}/../secret')",
    "select * from glob('/etc/*')",
    "from '/etc/passwd'",
    "select * from pandas_scan(1, 2, 3)",
]


@pytest.fixture(scope="module")
def unwritten(lake: Lake) -> Iterator[Callable[[], list[Any]]]:
    """The files of the lake: which, how long, when written. Their bytes are compared once, behind all statements."""
    (lake.root.parent / "secret").write_text("secret")
    before = tree(lake.root)

    def listed() -> list[Any]:
        found = [(path.as_posix(), path.lstat()) for path in sorted(lake.root.rglob("*"))]
        return [(name, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_mode) for name, stat in found]

    yield listed
    assert tree(lake.root) == before


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_statement_writes_or_leaves_the_lake(lake: Lake, unwritten: Callable[[], list[Any]], attack: str) -> None:
    before = unwritten()
    (pointer, *_) = lake.pointers(Claim)
    with pytest.raises(BuildError):
        warehouse.query(lake, attack.format(lake=lake.root, file=pointer.paths[0]))
    assert unwritten() == before


READS = [
    "from dominance",
    "with a as (select 1 as x) select * from a union all values (2)",
    "with recursive r as (select 1 as n union all select n + 1 from r where n < 3) from r",
    "describe dominance",
    "show tables",
    "summarize dominance",
    "explain select 1",
    "-- why\nexplain analyze select 1",
    "/* e */ explain (analyze) select 1",
    "select 'copy t to x' as \"explain\"",
    "select 1; select 2;",
    "select count(*) from read_parquet('{file}')",
    "select count(*) from lake.claim",
]


@pytest.mark.parametrize("sql", READS)
def test_what_reads_is_answered(lake: Lake, sql: str) -> None:
    (pointer, *_) = lake.pointers(Claim)
    assert warehouse.query(lake, sql.format(file=pointer.paths[0]))[1]


def test_a_statement_that_cannot_be_read_and_a_value_that_python_lacks_end_in_a_sentence(lake: Lake) -> None:
    with pytest.raises(BuildError, match="syntax error"):
        warehouse.query(lake, "selec 1")
    with pytest.raises(BuildError, match="no statement"):
        warehouse.query(lake, " ; ")
    with pytest.raises(BuildError, match="varchar"):
        warehouse.query(lake, "select interval 100000000 year")
