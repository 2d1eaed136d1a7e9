"""A lake of the bundled month for reading, and the real command line."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings

from object_store import SeaweedFS
from porlake.warehouse import building
from support import MONTH, MONTH_RUN, RECORDING, command, environment, made_once, stages

#: Where tests build the tables by dbt or start Airflow: `make check` leaves them out. Single tests elsewhere that do
#: are marked `slow`; CHECK holds both to it.
BUILDING = ("sql", "airflow", "warehouse", "test_wheel.py", "cli/test_examples.py")
#: What starts a process for each of its cases, or judges thousands of rows: no part of a check of a minute.
LONG = ("pipeline/test_cli.py", "pipeline/test_runs.py", "ownership/test_made_rows.py")
#: Tests of which a case takes 0.12 s and more, as `python tools/check.py --measure` found.
LONG_TESTS = Path(__file__).with_name("long.txt")
#: Cases of one test that a check of a minute tries: the first, the last, and some between; of a test that goes through
#: worlds, one of each world.
CASES = 6
CHECK = "PORLAKE_TESTS_CHECK"  # its value, `0/2`, says which part of the files this process has
if os.environ.get(CHECK):  # fewer examples where a test says nothing else: `make test` draws them all
    settings.register_profile("check", max_examples=20, deadline=None)
    settings.load_profile("check")


#: Files that take longest: begun first, so that no worker is left alone with one of them at the end (`--dist loadfile
#: --no-loadscope-reorder` hands out files in the order of the collection).
LONGEST = (
    "pipeline/test_runs.py",
    "airflow/test_dags.py",
    "chains/test_abilities.py",
    "warehouse",
    "sql",
    "cli/test_examples.py",
    "test_wheel.py",
)


#: Processes with dbt imported and the project parsed, or with Airflow imported, which fork for others that would do so.
ONCE = Path(__file__).parent / "once"


def pytest_configure(config: pytest.Config) -> None:
    """Once for a run, before its workers start: they take over the environment. What one process compiles the next
    need not: dozens import dbt or Airflow, 4 s each from source. Settings of whoever runs the tests (the Makefile's
    home, endpoints of one's own) are no part of them.
    """
    for name in [name for name in os.environ if name.startswith("PORLAKE_") and not name.startswith("PORLAKE_TESTS_")]:
        del os.environ[name]
    sys.dont_write_bytecode = False
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if hasattr(os, "pidfd_open") and "DBT_ONCE" not in os.environ:
        folder = tempfile.TemporaryDirectory(prefix="dbt-")
        config.add_cleanup(folder.cleanup)
        os.environ |= {"DBT_ONCE": str(Path(folder.name, "socket")), "ONCE_OF": str(os.getpid())}
        os.environ["PYTHONPATH"] = os.pathsep.join([str(ONCE), *filter(None, [os.environ.get("PYTHONPATH")])])


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Under `make check` what another process has, or what it leaves out whole, is not even imported."""
    if CHECK not in os.environ or not collection_path.name.startswith("test_") or collection_path.suffix != ".py":
        return None
    here = Path(__file__).parent
    part, of = map(int, os.environ[CHECK].split("/"))
    if of > 1 and collection_path.relative_to(here).as_posix().startswith((*BUILDING, *LONG)):
        return True
    files = sorted(here.rglob("test_*.py"), key=lambda path: (path.stat().st_size, path.as_posix()))
    return files.index(collection_path) % of != part or None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    if not os.environ.get(CHECK, "0/1").endswith("/1"):
        left = _left_out(items)
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in left]
    slow, longest = (tuple(str(here / name) for name in names) for names in ((*BUILDING, *LONG), LONGEST))
    for item in items:
        if str(item.path).startswith(slow):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: next((n for n, place in enumerate(longest) if str(item.path).startswith(place)), 99))


def _left_out(items: list[pytest.Item]) -> set[pytest.Item]:
    """What a check of a minute leaves to `make test`: long tests, and of many cases of one test most."""
    long = set(LONG_TESTS.read_text(encoding="utf-8").split()) if "PORLAKE_TESTS_MEASURE" not in os.environ else set()
    cases = defaultdict[str, list[pytest.Item]](list)
    for item in items:
        name = item.nodeid.partition("[")[0]
        world = getattr(item, "callspec", None) and item.callspec.params.get("node")  # type: ignore[attr-defined]
        cases[f"{name} {world or ''}"].append(item)
    left = set[pytest.Item]()
    for name, some in cases.items():
        test, _, world = name.partition(" ")
        most = 0 if test.removeprefix("tests/") in long else 1 if world else CASES
        kept = {len(some) * number // most if number < most - 1 else len(some) - 1 for number in range(most)}
        left |= {item for number, item in enumerate(some) if number not in kept}
    return left


@contextmanager
def _own_rows_kept() -> Iterator[None]:
    before = os.environ.get("PORLAKE_REGISTRY")
    yield
    os.environ.pop("PORLAKE_REGISTRY", None)
    if before is not None:
        os.environ["PORLAKE_REGISTRY"] = before


@pytest.fixture(autouse=True, scope="module")
def _rows_of_ones_own_end_with_a_module() -> Iterator[None]:
    """What a fixture of a module sets for all of its tests (`documents.example`) is not the next module's."""
    with _own_rows_kept():
        yield


@pytest.fixture(autouse=True)
def _rows_of_ones_own_end_with_a_test() -> Iterator[None]:
    """`--registry` sets the variable for all that its process starts; the next test is another process's."""
    with _own_rows_kept():
        yield


@pytest.fixture(autouse=True, scope="session")
def _no_power_cut_is_met() -> Iterator[None]:
    """Lakes of tests go away with them: what is written need not lie on the disk, 3 ms a file."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        yield


@pytest.fixture(autouse=True, scope="session")
def _nothing_is_built_in_a_check() -> Iterator[None]:
    """Under `make check` a test that builds fails: it lacks its mark."""
    with pytest.MonkeyPatch.context() as patch:
        if os.environ.get(CHECK):
            patch.setattr(building, "dbt", lambda *_, **__: pytest.fail("builds by dbt: mark it slow"))
        yield


@pytest.fixture(scope="module")
def tables_at_once() -> Iterator[None]:
    """For a module whose tests ask what comes to the tables, and not how a build goes: of its builds in processes of
    their own, dbt makes the first, the next are made of the SQL that it compiled (`tests/once/dbt_server.py`).
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TABLES_ONCE", "yes")
        yield


@pytest.fixture(scope="session")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of the bundled month, nothing built. To be read, or copied."""
    return made_once(tmp_path_factory, "month", lambda folder: stages(folder, MONTH) and None)


@pytest.fixture(scope="session")
def published_month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lake of one undisturbed `porlake run` of the bundled month, built by a dbt of its own and published. To be
    read, or copied.
    """

    def run(folder: Path) -> None:
        subprocess.run(
            command(*MONTH_RUN, "--lake", str(folder)), env=environment() | {"DBT_ONCE": ""}, check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip

    return made_once(tmp_path_factory, "published_month", run)


@pytest.fixture
def porlake(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The command line in a process of its own, in an empty folder, without settings from outside."""

    def run(*arguments: str, **options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*arguments), cwd=tmp_path, env=environment() | options, capture_output=True, text=True, check=False
        )

    return run


@pytest.fixture
def silent_recording(tmp_path: Path) -> Path:
    """A recording that knows the time and nothing else: every endpoint fails, and no network is asked."""
    folder = tmp_path / "silent"
    clock = next((RECORDING / "run").glob("clock_*.json"))
    (folder / "run").mkdir(parents=True)
    (folder / "run" / clock.name).write_bytes(clock.read_bytes())
    return folder


@pytest.fixture(scope="session")
def object_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeaweedFS]:
    """An object store of this process; each test takes a place of its own in it."""
    store = SeaweedFS(tmp_path_factory.mktemp("seaweedfs"))
    yield store
    store.kill()
