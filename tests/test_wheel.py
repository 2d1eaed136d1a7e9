"""What a user gets from the wheel: porlake installed elsewhere, with no checkout beside it, does its work."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from support import MONTH, RECORDING, ROOT, SAMPLE_ROWS, command, environment

#: What the package is made of; the rest of a checkout (.venv, data, tests) is not needed for it.
SOURCES = ("plugins", "sql", "dags", "setup.py", "setup.cfg", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE")
LEFT = shutil.ignore_patterns("__pycache__", "*.egg-info")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made of the source archive, so that this one is whole, too; without a network."""
    folder = tmp_path_factory.mktemp("build")
    for name in SOURCES:
        whole = shutil.copy if (ROOT / name).is_file() else lambda *places: shutil.copytree(*places, ignore=LEFT)
        whole(ROOT / name, folder / name)
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", "made", "."],
        cwd=folder, env=environment(), check=True, capture_output=True,
    )  # fmt: skip
    (made,) = (folder / "made").glob("*.whl")
    return made


def test_the_wheel_holds_the_tables_the_dags_and_the_facts(wheel: Path) -> None:
    held = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("porlake/")}
    for folder in ("sql", "dags"):
        files = [path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
        assert {f"porlake/{path.relative_to(ROOT).as_posix()}" for path in files} == {
            name for name in held if name.startswith(f"porlake/{folder}/")
        }
    package = ROOT / "plugins" / "porlake"
    files = [path for kind in ("*.py", "*.csv", "*.toml", "py.typed", "page/*") for path in package.rglob(kind)]
    assert {f"porlake/{path.relative_to(package).as_posix()}" for path in files} <= held
    assert not [name for name in held if name.endswith(".pyc")]


@pytest.mark.thorough
def test_installed_in_an_empty_folder_it_verifies_runs_and_builds(wheel: Path, tmp_path: Path) -> None:
    """In the tests' environment, whose packages it needs, before the checkout's own porlake."""
    site, empty = tmp_path / "site", tmp_path / "empty"
    empty.mkdir()
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(site),
         str(wheel)],
        env=environment(), check=True,
    )  # fmt: skip

    def said(*words: str) -> str:
        env = environment() | {"PYTHONPATH": str(site), "PORLAKE_REGISTRY": str(SAMPLE_ROWS)}
        done = subprocess.run(list(words), cwd=empty, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    look = (
        "import porlake; from porlake import dbt_project as d; "
        "print(porlake.__file__, d.sql_folder(), d.shipped('dags'), sep='\\n')"
    )
    assert said(sys.executable, "-c", look).splitlines() == [
        str(site / "porlake" / name) for name in ("__init__.py", "sql", "dags")
    ]
    assert said(sys.executable, "-m", "porlake.airflow.local", "dags").strip() == str(site / "porlake" / "dags")
    assert "porlake_bitcoin" in json.loads(said(sys.executable, "-m", "porlake.airflow.local", "pools"))
    shutil.copy(MONTH[0], empty / "okx_por_2024032500.csv")
    assert "proven" in said(*command("verify", "okx_por_2024032500.csv"))
    # the last stages of a run are build and publish
    said(*command("run", "okx", "--report", "okx_por_2024032500.csv", "--replay", str(RECORDING)))
    counted = "select count(*) > 9, count(reserves_onchain) > 0 from reserve_ratio"
    assert said(*command("query", counted, "--csv")).splitlines()[1] == "True,True"
    assert (empty / "data" / "marts" / "latest" / "reserve_ratio" / "part-0.parquet").exists()
    said(*command("page", "shown"))
    bundle = ROOT / "plugins" / "porlake" / "page"
    assert (empty / "shown" / "index.html").read_bytes() == (bundle / "index.html").read_bytes()
    assert not [path for path in (site / "porlake" / "sql").rglob("*") if path.name in {"target", "logs"}]


def test_a_checkout_reads_its_own_sql_and_dags() -> None:
    from porlake import dbt_project

    assert [dbt_project.shipped(name) for name in ("sql", "dags")] == [ROOT / "sql", ROOT / "dags"]
