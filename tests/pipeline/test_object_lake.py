"""The bundled month on an object store: the bytes of a local lake, and what another machine reads of it."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from object_store import ENVIRONMENT, KEYS, SeaweedFS, differing
from porlake import cli, pipeline, warehouse
from porlake.errors import ConfigurationError, MissingPartition, Overtaken
from porlake.lake import Lake
from porlake.queries import doctor
from porlake.transport import Recording
from support import MONTH, MONTH_RUN, RECORDING, ROOT, command, environment

pytestmark = pytest.mark.slow
PAGE = (ROOT / "docs" / "production.md").read_text()


@pytest.mark.parametrize("line", re.findall(r"^(porlake .*)$", PAGE, re.MULTILINE))
def test_a_command_of_the_page_is_understood(line: str) -> None:
    cli.parser().parse_args(shlex.split(re.split(r"\s+(?:#|>|&&)", line)[0])[1:])


@pytest.fixture(scope="module")
def url(object_store: SeaweedFS, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The month on an object store, run whole by the command line, on a machine that nobody asks any more."""
    made, cache = object_store.url(), tmp_path_factory.mktemp("first")
    env = environment() | ENVIRONMENT | {"PORLAKE_LAKE": made, "PORLAKE_CACHE": str(cache)}
    done = subprocess.run(command(*MONTH_RUN), env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert ENVIRONMENT["AWS_SECRET_ACCESS_KEY"] not in done.stdout + done.stderr
    shutil.rmtree(cache)
    return made


@pytest.fixture
def machine(url: str, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The command line on a machine that has fetched nothing."""
    env = environment() | ENVIRONMENT | {"PORLAKE_LAKE": url, "PORLAKE_CACHE": str(tmp_path / "cache")}
    return lambda *words: subprocess.run(
        command(*words), env=env, capture_output=True, text=True, check=False, cwd=tmp_path
    )


def test_datasets_marts_and_manifest_are_byte_for_byte_those_of_a_local_lake(
    url: str, published_month: Path, tmp_path: Path
) -> None:
    lake, local = Lake(url, tmp_path, KEYS), Lake(published_month)
    assert list(lake.store.list("lake")) == list(local.store.list("lake"))
    assert not differing(lake, local)


def test_another_machine_reads_the_tables_which_it_fetches_once(
    url: str, machine: Callable[..., subprocess.CompletedProcess[str]], published_month: Path, tmp_path: Path
) -> None:
    sql = "select count(*) as n, max(build_id) as build from asset_composition"
    local = Lake(published_month)
    (here,) = warehouse.query(local, sql)[1]
    first = machine("query", sql)
    assert first.returncode == 0, first.stderr
    assert all(str(value) in first.stdout for value in here)
    (tables,) = (tmp_path / "cache").rglob("porlake.duckdb")
    assert not list((tmp_path / "cache").rglob("*.parquet"))
    state = tables.stat()
    sql = "select count(*) as rows, count(distinct network) as networks from lake.claim"
    second = machine("query", sql)
    (there,) = warehouse.query(local, sql)[1]
    assert all(str(value) in second.stdout for value in there), second.stderr
    assert (tables.stat().st_ino, tables.stat().st_mtime_ns) == (state.st_ino, state.st_mtime_ns)
    assert list((tmp_path / "cache").rglob("lake/claim/**/*.parquet"))
    assert not list((tmp_path / "cache").rglob("lake/balance/**/*.parquet"))
    summary = machine("summary", "okx/2024-03-25")
    assert summary.returncode == 0, summary.stderr
    assert "/marts/manifest.json" in summary.stdout
    sql = "select min(source_row) from lake.claim join lake.balance using (report, network, address)"
    ((row,),) = warehouse.query(local, sql)[1]
    explained = machine("explain", MONTH[0], "--row", str(row), "--lake", url)
    assert explained.returncode == 0, explained.stderr
    assert "on the chain" in explained.stdout


def test_the_doctor_says_where_the_lake_lies(url: str, tmp_path: Path) -> None:
    check = doctor.kept(pipeline.session(url, environ={"PORLAKE_CACHE": str(tmp_path)}, keys=KEYS))
    assert (check.ok, url.partition("?")[0] in check.found, str(tmp_path) in check.found) == (True, True, True)
    wrong = doctor.kept(
        pipeline.session(url, environ={"PORLAKE_CACHE": str(tmp_path)}, keys=KEYS | {"secret_access_key": "x"})
    )
    assert not wrong.ok
    assert "403" in wrong.found


def test_a_recording_lies_in_the_lake_and_is_replayed_on_another_machine(url: str, tmp_path: Path) -> None:
    def opened(name: str, **options: str) -> pipeline.Session:
        return pipeline.session(url, environ={"PORLAKE_CACHE": str(tmp_path / name)}, keys=KEYS, **options)

    place = url.partition("?")[0] + "/recordings/one"
    taped = opened("one", record=place).recording
    assert taped.answer("n", "m", [1], "host", lambda: {"a": 1}) == ({"a": 1}, "host")
    now = taped.now()
    replayed = opened("other", replay=place).recording
    assert replayed.answer("n", "m", [1], "host", lambda: None) == ({"a": 1}, "host")
    assert replayed.now() == now == opened("third", record=place).recording.now()
    with pytest.raises(ConfigurationError, match="no recording lies there"):
        opened("one", replay=url.partition("?")[0] + "/recordings/none")
    with pytest.raises(ConfigurationError, match="below the URL of the lake"):
        opened("one", record="s3://elsewhere/recording")
    assert Recording.replay(RECORDING).replays


def test_a_publish_that_another_overtakes_shows_nothing(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one comes between the marts and the manifest."""
    lake = Lake(url, tmp_path, KEYS)
    before = lake.store.read("marts/manifest.json")
    assert before is not None
    real, swaps = lake.store.swap, []

    def late(key: str, content: bytes, tag: str | None) -> bool:
        if not swaps:
            swaps.append(key)
            real(key, b"another's", tag)
        return real(key, content, tag)

    monkeypatch.setattr(lake.store, "swap", late)
    with pytest.raises(Overtaken, match="another publish was faster"):
        warehouse.publish(lake)
    now = lake.store.read("marts/manifest.json")
    assert now is not None
    assert now.content == b"another's"
    assert real("marts/manifest.json", before.content, now.tag)


def test_nothing_is_built_in_an_empty_place(object_store: SeaweedFS, tmp_path: Path) -> None:
    lake = object_store.lake(tmp_path)
    with pytest.raises(MissingPartition, match="s3://porlake/.*nothing is built yet"):
        warehouse.query(lake, "select 1")
    env = environment() | ENVIRONMENT | {"PORLAKE_CACHE": str(tmp_path), "HOME": os.environ.get("HOME", "/")}
    done = subprocess.run(
        command("query", "select 1", "--lake", object_store.url()), env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "no lake lies there" in done.stderr
    assert "endpoint" not in done.stderr
