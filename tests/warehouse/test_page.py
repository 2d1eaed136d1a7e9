"""The page: what is in it is what was published, to the last digit; whole, the same each time, and only ours."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from datetime import UTC, date, datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import duckdb
import obstore
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from porlake import lake as lake_room
from porlake import pipeline, warehouse
from porlake.errors import ConfigurationError, Damaged, LakeError, MissingPartition
from porlake.lake import Lake
from porlake.warehouse import page as page_module
from porlake.warehouse.measures import measures
from support import made_once, tree


@pytest.fixture(scope="module")
def out(lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of the bundled month. To be read."""
    return made_once(tmp_path_factory, "page", lambda folder: warehouse.page_in(lake, folder) and None)


@pytest.fixture(scope="module")
def said(out: Path) -> dict[str, Any]:
    return dict(json.loads((out / "data" / "page.json").read_bytes()))


# --- what is in it ----------------------------------------------------------------------------------------------------
def test_every_mart_stands_in_it_with_its_downloads(lake: Lake, out: Path, said: dict[str, Any]) -> None:
    manifest = warehouse.manifest_of(lake)
    assert [mart["name"] for mart in said["marts"]] == warehouse.marts()
    assert said["build_id"] == manifest["build_id"]
    for mart in said["marts"]:
        published = lake.root / "marts" / "latest" / mart["name"] / "part-0.parquet"
        assert (out / mart["parquet"]).read_bytes() == published.read_bytes()
        assert mart["sha256"] == hashlib.sha256(published.read_bytes()).hexdigest()
        assert (out / mart["sql"]).read_text(encoding="utf-8").strip()
        assert mart["view_bytes"] == (out / mart["view"]).stat().st_size
        assert mart["description"]
        assert all(column["description"] and column["type"] for column in mart["columns"])
        assert [column["name"] for column in mart["columns"]] == pq.read_schema(published).names


def as_the_page_reads(value: object) -> object:
    """A value of a mart as its view has it."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S" + (".%f" if value.microsecond else "") + "Z")
    if isinstance(value, date):
        return value.isoformat()
    return [as_the_page_reads(part) for part in value] if isinstance(value, list) else value


def in_order(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(repr(sorted((name, as_the_page_reads(value)) for name, value in row.items())) for row in rows)


def test_a_view_has_the_rows_of_the_mart_to_the_last_digit_in_the_order_of_exchanges(
    out: Path, said: dict[str, Any]
) -> None:
    for mart in said["marts"]:
        published, view = pq.read_table(out / mart["parquet"]), pq.read_table(out / mart["view"])
        assert view.schema.names == published.schema.names
        assert not [field for field in view.schema if str(field.type).startswith(("decimal", "timestamp", "date"))]
        assert in_order(view.to_pylist()) == in_order(published.to_pylist())
        places = [(row["exchange"], row["snapshot_at"] or "9") for row in view.to_pylist()]
        assert places == sorted(places), mart["name"]


def test_the_csv_has_the_rows_of_the_mart_with_exact_decimals(out: Path, said: dict[str, Any]) -> None:
    (mart,) = (mart for mart in said["marts"] if mart["name"] == "reserve_ratio")
    rows = pq.read_table(out / mart["parquet"]).to_pylist()
    with (out / mart["csv"]).open(encoding="utf-8", newline="") as stream:
        read = list(csv.DictReader(stream))
    assert len(read) == len(rows) > 10
    for line, row in zip(read, rows, strict=True):
        assert {name: line[name] or None for name, value in row.items() if isinstance(value, Decimal)} == {
            name: format(value, "f") for name, value in row.items() if isinstance(value, Decimal)
        }


def test_the_statement_of_a_mart_gives_its_rows(lake: Lake, out: Path, said: dict[str, Any]) -> None:
    """As compiled, over the tables of the build."""
    (mart,) = (mart for mart in said["marts"] if mart["name"] == "dominance")
    columns, rows = warehouse.query(lake, (out / mart["sql"]).read_text(encoding="utf-8"))
    published = pq.read_table(out / mart["parquet"]).to_pylist()
    assert in_order([dict(zip(columns, row, strict=True)) for row in rows]) == in_order(published)


def test_a_view_is_read_by_exchange() -> None:
    """A row group ends with an exchange once it has rows enough, and at twenty thousand in any case."""
    names = ["a"] * 1_500 + ["b"] * 1_000 + ["c"] * 45_000 + ["d"]
    table = pa.table({"exchange": names, "row": range(len(names))})
    reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=777))
    groups = list(page_module._groups(reader))
    assert [(group["exchange"][0].as_py(), group.num_rows) for group in groups] == [
        ("a", 2_500), ("c", 20_000), ("c", 20_000), ("c", 5_000), ("d", 1)
    ]  # fmt: skip
    assert pa.concat_tables(groups).equals(table)


def test_a_view_of_no_rows_has_a_schema(tmp_path: Path) -> None:
    empty = pa.schema([("exchange", pa.string())]).empty_table()
    (group,) = page_module._groups(pa.RecordBatchReader.from_batches(empty.schema, []))
    assert group.equals(empty)


def test_what_the_marts_name_is_named(said: dict[str, Any]) -> None:
    okx = next(exchange for exchange in said["exchanges"] if exchange["name"] == "okx")
    assert okx["title"] == "OKX"
    assert "OKB" in okx["own_tokens"]
    assert {"name": "BTC", "title": "Bitcoin", "class": "bitcoin", "scale": 8, "underlying": ""} in said["assets"]
    assert "bitcoin" in [network["name"] for network in said["networks"]]
    assert said["as_of"].endswith("Z")


def test_every_figure_of_the_marts_is_told_in_the_method(said: dict[str, Any]) -> None:
    """And every measure is of columns that there are."""
    figures = {
        f"{mart['name']}.{column['name']}"
        for mart in said["marts"]
        for column in mart["columns"]
        if column["type"].startswith(("decimal", "double"))
    }
    columns = {f"{mart['name']}.{column['name']}" for mart in said["marts"] for column in mart["columns"]}
    patterns = [pattern for measure in measures() for pattern in measure.columns]
    assert not sorted(name for name in figures if not any(fnmatchcase(name, pattern) for pattern in patterns))
    assert not [pattern for pattern in patterns if not any(fnmatchcase(name, pattern) for name in columns)]
    assert {pattern.partition(".")[0] for pattern in patterns} - {"*"} == set(warehouse.marts())
    assert [measure["name"] for measure in said["measures"]] == [measure.name for measure in measures()]
    assert all(measure.paragraph and measure.formula and measure.limits for measure in measures())


# --- the same, and whole ----------------------------------------------------------------------------------------------
def test_the_same_marts_give_the_same_bytes_also_over_an_older_page(lake: Lake, out: Path, tmp_path: Path) -> None:
    warehouse.page_in(lake, tmp_path / "again")
    warehouse.page_in(lake, tmp_path / "again")
    assert tree(tmp_path / "again") == tree(out)


def test_it_says_how_far_it_is(lake: Lake, tmp_path: Path) -> None:
    told: list[tuple[str, int, int | None]] = []
    warehouse.page_in(lake, tmp_path / "page", tell=lambda *said: told.append(said))
    marts = sorted(warehouse.manifest_of(lake)["marts"].items())
    rows = [facts["rows"] for _, facts in marts if facts["rows"]]
    assert told == [("rows of the page", sum(rows[:number]), sum(rows)) for number in range(len(rows) + 1)]


def test_nothing_but_the_page_stays_and_the_one_before_it(lake: Lake, tmp_path: Path) -> None:
    place = tmp_path / "page"
    warehouse.page_in(lake, place)
    now = {path.name for path in (place / "data").iterdir()}
    for name in ("0123456789abcdef", "notes"):
        (place / "data" / name).mkdir()
        (place / "data" / name / "kept.txt").write_text("x")
    warehouse.page_in(lake, place)
    assert {path.name for path in (place / "data").iterdir()} == now | {"notes"}
    assert not list(place.rglob(".*"))


def test_a_file_of_an_older_page_goes_and_what_others_put_there_stays(lake: Lake, tmp_path: Path) -> None:
    place = tmp_path / "page"
    warehouse.page_in(lake, place)
    listed = json.loads((place / "data" / "page.json").read_bytes())
    listed["files"] += ["gone.js"]
    (place / "data" / "page.json").write_bytes(json.dumps(listed).encode())
    for name in ("gone.js", "mine.txt"):
        (place / name).write_text("x")
    warehouse.page_in(lake, place)
    assert not (place / "gone.js").exists()
    assert (place / "mine.txt").exists()


def test_a_page_that_was_begun_and_not_ended_is_ended(lake: Lake, out: Path, tmp_path: Path) -> None:
    place = tmp_path / "page"
    shutil.copytree(out, place)
    (place / "data" / "page.json").unlink()
    (place / ".writing-left").mkdir()
    (place / "index.html").unlink()
    warehouse.page_in(lake, place)
    assert tree(place) == tree(out)


def test_who_writes_into_the_page_does_not_write_into_the_lake(lake: Lake, tmp_path: Path) -> None:
    warehouse.page_in(lake, tmp_path / "page")
    before = tree(lake.root / "marts")
    for path in (tmp_path / "page").rglob("*.parquet"):
        path.write_bytes(b"x")
    assert tree(lake.root / "marts") == before


def test_beside_the_marts_it_is_the_same(own: Lake, out: Path) -> None:
    made = warehouse.page_beside(own)
    assert tree(own.root / "page") == tree(out)
    assert Path(made.place) == own.root / "page" / "index.html"


# --- what is refused --------------------------------------------------------------------------------------------------
def test_a_folder_of_somebody_else_is_left_alone(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("mine")
    before = tree(tmp_path)
    with pytest.raises(ConfigurationError, match=r"holds other things \(index.html\)"):
        warehouse.page_in(lake, tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "README.txt").write_text("a page of mine")
    with pytest.raises(ConfigurationError, match="holds other things"):
        warehouse.page_in(lake, tmp_path)
    (tmp_path / "data" / "README.txt").unlink()
    (tmp_path / "data").rmdir()
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    "content",
    [
        b"{}", b"[]", b"\xff", b"[" * 200_000,
        b'{"porlake":"page","folder":"data/../../x","files":[]}',
        b'{"porlake":"page","folder":"data/0123456789abcdef","files":["../x.txt"]}',
        b'{"porlake":"page","folder":"data/0123456789abcdef","files":["/etc/passwd"]}',
        b'{"porlake":"page","folder":"data/0123456789abcdef","files":[7]}',
    ],
)  # fmt: skip
def test_a_page_json_that_is_none_removes_nothing(lake: Lake, out: Path, tmp_path: Path, content: bytes) -> None:
    shutil.copytree(out, tmp_path / "page")
    (tmp_path / "page" / "data" / "page.json").write_bytes(content)
    (tmp_path / "x.txt").write_text("x")
    before = tree(tmp_path)
    with pytest.raises(ConfigurationError, match="not of a page of porlake's; name another folder"):
        warehouse.page_in(lake, tmp_path / "page")
    assert tree(tmp_path) == before


def test_a_file_a_folder_that_is_missing_and_an_odd_address_are_refused(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigurationError, match="is no folder"):
        warehouse.page_in(lake, tmp_path / "file")
    with pytest.raises(ConfigurationError, match="there is no folder .*missing"):
        warehouse.page_in(lake, tmp_path / "missing" / "page")
    for url in ("javascript:alert(1)", "example.org", 'https://x/"><script>', "https://x y"):
        with pytest.raises(ConfigurationError, match="is no address of a page"):
            warehouse.page_in(lake, tmp_path / "page", url)
    assert not (tmp_path / "page").exists()


def test_a_lake_that_published_nothing_says_so(tmp_path: Path) -> None:
    with pytest.raises(MissingPartition, match="`porlake publish` does it"):
        warehouse.page_in(Lake(tmp_path / "lake"), tmp_path / "page")
    assert not (tmp_path / "page").exists()


def test_a_damaged_mart_is_named_and_the_page_of_before_stays(own: Lake, out: Path, tmp_path: Path) -> None:
    shutil.copytree(out, tmp_path / "page")
    facts = warehouse.manifest_of(own)["marts"]["dominance"]
    (own.root / "marts" / "dominance" / facts["folder"] / "part-0.parquet").write_bytes(b"PAR1")
    with pytest.raises(Damaged, match=r"dominance.*`porlake publish` writes it anew"):
        warehouse.page_in(own, tmp_path / "page")
    assert tree(tmp_path / "page") == tree(out)


def test_marts_of_an_older_porlake_are_published_anew_first(own: Lake, tmp_path: Path) -> None:
    path = own.root / "marts" / "manifest.json"
    manifest = json.loads(path.read_bytes())
    del manifest["marts"]["reports"]
    path.write_bytes(lake_room.json_bytes(manifest))
    with pytest.raises(LakeError, match=r"older porlake published it, without reports; `porlake build`"):
        warehouse.page_in(own, tmp_path / "page")


def test_a_build_that_kept_no_statements_has_none_for_download(own: Lake, tmp_path: Path) -> None:
    with duckdb.connect(str(warehouse.database_of(own))) as connection:
        connection.execute("drop table core.mart_sql")
    warehouse.publish(own)
    warehouse.page_in(own, tmp_path / "page")
    listed = json.loads((tmp_path / "page" / "data" / "page.json").read_bytes())
    assert {mart["sql"] for mart in listed["marts"]} == {None}
    assert not list((tmp_path / "page").rglob("*.sql"))


# --- by the stage -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("wanted", "there", "link"), [("", False, ""), ("yes", True, "../"), ("https://x.example/r",
                          True, "https://x.example/r/")])  # fmt: skip
def test_the_publish_stage_makes_it_where_the_settings_want_it(own: Lake, wanted: str, there: bool, link: str) -> None:
    pipeline.publish(pipeline.session(own.root, environ={"PORLAKE_PAGE": wanted}))
    assert (own.root / "page" / "index.html").exists() is there
    if there:
        assert f'href="{link}' in (own.root / "page" / "exchange" / "okx" / "feed.xml").read_text(encoding="utf-8")


@pytest.mark.parametrize("wanted", ["no", "1", "example.org", "javascript:alert(1)", "ftp://x"])
def test_a_setting_that_is_neither_yes_nor_an_address_is_refused(tmp_path: Path, wanted: str) -> None:
    with pytest.raises(ConfigurationError, match="PORLAKE_PAGE: .* is neither yes nor an address"):
        pipeline.session(tmp_path, environ={"PORLAKE_PAGE": wanted})


# --- on an object store -----------------------------------------------------------------------------------------------
def test_a_lake_on_an_object_store_has_the_same_page_with_its_media_types(
    lake: Lake, out: Path, object_store: Any, tmp_path: Path
) -> None:
    there = object_store.lake(tmp_path / "cache")
    manifest = warehouse.manifest_of(lake)
    for mart, facts in manifest["marts"].items():
        key = f"marts/{mart}/{facts['folder']}/part-0.parquet"
        there.store.put_file(key, Path(shutil.copy(lake.root / key, tmp_path / "part")))
    assert there.store.put_if_absent("marts/manifest.json", (lake.root / "marts" / "manifest.json").read_bytes())
    made = warehouse.page_beside(there)
    warehouse.page_beside(there)  # over itself
    assert made.place == there.where("page/index.html")
    held = {
        key.removeprefix("page/"): hashlib.sha256(there.store.open(key).read()).hexdigest()
        for key in there.store.list("page")
    }
    assert held == tree(out)
    client = there.store._client
    for name, kind in (("index.html", "text/html; charset=utf-8"), ("main.js", "text/javascript; charset=utf-8"),
                       ("feed.xml", "application/atom+xml; charset=utf-8")):  # fmt: skip
        assert obstore.get(client, f"page/{name}").attributes["Content-Type"] == kind
