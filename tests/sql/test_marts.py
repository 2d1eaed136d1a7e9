"""What an analyst meets: the pages on the tables are true, marts come exact into Python and out of Parquet, and say
what they mean.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import re
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import duckdb
import pandas as pd
import polars
import pyarrow.parquet as pq
import pytest

import porlake
from porlake import pipeline, warehouse
from porlake.errors import ConfigurationError, MissingPartition
from porlake.lake import Lake
from recomputed import differences
from support import ROOT


def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("documents", ROOT / "tools" / "documents.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


pytestmark = pytest.mark.usefixtures("tables_at_once")
DOCUMENTS = tool()
QUESTIONS = (ROOT / "docs" / "questions.md").read_text()


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    made: Lake = DOCUMENTS.example(tmp_path_factory.mktemp("marts") / "lake")
    pipeline.publish(pipeline.session(made.root, environ={}))
    return made


# --- the pages --------------------------------------------------------------------------------------------------------
def test_the_data_dictionary_is_up_to_date() -> None:
    assert (ROOT / "docs" / "tables.md").read_text() == DOCUMENTS.tables(), "tools/documents.py writes it anew"


def test_the_worked_questions_give_the_results_on_the_page(lake: Lake) -> None:
    assert DOCUMENTS.questions(QUESTIONS, lambda sql: warehouse.query(lake, sql)) == QUESTIONS, (
        "tools/documents.py writes them anew"
    )


def test_there_are_eleven_questions_and_each_has_an_answer(lake: Lake) -> None:
    sections = QUESTIONS.split("\n## ")[1:]
    assert len(sections) == 11
    for section in sections:
        for sql in re.findall(r"```sql\n(.*?)\n```", section, re.DOTALL):
            assert warehouse.query(lake, sql)[1], sql


def test_every_cell_of_the_bundled_month_is_what_plain_python_makes_of_it(lake: Lake) -> None:
    cells, told = differences(lake)
    assert told == []
    assert cells > 30_000


# --- Python -----------------------------------------------------------------------------------------------------------
def test_a_mart_comes_as_a_data_frame_with_exact_amounts(lake: Lake) -> None:
    ratios = porlake.read("reserve_ratio", lake.root)
    row = ratios[(ratios.attestation == "okx/2022-12-20") & (ratios.asset == "BTC")].iloc[0]
    assert (row.reserves_claimed, row.liabilities_units) == (Decimal("11375400000000"), Decimal("112192.00000000"))
    assert isinstance(row.reserves_claimed, Decimal)
    assert row.is_covered is pd.NA, "nothing was seen: that is not known, and not false"
    assert str(ratios.dtypes["is_covered"]) == "boolean"
    assert str(porlake.read("coverage_streak", lake.root).dtypes["streak_claimed"]) == "Int64"


def test_a_name_that_is_no_mart_and_a_lake_without_a_build_say_so(lake: Lake, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="reserve_ratio"):
        porlake.read("reserve_ratios; drop table x", lake.root)
    with pytest.raises(MissingPartition, match="porlake build"):
        porlake.read("reserve_ratio", tmp_path)


# --- Parquet ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("mart", warehouse.marts())
def test_a_published_mart_is_read_with_the_types_of_the_table(lake: Lake, mart: str) -> None:
    path = lake.root / "marts" / "latest" / mart / "part-0.parquet"
    manifest = json.loads((lake.root / "marts" / "manifest.json").read_bytes())
    described = {name: kind for name, kind, *_ in duckdb.sql(f"describe select * from '{path}'").fetchall()}
    assert (
        described
        == manifest["marts"][mart]["schema"]
        == {name: kind for name, kind, *_ in warehouse.query(lake, f"describe {mart}")[1]}
    )
    by_pandas, by_arrow = pd.read_parquet(path), pq.read_table(path)
    assert len(by_pandas) == by_arrow.num_rows == manifest["marts"][mart]["rows"]
    (counted,) = warehouse.query(lake, f"select count(*) from {mart}")[1]
    assert counted[0] == by_arrow.num_rows
    assert not [
        field.name for field in by_arrow.schema if str(field.type).startswith(("decimal256", "dictionary", "large_"))
    ], "Spark reads none of these"


def test_a_published_mart_is_read_by_polars(lake: Lake) -> None:
    frame = polars.read_parquet(lake.root / "marts" / "latest" / "reserve_ratio" / "part-0.parquet")
    assert Decimal("11375400000000") in frame["reserves_claimed"].to_list()


def test_the_version_of_the_marts_moved_with_their_columns(lake: Lake) -> None:
    """A column or mart added raises the second number, one changed the first: 5.0 has 22 marts."""
    manifest = json.loads((lake.root / "marts" / "manifest.json").read_bytes())
    assert manifest["version"] == warehouse.MARTS_VERSION == "5.0"
    assert set(manifest["marts"]) == set(warehouse.marts())
    assert len(warehouse.marts()) == 22


# --- the catalogue ----------------------------------------------------------------------------------------------------
def test_every_table_and_column_that_is_published_says_what_it_is(lake: Lake) -> None:
    mute = warehouse.query(
        lake,
        "select schema_name, table_name, column_name from duckdb_columns()"
        " where schema_name in ('main', 'lake') and comment is null and not internal"
        " union all select schema_name, table_name, '' from duckdb_tables()"
        " where schema_name in ('main', 'core') and comment is null and not internal",
    )[1]
    assert mute == []


def test_every_mart_carries_the_common_columns_and_its_build(lake: Lake) -> None:
    common = ["attestation", "exchange", "snapshot_at", "is_latest", "report", "build_id"]
    for mart in warehouse.marts():
        columns, _ = warehouse.query(lake, f"select * from {mart} limit 0")
        assert columns[:6] == common, mart


def test_every_mart_and_every_core_table_says_first_what_a_row_is() -> None:
    for path in sorted((warehouse.sql_folder() / "models").glob("*/*.sql")):
        comment = " ".join(
            line.removeprefix("--").strip() for line in itertools.takewhile(lambda line: line[:2] == "--", path.open())
        )
        assert comment, path.name
        assert path.parent.name == "staging" or "one row" in comment.lower(), path.name


def test_no_model_reads_the_clock_or_a_random_number() -> None:
    for path in (warehouse.sql_folder() / "models").glob("*/*.sql"):
        assert not re.search(
            r"\b(now|random|uuid|current_date|current_timestamp|today)\b\s*\(?", path.read_text(), re.IGNORECASE
        ), path.name


def test_a_second_publish_gives_the_same_bytes(lake: Lake) -> None:
    before = (lake.root / "marts" / "manifest.json").read_bytes()
    chosen = pipeline.session(lake.root, environ={})
    pipeline.build(chosen)
    pipeline.publish(chosen)
    assert (lake.root / "marts" / "manifest.json").read_bytes() == before
